using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Standard streams, inherited descriptors and inherited process state (C7 to C15, C27 to C29).</summary>
public sealed class StdioTests : ContainerTest
{
    [Fact, Contract("C7")]
    public void Every_operation_is_silent_when_it_succeeds()
    {
        Bundle.Args("sleep");
        foreach (var result in new[] { Create(), Runtime("start", Id), Runtime("kill", Id, "KILL") })
        {
            Success(result);
            Assert.Equal("", result.Out + result.Error);
        }

        AwaitStatus("stopped");
        var deletion = Succeeds("delete", Id);
        Assert.Equal("", deletion.Out + deletion.Error);
    }

    [Fact, Contract("C9")]
    public void Start_kill_state_and_delete_leave_no_output_open()
    {
        Bundle.Args("sleep");
        Created();
        foreach (var operation in new[] { "start", "state", "kill", "delete" })
        {
            using var pipe = new Pipe();
            var command = RuntimeCommand(operation == "delete" ? ["delete", "--force", Id] : [operation, Id]);
            command.Descriptors[1] = pipe.Write;
            command.Descriptors[2] = pipe.Write;
            var pid = command.Start();
            pipe.CloseWrite();
            Assert.Equal(0, command.Await(pid).Code);
            Assert.True(pipe.IsClosed(), $"{operation}: somebody still holds its output");
        }
    }

    [Fact, Contract("C9", "C11")]
    public void Without_a_terminal_only_the_containers_process_holds_the_streams()
    {
        Bundle.Args("print", "hello", ",", "sleep");
        Bundle.Save();
        using var pipe = new Pipe();
        var command = RuntimeCommand("create", "--bundle", Bundle.Path, Id);
        command.Descriptors[1] = pipe.Write;
        command.Descriptors[2] = pipe.Write;
        var pid = command.Start();
        pipe.CloseWrite();
        Assert.Equal(0, command.Await(pid).Code);
        Assert.False(pipe.IsClosed(100), "the container has no stdout");
        Succeeds("start", Id);
        Succeeds("kill", Id, "KILL");
        Assert.True(pipe.IsClosed(), "somebody but the container holds its stdout");
    }

    [Fact, Contract("C10")]
    public void A_read_only_dev_null_as_output_does_no_harm()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        var fd = Libc.Check(Libc.open("/dev/null", Libc.CloseOnExec, 0), "open");
        foreach (var (code, arguments) in new (int, string[])[] { (0, ["create", "--bundle", Bundle.Path, Id]), (0, ["start", Id]), (1, ["start", Id]), (0, ["delete", "--force", Id]) })
        {
            var command = RuntimeCommand(arguments);
            command.Descriptors[0] = command.Descriptors[1] = command.Descriptors[2] = fd;
            Assert.Equal(code, command.Await(command.Start()).Code);
        }

