using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>User namespaces with id maps.</summary>
public sealed class UserNamespaceTests : ContainerTest
{
    [Fact, Checklist(255, 268, 269, 270, 271, 272)]
    public void Maps_are_written_in_order()
    {
        Map((0, 100000, 1000), (1000, 300000, 5));
        var report = Report();
        Assert.Equal(["0 100000 1000", "1000 300000 5"], Rows(report["uidMap"]!));
        Assert.Equal(["0 100000 1000", "1000 300000 5"], Rows(report["gidMap"]!));
        Assert.Equal(0, report["uid"]![0]!.GetValue<int>());
    }

    [Fact, Checklist(268)]
    public void Many_mappings_are_written()
    {
        Map([.. Enumerable.Range(0, 340).Select(static i => (i, 1000 + i, 1))]);
        Assert.Equal(340, Rows(Report()["uidMap"]!).Length);
    }

    [Fact, Checklist(273)]
    public void The_rootfs_is_not_chowned()
    {
        Map((0, 100000, 65536));
        var report = Report("--stat", "/checker");
        Assert.Equal(65534, report["stat:/checker"]!["uid"]!.GetValue<int>());
    }

    [Fact, Checklist(161, 164)]
    public void The_programs_capabilities_count_in_the_user_namespace()
    {
        Map((0, 100000, 65536));
        var report = Report();
        Assert.Equal("0000000020000420", report["capabilities"]!["effective"]!.GetValue<string>());
    }

    [Fact, Checklist(202, 203, 206)]
    public void Users_are_those_of_the_namespace()
    {
        Map((0, 100000, 65536));
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1001, ["additionalGids"] = new JsonArray(5, 6) };
        Bundle.Args("sleep");
        var pid = Started();
        Host.Eventually(() => Host.Status(pid, "Uid") == "101000\t101000\t101000\t101000", "uid 101000 on the host");
        Assert.Equal("101001\t101001\t101001\t101001", Host.Status(pid, "Gid"));
        Assert.Equal("100005 100006", Host.Status(pid, "Groups"));
    }

    [Fact, Checklist(296, 127, 128, 129, 130, 131, 132)]
    public void The_default_devices_are_the_hosts_in_a_user_namespace()
    {
        Map((0, 100000, 65536));
        var names = new[] { "null", "zero", "full", "random", "urandom", "tty" };
        var report = Report([.. names.SelectMany(static n => new[] { "--stat", "/dev/" + n }), "--probe", "write:/dev/null", "--probe", "read:/dev/zero"]);
        foreach (var name in names)
        {
            Assert.Equal("c", report["stat:/dev/" + name]!["type"]!.GetValue<string>());
            Assert.Contains(MountLine.All(report), m => m.Point == "/dev/" + name);
        }

        Assert.Equal("ok", report["probe:write:/dev/null"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:read:/dev/zero"]!.GetValue<string>());
    }

    [Fact, Checklist(274)]
    public void Maps_without_a_user_namespace_are_refused()
    {
        Known.PeersDeviate("ignore them (obs)");
        Map((0, 100000, 65536));
        Bundle.Namespace("user", "-");
        RunFails("linux.uidMappings");
    }

    [Fact, Checklist(275)]
    public void A_new_user_namespace_without_maps_is_refused()
    {
        Known.Deviates("crun", "writes maps of its own");
        Bundle.Namespace("user");
        RunFails("linux.uidMappings");
    }

    [Fact, Checklist(276)]
    public void Maps_that_overlap_are_refused()
    {
        Map((0, 100000, 10), (5, 300000, 10));
        RunFails("linux.uidMappings");
    }

    [Fact, Checklist(111)]
    public void A_bind_keeps_the_flags_that_the_namespace_may_not_clear()
    {
        Known.Deviates("runc", "this version fails");
        var source = Path.Combine(Home, "locked");
        Directory.CreateDirectory(source);
        Libc.Check(Libc.mount("tmpfs", source, "tmpfs", 6, "mode=755"), "mount");
        Map((0, 100000, 65536));
        Directory.CreateDirectory(Bundle.Inside("/data"));
        Bundle.Mount("/data", "bind", source, "bind", "ro");
        try
        {
            var options = Mountinfo(Report(), "/data").Options;
            Assert.Contains("ro", options);
            Assert.Contains("nosuid", options);
            Assert.Contains("nodev", options);
        }
        finally
        {
            Libc.umount2(source, 2);
        }
    }

    [Fact, Checklist(252, 256)]
    public void A_cgroup_mount_in_a_user_namespace_is_read_only()
    {
        Known.Deviates("runc", "leaves the tmpfs above the hierarchies writable");
        Map((0, 100000, 65536));
        Bundle.Namespace("cgroup");
        Bundle.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev");
        var report = Report();
        Assert.All(MountLine.All(report).Where(static m => m.Point.StartsWith("/sys/fs/cgroup", StringComparison.Ordinal)), static m => Assert.Contains("ro", m.Options));
    }

    [Fact]
    public void Sysctls_of_a_user_namespaces_network_are_set()
    {
        Map((0, 100000, 65536));
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_unprivileged_port_start"] = "80" };
        Assert.Equal("80\n", Report("--read", "/proc/sys/net/ipv4/ip_unprivileged_port_start")["read:/proc/sys/net/ipv4/ip_unprivileged_port_start"]!.GetValue<string>());
    }

    private static string[] Rows(JsonNode map) => [.. map.GetValue<string>().Split('\n').Select(static l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];

    private void Map(params (int Container, int Host, int Size)[] rows)
    {
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray([.. rows.Select(static r => (JsonNode)new JsonObject { ["containerID"] = r.Container, ["hostID"] = r.Host, ["size"] = r.Size })]);
        }
    }
}
