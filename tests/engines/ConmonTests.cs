using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>conmon as CRI-O drives it: its arguments, its pipes, its files.</summary>
public sealed class ConmonTests : ContainerTest
{
    private const string Conmon = "/usr/bin/conmon";

    public ConmonTests()
    {
        Assert.SkipUnless(File.Exists(Conmon), Conmon + " is not installed");
        foreach (var directory in new[] { Exits, Persistent, Sockets, Bundle.Inside("/bin") })
        {
            Directory.CreateDirectory(directory);
        }

        File.Copy("/bin/busybox", Bundle.Inside("/bin/busybox"));
        File.CreateSymbolicLink(Bundle.Inside("/bin/sh"), "busybox");
        Shell("exec busybox sleep 1000");
    }

    private string Exits => Path.Combine(Home, "exits");

    private string Persistent => Path.Combine(Home, "persistent");

    private string Sockets => Path.Combine(Home, "sockets");

    private string PidFile => Path.Combine(Bundle.Path, "pidfile");

    private string LogFile => Path.Combine(Home, "ctr.log");

    [Fact, Contract("C16", "C20", "C21")]
    public void The_exit_code_and_the_output_are_conmons_to_keep()
    {
        Shell("echo out; echo err >&2; exit 7");
        var answer = CreateContainer();
        Assert.Equal(File.ReadAllText(PidFile), answer["pid"]!.ToString());
        Assert.Equal("created", Status());
        Succeeds("start", Id);
        Assert.Equal("7", AwaitExit());
        Assert.Contains("stdout F out", File.ReadAllText(LogFile), StringComparison.Ordinal);
        Assert.Contains("stderr F err", File.ReadAllText(LogFile), StringComparison.Ordinal);
        Succeeds("delete", Id);
    }