        Libc.close(fd);
    }

    [Fact, Contract("C11")]
    public void A_user_who_is_not_root_can_reopen_its_standard_output()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1234, ["gid"] = 1234 };
        Bundle.Args("reopen", "/dev/stdout", "again\n", ",", "reopen", "/proc/self/fd/2", "error\n");
        Bundle.Save();
        using var output = new Pipe();
        using var error = new Pipe();
        var command = RuntimeCommand("create", "--bundle", Bundle.Path, Id);
        command.Descriptors[1] = output.Write;
        command.Descriptors[2] = error.Write;
        Assert.Equal(0, command.Await(command.Start()).Code);
        Assert.Equal(1234u, Owner(output.Write));
        Assert.Equal(1234u, Owner(error.Write));
        Succeeds("start", Id);
        AwaitStatus("stopped");
        Assert.Equal("again\n", ReadAvailable(output));
        Assert.Equal("error\n", ReadAvailable(error));
    }

    [Fact, Contract("C12")]
    public void An_inherited_dev_null_becomes_the_containers_own()
    {
        Known.Deviates("crun", "keeps the host's for some of them");
        Bundle.Args("report", "--out", "/report");
        Bundle.Save();
        var fd = Libc.Check(Libc.open("/dev/null", Libc.CloseOnExec, 0), "open");
        var command = RuntimeCommand("run", "--detach", "--bundle", Bundle.Path, Id);
        command.Descriptors[0] = command.Descriptors[1] = command.Descriptors[2] = fd;
        Assert.Equal(0, command.Await(command.Start()).Code);
        Libc.close(fd);
        AwaitStatus("stopped");
        var report = Lines(Bundle.Inside("/report"))[0];
        foreach (var number in new[] { "0", "1", "2" })
        {
            Assert.Equal("/dev/null", report["descriptors"]![number]!["target"]!.GetValue<string>());
            Assert.Equal(2, report["descriptors"]![number]!["flags"]!.GetValue<int>() & 3);
        }
    }

    [Fact, Checklist(546), Contract("C27")]
    public void Descriptors_that_leak_into_the_runtime_do_not_reach_the_program()
    {
        Assert.Equal(["0", "1", "2"], DescriptorsWith([3, 4, 5, 7, 9, 42, 100]));
    }

    [Fact, Checklist(547), Contract("C27")]
    public void Preserved_descriptors_keep_their_numbers()
    {
        Assert.Equal(["0", "1", "2", "3", "4"], DescriptorsWith([3, 4, 5], "--preserve-fds", "2"));
    }

    [Fact, Contract("C27")]
    public void Preserved_descriptors_may_have_holes()
    {
        Known.Deviates("runc", "wants all of them open");
        Assert.Equal(["0", "1", "2", "9", "40"], DescriptorsWith([9, 40, 41], "--preserve-fds", "38"));
    }

    [Fact, Contract("C27")]
    public void The_content_of_a_preserved_descriptor_is_the_callers()
    {
        Bundle.Args("write-fd", "5", "through");
        Bundle.Save();
        using var pipe = new Pipe();
        var command = RuntimeCommand("run", "--preserve-fds", "3", "--bundle", Bundle.Path, Id);
        command.Descriptors[3] = command.Descriptors[4] = command.Descriptors[5] = pipe.Write;
        Success(command.Run(Home));
        Assert.Equal("through", ReadAvailable(pipe));
    }

    [Fact, Contract("C28")]
    public void Listening_sockets_are_passed_when_listen_pid_is_the_runtime()
    {
        Known.Deviates("crun", "does not compare LISTEN_PID");
        using var pipe = new Pipe();
        Bundle.Args("report", "--out", "/report");
        Bundle.Save();

        // Only a shell knows the process's id before the runtime runs under it.
        var command = new Command("/bin/sh", "-c", $"LISTEN_PID=$$ exec {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}")
        {
            Environment = [.. RuntimeEnvironment(), "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"],
        };
        command.Descriptors[3] = command.Descriptors[4] = command.Descriptors[5] = pipe.Write;
        Success(command.Run(Home));
        var report = Lines(Bundle.Inside("/report"))[0];
        Assert.Equal(["0", "1", "2", "3", "4"], report["descriptors"]!.AsObject().Select(static d => d.Key));
        var environment = Strings(report["env"]!);
        Assert.Contains("LISTEN_FDS=2", environment);
        Assert.Contains("LISTEN_PID=1", environment);
        if (Target.IsCsrun)
        {
            Assert.Contains("LISTEN_FDNAMES=a:b", environment);
        }
    }

    [Fact, Contract("C28")]
    public void Listening_sockets_of_another_process_are_not_passed()
    {
        Known.Deviates("crun", "does not compare LISTEN_PID");
        using var pipe = new Pipe();
        Bundle.Args("report", "--out", "/report");
        Bundle.Save();
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
        {
            Environment = [.. RuntimeEnvironment(), "LISTEN_FDS=2", "LISTEN_PID=1"],
        };
        command.Descriptors[3] = command.Descriptors[4] = pipe.Write;
        Success(command.Run(Home));
        var report = Lines(Bundle.Inside("/report"))[0];
        Assert.Equal(["0", "1", "2"], report["descriptors"]!.AsObject().Select(static d => d.Key));
        Assert.DoesNotContain(Strings(report["env"]!), static e => e.StartsWith("LISTEN_", StringComparison.Ordinal));
    }

    [Fact, Checklist(147), Contract("C13")]
    public void Nothing_of_the_runtimes_environment_reaches_the_program()
    {
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = [.. RuntimeEnvironment(), "SECRET=1", "LD_PRELOAD=/x.so", "HOME=/root"] };
        var environment = Strings(ReportOf(command.Run(Home))["env"]!);
        Assert.Equal("PATH=/usr/bin:/bin:/", environment[0]);
        Assert.Equal("CSRUN_TEST=" + Mark, environment[1]);
        Assert.All(environment[2..], static e => Assert.Equal("HOME=/", e));
    }

    [Fact, Contract("C14")]
    public void An_empty_environment_is_enough()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        foreach (var arguments in new string[][] { ["create", "--bundle", Bundle.Path, Id], ["start", Id], ["state", Id], ["kill", Id, "KILL"], ["delete", "--force", Id] })
        {
            Success(new Command(Target.Path, ["--root", Root, .. arguments]) { Environment = [] }.Run(Home));
        }
    }

    [Fact, Contract("C15")]
    public void Ignored_and_blocked_signals_are_undone_for_the_program()
    {
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
        {
            Environment = RuntimeEnvironment(),
            Blocked = Target.IsCsrun ? 0x1_0000_0200UL : 0,
            IgnoreSigpipe = true,
        };
        var report = ReportOf(command.Run(Home));
        Assert.Equal("0000000000000000", report["ignoredSignals"]!.GetValue<string>());
        Assert.Equal("0000000000000000", report["blockedSignals"]!.GetValue<string>());
    }

    [Fact, Contract("C15")]
    public void The_cpu_affinity_of_the_caller_does_not_stick()
    {
        Known.PeersDeviate("these versions keep it");
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor only");
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(new Command("/usr/bin/taskset", "1", Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment() }.Run(Home));
        var allowed = report["status"]!.GetValue<string>().Split('\n').First(static l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
        Assert.NotEqual("Cpus_allowed_list:\t0", allowed);
    }

    [Fact, Contract("C15"), Checklist(169)]
    public void The_callers_oom_score_is_kept_when_the_config_has_none()
    {
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command("/bin/sh", "-c", $"echo 123 > /proc/self/oom_score_adj; exec {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}") { Environment = RuntimeEnvironment() };
        Assert.Equal("123", ReportOf(command.Run(Home))["oomScoreAdj"]!.GetValue<string>());
    }

    [Fact, Contract("C15")]
    public void The_callers_death_signal_and_limits_do_not_change_the_program()
    {
        Known.Deviates("runc", "Go raises the soft limit");
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command("/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/prlimit", "--nofile=900:1000", Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment() };
        var report = ReportOf(command.Run(Home));
        Assert.Equal(0, report["deathSignal"]!.GetValue<int>());
        Assert.Equal("[900,1000]", report["rlimits"]!["RLIMIT_NOFILE"]!.ToJsonString());
    }

    [Fact, Contract("C29")]
    public void The_notify_socket_is_reachable_from_inside()
    {
        Known.Deviates("crun", "binds another path");
        Bundle.Args("report", "--out", "/report", ",", "sleep");
        Bundle.Save();
        var socket = Path.Combine(Home, "notify");
        using var listener = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Unspecified);
        listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
        var command = new Command(Target.Path, "--root", Root, "create", "--bundle", Bundle.Path, Id) { Environment = [.. RuntimeEnvironment(), "NOTIFY_SOCKET=" + socket] };
        Success(command.Run(Home));
        var start = new Command(Target.Path, "--root", Root, "start", Id) { Environment = [.. RuntimeEnvironment(), "NOTIFY_SOCKET=" + socket] };
        var pid = start.Start();
        Host.Eventually(() => File.Exists(Bundle.Inside("/report")) && Lines(Bundle.Inside("/report")).Count == 1, "a report");
        var environment = Strings(Lines(Bundle.Inside("/report"))[0]["env"]!);
        var inside = Assert.Single(environment, static e => e.StartsWith("NOTIFY_SOCKET=/", StringComparison.Ordinal));
        Assert.NotEqual("NOTIFY_SOCKET=" + socket, inside);
        Succeeds("delete", "--force", Id);
        Reaper.Wait(pid, 5000, out _);
    }

    private static string[] Strings(JsonNode list) => [.. list.AsArray().Select(static e => e!.GetValue<string>())];

    private static unsafe uint Owner(int fd)
    {
        var statx = stackalloc byte[256];
        var path = stackalloc byte[1];
        path[0] = 0;
        Libc.Check((int)Libc.syscall(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 291 : 332, fd, (long)path, 0x1000, 0x7ff, (long)statx), "statx");
        return *(uint*)(statx + 20);
    }

    private static unsafe string ReadAvailable(Pipe pipe)
    {
        var buffer = stackalloc byte[4096];
        return !Libc.AwaitInput(pipe.Read, 2000) ? "" : System.Text.Encoding.UTF8.GetString(buffer, (int)Libc.read(pipe.Read, buffer, 4096));
    }

    private List<string> DescriptorsWith(int[] open, params string[] options)
    {
        using var pipe = new Pipe();
        Bundle.Args("report");
        Bundle.Save();
        var command = RuntimeCommand(["run", .. options, "--bundle", Bundle.Path, Id]);
        foreach (var fd in open)
        {
            command.Descriptors[fd] = pipe.Write;
        }

        return [.. ReportOf(command.Run(Home))["descriptors"]!.AsObject().Select(static d => d.Key)];
    }
}
