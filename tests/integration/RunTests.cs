using System;
using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>run: the container in the foreground, or detached.</summary>
public sealed class RunTests : ContainerTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(255)]
    public void The_exit_code_is_the_programs(int code)
    {
        Bundle.Args("exit", code.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(code, RunContainer().ExitCode);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(9)]
    [InlineData(6)]
    public void The_exit_code_after_a_signal_is_128_and_its_number(int signal)
    {
        Bundle.Namespace("pid", "-");
        Bundle.Args("die", signal.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(128 + signal, RunContainer().ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public void Input_output_and_errors_are_the_callers()
    {
        Bundle.Args("cat", ",", "error", "to stderr");
        Bundle.Save();
        File.WriteAllText(Path.Combine(Home, "input"), "from stdin");
        var command = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var input = Libc.Check(Libc.open(Path.Combine(Home, "input"), Libc.CloseOnExec, 0), "open");
        command.Descriptors[0] = input;
        var result = Success(command.Run(Home));
        Libc.close(input);
        Assert.Equal("from stdin", result.Out);
        Assert.Equal("to stderr\n", result.Error);
    }

    [Fact]
    public void A_detached_run_returns_when_the_program_runs()
    {
        Bundle.Args("write", "/marker", "x", ",", "sleep");
        Success(RunContainer("--detach", "--pid-file", Path.Combine(Home, "pid")));
        Assert.Equal("running", Status());
        Assert.Equal(File.ReadAllText(Path.Combine(Home, "pid")), State()["pid"]!.ToString());
        Host.Eventually(() => File.Exists(Bundle.Inside("/marker")), "the program");
    }

    [Fact]
    public void With_keep_the_container_stays_when_the_program_has_ended()
    {
        Bundle.Args("exit", "3");
        Assert.Equal(3, RunContainer("--keep").ExitCode);
        Assert.Equal("stopped", Status());
        Succeeds("delete", Id);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(15)]
    public void Signals_to_the_runtime_go_to_the_program(int signal)
    {
        Known.Deviates("runc", "forwards the SIGURG of its own Go runtime too");
        Bundle.Args("trap", "/signals", signal.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Bundle.Save();
        var command = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var pid = command.Start();
        Host.Eventually(() => Host.Text(Bundle.Inside("/signals")) is "ready\n", "the program is ready");
        Libc.kill(pid, signal);
        Assert.Equal(0, command.Await(pid).Code);
        Assert.Equal($"ready\n{signal}\n", Host.Text(Bundle.Inside("/signals")));
        AssertNothingLeft();
    }

    [Fact]
    public void A_kill_by_another_runtime_process_ends_the_run()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        var command = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var pid = command.Start();
        Host.Eventually(() => Runtime("state", Id) is { ExitCode: 0 } state && state.Out.Contains("running"), "running");
        Succeeds("kill", Id, "KILL");
        Assert.Equal(137, command.Await(pid).Code);
        AssertNothingLeft();
    }

    [Fact]
    public void Orphans_in_a_shared_pid_namespace_do_not_disturb_the_exit_code()
    {
        Bundle.Args("spawn", "3", "sleep", "20", ",", "sleep", "100", ",", "exit", "5");
        Assert.Equal(5, RunContainer().ExitCode);
    }

    [Fact, Checklist(139)]
    public void A_terminal_in_the_foreground_is_copied_both_ways()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Args("window", ",", "exit", "9");
        Bundle.Save();
        using var terminal = new Terminal();
        terminal.Resize(31, 93);
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment(), Terminal = terminal.Name };
        var before = terminal.LocalModes();
        var pid = command.Start();
        terminal.ReadUntil("size 31x93");
        Assert.Equal(0, terminal.LocalModes() & 10);
        terminal.Write("hello\r");
        terminal.ReadUntil("line hello");
        terminal.Resize(40, 120);
        terminal.ReadUntil("size 40x120");
        terminal.Write("end\r");
        Assert.Equal(9, command.Await(pid).Code);
        Assert.Equal(before, terminal.LocalModes());
        AssertNothingLeft();
    }

    [Fact]
    public void The_terminals_modes_are_restored_when_the_program_is_killed()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Args("window");
        Bundle.Save();
        using var terminal = new Terminal();
        terminal.Resize(24, 80);
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment(), Terminal = terminal.Name };
        var before = terminal.LocalModes();
        var pid = command.Start();
        terminal.ReadUntil("size 24x80");
        Succeeds("kill", Id, "KILL");
        Assert.Equal(137, command.Await(pid).Code);
        Assert.Equal(before, terminal.LocalModes());
    }

    [Fact]
    public void An_interrupt_typed_at_the_terminal_reaches_the_program()
    {
        Bundle.Namespace("pid", "-");
        Bundle.Process["terminal"] = true;
        Bundle.Args("window");
        Bundle.Save();
        using var terminal = new Terminal();
        terminal.Resize(24, 80);
        var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment(), Terminal = terminal.Name };
        var pid = command.Start();
        terminal.ReadUntil("size 24x80");
        terminal.Write("\u0003");
        Assert.Equal(130, command.Await(pid).Code);
    }

    [Fact]
    public void A_program_that_ends_at_once_loses_no_output_of_its_terminal()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Args("print", new string('x', 3000), ",", "print", "last line");
        Bundle.Save();
        for (var round = 0; round < 5; round++)
        {
            using var terminal = new Terminal();
            terminal.Resize(24, 80);
            var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment(), Terminal = terminal.Name };
            var pid = command.Start();
            terminal.ReadUntil("last line");
            Assert.Equal(0, command.Await(pid).Code);
        }
    }

    [Fact]
    public void Without_a_terminal_of_its_own_run_still_copies_the_containers()
    {
        Known.PeersDeviate("want /dev/tty (obs)");
        Bundle.Process["terminal"] = true;
        Bundle.Args("print", "hello", ",", "exit", "3");
        var result = RunContainer();
        Assert.Equal(3, result.ExitCode);
        Assert.Equal("hello\r\n", result.Out);
        AssertNothingLeft();
    }

    [Fact]
    public void A_failed_run_says_why_and_leaves_nothing()
    {
        Bundle.Process["args"] = Bundle.Json("/missing");
        RunFails("no such file or directory");
    }

    [Fact]
    public void Edits_of_a_bundle_during_a_run_do_not_matter()
    {
        Bundle.Config["hooks"] = new JsonObject { ["poststop"] = new JsonArray(new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json("checker", "hook", Path.Combine(Home, "log")) }) };
        Bundle.Args("sleep", "200");
        Bundle.Save();
        var command = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var pid = command.Start();
        Host.Eventually(() => Runtime("state", Id).ExitCode == 0, "created");
        File.Delete(Bundle.ConfigFile);
        Assert.Equal(0, command.Await(pid).Code);
        Assert.Single(Lines(Path.Combine(Home, "log")));
    }
}