    [Fact, Contract("C8", "C18")]
    public void The_reason_for_which_create_failed_reaches_the_engine()
    {
        Bundle.Process["args"] = Bundle.Json("nosuch");
        var answer = CreateContainer();
        Assert.Equal(-1, answer["pid"]!.GetValue<int>());
        Assert.Contains("executable file not found in $PATH", answer["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Succeeds("delete", "--force", Id);
    }

    [Fact]
    public void An_exec_gives_its_exit_code_and_output()
    {
        Running();
        Assert.Equal(9, Exec("echo inside; exit 9")["exit_code"]!.GetValue<int>());
        Assert.Contains("stdout F inside", File.ReadAllText(LogFile + ".exec"), StringComparison.Ordinal);
        Assert.Equal(137, Exec("kill -9 $$")["exit_code"]!.GetValue<int>());
        Assert.Equal("running", Status());
    }

    [Fact, Contract("C18")]
    public void An_exec_that_cannot_start_is_told_from_a_command_that_failed()
    {
        Running();
        var answer = Exec("", ["/nosuch"]);
        Assert.Equal(-1, answer["exit_code"]!.GetValue<int>());
        Assert.Contains("no such file or directory", File.ReadAllText(LogFile + ".exec") + answer["message"], StringComparison.Ordinal);
        Assert.Equal("running", Status());
    }

    [Fact, Contract("C22")]
    public void An_exec_that_takes_too_long_is_killed_with_its_children_and_nothing_else_is()
    {
        Running();
        var answer = Exec("busybox sleep 4321 & busybox sleep 4322", null, "--timeout", "1");
        Assert.Equal(-1, answer["exit_code"]!.GetValue<int>());
        Assert.Contains("timed out", answer["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("running", Status());
        Host.Eventually(() => Succeeds("ps", "--format", "json", Id).Out.Split(',').Length == 1, "one process");
    }

    [Fact]
    public void Whoever_attaches_writes_to_the_program_and_reads_from_it()
    {
        Shell("read line; echo got $line; busybox sleep 1000");
        CreateContainer("--stdin");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(Sockets, Id, "attach")));
        Succeeds("start", Id);
        socket.Send("typed\n"u8);
        var buffer = new byte[8192];
        socket.ReceiveTimeout = 10_000;
        var got = socket.Receive(buffer);
        // The first byte says which stream.
        Assert.Equal(2, buffer[0]);
        Assert.Equal("got typed\n", Encoding.UTF8.GetString(buffer, 1, got - 1));
        Succeeds("kill", Id, "KILL");
        Assert.Equal("137", AwaitExit());
    }

    [Fact, Contract("C24")]
    public void A_terminal_is_conmons_to_read()
    {
        Bundle.Process["terminal"] = true;
        Shell("test -t 0 && echo a terminal; exit 4");
        CreateContainer("--terminal");
        Succeeds("start", Id);
        Assert.Equal("4", AwaitExit());
        Assert.Contains("stdout F a terminal", File.ReadAllText(LogFile), StringComparison.Ordinal);
    }

    [Fact, Contract("C19")]
    public void Running_out_of_memory_is_seen_as_such()
    {
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 16777216, "swap": 16777216 } }""");
        // conmon looks while the container runs: its first process must outlive the one that is killed.
        Shell("busybox dd if=/dev/zero of=/dev/null bs=67108864 count=1; code=$?; busybox sleep 1; exit $code");
        CreateContainer();
        Succeeds("start", Id);
        Assert.Equal("137", AwaitExit());
        Assert.True(File.Exists(Path.Combine(Bundle.Path, "oom")), "no file \"oom\" in the bundle");
    }

    private void Shell(string script)
    {
        Bundle.Process["args"] = Bundle.Json("/bin/sh", "-c", script);
        Bundle.Process["env"] = Bundle.Json("PATH=/bin", "CSRUN_TEST=" + Mark);
    }

    private void Running()
    {
        CreateContainer();
        Succeeds("start", Id);
    }

    private JsonNode CreateContainer(params string[] options)
    {
        Bundle.Save();
        return Ask(
        [
            "-b", Bundle.Path, "-c", Id, "--exit-dir", Exits, "-l", LogFile, "--log-level", "info", "-n", "name-" + Id,
            "-P", Path.Combine(Bundle.Path, "conmon-pidfile"), "-p", PidFile, "--persist-dir", Persistent,
            "-r", Target.Path, "--runtime-arg", "--root=" + Root, "--socket-dir-path", Sockets, "-u", Id, .. options,
        ]);
    }

    private JsonNode Exec(string script, string[]? arguments = null, params string[] options)
    {
        var process = Path.Combine(Home, "process.json");
        var description = (JsonObject)Bundle.Process.DeepClone();
        description["args"] = Bundle.Json(arguments ?? ["/bin/sh", "-c", script]);
        File.WriteAllText(process, description.ToJsonString());
        var pidFile = Path.Combine(Home, "exec-pidfile");
        // CRI-O makes it first.
        File.WriteAllText(pidFile, "");
        return Ask(
        [
            "-c", Id, "-n", "name-" + Id, "-r", Target.Path, "-p", pidFile, "-e", "-l", LogFile + ".exec", "--log-level", "info",
            "--exec-process-spec", process, "--runtime-arg", "--root=" + Root, "--socket-dir-path", Sockets, "-u", Id, .. options,
        ]);
    }

    /// <summary>Starts conmon and reads the one line that it writes into its caller's pipe.</summary>
    private unsafe JsonNode Ask(List<string> arguments)
    {
        using var synchronisation = new Pipe();
        using var start = new Pipe();
        var command = new Command(Conmon, [.. arguments]) { Environment = [.. RuntimeEnvironment(), "_OCI_SYNCPIPE=3", "_OCI_STARTPIPE=4"], WorkingDirectory = Bundle.Path };
        command.Descriptors[3] = synchronisation.Write;
        command.Descriptors[4] = start.Read;
        var pid = command.Start();
        synchronisation.CloseWrite();
        byte go = 0;
        Libc.write(start.Write, &go, 1);
        start.CloseWrite();
        command.Await(pid);
        var text = new StringBuilder();
        var buffer = stackalloc byte[4096];
        while (!text.ToString().Contains('\n', StringComparison.Ordinal))
        {
            Assert.True(Libc.AwaitInput(synchronisation.Read, 20_000), "conmon says nothing");
            var got = Libc.read(synchronisation.Read, buffer, 4096);
            Assert.True(got > 0, $"conmon hung up: {text}");
            text.Append(Encoding.UTF8.GetString(buffer, (int)got));
        }

        return JsonNode.Parse(text.ToString())!;
    }

    private string AwaitExit()
    {
        var file = Path.Combine(Exits, Id);
        Host.Eventually(() => Host.Text(file) is { Length: > 0 }, "an exit file");
        return File.ReadAllText(file);
    }
}
