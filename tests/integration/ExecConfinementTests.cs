using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>exec: what confines the container confines every process in it.</summary>
public sealed class ExecConfinementTests : ExecTest
{
    private const int Getppid = 110, Mkdir = 83;
    private static readonly bool AppArmor = (Host.Text("/sys/module/apparmor/parameters/enabled") ?? "").StartsWith('Y');
    private static readonly bool Selinux = File.Exists("/sys/fs/selinux/enforce");

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1000)]
    public void The_containers_seccomp_filter_holds(bool noNewPrivileges, int user)
    {
        Bundle.Process["noNewPrivileges"] = noNewPrivileges;
        Bundle.Process["user"] = new JsonObject { ["uid"] = user, ["gid"] = user };
        Bundle.Linux["seccomp"] = new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ALLOW",
            ["syscalls"] = new JsonArray(new JsonObject { ["names"] = Bundle.Json("getppid"), ["action"] = "SCMP_ACT_ERRNO", ["errnoRet"] = 25 }),
        };
        Sleeping();
        Assert.Equal("-25\n", Success(Exec("/checker", "call", $"{Getppid}")).Out);
        var process = Path.Combine(Home, "process.json");
        File.WriteAllText(process, new JsonObject { ["cwd"] = "/", ["args"] = Bundle.Json("/checker", "call", $"{Getppid}") }.ToJsonString());
        Assert.Equal("-25\n", Success(Runtime("exec", "--process", process, Id)).Out);
    }

    [Fact]
    public void A_process_without_capabilities_gets_the_filter_too()
    {
        Bundle.Linux["seccomp"] = new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ERRNO",
            ["defaultErrnoRet"] = 38,
            ["syscalls"] = new JsonArray(new JsonObject { ["names"] = Bundle.Json("execve"), ["action"] = "SCMP_ACT_KILL_PROCESS" }),
        };
        Bundle.Args("sleep");
        Known.PeersDeviate("hang, or say nothing of why");
        Created();
        ExecFails("seccomp filter ended the container's process", "/checker", "true");
    }

    [Fact]
    public void The_agent_is_asked_about_it_and_gets_its_state()
    {
        Known.PeersDeviate("may have been built without it");
        var socket = Path.Combine(Home, "agent.sock");
        Bundle.Linux["seccomp"] = new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ALLOW",
            ["listenerPath"] = socket,
            ["listenerMetadata"] = "of exec",
            ["syscalls"] = new JsonArray(new JsonObject { ["names"] = Bundle.Json("getppid"), ["action"] = "SCMP_ACT_NOTIFY" }),
        };
        int init;
        using (new SeccompAgent(socket, 13))
        {
            init = Sleeping();
        }

        using var agent = new SeccompAgent(socket, 13);
        Assert.Equal("-13\n", Success(Exec("/checker", "call", $"{Getppid}")).Out);
        Assert.Equal("of exec", agent.State!["metadata"]!.GetValue<string>());
        Assert.Equal(init, agent.State["state"]!["pid"]!.GetValue<int>());
        Assert.Equal("running", agent.State["state"]!["status"]!.GetValue<string>());
        Assert.NotEqual(init, agent.State["pid"]!.GetValue<int>());
        Assert.Equal((1, true), (agent.Descriptors, agent.Closed));
    }

    [Fact]
    public void An_agent_that_is_gone_is_an_error()
    {
        Known.PeersDeviate("may have been built without it");
        var socket = Path.Combine(Home, "agent.sock");
        Bundle.Linux["seccomp"] = new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ALLOW",
            ["listenerPath"] = socket,
            ["syscalls"] = new JsonArray(new JsonObject { ["names"] = Bundle.Json("getppid"), ["action"] = "SCMP_ACT_NOTIFY" }),
        };
        using (new SeccompAgent(socket, 13))
        {
            Sleeping();
        }

        ExecFails("linux.seccomp.listenerPath: cannot connect", "/checker", "true");
    }

    [Fact]
    public void A_security_module_that_is_off_is_an_error()
    {
        Known.Deviates("crun", "ignores it when AppArmor is off");
        Assert.SkipWhen(AppArmor || Selinux, "a security module is on here");
        Sleeping();
        Failure255("AppArmor is not enabled on this host", ExecWith(["--apparmor", "docker-default"], "/checker", "true"));
        Failure255("SELinux is not enabled on this host", ExecWith(["--process-label", "a:b:c:s0"], "/checker", "true"));
        Success(ExecWith(["--apparmor", "unconfined"], "/checker", "true"));
    }

    [Fact]
    public void The_AppArmor_profile_is_the_containers_or_the_given_one()
    {
        const string parser = "/sbin/apparmor_parser";
        Assert.SkipUnless(AppArmor && File.Exists(parser), "AppArmor, or apparmor_parser to load a profile, is not here");
        foreach (var name in new[] { "one", "two" })
        {
            string file = Path.Combine(Home, name);
            File.WriteAllText(file, $"profile csrun-{Mark}-{name} flags=(attach_disconnected) {{ file, ptrace, capability, signal, network, mount, unix, }}\n");
            Success(new Command(parser, "--skip-cache", "--replace", file) { Environment = RuntimeEnvironment() }.Run(Home));
        }

        Bundle.Process["apparmorProfile"] = $"csrun-{Mark}-one";
        Sleeping();
        string Profile(params string[] options) =>
            ReportOf(Runtime(["exec", .. options, Id, "/checker", "report", "--read", "/proc/self/attr/current"]))["read:/proc/self/attr/current"]!.GetValue<string>().Trim();
        Assert.Equal($"csrun-{Mark}-one (enforce)", Profile());
        Assert.Equal($"csrun-{Mark}-two (enforce)", Profile("--apparmor", $"csrun-{Mark}-two"));
    }

    [Fact]
    public void The_scheduling_is_the_containers()
    {
        Bundle.Process["scheduler"] = new JsonObject { ["policy"] = "SCHED_BATCH", ["nice"] = 5 };
        Bundle.Process["ioPriority"] = new JsonObject { ["class"] = "IOPRIO_CLASS_BE", ["priority"] = 6 };
        Bundle.Linux["personality"] = new JsonObject { ["domain"] = "LINUX32" };
        Sleeping();
        var report = ExecReport();
        Assert.Equal(3, report["scheduler"]!["policy"]!.GetValue<int>());
        Assert.Equal((2 << 13) | 6, report["ioPriority"]!.GetValue<int>());
        Assert.Equal(8, report["personality"]!.GetValue<int>());
    }

    [Fact, Checklist(196)]
    public void The_affinity_of_exec_is_not_the_containers_process_s()
    {
        SkipWithOneProcessor();
        Bundle.Process["execCPUAffinity"] = new JsonObject { ["initial"] = "0", ["final"] = "1" };
        var all = Host.Status(Environment.ProcessId, "Cpus_allowed_list");
        Assert.Equal(all, Host.Status(Sleeping(), "Cpus_allowed_list"));
    }

    [Fact, Checklist(198)]
    public void The_final_affinity_is_the_programs()
    {
        SkipWithOneProcessor();
        Bundle.Process["execCPUAffinity"] = new JsonObject { ["initial"] = "0", ["final"] = "1" };
        Sleeping();
        Assert.Equal("1", Allowed(ExecReport()));
        Bundle.Process["execCPUAffinity"]!["final"] = "0";
        var process = Bundle.Process.DeepClone().AsObject();
        process["args"] = Bundle.Json("/checker", "report");
        File.WriteAllText(Path.Combine(Home, "process.json"), process.ToJsonString());
        Assert.Equal("0", Allowed(ReportOf(Runtime("exec", "--process", Path.Combine(Home, "process.json"), Id))));
    }

    [Fact, Checklist(199)]
    public void Without_a_final_affinity_nothing_is_changed_in_the_cgroup()
    {
        SkipWithOneProcessor();
        Known.Deviates("crun", "takes the initial one for the final one");
        Bundle.Process["execCPUAffinity"] = new JsonObject { ["initial"] = "1" };
        Sleeping();
        Assert.Equal("1", Allowed(ExecReport()));
        var calls = Traced();
        // The runtime's own, from which the process has it.
        var runtime = calls[0].Split(' ')[0];
        Assert.Contains(calls, static call => call.Contains("sched_setaffinity", StringComparison.Ordinal));
        Assert.DoesNotContain(calls, call => call.Contains("sched_setaffinity", StringComparison.Ordinal) && !call.StartsWith(runtime + " ", StringComparison.Ordinal));
    }

    [Fact, Checklist(197)]
    public void The_initial_affinity_is_set_before_the_cgroup_is_joined()
    {
        SkipWithOneProcessor();
        Known.PeersDeviate("are traced in another way");
        Bundle.Process["execCPUAffinity"] = new JsonObject { ["initial"] = "1", ["final"] = "0" };
        Sleeping();
        var calls = Traced();
        int set = calls.FindIndex(static call => call.Contains("sched_setaffinity(0, ", StringComparison.Ordinal) && call.Contains("[1]", StringComparison.Ordinal));
        int joined = calls.FindIndex(static call => call.Contains("clone3(", StringComparison.Ordinal) && call.Contains("CLONE_PIDFD", StringComparison.Ordinal));
        int final = calls.FindIndex(static call => call.Contains("sched_setaffinity(", StringComparison.Ordinal) && call.Contains("[0]", StringComparison.Ordinal));
        Assert.True(set >= 0 && set < joined && joined < final, string.Join('\n', calls));
    }

    [Fact, Checklist(198)]
    public void Processors_that_are_not_there_are_an_error()
    {
        Known.PeersDeviate("have other texts");
        Bundle.Process["execCPUAffinity"] = new JsonObject { ["final"] = "8000" };
        Sleeping();
        ExecFails("process.execCPUAffinity.final: cannot bind the process to the processors 8000", "/checker", "true");
    }

    [Fact]
    public void A_cgroup_below_the_containers_can_be_joined()
    {
        Known.PeersDeviate("want another form where the cgroup file systems are mounted in one another");
        Bundle.Namespace("cgroup", "-");
        Sleeping();
        var cgroups = Host.Cgroups(Mark);
        foreach (var cgroup in cgroups)
        {
            Directory.CreateDirectory(Path.Combine(cgroup, "below"));
            foreach (var file in new[] { "cpuset.cpus", "cpuset.mems" })
            {
                if (File.Exists(Path.Combine(cgroup, file)))
                    File.WriteAllText(Path.Combine(cgroup, "below", file), File.ReadAllText(Path.Combine(cgroup, file)));
            }
        }

        string Places(params string[] options) => ReportOf(Runtime(["exec", .. options, Id, "/checker", "report"]))["cgroup"]!.GetValue<string>();
        Assert.All(Mine(Places("--cgroup", "below")), line => Assert.EndsWith($"/{Mark}/below", line));
        Assert.All(Mine(Places("--cgroup", "/")), line => Assert.EndsWith($"/{Mark}", line));
        Failure255("no such file or directory", ExecWith(["--cgroup", "missing"], "/checker", "true"));
        if (cgroups.Any(static c => c.Contains("/pids/", StringComparison.Ordinal)))
        {
            var lines = Mine(Places("--cgroup", "pids:below"));
            Assert.All(lines, line => Assert.EndsWith(line.Contains(":pids:", StringComparison.Ordinal) ? "/below" : "/" + Mark, line));
            Failure255("names a controller that the container has no cgroup of", ExecWith(["--cgroup", "nonsense:below"], "/checker", "true"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_the_container_divides_its_cgroup_it_is_in_that_of_its_first_process(bool systemd)
    {
        Assert.SkipWhen(Host.HasCgroupV1, "the host has cgroup v1, where any cgroup can have processes");
        Assert.SkipUnless(!systemd || Directory.Exists("/run/systemd/system"), "systemd does not run here");
        if (systemd)
            Bundle.Linux["cgroupsPath"] = "system.slice:csrun:" + Mark;
        Bundle.Args("sleep");
        Bundle.Save();
        string[] manager = systemd ? ["--systemd-cgroup"] : [];
        Success(Runtime([.. manager, "run", "--detach", "--bundle", Bundle.Path, Id]));
        var pid = State()["pid"]!.GetValue<int>();
        var cgroup = Host.Text($"/proc/{pid}/cgroup")!.TrimEnd('\n')["0::".Length..];
        Assert.Equal("0::" + cgroup, ExecReport()["cgroup"]!.GetValue<string>());
        // As a systemd in the container does.
        var inside = "/sys/fs/cgroup" + cgroup + "/init.scope";
        Directory.CreateDirectory(inside);
        File.WriteAllText(inside + "/cgroup.procs", $"{pid}");
        var controllers = File.ReadAllText("/sys/fs/cgroup" + cgroup + "/cgroup.controllers").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.SkipWhen(controllers.Length == 0, "the cgroup has no controller");
        File.WriteAllText("/sys/fs/cgroup" + cgroup + "/cgroup.subtree_control", "+" + controllers[0]);
        Assert.Equal($"0::{cgroup}/init.scope", ExecReport()["cgroup"]!.GetValue<string>());
        Failure255("device or resource busy", ExecWith(["--cgroup", "/"], "/checker", "true"));
    }

    private List<string> Mine(string cgroups) => [.. cgroups.Split('\n').Where(line => line.Contains(Mark, StringComparison.Ordinal))];

    private static string Allowed(JsonNode report) =>
        report["status"]!.GetValue<string>().Split('\n').Single(static line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];

    private static void SkipWithOneProcessor() =>
        Assert.SkipUnless(Environment.ProcessorCount > 1 && Host.Status(Environment.ProcessId, "Cpus_allowed_list").StartsWith("0-", StringComparison.Ordinal), "the machine has one processor");

    /// <summary>The calls of an exec and of what it makes that matter here, each after the process's id.</summary>
    private List<string> Traced()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        var trace = Path.Combine(Home, "trace");
        Success(new Command("/usr/bin/strace", "-f", "-qq", "-o", trace, "-e", "trace=sched_setaffinity,clone3,execveat,execve", Target.Path, "--root", Root, "exec", Id, "/checker", "true")
        { Environment = RuntimeEnvironment(), WorkingDirectory = Home }.Run(Home));
        return [.. File.ReadLines(trace)];
    }
}
