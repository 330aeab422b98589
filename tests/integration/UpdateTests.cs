using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>update, pause, resume, ps and kill --all on real containers.</summary>
public sealed class UpdateTests : ContainerTest
{
    [Fact, Contract("C3")]
    public void Limits_are_changed_by_options_and_the_others_stay()
    {
        Bundle.Args("sleep");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "cpu": { "shares": 300 }, "pids": { "limit": 50 } }""");
        Started();
        Succeeds("update", "--memory", "64M", "--memory-swap", "96M", "--memory-reservation", "32M", "--cpu-quota", "20000", "--cpu-period", "50000",
            "--pids-limit", "77", "--cpuset-cpus", "0", Id);
        Assert.Equal("67108864", Value("memory", "memory.limit_in_bytes"));
        Assert.Equal("100663296", Value("memory", "memory.memsw.limit_in_bytes"));
        Assert.Equal("33554432", Value("memory", "memory.soft_limit_in_bytes"));
        Assert.Equal("20000", Value("cpu", "cpu.cfs_quota_us"));
        Assert.Equal("50000", Value("cpu", "cpu.cfs_period_us"));
        Assert.Equal("300", Value("cpu", "cpu.shares"));
        Assert.Equal("77", Value("pids", "pids.max"));
        Assert.Equal("0", Value("cpuset", "cpuset.cpus"));

        // Raised and lowered: whichever must be written first.
        Succeeds("update", "--memory", "200M", "--memory-swap", "300M", Id);
        Assert.Equal("209715200", Value("memory", "memory.limit_in_bytes"));
        Succeeds("update", "--memory", "32M", "--memory-swap", "32M", Id);
        Assert.Equal("33554432", Value("memory", "memory.memsw.limit_in_bytes"));
        Succeeds("update", "--memory", "-1", "--pids-limit", "-1", Id);
        Assert.Equal("9223372036854771712", Value("memory", "memory.memsw.limit_in_bytes"));
        Assert.Equal("max", Value("pids", "pids.max"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Limits_are_changed_by_a_document(bool standardInput)
    {
        Bundle.Args("sleep");
        Created();
        var file = Path.Combine(Home, "resources.json");
        File.WriteAllText(file, """
            { "devices": [ { "allow": false, "access": "rwm" } ], "memory": { "limit": 67108864, "swap": 67108864, "checkBeforeUpdate": true },
              "cpu": { "shares": 700, "cpus": "", "mems": "" }, "pids": { "limit": 60 }, "hugepageLimits": [], "unified": null, "blockIO": { "weight": 0 } }
            """);
        var command = RuntimeCommand("update", "--resources", standardInput ? "-" : file, Id);
        var input = Libc.Check(Libc.open(file, Libc.CloseOnExec, 0), "open");
        command.Descriptors[0] = input;
        Success(command.Run(Home));
        Libc.close(input);
        Assert.Equal("67108864", Value("memory", "memory.limit_in_bytes"));
        Assert.Equal("700", Value("cpu", "cpu.shares"));
        Assert.Equal("60", Value("pids", "pids.max"));
    }

    [Fact]
    public void Nothing_is_changed_if_one_limit_is_refused()
    {
        Known.Deviates("crun", "writes what comes before");
        Bundle.Args("sleep");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "cpu": { "shares": 300 }, "memory": { "limit": 104857600, "swap": 104857600 } }""");
        Started();
        Fails("--cpuset-cpus: cannot write \"4095\" to cpuset.cpus", "update", "--cpu-share", "900", "--memory", "64M", "--memory-swap", "64M", "--cpuset-cpus", "4095", Id);
        Assert.SkipUnless(Host.HasCgroupV1, "on cgroup v2 the kernel takes any limit of memory");
        Fails("--memory: cannot write \"4096\" to memory.limit_in_bytes: device or resource busy (EBUSY)", "update", "--cpu-share", "900", "--memory", "4096", Id);
        Assert.Equal("300", Value("cpu", "cpu.shares"));
        Assert.Equal("104857600", Value("memory", "memory.limit_in_bytes"));
        Assert.Equal("104857600", Value("memory", "memory.memsw.limit_in_bytes"));
    }

    [Fact]
    public void An_update_of_nothing_succeeds_and_one_of_no_running_container_fails()
    {
        Bundle.Args("true");
        Started();
        AwaitStatus("stopped");
        Fails("container not running", "update", "--memory", "64M", Id);
        Fails("container does not exist", "update", "--memory", "64M", Id + "0");
        Succeeds("delete", Id);
        Bundle.Args("sleep");
        Created();
        Succeeds("update", Id);
    }

    [Fact, Checklist(514)]
    public void A_paused_container_is_held_until_it_is_resumed()
    {
        Bundle.Args("sleep");
        Fails("container does not exist", "pause", Id);
        var pid = Started();
        Fails("container not paused", "resume", Id);
        Succeeds("pause", Id);
        Assert.Equal("paused", Status());
        if (Host.HasCgroupV1)
        {
            Assert.StartsWith("D", Host.Status(pid, "State"), StringComparison.Ordinal);
        }

        Fails("container not running", "pause", Id);
        Assert.Contains(pid.ToString(CultureInfo.InvariantCulture), Succeeds("ps", "--format", "json", Id).Out);
        Succeeds("update", "--pids-limit", "20", Id);
        Succeeds("resume", Id);
        Assert.Equal("running", Status());
        Assert.StartsWith("S", Host.Status(pid, "State"), StringComparison.Ordinal);
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Fails("container not running", "pause", Id);
        Fails("container not paused", "resume", Id);
    }

    [Fact]
    public void A_container_that_was_created_can_be_paused()
    {
        Bundle.Args("sleep");
        Created();
        Succeeds("pause", Id);
        Assert.Equal("paused", Status());
        Succeeds("resume", Id);
        Assert.Equal("created", Status());
    }

    [Fact]
    public void Ps_lists_the_processes_of_the_whole_cgroup()
    {
        Bundle.Args("spawn", "2", "sleep", ",", "sleep");
        var pid = Started();
        Host.Eventually(() => Host.Processes(Mark).Count == 3, "three processes");
        var listed = JsonNode.Parse(Succeeds("ps", "-f", "json", Id).Out)!.AsArray().Select(static p => p!.GetValue<int>()).ToList();
        Assert.Equal(3, listed.Count);
        Assert.Contains(pid, listed);

        var table = Succeeds("ps", Id).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, table.Length);
        Assert.Contains("PID", table[0]);
        var own = Succeeds("ps", Id, "-o", "pid,comm", "-e").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("PID COMMAND", own[0].Trim());
        Assert.Equal(listed, own[1..].Select(static l => int.Parse(l.Trim().Split(' ')[0], CultureInfo.InvariantCulture)).Order());
        Assert.NotEqual(0, Runtime("ps", Id, "--no-such-option").ExitCode);
        Assert.NotEqual(0, Runtime("ps", "-f", "xml", Id).ExitCode);
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Host.Eventually(() => Succeeds("ps", "-f", "json", Id).Out.Trim() is "[]" or "null", "no processes");
    }

    [Fact]
    public void Without_a_pid_namespace_a_signal_to_all_reaches_all()
    {
        Known.Deviates("runc", "this version signals all only with KILL");
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "3", "sleep", ",", "sleep");
        Started();
        Host.Eventually(() => Host.Processes(Mark).Count == 4, "four processes");
        Succeeds("kill", "--all", Id, "TERM");
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "no process");
        AwaitStatus("stopped");
        Succeeds("kill", "--all", Id, "KILL");
        Fails("container not running", "kill", Id, "KILL");
    }

    [Fact]
    public void A_signal_to_all_leaves_a_paused_container_paused_and_kill_ends_it()
    {
        Known.PeersDeviate("thaw it, or leave it");
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "2", "sleep", ",", "sleep");
        Started();
        Host.Eventually(() => Host.Processes(Mark).Count == 3, "three processes");
        Succeeds("pause", Id);
        // One that nobody minds: on v2 a deadly one reaches those that are held too.
        Succeeds("kill", "--all", Id, "WINCH");
        Assert.Equal("paused", Status());
        Assert.Equal(3, Host.Processes(Mark).Count);
        Succeeds("kill", Id, "KILL");
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "no process");
    }

    private string Value(string controller, string file)
    {
        var mount = Host.Need(Host.CgroupMounts.FirstOrDefault(m => m.EndsWith("/" + controller, StringComparison.Ordinal)), controller + " hierarchy of cgroup v1");
        return File.ReadAllText(Path.Combine(mount, Host.CgroupParent, Mark, file)).Trim();
    }
}
