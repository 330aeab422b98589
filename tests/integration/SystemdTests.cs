using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Containers whose cgroup is a unit of systemd.</summary>
public sealed class SystemdTests : ContainerTest
{
    private string Unit => $"test-{Mark}.scope";

    [Fact, Checklist(310, 311, 333), Contract("C30", "C19")]
    public void A_scope_is_made_and_all_later_commands_know_it()
    {
        Prepare("""
            { "memory": { "limit": 104857600, "swap": 209715200 }, "cpu": { "shares": 512, "quota": 33333, "period": 100000, "cpus": "0" }, "pids": { "limit": 33 },
              "unified": { "memory.high": "94371840" } }
            """);
        Bundle.Config["annotations"] = JsonNode.Parse("""{ "org.systemd.property.TimeoutStopSec": "7", "org.systemd.property.CollectMode": "'inactive-or-failed'" }""");
        var pid = StartedBySystemd();
        Assert.EndsWith($"/csruntest.slice/csruntest-{Slice}.slice/{Unit}", File.ReadLines($"/proc/{pid}/cgroup").Last(), StringComparison.Ordinal);
        var unit = Show();
        Assert.Equal(("33", "340ms", "yes", "7s"), (unit["TasksMax"], unit["CPUQuotaPerSecUSec"], unit["Delegate"], unit["TimeoutStopUSec"]));
        if (Host.HasCgroupV1)
        {
            Assert.Equal(("104857600", "512"), (unit["MemoryLimit"], unit["CPUShares"]));
            Assert.All(File.ReadLines($"/proc/{pid}/cgroup").Where(static l => !l.Contains("misc", StringComparison.Ordinal)), l => Assert.EndsWith("/" + Unit, l, StringComparison.Ordinal));
        }
        else
        {
            Assert.Equal(("104857600", "94371840", "59", "0"), (unit["MemoryMax"], unit["MemoryHigh"], unit["CPUWeight"], unit["AllowedCPUs"]));
        }

        // None of these is told who made the cgroup.
        Later("update", "--memory", "120M", "--pids-limit", "44", Id);
        unit = Show();
        Assert.Equal(("125829120", "44"), (unit[Host.HasCgroupV1 ? "MemoryLimit" : "MemoryMax"], unit["TasksMax"]));
        Assert.Equal("125829120", Value(pid, Host.HasCgroupV1 ? "memory.limit_in_bytes" : "memory.max"));
        Later("pause", Id);
        Assert.Equal("paused", Status());
        Later("resume", Id);
        Later("delete", "--force", Id);
        Assert.Equal("not-found", Show()["LoadState"]);
        Assert.False(Directory.Exists(UnitDirectory()));
    }

