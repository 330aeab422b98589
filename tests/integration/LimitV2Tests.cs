using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>linux.resources on a host with cgroup v2 alone.</summary>
public sealed class LimitV2Tests : ContainerTest
{
    [Theory, Checklist(334, 335, 336, 343, 344, 345, 346, 349, 350, 351, 366, 367, 371, 376, 524)]
    [InlineData("""{ "memory": { "limit": 104857600 } }""", "memory.max", "104857600")]
    [InlineData("""{ "memory": { "limit": -1 } }""", "memory.max", "max")]
    [InlineData("""{ "memory": { "limit": 104857600, "swap": 209715200 } }""", "memory.swap.max", "104857600")]
    [InlineData("""{ "memory": { "limit": 104857600, "swap": 104857600 } }""", "memory.swap.max", "0")]
    [InlineData("""{ "memory": { "limit": 104857600, "swap": -1 } }""", "memory.swap.max", "max")]
    [InlineData("""{ "memory": { "reservation": 52428800 } }""", "memory.low", "52428800")]
    [InlineData("""{ "cpu": { "shares": 512 } }""", "cpu.weight", "59")]
    [InlineData("""{ "cpu": { "quota": 50000, "period": 20000 } }""", "cpu.max", "50000 20000")]
    [InlineData("""{ "cpu": { "quota": -1 } }""", "cpu.max", "max 100000")]
    [InlineData("""{ "cpu": { "quota": 50000, "burst": 30000 } }""", "cpu.max.burst", "30000")]
    [InlineData("""{ "cpu": { "idle": 1, "shares": 512 } }""", "cpu.idle", "1")]
    [InlineData("""{ "cpu": { "cpus": "0", "mems": "0" } }""", "cpuset.cpus", "0")]
    [InlineData("""{ "pids": { "limit": 17 } }""", "pids.max", "17")]
    [InlineData("""{ "pids": { "limit": 0 } }""", "pids.max", "1")]
    [InlineData("""{ "pids": { "limit": -1 } }""", "pids.max", "max")]
    [InlineData("""{ "unified": { "memory.high": "104857600", "cgroup.max.depth": "3" } }""", "memory.high", "104857600")]
    [InlineData("""{ "memory": { "limit": 104857600 }, "unified": { "memory.max": "209715200" } }""", "memory.max", "209715200")]
    public void A_limit_stands_in_the_file_of_cgroup_v2(string resources, string file, string value)
    {
        NeedsV2();
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        Created();
        Assert.Equal(value, Value(file));
    }

    [Theory, Checklist(339, 340, 347, 353, 364, 365, 374, 377)]
    [InlineData("""{ "memory": { "swappiness": 7 } }""", "linux.resources.memory.swappiness")]
    [InlineData("""{ "memory": { "disableOOMKiller": true } }""", "linux.resources.memory.disableOOMKiller")]
    [InlineData("""{ "cpu": { "realtimeRuntime": 1000 } }""", "linux.resources.cpu.realtimeRuntime")]
    [InlineData("""{ "blockIO": { "leafWeight": 100 } }""", "linux.resources.blockIO.leafWeight")]
    [InlineData("""{ "network": { "classID": 5 } }""", "linux.resources.network.classID")]
    [InlineData("""{ "unified": { "foo.max": "1" } }""", "linux.resources.unified[\"foo.max\"]: needs the foo controller")]
    [InlineData("""{ "unified": { "memory.gone": "1" } }""", "linux.resources.unified[\"memory.gone\"]: cannot write")]
    [InlineData("""{ "cpu": { "cpus": "4095" } }""", "linux.resources.cpu.cpus: cannot write")]
    public void What_cannot_be_had_is_refused_and_leaves_nothing(string resources, string text)
    {
        NeedsV2();
        Known.PeersDeviate("have other texts");
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        RunFails(text);
    }

