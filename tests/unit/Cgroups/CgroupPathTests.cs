using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Csrun.Cgroups;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

public class CgroupPathTests
{
    private const string V1Mounts = """
        31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        34 31 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
        35 31 0:30 / /elsewhere/memory rw - cgroup cgroup rw,memory

        """;

    private const string V1Own = "3:memory:/user/me\n2:cpuacct,cpu:/\n1:name=systemd:/user.slice\n";

    [Fact]
    public void V1_is_its_hierarchies_under_the_standard_place()
    {
        CgroupHost host = Host(V1Mounts, V1Own);
        Assert.Equal(CgroupMode.V1, host.Mode);
        Assert.Equal(
            [
                new CgroupHierarchy("cpuacct,cpu", "/sys/fs/cgroup/cpu,cpuacct", "/"),
                new CgroupHierarchy("memory", "/sys/fs/cgroup/memory", "/user/me"),
                new CgroupHierarchy("name=systemd", "/sys/fs/cgroup/systemd", "/user.slice"),
            ],
            host.Hierarchies);
    }

    [Fact]
    public void Hybrid_has_the_unified_tree_as_one_more()
    {
        CgroupHost host = Host(V1Mounts + "36 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", V1Own + "0::/x\n");
        Assert.Equal(CgroupMode.Hybrid, host.Mode);
        Assert.Equal(new CgroupHierarchy("", "/sys/fs/cgroup/unified", "/x"), host.Hierarchies[^1]);
    }

    [Fact]
    public void V2_is_the_unified_tree_at_the_standard_place_alone()
    {
        CgroupHost host = Host("""
            31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate
            32 31 0:29 / /sys/fs/cgroup/net_cls rw - cgroup cgroup rw,net_cls

            """, "1:net_cls:/\n0::/user.slice/session\n");
        Assert.Equal(CgroupMode.V2, host.Mode);
        Assert.Equal([new CgroupHierarchy("", "/sys/fs/cgroup", "/user.slice/session")], host.Hierarchies);
    }

    [Fact]
    public void A_host_without_cgroups_has_none() => Assert.Equal(CgroupMode.None, Host("1 0 0:1 / / rw - ext4 x rw\n", "").Mode);

    [Theory]
    [InlineData("/docker/abc", "/docker/abc/sub", "/sub")]
    [InlineData("/docker/abc", "/docker/abc", "/")]
    [InlineData("/docker/abc", "/docker/other", "/")]
    [InlineData("/docker/abc", "/docker/abcd", "/")]
    [InlineData("/..", "/sub", "/sub")]
    [InlineData("/", "/../../outside", "/")]
    public void A_mount_that_shows_a_part_has_paths_below_that_part(string mountRoot, string own, string expected)
    {
        CgroupHost host = Host($"31 23 0:28 {mountRoot} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", $"0::{own}\n");
        Assert.Equal(expected, host.Hierarchies[0].OwnPath);
    }

    [Theory]
    // linux.cgroupsPath absolute: from the mount point.
    [InlineData(CgroupMode.V1, "/a/b", "/own/cg", "/a/b")]
    [InlineData(CgroupMode.V2, "/a/b", "/own/cg", "/a/b")]
    // Relative: below one's own on v1, beside it on v2.
    [InlineData(CgroupMode.V1, "a/b", "/own/cg", "/own/cg/a/b")]
    [InlineData(CgroupMode.V2, "a/b", "/own/cg", "/own/a/b")]
    [InlineData(CgroupMode.V2, "a", "/", "/a")]
    // Absent: the id, likewise.
    [InlineData(CgroupMode.V1, null, "/", "/the-id")]
    [InlineData(CgroupMode.V1, null, "/own/cg", "/own/cg/the-id")]
    [InlineData(CgroupMode.V2, null, "/own/cg", "/own/the-id")]
    [InlineData(CgroupMode.Hybrid, "", "/own", "/own/the-id")]
    // Nothing leads out.
    [InlineData(CgroupMode.V1, "../../../x", "/own", "/own/x")]
    [InlineData(CgroupMode.V1, "/../..//x/./y/", "/own", "/x/y")]
    public void A_containers_path_follows_runcs_rules(CgroupMode mode, string? cgroupsPath, string own, string expected)
    {
        CgroupHost host = new(mode, [new("x", "/nonexistent", own)]);
        CgroupRecord record = CgroupPaths.Decide(host, "the-id", cgroupsPath, unprivileged: false);
        Assert.Equal(expected, Assert.Single(record.Places).Path);
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData("", true, true)]
    [InlineData("/named", true, false)]
    [InlineData(null, false, false)]
    public void Only_the_unprivileged_who_name_no_path_may_do_without(string? cgroupsPath, bool unprivileged, bool lenient) =>
        Assert.Equal(lenient, CgroupPaths.Decide(new(CgroupMode.V2, []), "id", cgroupsPath, unprivileged).Lenient);

    [Theory]
    [InlineData("cpu,cpuacct", new[] { "cpu", "cpuacct" })]
    [InlineData("name=systemd", new string[0])]
    [InlineData("", new string[0])]
    public void A_hierarchys_name_tells_its_controllers(string name, string[] controllers) =>
        Assert.Equal(controllers, new CgroupPlace(name, "/m", "/p", "/").Controllers);

    private static CgroupHost Host(string mounts, string own) => CgroupHost.From(
        MountInfo.Parse(Encoding.UTF8.GetBytes(string.Join('\n', mounts.Split('\n').Select(static line => line.Trim())))), own, "/sys/fs/cgroup");
}
