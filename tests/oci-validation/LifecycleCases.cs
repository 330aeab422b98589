using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>runtime.md: the operations and the state.</summary>
public sealed class LifecycleCases : OciCase
{
    internal void ConfigUpdatesWithoutEffect()
    {
        ShareOut();
        Bundle.Process["oomScoreAdj"] = 100;
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_NOFILE", ["soft"] = 900, ["hard"] = 1000 });
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_forward"] = "1" };
        Bundle.Args("report", "--out", "/out/report", "--read", "/proc/sys/net/ipv4/ip_forward");
        var pid = Created();
        File.WriteAllText(Bundle.ConfigFile, """{ "ociVersion": "1.0.0" }""");
        Succeeds("start", Id);
        Ended(pid);
        var report = Assert.Single(Lines(Path.Combine(Out, "report")));
        Assert.Equal("100", report["oomScoreAdj"]!.GetValue<string>());
        Assert.Equal("[900,1000]", report["rlimits"]!["RLIMIT_NOFILE"]!.ToJsonString());
        Assert.Equal("1\n", report["read:/proc/sys/net/ipv4/ip_forward"]!.GetValue<string>());
        Succeeds("delete", Id);
    }

    internal void Create_()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        Refused(Runtime("create", "--bundle", Bundle.Path));
        Created();
        Assert.Equal(Id, State()["id"]!.GetValue<string>());
        Refused(Create());
        Assert.Equal("created", Status());
    }

    internal void Delete()
    {
        Refused(Runtime("delete"));
        Refused(Runtime("delete", Id));
        Bundle.Args("sleep");
        var pid = Started();
        Refused(Runtime("delete", Id));
        Assert.Equal("running", Status());
        Succeeds("kill", Id, "KILL");
        Reaper.Wait(pid, 10_000, out _);
        AwaitStatus("stopped");
        Succeeds("delete", Id);
        Refused(Runtime("state", Id));
    }

    internal void DeleteOnlyCreatedResources()
    {
        foreach (var mount in Host.CgroupMounts)
        {
            Directory.CreateDirectory(Path.Combine(mount, Host.CgroupParent, Mark));
        }

        OwnCgroup(Mark);
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/inner";
        Ended(Started());
        Succeeds("delete", Id);
        Assert.All(Host.CgroupMounts, mount => Assert.True(Directory.Exists(Path.Combine(mount, Host.CgroupParent, Mark)), mount));
        Host.Cgroups(Mark).ForEach(static cgroup => Directory.Delete(cgroup));
        Assert.True(File.Exists(Bundle.Inside("/checker")));
    }

    internal void DeleteResources()
    {
        Ended(Started());
        Assert.NotEmpty(Host.Cgroups(Mark));
        Succeeds("delete", Id);
        Assert.Empty(Host.Cgroups(Mark));
        AssertNothingLeft();
    }

    internal void Kill()
    {
        Refused(Runtime("kill"));
        Refused(Runtime("kill", Id, "KILL"));

        // To a created container.
        var pid = Created();
        Succeeds("kill", Id, "KILL");
        Assert.True(Reaper.Wait(pid, 10_000, out _), "the created process goes on");
        AwaitStatus("stopped");
        Again();

        // To a stopped one.
        Ended(Started());
        Refused(Runtime("kill", Id, "KILL"));
        Again();

        // To a running one.
        Bundle.Args("sleep");
        pid = Started();
        Succeeds("kill", Id, "KILL");
        Assert.True(Reaper.Wait(pid, 10_000, out var ending), "the running process goes on");
        Assert.Equal(137, ending.Code);
    }

    internal void KillNoEffect()
    {
        Ended(Started());
        var before = State().ToJsonString();
        Refused(Runtime("kill", Id, "KILL"));
        Assert.Equal(before, State().ToJsonString());
    }

    internal void KillSignals()
    {
        foreach (var (name, number) in new[] { ("TERM", 15), ("USR1", 10), ("USR2", 12), ("HUP", 1) })
        {
            Bundle.Args("trap", "/signals", number.ToString(CultureInfo.InvariantCulture));
            var pid = Started();
            Host.Eventually(() => Host.Text(Bundle.Inside("/signals")) is "ready\n", "the program is ready");
            Succeeds("kill", Id, name);
            Ended(pid);
            Assert.Equal($"ready\n{number}\n", Host.Text(Bundle.Inside("/signals")));
            File.Delete(Bundle.Inside("/signals"));
            Again();
        }
    }

    internal void MiscellaneousProperties()
    {
        Bundle.Config["annotations"] = new JsonObject { ["org." + Mark] = "" };
        Ended(Started());
        Again();
        Bundle.Config["unknown"] = "unknown";
        Bundle.Linux["unknown"] = new JsonObject { ["a"] = 1 };
        Ended(Started());
        Again();
        Bundle.Config["ociVersion"] = "invalid";
        CreateRefused();
    }

    internal void PidFile()
    {
        Bundle.Args("sleep");
        var pid = Created();
        Assert.Equal(pid, State()["pid"]!.GetValue<int>());
        Assert.Equal(pid.ToString(CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(Home, "pid")));
        Succeeds("start", Id);
        Assert.Equal(pid, State()["pid"]!.GetValue<int>());
    }

    internal void Start()
    {
        Refused(Runtime("start"));
        Refused(Runtime("start", Id));
        Bundle.Args("write", "/marker", "called");
        var pid = Created();
        Assert.False(File.Exists(Bundle.Inside("/marker")), "the program ran in create");
        Succeeds("start", Id);
        Ended(pid);
        Assert.Equal("called", File.ReadAllText(Bundle.Inside("/marker")));
        Refused(Runtime("start", Id));
        Assert.Equal("called", File.ReadAllText(Bundle.Inside("/marker")));
        Assert.Equal("stopped", Status());
        Again();

        // A config without a process may be refused at once; else start must refuse it.
        Bundle.Config.Remove("process");
        if (Create().ExitCode == 0)
        {
            Refused(Runtime("start", Id));
        }
    }

    internal void State_()
    {
        Refused(Runtime("state"));
        Refused(Runtime("state", Id));
        Bundle.Config["annotations"] = new JsonObject { ["org.example.key"] = "value" };
        Bundle.Args("sleep");
        var pid = Created();
        var state = State();
        Assert.Equal(3, state["ociVersion"]!.GetValue<string>().Split('-')[0].Split('.').Length);
        Assert.Equal(Id, state["id"]!.GetValue<string>());
        Assert.Equal("created", state["status"]!.GetValue<string>());
        Assert.Equal(pid, state["pid"]!.GetValue<int>());
        Assert.Equal(Bundle.Path, state["bundle"]!.GetValue<string>());
        Assert.Equal("value", state["annotations"]!["org.example.key"]!.GetValue<string>());
        Succeeds("start", Id);
        Assert.Equal("running", Status());
        Succeeds("kill", Id, "KILL");
        Reaper.Wait(pid, 10_000, out _);
        AwaitStatus("stopped");
    }
}
