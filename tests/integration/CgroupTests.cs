using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>linux.cgroupsPath, and the devices that a container may use.</summary>
public sealed class CgroupTests : ContainerTest
{
    [Fact, Checklist(309, 314, 524), Contract("C19")]
    public void An_absolute_path_is_taken_from_the_hierarchys_mount_point()
    {
        Known.Deviates("runc", "leaves the parents that it made");
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/nested/deeper";
        var pid = Created();
        foreach (var (hierarchy, path) in Memberships(pid))
        {
            Assert.Equal($"{hierarchy} /{Host.CgroupParent}/{Mark}/nested/deeper", $"{hierarchy} {path}");
        }

        Assert.Equal(Host.CgroupMounts.Count, Memberships(pid).Length);
        Succeeds("delete", Id);
        OwnCgroup(Mark);
        Assert.DoesNotContain(Host.Cgroups(Mark), static c => c.EndsWith("/deeper", StringComparison.Ordinal));
    }

    [Fact, Checklist(310, 311)]
    public void A_relative_path_leads_to_the_same_place_every_time()
    {
        Bundle.Linux["cgroupsPath"] = $"{Host.CgroupParent}/{Mark}";
        var first = Memberships(Created());
        Succeeds("delete", Id);
        var second = Memberships(Created());
        Assert.Equal(first, second);
        Assert.All(first, m => Assert.EndsWith($"{Host.CgroupParent}/{Mark}", m.Path));
        Succeeds("delete", Id);
        foreach (var mount in Host.CgroupMounts)
        {
            Assert.DoesNotContain(first, m => Directory.Exists(mount + m.Path));
        }
    }

    [Fact, Checklist(312)]
    public void Without_a_path_the_cgroup_has_the_containers_id()
    {
        Bundle.Linux.Remove("cgroupsPath");
        var memberships = Memberships(Created());
        Assert.All(memberships, m => Assert.Contains(Id, m.Path));
        Succeeds("delete", Id);
        foreach (var mount in Host.CgroupMounts)
        {
            Assert.DoesNotContain(memberships, m => Directory.Exists(mount + m.Path));
        }
    }

    [Fact, Checklist(315), Contract("C19")]
    public void The_program_and_its_children_are_in_every_hierarchy()
    {
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "2", "sleep", ",", "sleep");
        Started();
        Host.Eventually(() => Host.Processes(Mark).Count == 3, "three processes");
        foreach (var cgroup in Host.Cgroups(Mark))
        {
            Assert.Equal(3, File.ReadAllLines(Path.Combine(cgroup, "cgroup.procs")).Length);
        }
    }

    [Fact]
    public void With_cgroups_disabled_none_is_made()
    {
        Known.Deviates("runc", "has no such option");
        Bundle.Args("sleep");
        Bundle.Save();
        Succeeds("--cgroup-manager", "disabled", "create", "--bundle", Bundle.Path, Id);
        Assert.Empty(Host.Cgroups(Mark));
        Succeeds("start", Id);
        Succeeds("delete", "--force", Id);
    }

    [Fact]
    public void Without_systemd_its_cgroups_are_refused()
    {
        Known.PeersDeviate("have other texts");
        Assert.SkipWhen(Directory.Exists("/run/systemd/system"), "systemd runs on this machine");
        Bundle.Linux.Remove("cgroupsPath");
        Bundle.Save();
        Fails("it does not run on this host", "--systemd-cgroup", "create", "--bundle", Bundle.Path, Id);
        Bundle.Linux["cgroupsPath"] = "/no/unit";
        Bundle.Save();
        Fails("slice:prefix:name", "--systemd-cgroup", "create", "--bundle", Bundle.Path, Id);
        AssertNothingLeft();
    }

    [Fact, Checklist(326, 332, 295)]
    public void Under_the_default_rule_only_the_default_devices_can_be_used()
    {
        Assert.SkipUnless(Host.CgroupMounts.Any(static m => m.EndsWith("/devices", StringComparison.Ordinal)) || !Host.HasCgroupV1, "no devices controller");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "devices": [ { "allow": false, "access": "rwm" } ] }""");
        foreach (var set in new[] { "bounding", "effective", "permitted" })
        {
            Bundle.Process["capabilities"]![set]!.AsArray().Add((JsonNode)"CAP_MKNOD");
        }

        string[] usable = ["write:/dev/null", "read:/dev/zero", "read:/dev/urandom", "open:/dev/pts/ptmx"];
        var report = Report([.. usable.SelectMany(static p => new[] { "--probe", p }), "--probe", "mknod.7.250:/tmp/loop", "--probe", "mknod.1.11:/tmp/kmsg"]);
        Assert.All(usable, p => Assert.Equal("ok", report["probe:" + p]!.GetValue<string>()));
        Assert.Equal("EPERM", report["probe:mknod.7.250:/tmp/loop"]!.GetValue<string>());
    }

    [Fact, Checklist(514)]
    public void A_frozen_container_is_paused_and_can_be_killed()
    {
        var freezer = Host.Need(Host.CgroupMounts.FirstOrDefault(static m => m.EndsWith("/freezer", StringComparison.Ordinal)), "v1 freezer");
        Bundle.Args("sleep");
        Started();
        var state = Path.Combine(freezer, Host.CgroupParent, Mark, "freezer.state");
        File.WriteAllText(state, "FROZEN");
        Host.Eventually(() => File.ReadAllText(state) is "FROZEN\n", "frozen");
        Assert.Equal("paused", Status());
        Assert.NotEqual(0, Runtime("delete", Id).ExitCode);
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
    }

    [Fact, Checklist(308)]
    public void Create_in_a_frozen_cgroup_is_refused()
    {
        Known.PeersDeviate("these versions do not look");
        var freezer = Host.Need(Host.CgroupMounts.FirstOrDefault(static m => m.EndsWith("/freezer", StringComparison.Ordinal)), "v1 freezer");
        var cgroup = Path.Combine(freezer, Host.CgroupParent, Mark);
        Directory.CreateDirectory(cgroup);
        OwnCgroup(Mark);
        File.WriteAllText(Path.Combine(cgroup, "freezer.state"), "FROZEN");
        Bundle.Save();
        Fails("frozen", "create", "--bundle", Bundle.Path, Id);
        Assert.Equal([cgroup], Host.Cgroups(Mark));
        Directory.Delete(cgroup);
    }

    private static (string Hierarchy, string Path)[] Memberships(int pid) =>
        [.. File.ReadAllLines($"/proc/{pid}/cgroup").Select(static l => l.Split(':', 3)).Where(static f => Host.CgroupMounts.Any(m => f[1].Length == 0 || m.EndsWith("/" + f[1].Replace("name=", "", StringComparison.Ordinal), StringComparison.Ordinal))).Select(static f => (f[1], f[2]))];
}
