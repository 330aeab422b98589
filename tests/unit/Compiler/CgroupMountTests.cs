using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

[Checklist(41)]
public sealed class CgroupMountTests
{
    private const string Mount = """ "mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["ro", "nosuid"]}] """;

    private const string OwnNamespace = """ "namespaces": [{"type": "mount"}, {"type": "cgroup"}] """;

    private const string HostsNamespace = """ "namespaces": [{"type": "mount"}] """;

    private const string UserNamespace = """
        "namespaces": [{"type": "mount"}, {"type": "user"}, {"type": "cgroup"}],
        "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]
        """;

    private static readonly HostFacts s_v1 = new()
    {
        Cgroups =
        [
            new CgroupFact("/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/demo", ["cpu", "cpuacct"], Unified: false),
            new CgroupFact("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/systemd/demo", ["name=systemd"], Unified: false),
            new CgroupFact("/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/demo", [], Unified: true),
        ],
    };

    private static readonly HostFacts s_v2 = new()
    {
        Cgroups = [new CgroupFact("/sys/fs/cgroup", "/sys/fs/cgroup/demo", [], Unified: true)],
    };

    [Fact]
    public void V1_with_a_cgroup_namespace_mounts_each_hierarchy()
    {
        var compiled = Compiled.From(Mount, OwnNamespace, facts: s_v1);
        Assert.Equal([
            "mount tmpfs on /sys/fs/cgroup (nosuid,nodev,noexec,mode=755)",
            "mount cgroup on /sys/fs/cgroup/cpu,cpuacct (ro,nosuid,nodev,noexec,cpu,cpuacct)",
            "link /sys/fs/cgroup/cpu to cpu,cpuacct",
            "link /sys/fs/cgroup/cpuacct to cpu,cpuacct",
            "mount cgroup on /sys/fs/cgroup/systemd (ro,nosuid,nodev,noexec,name=systemd)",
            "make the mount /sys/fs/cgroup read-only"], After(compiled));
        Assert.DoesNotContain(Opcode.OpenSource, compiled.Opcodes());
    }

    [Fact]
    public void V1_without_one_binds_the_containers_own_cgroups()
    {
        var compiled = Compiled.From(Mount, HostsNamespace, facts: s_v1);
        Assert.Equal([
            "mount tmpfs on /sys/fs/cgroup (nosuid,nodev,noexec,mode=755)",
            "bind /sys/fs/cgroup/cpu,cpuacct/demo on /sys/fs/cgroup/cpu,cpuacct (ro,nosuid,nodev,noexec,rslave)",
            "link /sys/fs/cgroup/cpu to cpu,cpuacct",
            "link /sys/fs/cgroup/cpuacct to cpu,cpuacct",
            "bind /sys/fs/cgroup/systemd/demo on /sys/fs/cgroup/systemd (ro,nosuid,nodev,noexec,rslave)",
            "make the mount /sys/fs/cgroup read-only"], After(compiled));
    }

    [Fact]
    public void Without_ro_nothing_is_made_readonly()
    {
        var compiled = Compiled.From(""" "mounts": [{"destination": "/c", "type": "cgroup"}] """, OwnNamespace, facts: s_v1);
        Assert.DoesNotContain(Opcode.SetPathReadonly, compiled.Opcodes());
        Assert.Equal("mount cgroup on /c/systemd (nosuid,nodev,noexec,name=systemd)", compiled.Lines("mount cgroup")[1]);
    }

    [Fact]
    public void V2_mounts_the_file_system()
    {
        var compiled = Compiled.From(Mount, OwnNamespace, facts: s_v2);
        Assert.Equal("mount cgroup2 cgroup on /sys/fs/cgroup (ro,nosuid,nodev,noexec)", Assert.Single(compiled.Lines("mount cgroup2")));
        Assert.False(compiled.One<MountFilesystem>(Opcode.MountFilesystem).Flags.HasFlag(MountFlags.FallbackToBind));
    }

    [Fact]
    public void Type_cgroup2_is_that_of_a_hybrid_host_too() =>
        Assert.Single(Compiled.From(""" "mounts": [{"destination": "/c", "type": "cgroup2"}] """, facts: s_v1).Lines("mount cgroup2"));

    [Fact]
    public void V2_in_a_user_namespace_falls_back_to_the_containers_cgroup()
    {
        var compiled = Compiled.From(Mount, UserNamespace, facts: s_v2);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.True(mount.Flags.HasFlag(MountFlags.FallbackToBind));
        Assert.Equal("/sys/fs/cgroup/demo", compiled.Result.Sources[mount.FallbackSlot]?.Path);
    }

    [Fact]
    public void A_host_without_cgroups_gets_a_warning()
    {
        var compiled = Compiled.From(Mount);
        Assert.Equal("mounts[0]: no cgroup file system is mounted on this host: left out", Assert.Single(compiled.Result.Warnings));
        Assert.DoesNotContain(Opcode.MountFilesystem, compiled.Opcodes());
    }

    /// <summary>From the attached root to the first device.</summary>
    private static string[] After(Compiled compiled) =>
        compiled.Lines()[(compiled.IndexOf(Opcode.AttachRootfs) + 1)..compiled.IndexOf(Opcode.MakeDevice)];
}
