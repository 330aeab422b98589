using System.Linq;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class RootFilesystemTests
{
    private const string Bind = """ "mounts": [{"destination": "/m", "source": "/s", "options": ["rbind"]}] """;

    [Theory]
    [Checklist(414, 415, 416, 417, 419)]
    [InlineData("shared", Ms.Slave, Ms.Slave, Ms.Shared, Ms.Shared, 0)]
    [InlineData("rshared", Ms.Slave, Ms.Slave, Ms.Shared, Ms.Shared, 1)]
    [InlineData("slave", Ms.Slave, Ms.Slave, Ms.Slave, Ms.Slave, 0)]
    [InlineData("rslave", Ms.Slave, Ms.Slave, Ms.Slave, Ms.Slave, 1)]
    [InlineData("private", Ms.Private, Ms.Private, Ms.Private, Ms.Private, 0)]
    [InlineData("rprivate", Ms.Private, Ms.Private, Ms.Private, Ms.Private, 1)]
    [InlineData("unbindable", Ms.Private, Ms.Private, Ms.Private, Ms.Unbindable, 0)]
    [InlineData("runbindable", Ms.Private, Ms.Private, Ms.Private, Ms.Unbindable, 1)]
    public void Binds_and_the_root_follow_rootfsPropagation(string name, ulong copy, ulong host, ulong bind, ulong root, uint recursive)
    {
        var compiled = Compiled.From(Bind, $$""" "namespaces": [{"type": "mount"}], "rootfsPropagation": "{{name}}" """);
        Assert.Equal(copy, compiled.One<OpenRootfs>(Opcode.OpenRootfs).Propagation);
        Assert.Equal(host, compiled.One<IsolateHost>(Opcode.IsolateHost).Propagation);
        Assert.Equal(bind, compiled.One<MountBind>(Opcode.MountBind).Propagation);
        var last = compiled.One<SetRootPropagation>(Opcode.SetRootPropagation);
        Assert.Equal((root, recursive), (last.Propagation, last.Recursive));
        Assert.True(compiled.IndexOf(Opcode.PivotRoot) < compiled.IndexOf(Opcode.SetRootPropagation));
    }

    [Fact]
    public void Without_it_everything_is_a_slave_of_the_host()
    {
        var compiled = Compiled.From(Bind);
        Assert.Equal(Ms.Slave, compiled.One<OpenRootfs>(Opcode.OpenRootfs).Propagation);
        Assert.Equal(Ms.Slave, compiled.One<MountBind>(Opcode.MountBind).Propagation);
        Assert.DoesNotContain(Opcode.SetRootPropagation, compiled.Opcodes());
    }

    [Fact]
    public void A_mounts_own_propagation_is_not_overridden_by_a_recursive_one()
    {
        var compiled = Compiled.From(
            """ "mounts": [{"destination": "/m", "source": "/s", "options": ["rbind", "rshared"]}] """,
            """ "namespaces": [{"type": "mount"}], "rootfsPropagation": "rslave" """);
        Assert.Equal(0u, compiled.One<SetRootPropagation>(Opcode.SetRootPropagation).Recursive);
    }

    [Fact]
    [Checklist(26, 27)]
    public void A_readonly_root_is_made_so_last()
    {
        var compiled = Compiled.FromJson("""
            {"ociVersion": "1.3.0", "root": {"path": "rootfs", "readonly": true}, "process": {"cwd": "/", "args": ["a"]},
             "linux": {"namespaces": [{"type": "mount"}], "maskedPaths": ["/proc/kcore"]}}
            """);
        Assert.Equal("/", compiled.Plan.Text(compiled.One<SetPathReadonly>(Opcode.SetPathReadonly).Path));
        Assert.True(compiled.IndexOf(Opcode.PrepareStdio) < compiled.IndexOf(Opcode.SetPathReadonly));
        Assert.DoesNotContain(Opcode.SetPathReadonly, Compiled.From().Opcodes());
    }

    [Theory]
    [InlineData(false, 0u)]
    [InlineData(true, 1u)]
    public void No_pivot_is_said_to_init(bool noPivot, uint expected) =>
        Assert.Equal(expected, Compiled.From(options: Compiled.Options with { NoPivot = noPivot }).One<PivotRoot>(Opcode.PivotRoot).NoPivot);

    [Fact]
    [Checklist(264)]
    public void Without_a_mount_namespace_there_is_only_chroot()
    {
        var compiled = Compiled.From(linux: """ "namespaces": [] """);
        Assert.Equal([Opcode.OpenRootfs, Opcode.ChangeRoot], compiled.Opcodes()[2..4]);
        foreach (var opcode in (Opcode[])[Opcode.AttachRootfs, Opcode.IsolateHost, Opcode.MakeDevice, Opcode.MakeSymlink, Opcode.PivotRoot])
            Assert.DoesNotContain(opcode, compiled.Opcodes());
    }

    [Fact]
    [Checklist(37, 264)]
    public void Without_a_mount_namespace_all_is_mounted_in_a_root_that_stays_detached()
    {
        var compiled = Compiled.FromJson("""
            {"ociVersion": "1.3.0", "root": {"path": "rootfs", "readonly": true}, "process": {"cwd": "/", "args": ["a"], "terminal": true},
             "mounts": [{"destination": "/proc", "type": "proc"}, {"destination": "/b", "source": "/b", "options": ["bind"]}]}
            """);
        Opcode[] expected = [Opcode.OpenRootfs, Opcode.MountFilesystem, Opcode.MountBind, Opcode.MakeDevice, Opcode.MakeSymlink, Opcode.ChangeRoot,
            Opcode.OpenConsole, Opcode.SetPathReadonly];
        Assert.Equal(expected, compiled.Opcodes().Where(expected.Contains).Distinct());
        foreach (var opcode in (Opcode[])[Opcode.AttachRootfs, Opcode.IsolateHost, Opcode.PivotRoot])
            Assert.DoesNotContain(opcode, compiled.Opcodes());
        Assert.Equal(MountFlags.PropagationFirst, compiled.One<MountFilesystem>(Opcode.MountFilesystem).Flags & MountFlags.PropagationFirst);
        Assert.Equal(MountFlags.PropagationFirst, compiled.One<MountBind>(Opcode.MountBind).Flags & MountFlags.PropagationFirst);
        Assert.Equal(1u, compiled.One<OpenConsole>(Opcode.OpenConsole).BindConsole);
    }

    [Fact]
    public void Without_a_mount_namespace_nothing_that_is_mounted_can_be_changed() =>
        Assert.Equal(["linux.rootfsPropagation: namespace-missing", "mounts[0]: namespace-missing", "mounts[1]: namespace-missing"],
            Compiled.Refused(() => Compiled.FromJson("""
                {"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["a"]},
                 "mounts": [{"destination": "/tmp", "type": "tmpfs", "options": ["ro"]}, {"destination": "/tmp", "options": ["remount", "ro"]}],
                 "linux": {"rootfsPropagation": "slave"}}
                """)));

    [Fact]
    [Checklist(249)]
    public void Without_a_linux_block_nothing_is_unshared()
    {
        var compiled = Compiled.FromJson("""
            {"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["a"]}}
            """);
        Assert.Equal(0UL, compiled.Result.CloneFlags);
    }
}