    [Fact, Checklist(372)]
    public void The_controllers_are_enabled_down_the_path()
    {
        NeedsV2();
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/a/b";
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 104857600 } }""");
        Created();
        Assert.Contains("memory", File.ReadAllText(Path.Combine(Host.CgroupMounts[0], Host.CgroupParent, Mark, "a/b/cgroup.controllers")));
    }

    [Fact, Checklist(342, 346)]
    public void An_update_keeps_what_is_not_given_and_checks_if_asked()
    {
        NeedsV2();
        Known.PeersDeviate("differ in one or the other");
        Bundle.Args("sleep");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "cpu": { "quota": 50000, "period": 20000 }, "memory": { "limit": 104857600, "swap": 209715200 } }""");
        Started();
        Succeeds("update", "--cpu-quota", "10000", "--memory", "150M", Id);
        Assert.Equal("10000 20000", Value("cpu.max"));
        Assert.Equal("157286400", Value("memory.max"));
        Assert.Equal("52428800", Value("memory.swap.max"));
        var file = Path.Combine(Home, "resources.json");
        File.WriteAllText(file, """{ "memory": { "limit": 4096, "checkBeforeUpdate": true }, "cpu": { "quota": 20000 } }""");
        Fails("memory.limit: is below what is in use", "update", "--resources", file, Id);
        File.WriteAllText(file, """{ "memory": { "limit": 104857600 }, "cpu": { "cpus": "4095" } }""");
        Fails("cpu.cpus: cannot write", "update", "--resources", file, Id);
        Assert.Equal("157286400", Value("memory.max"));
        Assert.Equal("running", Status());
    }

    [Fact, Checklist(295, 326)]
    public void The_devices_of_the_last_container_in_a_cgroup_are_replaced()
    {
        NeedsV2();
        Known.Deviates("crun", "adds to them");
        // Made by others, it stays when the container is deleted, with what is attached to it.
        var cgroup = Path.Combine(Host.CgroupMounts[0], Host.CgroupParent, Mark);
        Directory.CreateDirectory(cgroup);
        foreach (var allowed in new[] { false, true, false })
        {
            Bundle.Linux["resources"] = JsonNode.Parse($$"""{ "devices": [ { "allow": false, "access": "rwm" }, { "allow": {{(allowed ? "true" : "false")}}, "type": "c", "major": 10, "minor": 229, "access": "rw" } ] }""");
            Bundle.Linux["devices"] = JsonNode.Parse("""[ { "path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438 } ]""");
            var report = Report("--probe", "open:/dev/fuse", "--probe", "open:/dev/null");
            Assert.Equal(allowed ? "ok" : "EPERM", report["probe:open:/dev/fuse"]!.GetValue<string>());
            Assert.Equal("ok", report["probe:open:/dev/null"]!.GetValue<string>());
            Assert.True(Directory.Exists(cgroup));
        }

        OwnCgroup(Mark);
        Directory.Delete(cgroup);
    }

    [Theory, Checklist(317, 320, 321, 323)]
    [InlineData("rw", true)]
    [InlineData("ro", false)]
    public void The_cgroup_belongs_to_the_processs_user_where_he_may_write_it(string option, bool delegated)
    {
        NeedsV2();
        Known.Deviates("crun", "gives it away with a user namespace only");
        Known.Deviates("runc", "gives it away with systemd only");
        Bundle.Namespace("cgroup");
        Bundle.Process["user"] = JsonNode.Parse("""{ "uid": 4242, "gid": 4242 }""");
        Bundle.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", option);
        Created();
        foreach (var file in new[] { ".", "cgroup.procs", "cgroup.subtree_control", "memory.max" })
        {
            var owner = Success(new Command("/usr/bin/stat", "-c", "%u", Path.Combine(Host.CgroupMounts[0], Host.CgroupParent, Mark, file)).Run(Home)).Out.Trim();
            Assert.Equal(delegated && !file.StartsWith("memory", StringComparison.Ordinal) ? "4242" : "0", owner);
        }
    }

    private static void NeedsV2() => Assert.SkipWhen(Host.HasCgroupV1 || Host.CgroupMounts.Count == 0, "this machine has hierarchies of cgroup v1");

    private string Value(string file) => File.ReadAllText(Path.Combine(Host.CgroupMounts[0], Host.CgroupParent, Mark, file)).Trim();
}
