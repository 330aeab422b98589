using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>exec: a further process in a running container, and the errors of one that cannot be had.</summary>
public sealed class ExecTests : ExecTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(255)]
    public void The_exit_code_is_the_programs(int code)
    {
        Sleeping();
        Assert.Equal(code, Exec("/checker", "exit", code.ToString(CultureInfo.InvariantCulture)).ExitCode);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(15)]
    public void The_exit_code_after_a_signal_is_128_and_its_number(int signal)
    {
        Sleeping();
        Assert.Equal(128 + signal, Exec("/checker", "die", signal.ToString(CultureInfo.InvariantCulture)).ExitCode);
    }

    [Fact]
    public void Input_output_and_errors_are_the_callers()
    {
        Sleeping();
        File.WriteAllText(Path.Combine(Home, "input"), "from stdin");
        var command = RuntimeCommand("exec", Id, "/checker", "cat", ",", "error", "to stderr");
        var input = Libc.Check(Libc.open(Path.Combine(Home, "input"), Libc.CloseOnExec, 0), "open");
        command.Descriptors[0] = input;
        var result = Success(command.Run(Home));
        Libc.close(input);
        Assert.Equal(("from stdin", "to stderr\n"), (result.Out, result.Error));
    }

    [Fact, Contract("C22")]
    public void It_is_in_every_namespace_and_cgroup_of_the_container_and_leads_a_session()
    {
        Bundle.Namespace("cgroup");
        Bundle.Namespace("time");
        var pid = Sleeping();
        var report = ExecReport();
        foreach (var kind in new[] { "cgroup", "ipc", "mnt", "net", "pid", "time", "uts" })
        {
            Assert.Equal(Host.Link($"/proc/{pid}/ns/{kind}"), report["namespaces"]![kind]!.GetValue<string>());
        }

        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
        Assert.Equal(report["pid"]!.GetValue<int>(), report["session"]!.GetValue<int>());
        Assert.Equal(report["pid"]!.GetValue<int>(), report["pgrp"]!.GetValue<int>());
        Assert.All(report["cgroup"]!.GetValue<string>().Split('\n'), static line => Assert.EndsWith(":/", line));
    }

    [Fact]
    public void It_is_in_the_containers_cgroups()
    {
        Bundle.Namespace("cgroup", "-");
        var pid = Sleeping();
        Assert.Equal(Host.Text($"/proc/{pid}/cgroup")!.TrimEnd('\n'), ExecReport()["cgroup"]!.GetValue<string>());
    }

    [Fact]
    public void Without_a_pid_namespace_it_joins_the_others()
    {
        Bundle.Namespace("pid", "-");
        var pid = Sleeping();
        var report = ExecReport();
        Assert.Equal(Host.Link($"/proc/{pid}/ns/uts"), report["namespaces"]!["uts"]!.GetValue<string>());
        Assert.Equal(Host.Link("/proc/self/ns/pid"), report["namespaces"]!["pid"]!.GetValue<string>());
    }

    [Fact]
    public void It_runs_as_the_containers_process_does()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1001, ["additionalGids"] = new JsonArray(7, 8), ["umask"] = 63 };
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_NOFILE", ["soft"] = 200, ["hard"] = 300 });
        Bundle.Process["oomScoreAdj"] = 77;
        Bundle.Process["cwd"] = "/tmp";
        Sleeping();
        var report = ExecReport();
        Assert.Equal("[1000,1000,1000,1000]", report["uid"]!.ToJsonString());
        Assert.Equal("[1001,1001,1001,1001]", report["gid"]!.ToJsonString());
        Assert.Equal([7, 8], report["groups"]!.AsArray().Select(static g => g!.GetValue<int>()).Order());
        Assert.Equal(63, report["umask"]!.GetValue<int>());
        Assert.Equal("[200,300]", report["rlimits"]!["RLIMIT_NOFILE"]!.ToJsonString());
        Assert.Equal("77", report["oomScoreAdj"]!.GetValue<string>());
        Assert.Equal("/tmp", report["cwd"]!.GetValue<string>());
        Assert.Equal(1, report["noNewPrivileges"]!.GetValue<int>());
        Assert.Contains("CSRUN_TEST=" + Mark, report["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
    }

    [Fact, Contract("C15", "C27")]
    public void Nothing_of_the_callers_is_left()
    {
        Sleeping();
        var command = RuntimeCommand("exec", Id, "/checker", "report");
        command.Environment.Add("SECRET=of the caller");
        var extra = Libc.Check(Libc.open(Home, Libc.CloseOnExec, 0), "open");
        command.Descriptors[5] = extra;
        var report = ReportOf(command.Run(Home));
        Libc.close(extra);
        Assert.DoesNotContain("SECRET", report["env"]!.ToJsonString());
        Assert.Equal(["0", "1", "2"], report["descriptors"]!.AsObject().Select(static d => d.Key));
        Assert.Equal("0000000000000000", report["ignoredSignals"]!.GetValue<string>());
        Assert.Equal("0000000000000000", report["blockedSignals"]!.GetValue<string>());
        Assert.Equal("/", report["cwd"]!.GetValue<string>());
    }

    [Fact, Contract("C16", "C17", "C20", "C21")]
    public void A_detached_one_is_the_callers_child_with_its_id_in_the_pid_file()
    {
        Sleeping();
        var file = Path.Combine(Home, "exec.pid");
        // CRI-O makes it before.
        File.WriteAllText(file, "");
        Success(ExecWith(["--detach", "--pid-file", file], "/checker", "write", "/marker", "x", ",", "sleep", "500", ",", "exit", "9"));
        var pid = int.Parse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture);
        Assert.True(Reaper.Wait(pid, 10_000, out var ending));
        Assert.Equal(9, ending.Code);
        Assert.True(File.Exists(Bundle.Inside("/marker")));
    }

    [Theory, Contract("C18")]
    [InlineData("no-such-program")]
    [InlineData("/no/such/program")]
    [InlineData("/broken")]
    public void A_failed_one_leaves_no_pid_file(string program)
    {
        Known.Deviates("crun", "writes it first");
        Sleeping();
        File.WriteAllText(Bundle.Inside("/broken"), "\u007fELF of no machine");
        Libc.chmod(Bundle.Inside("/broken"), 0x1ed);
        var file = Path.Combine(Home, "exec.pid");
        Assert.NotEqual(0, ExecWith(["--detach", "--pid-file", file], program).ExitCode);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void Why_it_cannot_be_executed_has_the_words_that_engines_look_for()
    {
        Known.PeersDeviate("have words of their own");
        Sleeping();
        Directory.CreateDirectory(Bundle.Inside("/directory"));
        File.WriteAllText(Bundle.Inside("/plain"), "text");
        ExecFails("csrun: exec: \"program\": executable file not found in $PATH", "program");
        ExecFails("csrun: exec: \"/program\": stat /program: no such file or directory", "/program");
        ExecFails("permission denied", "/plain");
        ExecFails("permission denied", "/directory");
        Failure255("no such file or directory", ExecWith(["--cwd", "/missing"], "/checker", "true"));
    }

    [Fact]
    public void Each_option_changes_what_it_says()
    {
        Known.Deviates("crun", "has no --additional-gids");
        Sleeping();
        var report = ExecReport("--user", "5:6", "--additional-gids", "77", "-g", "78", "--cwd", "/tmp", "--env", "A=1", "-e", "B=x=y", "-e", "A=2");
        Assert.Equal("[5,5,5,5]", report["uid"]!.ToJsonString());
        Assert.Equal("[6,6,6,6]", report["gid"]!.ToJsonString());
        Assert.Equal([77, 78], report["groups"]!.AsArray().Select(static g => g!.GetValue<int>()).Order());
        Assert.Equal("/tmp", report["cwd"]!.GetValue<string>());
        var environment = report["env"]!.AsArray().Select(static e => e!.GetValue<string>()).ToList();
        Assert.Contains("A=2", environment);
        Assert.Contains("B=x=y", environment);
        Assert.DoesNotContain("A=1", environment);
    }

    [Fact]
    public void A_user_alone_leaves_the_group()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1, ["gid"] = 2 };
        Sleeping();
        var report = ExecReport("--user", "9");
        Assert.Equal(("[9,9,9,9]", "[2,2,2,2]"), (report["uid"]!.ToJsonString(), report["gid"]!.ToJsonString()));
    }

    [Fact]
    public void A_capability_is_added_and_is_ambient_only_where_it_is_inheritable()
    {
        Known.Deviates("crun", "replaces the container's");
        const ulong ptrace = 1UL << 19, chown = 1UL;
        Bundle.Process["capabilities"] = new JsonObject { ["bounding"] = Bundle.Json("CAP_CHOWN"), ["inheritable"] = Bundle.Json("CAP_CHOWN") };
        Sleeping();
        var sets = ExecReport("--cap", "CAP_SYS_PTRACE", "--cap", "cap_chown")["capabilities"]!;
        ulong Set(string name) => Convert.ToUInt64(sets[name]!.GetValue<string>(), 16);
        Assert.Equal((ptrace | chown, ptrace | chown, ptrace | chown, chown, chown),
            (Set("bounding"), Set("permitted"), Set("effective"), Set("inheritable"), Set("ambient")));
    }

    [Fact]
    public void No_new_privileges_can_be_asked_for()
    {
        Bundle.Process["noNewPrivileges"] = false;
        Sleeping();
        Assert.Equal(0, ExecReport()["noNewPrivileges"]!.GetValue<int>());
        Assert.Equal(1, ExecReport("--no-new-privs")["noNewPrivileges"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("--user", "root", "bad uid: \"root\"")]
    [InlineData("--user", "1:x", "bad gid: \"x\"")]
    [InlineData("--user", "4294967295", "bad uid")]
    [InlineData("--additional-gids", "-1", "bad gid")]
    [InlineData("--env", "NAME", "must be NAME=value")]
    [InlineData("--env", "=x", "must be NAME=value")]
    [InlineData("--cwd", "tmp", "must be an absolute path")]
    [InlineData("--cap", "CAP_NONSENSE", "is no capability")]
    [InlineData("--cgroup", "../x", "must not lead out of")]
    [InlineData("--process", "/no/such/file", "no such file or directory")]
    public void A_wrong_value_is_refused(string option, string value, string text)
    {
        Known.PeersDeviate("have words of their own");
        Sleeping();
        Failure255(text, ExecWith([option, value], "/checker", "true"));
    }

    [Fact]
    public void Without_a_command_it_is_refused()
    {
        Known.Deviates("crun", "has words of its own");
        Sleeping();
        ExecFails("process args cannot be empty");
    }

    [Fact]
    public void What_follows_the_id_is_the_programs()
    {
        Sleeping();
        var result = Success(Runtime("exec", Id, "/checker", "print", "--detach"));
        Assert.Equal("--detach\n", result.Out);
    }

    [Fact]
    public void A_file_says_all_of_the_process()
    {
        Sleeping();
        var file = Path.Combine(Home, "process.json");
        File.WriteAllText(file, """
            { "args": ["/checker", "report"], "cwd": "/tmp", "env": ["CSRUN_TEST=MARK", "ONLY=this"], "user": { "uid": 3, "gid": 4 } }
            """.Replace("MARK", Mark, StringComparison.Ordinal));
        var report = ReportOf(Runtime("exec", "--process", file, Id));
        Assert.Equal(("[3,3,3,3]", "/tmp"), (report["uid"]!.ToJsonString(), report["cwd"]!.GetValue<string>()));
        Assert.Equal(["CSRUN_TEST=" + Mark, "ONLY=this", "HOME=/"], report["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
        Assert.Equal(0, report["noNewPrivileges"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("", "0000000020000420")]
    [InlineData(", \"capabilities\": {}", "0000000000000000")]
    public void What_a_file_does_not_say_is_as_the_containers_process_has_it(string members, string capabilities)
    {
        Known.PeersDeviate("take the limits of their caller");
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_NOFILE", ["soft"] = 200, ["hard"] = 300 });
        Bundle.Process["oomScoreAdj"] = 77;
        Sleeping();
        var file = Path.Combine(Home, "process.json");
        File.WriteAllText(file, $$"""{ "args": ["/checker", "report"], "cwd": "/"{{members}} }""");
        var report = ReportOf(Runtime("exec", "--process", file, Id));
        Assert.Equal(capabilities, report["capabilities"]!["bounding"]!.GetValue<string>());
        Assert.Equal("[200,300]", report["rlimits"]!["RLIMIT_NOFILE"]!.ToJsonString());
        Assert.Equal("77", report["oomScoreAdj"]!.GetValue<string>());
    }

    [Fact]
    public void A_wrong_file_is_refused_with_the_place()
    {
        Known.PeersDeviate("have words of their own");
        Sleeping();
        var file = Path.Combine(Home, "process.json");
        File.WriteAllText(file, """{ "args": [], "cwd": "/" }""");
        Failure255("process.json: args: must have at least one entry, the program (line 1, column 11)", Runtime("exec", "--process", file, Id));
        File.WriteAllText(file, """{ "args": ["/checker"] }""");
        Failure255("cwd", Runtime("exec", "--process", file, Id));
        File.WriteAllText(file, """{ "args": ["/checker"], "cwd": "/missing" }""");
        Failure255("csrun: process.json: cwd: chdir to cwd", Runtime("exec", "--process", file, Id));
        File.WriteAllText(file, """{ "args": ["missing"], "cwd": "/" }""");
        Failure255("csrun: process.json: args[0]: exec: \"missing\": executable file not found in $PATH", Runtime("exec", "--process", file, Id));
    }

    [Fact]
    public void Later_edits_of_the_bundle_have_no_effect()
    {
        Known.PeersDeviate("runc reads the bundle's config again");
        Sleeping();
        File.WriteAllText(Bundle.ConfigFile, "{}");
        Assert.Equal("inside", ExecReport()["hostname"]!.GetValue<string>());
    }

    [Fact]
    public void A_container_that_is_not_there_is_said()
    {
        Failure255("container does not exist", Runtime("exec", Id, "/checker", "true"));
        Failure255("invalid container ID", Runtime("exec", "/bin/x", "/checker"));
    }

    [Fact]
    public void A_created_container_can_be_entered()
    {
        Bundle.Args("sleep");
        Created();
        Assert.Equal("inside", ExecReport()["hostname"]!.GetValue<string>());
        Assert.Equal("created", Status());
    }

    [Fact]
    public void A_stopped_container_cannot_be_entered()
    {
        Bundle.Args("true");
        Started();
        AwaitStatus("stopped");
        ExecFails("cannot exec in a stopped container", "/checker", "true");
    }

    [Fact]
    public void A_paused_container_cannot_be_entered()
    {
        Sleeping();
        Succeeds("pause", Id);
        ExecFails("paused container", "/checker", "true");
        Succeeds("resume", Id);
        Success(Exec("/checker", "true"));
    }

    [Fact]
    public void If_told_to_it_waits_for_a_paused_container()
    {
        Known.Deviates("crun", "has no --ignore-paused");
        Sleeping();
        Succeeds("pause", Id);
        var command = RuntimeCommand("exec", "--ignore-paused", Id, "/checker", "write", "/marker", "x");
        var pid = command.Start();
        Assert.False(Reaper.Wait(pid, 300, out _));
        Assert.False(File.Exists(Bundle.Inside("/marker")));
        Succeeds("resume", Id);
        Assert.Equal(0, command.Await(pid).Code);
        Assert.True(File.Exists(Bundle.Inside("/marker")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(15)]
    public void Signals_to_the_runtime_go_to_the_program(int signal)
    {
        Known.Deviates("runc", "forwards the SIGURG of its own Go runtime too");
        Sleeping();
        var command = RuntimeCommand("exec", Id, "/checker", "trap", "/signals", signal.ToString(CultureInfo.InvariantCulture));
        var pid = command.Start();
        Host.Eventually(() => Host.Text(Bundle.Inside("/signals")) is "ready\n", "the program is ready");
        Libc.kill(pid, signal);
        Assert.Equal(0, command.Await(pid).Code);
        Assert.Equal($"ready\n{signal}\n", Host.Text(Bundle.Inside("/signals")));
    }

    [Fact]
    public void The_end_of_the_container_is_the_programs_end()
    {
        Sleeping();
        var command = RuntimeCommand("exec", Id, "/checker", "write", "/marker", "x", ",", "sleep");
        var pid = command.Start();
        Host.Eventually(() => File.Exists(Bundle.Inside("/marker")), "the program");
        Succeeds("kill", Id, "KILL");
        Assert.Equal(137, command.Await(pid).Code);
    }
}
