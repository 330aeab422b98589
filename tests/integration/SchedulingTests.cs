using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>process.scheduler, process.ioPriority, linux.memoryPolicy and linux.personality, as the program finds them.</summary>
public sealed class SchedulingTests : ContainerTest
{
    private const int SysNice = 23;

    [Theory, Checklist(170, 173, 175, 178)]
    [InlineData("SCHED_OTHER", 0, 0)]
    [InlineData("SCHED_OTHER", 0, 7)]
    [InlineData("SCHED_BATCH", 3, 5)]
    [InlineData("SCHED_IDLE", 5, null)]
    public void The_policy_is_as_said(string policy, int number, int? nice)
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = policy, ["nice"] = nice ?? 0 };
        var scheduler = Report()["scheduler"]!;
        Assert.Equal(number, scheduler["policy"]!.GetValue<int>());
        if (nice is not null)
        {
            // For the other policies the kernel leaves it as it is.
            Assert.Equal(nice, scheduler["nice"]!.GetValue<int>());
        }
    }

    [Fact, Checklist(178)]
    public void A_nice_value_may_be_below_the_callers()
    {
        Assert.SkipUnless(Host.HasCapability(SysNice), "CAP_SYS_NICE is missing here");
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = "SCHED_OTHER", ["nice"] = -3 };
        Assert.Equal(-3, Report()["scheduler"]!["nice"]!.GetValue<int>());
    }

    [Theory, Checklist(171, 172, 179, 180)]
    [InlineData("SCHED_FIFO", 1, 10)]
    [InlineData("SCHED_RR", 2, 99)]
    public void A_real_time_policy_has_its_priority(string policy, int number, int priority)
    {
        Assert.SkipUnless(Host.HasCapability(SysNice), "CAP_SYS_NICE is missing here");
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = policy, ["priority"] = priority, ["flags"] = Bundle.Json("SCHED_FLAG_RESET_ON_FORK") };
        var scheduler = ReportOf(RunWithBudget())["scheduler"]!;
        Assert.Equal(number, scheduler["policy"]!.GetValue<int>());
        Assert.Equal(priority, scheduler["priority"]!.GetValue<int>());
        Assert.Equal(1, scheduler["flags"]!.GetValue<int>());
    }

    [Fact, Checklist(176, 181, 182, 188, 189, 190)]
    public void A_deadline_has_its_times()
    {
        Assert.SkipUnless(Host.HasCapability(SysNice), "CAP_SYS_NICE is missing here");
        Bundle.Process["scheduler"] = new JsonObject
        {
            ["policy"] = "SCHED_DEADLINE",
            ["runtime"] = 5_000_000,
            ["deadline"] = 50_000_000,
            ["period"] = 100_000_000,
            ["flags"] = Bundle.Json("SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"),
        };
        // Each thread of the program's is made by a clone, which RESET_ON_FORK allows.
        var scheduler = Report()["scheduler"]!;
        Assert.Equal(6, scheduler["policy"]!.GetValue<int>());
        Assert.Equal(5_000_000, scheduler["runtime"]!.GetValue<int>());
        Assert.Equal(50_000_000, scheduler["deadline"]!.GetValue<int>());
        Assert.Equal(100_000_000, scheduler["period"]!.GetValue<int>());
        Assert.Equal(7, scheduler["flags"]!.GetValue<int>());
    }

    [Fact, Checklist(183, 184)]
    public void The_callers_policy_and_parameters_can_be_kept()
    {
        Bundle.Process["scheduler"] = new JsonObject
        {
            ["policy"] = "SCHED_OTHER",
            ["flags"] = Bundle.Json("SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS"),
        };
        Bundle.Args("report");
        Bundle.Save();
        string stat = File.ReadAllText("/proc/self/stat");
        int own = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
        var command = new Command("/usr/bin/nice", "-n", "4", "/usr/bin/chrt", "-b", "0", Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
        { Environment = RuntimeEnvironment() };
        var scheduler = ReportOf(command.Run(Home))["scheduler"]!;
        Assert.Equal(3, scheduler["policy"]!.GetValue<int>());
        Assert.Equal(System.Math.Min(own + 4, 19), scheduler["nice"]!.GetValue<int>());
    }

    [Theory, Checklist(185, 186)]
    [InlineData("SCHED_FLAG_UTIL_CLAMP_MIN")]
    [InlineData("SCHED_FLAG_UTIL_CLAMP_MAX")]
    public void Utilization_is_clamped_or_refused(string flag)
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = "SCHED_OTHER", ["flags"] = Bundle.Json(flag) };
        Bundle.Args("true");
        if (File.Exists("/proc/sys/kernel/sched_util_clamp_min"))
        {
            Success(RunContainer());
        }
        else
        {
            RunFails("process.scheduler");
        }
    }

    [Theory, Checklist(7, 174, 177)]
    [InlineData("SCHED_ISO")]
    [InlineData("SCHED_FOO")]
    public void An_unknown_policy_is_refused(string policy)
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = policy };
        RunFails("process.scheduler.policy");
    }

    [Fact, Checklist(177)]
    public void A_scheduler_needs_a_policy()
    {
        Bundle.Process["scheduler"] = new JsonObject { ["nice"] = 1 };
        RunFails("process.scheduler.policy");
    }

    [Fact, Checklist(187)]
    public void An_unknown_flag_is_refused()
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = "SCHED_OTHER", ["flags"] = Bundle.Json("SCHED_FLAG_FOO") };
        RunFails("process.scheduler.flags[0]");
    }

    [Fact, Checklist(179)]
    public void A_priority_is_for_real_time_policies()
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = "SCHED_OTHER", ["priority"] = 5 };
        RunFails("process.scheduler.priority");
    }

    [Fact]
    public void A_policy_that_the_kernel_refuses_says_why()
    {
        Known.PeersDeviate("have other texts");
        Bundle.Process["scheduler"] = new JsonObject
        { ["policy"] = "SCHED_DEADLINE", ["runtime"] = 5_000_000, ["deadline"] = 50_000_000, ["period"] = long.MaxValue };
        var result = RunFails("process.scheduler: cannot set the scheduling policy SCHED_DEADLINE: sched_setattr");
        Assert.Contains("[scheduling-failed]", result.Error);
    }

    [Theory, Checklist(192, 194, 195)]
    [InlineData("IOPRIO_CLASS_BE", 2, 0)]
    [InlineData("IOPRIO_CLASS_BE", 2, 7)]
    [InlineData("IOPRIO_CLASS_IDLE", 3, 0)]
    [InlineData("IOPRIO_CLASS_RT", 1, 2)]
    public void The_io_priority_is_as_said(string name, int number, int level)
    {
        Assert.SkipWhen(number == 1 && !Host.HasCapability(SysNice), "CAP_SYS_NICE is missing here");
        Bundle.Process["ioPriority"] = new JsonObject { ["class"] = name, ["priority"] = level };
        // A child of the program's has it too.
        Bundle.Args("spawn", "1", "report", "--out", "/child", ",", "report", ",", "sleep", "300");
        Assert.Equal((number << 13) + level, ReportOf(RunContainer())["ioPriority"]!.GetValue<int>());
        Assert.Equal((number << 13) + level, Lines(Bundle.Inside("/child"))[0]["ioPriority"]!.GetValue<int>());
    }

    [Theory, Checklist(193)]
    [InlineData("""{ "class": "IOPRIO_CLASS_FOO", "priority": 1 }""")]
    [InlineData("""{ "priority": 1 }""")]
    public void An_io_class_must_be_known(string priority)
    {
        Bundle.Process["ioPriority"] = JsonNode.Parse(priority);
        RunFails("process.ioPriority.class");
    }

    [Fact, Checklist(194)]
    public void An_io_level_is_at_most_7()
    {
        Known.Deviates("crun", "accepts it (obs)");
        Bundle.Process["ioPriority"] = new JsonObject { ["class"] = "IOPRIO_CLASS_BE", ["priority"] = 9 };
        RunFails("process.ioPriority.priority");
    }

    [Theory, Checklist(398, 399, 400, 402, 403, 404, 406, 407, 408, 409)]
    [InlineData(""" "mode": "MPOL_DEFAULT" """, 0, 0)]
    [InlineData(""" "mode": "MPOL_PREFERRED", "nodes": "0" """, 1, 1)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0" """, 2, 1)]
    [InlineData(""" "mode": "MPOL_INTERLEAVE", "nodes": "0" """, 3, 1)]
    [InlineData(""" "mode": "MPOL_LOCAL", "nodes": "" """, 4, 0)]
    [InlineData(""" "mode": "MPOL_PREFERRED_MANY", "nodes": "0" """, 5, 1)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"] """, 0x2002, 1)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"] """, 0x4002, 1)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"] """, 0x8002, 1)]
    public void The_memory_policy_is_as_said(string policy, int mode, ulong nodes)
    {
        Assert.SkipUnless(Directory.Exists("/sys/devices/system/node/node0"), "the kernel has no memory nodes");
        Bundle.Linux["memoryPolicy"] = JsonNode.Parse("{" + policy + "}");
        var report = Report();
        Assert.Equal(mode, report["memoryPolicy"]!.GetValue<int>());
        Assert.Equal(nodes, report["memoryNodes"]!.GetValue<ulong>());
    }

    [Fact, Checklist(401)]
    public void Weighted_interleaving_is_as_new_as_the_kernel()
    {
        Bundle.Linux["memoryPolicy"] = JsonNode.Parse("""{ "mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0" }""");
        if (Directory.Exists("/sys/kernel/mm/mempolicy/weighted_interleave"))
        {
            Assert.Equal(6, Report()["memoryPolicy"]!.GetValue<int>());
        }
        else
        {
            Bundle.Args("true");
            RunFails("linux.memoryPolicy");
        }
    }

    [Theory, Checklist(405, 406, 410)]
    [InlineData("""{ "mode": "MPOL_FOO" }""", "linux.memoryPolicy.mode")]
    [InlineData("""{ "nodes": "0" }""", "linux.memoryPolicy.mode")]
    [InlineData("""{ "mode": "MPOL_BIND" }""", "linux.memoryPolicy.nodes")]
    [InlineData("""{ "mode": "MPOL_BIND", "nodes": "x" }""", "linux.memoryPolicy.nodes")]
    [InlineData("""{ "mode": "MPOL_DEFAULT", "nodes": "0" }""", "linux.memoryPolicy.nodes")]
    [InlineData("""{ "mode": "MPOL_LOCAL", "nodes": "0" }""", "linux.memoryPolicy.nodes")]
    [InlineData("""{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_FOO"] }""", "linux.memoryPolicy.flags[0]")]
    [InlineData("""{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"] }""", "linux.memoryPolicy.flags")]
    [InlineData("""{ "mode": "MPOL_BIND", "nodes": "900" }""", "linux.memoryPolicy: cannot set the memory policy MPOL_BIND: set_mempolicy: invalid argument (EINVAL)")]
    public void A_memory_policy_that_makes_no_sense_is_refused(string policy, string where)
    {
        Bundle.Linux["memoryPolicy"] = JsonNode.Parse(policy);
        RunFails(where);
    }

    [Theory, Checklist(427, 428)]
    [InlineData("LINUX", 0)]
    [InlineData("LINUX32", 8)]
    public void The_personality_is_as_said(string domain, int number)
    {
        bool x64 = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;
        Assert.SkipUnless(x64, "32-bit programs need not be there");
        Bundle.Linux["personality"] = new JsonObject { ["domain"] = domain, ["flags"] = new JsonArray() };
        var report = Report();
        Assert.Equal(number, report["personality"]!.GetValue<int>());
        Assert.Equal(number == 0 ? "x86_64" : "i686", report["machine"]!.GetValue<string>());
    }

    [Theory, Checklist(429, 430)]
    [InlineData("""{ "domain": "FOO" }""", "linux.personality.domain")]
    [InlineData("""{ "domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"] }""", "linux.personality.flags")]
    public void An_unknown_personality_is_refused(string personality, string where)
    {
        if (where.EndsWith("flags", System.StringComparison.Ordinal))
        {
            Known.PeersDeviate("warn (runc) or say nothing (crun) (obs)");
        }

        Bundle.Linux["personality"] = JsonNode.Parse(personality);
        RunFails(where);
    }

    [Fact, Checklist(196)]
    public void The_affinity_of_exec_is_not_the_first_process()
    {
        Bundle.Process["execCPUAffinity"] = JsonNode.Parse("""{ "initial": "0", "final": "0" }""");
        var status = Report()["status"]!.GetValue<string>();
        string own = File.ReadAllText("/proc/self/status");
        Assert.Equal(Line(own), Line(status));

        static string Line(string text) => System.Array.Find(text.Split('\n'), static l => l.StartsWith("Cpus_allowed_list:", System.StringComparison.Ordinal))!;
    }

    /// <summary>
    /// In the first cgroup, where that is the only one with time for it: a kernel with RT group scheduling gives a new one none.
    /// </summary>
    private Result RunWithBudget()
    {
        Bundle.Args("report");
        Bundle.Save();
        const string tasks = "/sys/fs/cgroup/cpu/tasks";
        string move = File.Exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us") ? $"echo 0 >{tasks};" : "";
        string manager = Target.Name is "runc" ? "" : "--cgroup-manager disabled";
        var command = new Command("/bin/sh", "-c", $"{move} exec {Target.Path} --root {Root} {manager} run --bundle {Bundle.Path} {Id}")
        { Environment = RuntimeEnvironment() };
        return command.Run(Home);
    }
}
