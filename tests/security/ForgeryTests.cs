using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>Files and values that are not what they claim to be.</summary>
public sealed class ForgeryTests : SecurityTest
{
    [Fact, Case("CVE-2019-16884", Fires = "crun 1.8.1")]
    public void A_volume_in_the_place_of_proc()
    {
        MaskNothing();
        Control();
        var fake = Folder("fake");
        foreach (var self in new[] { "self", "thread-self", "1" })
        {
            Directory.CreateDirectory(Path.Combine(fake, self, "attr", "apparmor"));
            Directory.CreateDirectory(Path.Combine(fake, self, "fd"));
            foreach (var file in new[] { "attr/exec", "attr/current", "attr/keycreate", "attr/apparmor/exec", "setgroups", "status" })
            {
                File.WriteAllText(Path.Combine(fake, self, file), "");
            }

            for (var fd = 3; fd < 20; fd++)
            {
                File.WriteAllText(Path.Combine(fake, self, "fd", fd.ToString(System.Globalization.CultureInfo.InvariantCulture)), "");
            }
        }

        Bundle.Mount("/proc", "bind", fake, "bind");
        var result = RunContainer();
        Assert.True(result.ExitCode != 0, "it ran with a forged /proc: " + result);
    }

    [Fact, Case("CVE-2025-52881, without a race")]
    public void A_sysctl_for_a_directory_of_a_volume()
    {
        Bundle.Linux["readonlyPaths"] = new JsonArray();
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_unprivileged_port_start"] = "81" };
        Control();
        var fake = Folder("fake");
        Directory.CreateDirectory(Path.Combine(fake, "ipv4"));
        var canary = Path.Combine(fake, "ipv4", "ip_unprivileged_port_start");
        File.WriteAllText(canary, "canary");
        Bundle.Mount("/proc/sys/net", "bind", fake, "bind");
        RunContainer();
        Assert.Equal("canary", File.ReadAllText(canary));
    }

    [Fact, Case("CVE-2021-43784")]
    public void Values_too_long_for_the_hand_over()
    {
        Control();
        Bundle.Namespace("network", "/proc/1/ns/" + string.Concat(Enumerable.Repeat("./", 40_000)) + "net");
        Assert.NotEqual(0, RunContainer().ExitCode);
        Bundle.Namespace("network");
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray([.. Enumerable.Range(0, 5000).Select(static i => (JsonNode)new JsonObject { ["containerID"] = i, ["hostID"] = 100000 + i, ["size"] = 1 })]);
        }

        Assert.NotEqual(0, RunContainer().ExitCode);
    }

    [Theory, Case("GHSA-5g49-rx9x-qfc6", Fires = "crun 1.8.1")]
    [InlineData("hugepage")]
    [InlineData("unified")]
    [InlineData("rdma")]
    public void Names_of_limits_that_are_paths(string kind)
    {
        Control();
        var canary = Path.Combine(Outside, "hp");
        File.WriteAllText(canary + ".limit_in_bytes", "canary");
        File.WriteAllText(canary, "canary");
        var path = string.Concat(Enumerable.Repeat("../", 12)) + canary[1..];
        Bundle.Linux["resources"] = kind switch
        {
            "hugepage" => new JsonObject { ["hugepageLimits"] = new JsonArray(new JsonObject { ["pageSize"] = "/../" + path, ["limit"] = 4096 }) },
            "unified" => new JsonObject { ["unified"] = new JsonObject { [path] = "4096" } },
            _ => new JsonObject { ["rdma"] = new JsonObject { [path] = new JsonObject { ["hcaHandles"] = 1 } } },
        };
        RunContainer();
        Assert.Equal("canary", File.ReadAllText(canary + ".limit_in_bytes"));
        Assert.Equal("canary", File.ReadAllText(canary));
    }

    [Theory, Case("CVE-2022-0811, by the runtime")]
    [InlineData("net/../kernel/core_pattern", "x")]
    [InlineData("net.ipv4.ip_unprivileged_port_start+kernel.core_pattern", "x")]
    [InlineData("net.ipv4.ip_unprivileged_port_start", "81+kernel.core_pattern=x")]
    [InlineData("kernel.core_pattern", "x")]
    public void Sysctls_of_the_host(string name, string value)
    {
        Bundle.Linux["readonlyPaths"] = new JsonArray();
        Control();
        var before = File.ReadAllText("/proc/sys/kernel/core_pattern");
        Bundle.Linux["sysctl"] = new JsonObject { [name] = value };
        var result = RunContainer();
        var after = File.ReadAllText("/proc/sys/kernel/core_pattern");
        if (after != before)
        {
            File.WriteAllText("/proc/sys/kernel/core_pattern", before);
        }

        Assert.Equal(before, after);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Theory, Case("a container's id that is a path, or two lines", Fires = "crun 1.8.1")]
    [InlineData("a\nb")]
    [InlineData("../out")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("")]
    public void Ids_that_are_more_than_a_name(string id)
    {
        Control();
        Bundle.Save();
        var result = Runtime("create", "--bundle", Bundle.Path, id);
        if (result.ExitCode == 0)
        {
            Runtime("delete", "--force", id);
        }

        Assert.NotEqual(0, result.ExitCode);
        Assert.False(Directory.Exists(Path.Combine(Home, "out")));
    }

    [Fact, Case("a pid file's name that is a link", Fires = "crun 1.8.1")]
    public void A_link_in_the_place_of_the_pid_file()
    {
        Control();
        var victim = Path.Combine(Outside, "victim");
        File.WriteAllText(victim, "untouched");
        File.CreateSymbolicLink(Path.Combine(Home, "pid"), victim);
        Create("--pid-file", Path.Combine(Home, "pid"));
        Assert.Equal("untouched", File.ReadAllText(victim));
    }

    [Theory, Case("CVE-2024-40635, CVE-2026-46680", Fires = "crun 1.8.1")]
    [InlineData("uid", "4294967295")]
    [InlineData("gid", "4294967295")]
    [InlineData("uid", "4294967296")]
    [InlineData("uid", "-1")]
    [InlineData("uid", "\"0\"")]
    public void Ids_that_are_none(string member, string value)
    {
        Control();
        Bundle.Args("report");
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000, [member] = JsonNode.Parse(value) };
        var result = RunContainer();
        Assert.True(result.ExitCode != 0, "it ran as " + result.Out);
    }
}