    [Fact, Checklist(295, 326, 333)]
    public void A_reload_of_systemd_changes_neither_limits_nor_devices()
    {
        Prepare("""
            { "devices": [ { "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw" } ],
              "memory": { "limit": 104857600, "reservation": 1048576 }, "cpu": { "shares": 300, "quota": 5000, "period": 20000, "cpus": "0" }, "pids": { "limit": 33 },
              "unified": { "memory.high": "94371840" } }
            """);
        Bundle.Linux["devices"] = JsonNode.Parse("""[ { "path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438 } ]""");
        Bundle.Args("trap", "/tmp/signals", "10", ",", "open", "/dev/null", ",", "open", "/dev/fuse", ",", "write", "/tmp/done", "yes", ",", "sleep");
        var pid = StartedBySystemd();
        Host.Eventually(() => File.Exists(Bundle.Inside("/tmp/signals")), "the program");
        string[] files = Host.HasCgroupV1
            ? ["memory.limit_in_bytes", "memory.soft_limit_in_bytes", "cpu.shares", "cpu.cfs_quota_us", "cpuset.cpus", "pids.max"]
            : ["memory.max", "memory.low", "memory.high", "cpu.weight", "cpu.max", "cpuset.cpus", "pids.max"];
        var before = files.Select(f => Value(pid, f)).ToArray();
        Success(Systemctl("daemon-reload"));
        // systemd applies what it knows again when a unit's properties change.
        Success(Systemctl("set-property", "--runtime", Unit, "Description=again"));
        Assert.Equal(before, files.Select(f => Value(pid, f)));
        Libc.kill(pid, 10);
        Host.Eventually(() => File.Exists(Bundle.Inside("/tmp/done")), "the devices to be opened");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void Running_out_of_memory_as_a_group_leaves_no_unit_and_the_id_is_free_again(string group)
    {
        Prepare($$"""{ "memory": { "limit": 33554432, "swap": 33554432 }, "unified": { "memory.oom.group": "{{group}}" } }""");
        Assert.SkipWhen(Host.HasCgroupV1, "this machine has hierarchies of cgroup v1");
        Bundle.Args("spawn", "2", "sleep", ",", "fill", "100000000");
        for (var i = 0; i < 3; i++)
        {
            var pid = StartedBySystemd();
            AwaitStatus("stopped");
            Host.Eventually(() => Host.IsDead(pid), "the end of the program");
            Later("delete", Id);
            Assert.Equal("not-found", Show()["LoadState"]);
        }
    }

    [Fact, Checklist(3)]
    public void A_container_that_fails_or_runs_out_of_memory_leaves_no_unit()
    {
        Prepare("""{ "cpu": { "mems": "511" } }""");
        Bundle.Save();
        Fails("linux.resources.cpu.mems", "--systemd-cgroup", "create", "--bundle", Bundle.Path, Id);
        Assert.Equal("not-found", Show()["LoadState"]);

        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 33554432, "swap": 33554432 } }""");
        Bundle.Args("fill", "100000000");
        for (var i = 0; i < 2; i++)
        {
            StartedBySystemd();
            AwaitStatus("stopped");
            Later("delete", Id);
        }

        Assert.Equal("not-found", Show()["LoadState"]);
    }

    [Fact, Checklist(313)]
    public void A_path_that_is_no_unit_is_refused()
    {
        Prepare("{}");
        foreach (var path in new[] { "/absolute", "a.slice:b", "a--b.slice:c:d" })
        {
            Bundle.Linux["cgroupsPath"] = path;
            Bundle.Save();
            Fails("linux.cgroupsPath", "--systemd-cgroup", "create", "--bundle", Bundle.Path, Id);
        }

        AssertNothingLeft();
    }

    // A dash would be one level more.
    private string Slice => Mark.Replace("-", "", StringComparison.Ordinal);

    private void Prepare(string resources)
    {
        Known.PeersDeviate("are known to differ from version to version");
        Assert.SkipUnless(Directory.Exists("/run/systemd/system"), "systemd does not run on this machine");
        Bundle.Args("sleep");
        Bundle.Linux["cgroupsPath"] = $"csruntest-{Slice}.slice:test:{Mark}";
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        if (Host.HasCgroupV1)
        {
            Bundle.Linux["resources"]!.AsObject().Remove("unified");
        }
    }

    private int StartedBySystemd()
    {
        var pidFile = Path.Combine(Home, "pid");
        Bundle.Save();
        Succeeds("--systemd-cgroup", "create", "--bundle", Bundle.Path, "--pid-file", pidFile, Id);
        Succeeds("start", Id);
        return int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture);
    }

    private void Later(params string[] arguments) => Succeeds(arguments);

    private Result Systemctl(params string[] arguments) => new Command("/usr/bin/systemctl", arguments).Run(Home);

    private Dictionary<string, string> Show() => Success(Systemctl("show", Unit)).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(static l => l.Split('=', 2)).Where(static p => p.Length == 2).GroupBy(static p => p[0], StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Last()[1], StringComparer.Ordinal);

    private string UnitDirectory() => Path.Combine(Host.CgroupMounts[^1], "csruntest.slice", $"csruntest-{Slice}.slice", Unit);

    /// <summary>A file of the container's cgroup, in the hierarchy that has it.</summary>
    private static string Value(int pid, string file)
    {
        var controller = file[..file.IndexOf('.', StringComparison.Ordinal)];
        var line = File.ReadLines($"/proc/{pid}/cgroup").Select(static l => l.Split(':', 3))
            .First(f => Host.HasCgroupV1 ? f[1].Split(',').Contains(controller) : f[0] is "0");
        return File.ReadAllText((Host.HasCgroupV1 ? "/sys/fs/cgroup/" + controller : Host.CgroupMounts[0]) + line[2] + "/" + file).Trim();
    }
}
