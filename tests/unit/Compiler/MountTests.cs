using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class MountTests
{
    [Theory]
    [Checklist(30, 42)]
    [InlineData("")]
    [InlineData(""" "mounts": [] """)]
    [InlineData(""" "mounts": null """)]
    public void No_mounts_are_no_error(string members)
    {
        var compiled = Compiled.From(members);
        Assert.DoesNotContain(Opcode.MountFilesystem, compiled.Opcodes());
        Assert.DoesNotContain(Opcode.OpenSource, compiled.Opcodes());
    }

    [Fact]
    [Checklist(31)]
    public void Mounts_are_made_in_their_order_after_all_sources_are_open()
    {
        var compiled = Compiled.From("""
            "mounts": [
              {"destination": "/a", "type": "tmpfs"},
              {"destination": "/a/b", "source": "/s", "options": ["rbind"]},
              {"destination": "/c", "source": "/t", "options": ["bind"]}]
            """);
        Assert.Equal(["open /s with all below it", "open /t", "take a copy of /bundle/rootfs (rslave)",
            "cut off from the host's mounts (rslave)", "mount the copy", "mount tmpfs on /a", "bind /s on /a/b (rslave)",
            "bind /t on /c (rslave)"], compiled.Lines().AsSpan(2, 8).ToArray());
    }

    [Theory]
    [Checklist(34)]
    [InlineData("mnt", "/mnt")]
    [InlineData("a/../b", "/b")]
    public void A_relative_destination_counts_from_the_root(string destination, string expected)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "{{destination}}", "type": "tmpfs"}] """);
        Assert.Equal("mount tmpfs on " + expected, Assert.Single(compiled.Lines("mount tmpfs")));
    }

    [Theory]
    [InlineData("/a//b/./c/", "/a/b/c")]
    [InlineData("/a/../../b", "/b")]
    [InlineData("/..", "/")]
    [InlineData("", "/")]
    [InlineData("/a/...", "/a/...")]
    public void Paths_are_cleaned(string path, string expected) => Assert.Equal(expected, ContainerPath.Clean(path));

    [Fact]
    [Checklist(37, 41)]
    public void Every_kind_of_file_system_is_mounted_as_its_type_says()
    {
        foreach (string type in (string[])["proc", "tmpfs", "devpts", "mqueue", "overlay", "ext4", "fuse.sshfs"])
        {
            var compiled = Compiled.From($$""" "mounts": [{"destination": "/proc", "type": "{{type}}", "source": "x"}] """
                .Replace("/proc", type is "proc" ? "/proc" : "/m", StringComparison.Ordinal));
            Assert.StartsWith($"mount {type} x on ", Assert.Single(compiled.Lines("mount " + type)), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Checklist(38)]
    public void A_relative_source_counts_from_the_bundle()
    {
        var compiled = Compiled.From(""" "mounts": [{"destination": "/m", "source": "data", "options": ["bind"]}] """);
        Assert.Equal(["open /bundle/data"], compiled.Lines("open /"));
        Assert.Equal(new Origin("mounts[0].source", "bind", "/bundle/data"), compiled.Result.Origins[compiled.IndexOf(Opcode.OpenSource)]);
    }

    [Theory]
    [Checklist(39, 47, 70)]
    [InlineData(""" "type": "none", "options": ["bind"] """, false)]
    [InlineData(""" "type": "tmpfs", "options": ["rbind"] """, true)]
    [InlineData(""" "options": ["rbind"] """, true)]
    [InlineData(""" "type": "bind", "options": ["bind"] """, false)]
    public void A_bind_is_what_says_so_in_its_options(string members, bool recursive)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "source": "/s", {{members}} }] """);
        Assert.Equal(recursive, compiled.One<OpenSource>(Opcode.OpenSource).Flags.HasFlag(OpenSourceFlags.Recursive));
        Assert.Equal("bind /s on /m (rslave)", Assert.Single(compiled.Lines("bind ")));
    }

    [Fact]
    [Checklist(109)]
    public void What_is_bound_on_proc_must_be_procfs()
    {
        var compiled = Compiled.From("""
            "mounts": [{"destination": "/proc", "source": "/proc", "options": ["rbind"]}, {"destination": "/proc/cpuinfo", "source": "/f", "options": ["bind"]}]
            """);
        var binds = compiled.All<MountBind>(Opcode.MountBind);
        const MountFlags all = MountFlags.RecursivePropagation | MountFlags.CopySource;
        Assert.Equal(MountFlags.NoSymlinks | MountFlags.MustBeProcfs | MountFlags.CopyTree | all, binds[0].Flags);
        Assert.Equal(all, binds[1].Flags);
    }

    [Fact]
    public void Proc_and_sysfs_are_mounted_where_no_symbolic_link_leads()
    {
        var compiled = Compiled.From("""
            "mounts": [{"destination": "/proc", "type": "proc"}, {"destination": "/sys", "type": "sysfs"}, {"destination": "/m", "type": "mqueue"}]
            """);
        var mounts = compiled.All<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal([true, true, false], mounts.ConvertAll(static mount => mount.Flags.HasFlag(MountFlags.NoSymlinks)));
    }

    [Fact]
    [Checklist(84)]
    public void A_readonly_tmpfs_is_writable_until_all_is_made_in_it()
    {
        var compiled = Compiled.From("""
            "mounts": [{"destination": "/dev", "type": "tmpfs", "options": ["ro"]}, {"destination": "/sys", "type": "sysfs", "options": ["ro"]}]
            """, process: """ "cwd": "/", "args": ["a"], "terminal": true """);
        Assert.Equal(["mount tmpfs on /dev", "mount sysfs on /sys (ro)"], compiled.Lines("mount ")[1..]);
        Assert.Equal(["make the mount /dev read-only"], compiled.Lines("make the mount"));
        Assert.True(compiled.IndexOf(Opcode.OpenConsole) < compiled.IndexOf(Opcode.SetPathReadonly));
    }

    [Theory]
    [InlineData(""" ["size=1m"] """, true)]
    [InlineData(""" ["mode=700"] """, false)]
    public void A_tmpfs_takes_over_the_mode_of_what_it_covers(string options, bool keeps)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "type": "tmpfs", "options": {{options}}}] """);
        Assert.Equal(keeps, compiled.One<MountFilesystem>(Opcode.MountFilesystem).Flags.HasFlag(MountFlags.KeepMode));
    }

    [Fact]
    [Checklist(87)]
    public void A_recursive_option_on_a_file_system_is_one_for_itself() =>
        Assert.Equal("mount mqueue on /m (ro,nosuid)", Assert.Single(Compiled.From(
            """ "mounts": [{"destination": "/m", "type": "mqueue", "options": ["rro", "rnosuid"]}] """).Lines("mount mqueue")));

    [Fact]
    [Checklist(74)]
    public void Remount_changes_what_is_there()
    {
        var compiled = Compiled.From("""
            "mounts": [{"destination": "/", "options": ["remount", "bind", "ro", "nodev"]},
                       {"destination": "/dev/shm", "options": ["remount", "size=1m", "rw"]}]
            """);
        Assert.Equal(["remount / (ro,nodev)", "remount /dev/shm (rw,size=1m)"], compiled.Lines("remount"));
        Assert.DoesNotContain(Opcode.OpenSource, compiled.Opcodes());
    }

    [Fact]
    [Checklist(108)]
    public void Propagation_is_for_file_systems_too() =>
        Assert.Equal("mount tmpfs on /m (shared)", Assert.Single(Compiled.From(
            """ "mounts": [{"destination": "/m", "type": "tmpfs", "options": ["shared"]}] """).Lines("mount tmpfs")));

    [Fact]
    public void In_a_user_namespace_a_privileged_runtime_opens_the_sources()
    {
        const string Mounts = """ "mounts": [{"destination": "/m", "source": "/s", "options": ["rbind"]}] """;
        const string Linux = """
            "namespaces": [{"type": "mount"}, {"type": "user"}],
            "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]
            """;
        var compiled = Compiled.From(Mounts, Linux);
        var source = compiled.All<OpenSource>(Opcode.OpenSource)[0];
        Assert.True(source.Flags.HasFlag(OpenSourceFlags.FromRuntime));
        Assert.Equal(new Source("mounts[0].source", "/s", Recursive: true), compiled.Result.Sources[source.Slot]);
        Assert.Equal(1u, compiled.One<OpenRootfs>(Opcode.OpenRootfs).FromRuntime);

        var rootless = Compiled.From(Mounts, Linux, facts: new HostFacts { Euid = 1000, Egid = 1000 });
        Assert.False(rootless.All<OpenSource>(Opcode.OpenSource)[0].Flags.HasFlag(OpenSourceFlags.FromRuntime));
        Assert.Equal(0u, rootless.One<OpenRootfs>(Opcode.OpenRootfs).FromRuntime);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(""", {"type": "network"} """, false)]
    public void Sysfs_of_the_hosts_network_namespace_falls_back_to_a_bind(string network, bool fallsBack)
    {
        var compiled = Compiled.From(""" "mounts": [{"destination": "/sys", "type": "sysfs", "options": ["ro"]}] """, $$"""
            "namespaces": [{"type": "mount"}, {"type": "user"} {{network}}],
            "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]
            """);
        var sysfs = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal(fallsBack, sysfs.Flags.HasFlag(MountFlags.FallbackToBind));
        if (fallsBack)
            Assert.Equal("/sys", compiled.Result.Sources[sysfs.FallbackSlot]?.Path);
    }

    [Fact]
    public void The_notify_socket_is_bound_and_named()
    {
        var compiled = Compiled.From(options: Compiled.Options with { NotifySocketPath = "/run/csrun/demo/notify/notify.sock" });
        Assert.Equal(["bind /run/csrun/demo/notify on /run/notify (ro,nosuid,nodev,noexec,rslave)"], compiled.Lines("bind"));
        var execute = compiled.One<Execute>(Opcode.Execute);
        Assert.Equal(["NOTIFY_SOCKET=/run/notify/notify.sock"], compiled.Plan.Strings(execute.Environment));
    }
}
