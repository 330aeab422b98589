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
        Assert.Equal(("104857600", "94371840", "33", "59", "340ms", "0", "yes", "7s"),
            (unit["MemoryMax"], unit["MemoryHigh"], unit["TasksMax"], unit["CPUWeight"], unit["CPUQuotaPerSecUSec"], unit["AllowedCPUs"], unit["Delegate"], unit["TimeoutStopUSec"]));

        // None of these is told who made the cgroup.
        Later("update", "--memory", "120M", "--pids-limit", "44", Id);
        unit = Show();
        Assert.Equal(("125829120", "44"), (unit["MemoryMax"], unit["TasksMax"]));
        Assert.Equal("125829120", Value(pid, "memory.max"));
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
        string[] files = ["memory.max", "memory.low", "memory.high", "cpu.weight", "cpu.max", "cpuset.cpus", "pids.max"];
        var before = files.Select(f => Value(pid, f)).ToArray();
        Success(Systemctl("daemon-reload"));
        // systemd applies what it knows again when a unit's properties change.
        Success(Systemctl("set-property", "--runtime", Unit, "Description=again"));
        Assert.Equal(before, files.Select(f => Value(pid, f)));
        Libc.kill(pid, 10);
        Host.Eventually(() => File.Exists(Bundle.Inside("/tmp/done")), "the devices to be opened");
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

    private string Value(int pid, string file)
    {
        var cgroup = File.ReadLines($"/proc/{pid}/cgroup").First(static l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
        Assert.SkipWhen(Host.HasCgroupV1, "on cgroup v1 there are no such files");
        return File.ReadAllText(Host.CgroupMounts[0] + cgroup + "/" + file).Trim();
    }
}
