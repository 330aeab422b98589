using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>exec: terminals, and the descriptors and sockets that engines hand over.</summary>
public sealed class ExecTerminalTests : ExecTest
{
    [Fact, Contract("C24")]
    public void In_the_foreground_its_terminal_is_copied_both_ways()
    {
        Sleeping();
        using var terminal = new Terminal();
        terminal.Resize(31, 93);
        var command = On(terminal, "exec", "--tty", Id, "/checker", "window", ",", "exit", "9");
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
    }

    [Fact]
    public void The_terminal_is_one_of_the_containers_own_and_the_users()
    {
        Sleeping();
        using var terminal = new Terminal();
        var command = On(terminal, "exec", "-t", "--user", "1000:1000", Id, "/checker", "report", "--out", "/tmp/report", "--stat", "/dev/pts/0");
        Libc.chmod(Bundle.Inside("/tmp"), 0x1ff);
        Assert.Equal(0, command.Await(command.Start()).Code);
        var report = Lines(Bundle.Inside("/tmp/report"))[0];
        Assert.Equal(1000, report["stat:/dev/pts/0"]!["uid"]!.GetValue<int>());
        Assert.True(report["terminal"]!["controlling"]!.GetValue<bool>());
        Assert.All(report["descriptors"]!.AsObject(), static d => Assert.Equal("/dev/pts/0", d.Value!["target"]!.GetValue<string>()));
        Assert.Equal(["0", "1", "2"], report["descriptors"]!.AsObject().Select(static d => d.Key));
    }

    [Fact]
    public void The_callers_terminal_is_restored_when_the_program_cannot_be_executed()
    {
        Sleeping();
        File.WriteAllText(Bundle.Inside("/broken"), "\u007fELF of no machine");
        Libc.chmod(Bundle.Inside("/broken"), 0x1ed);
        using var terminal = new Terminal();
        var before = terminal.LocalModes();
        var command = On(terminal, "exec", "--tty", Id, "/broken");
        Assert.NotEqual(0, command.Await(command.Start()).Code);
        Assert.Equal(before, terminal.LocalModes());
    }

    [Fact, Contract("C24", "C9")]
    public void Detached_the_master_is_sent_and_the_runtimes_output_is_closed()
    {
        Sleeping();
        var process = Path.Combine(Home, "process.json");
        File.WriteAllText(process, new JsonObject
        {
            ["terminal"] = true,
            ["consoleSize"] = new JsonObject { ["height"] = 33, ["width"] = 77 },
            ["cwd"] = "/",
            ["env"] = Bundle.Json("CSRUN_TEST=" + Mark),
            ["args"] = Bundle.Json("/checker", "window"),
        }.ToJsonString());
        using var listener = new FdListener(Path.Combine(Home, "console"));
        using var pipe = new Pipe();
        var pidFile = Path.Combine(Home, "exec.pid");
        var exec = RuntimeCommand("exec", "--process", process, "--console-socket", listener.Path, "--detach", "--pid-file", pidFile, Id);
        exec.Descriptors[1] = pipe.Write;
        exec.Descriptors[2] = pipe.Write;
        var pid = exec.Start();
        pipe.CloseWrite();
        var (payload, descriptors, closed) = listener.Receive();
        Assert.InRange(payload, 1, 4095);
        Assert.Single(descriptors);
        Assert.True(closed);
        using var terminal = new Terminal(descriptors[0]);
        Assert.Equal(0, exec.Await(pid).Code);
        Assert.True(pipe.IsClosed(), "somebody still holds the runtime's stdout or stderr");
        Assert.Equal((33, 77), terminal.Size());
        terminal.Write("hello\n");
        terminal.ReadUntil("line hello");
        terminal.Write("end\n");
        Assert.True(Reaper.Wait(int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture), 10_000, out var ending));
        Assert.Equal(0, ending.Code);
    }

    [Fact, Contract("C25")]
    public void A_terminal_takes_a_console_socket_where_it_is_detached_and_only_there()
    {
        Known.Deviates("crun", "has other rules");
        Sleeping();
        Failure255("console socket", ExecWith(["--tty", "--detach"], "/checker", "true"));
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Failure255("console socket", ExecWith(["--console-socket", listener.Path], "/checker", "true"));
        Failure255("console socket", ExecWith(["--detach", "--console-socket", listener.Path], "/checker", "true"));
    }

    [Fact]
    public void A_container_without_devpts_has_no_terminal()
    {
        Bundle.Unmount("/dev/pts");
        Sleeping();
        Failure255("/dev/pts", ExecWith(["--tty"], "/checker", "true"));
    }

    [Fact, Contract("C26")]
    public void A_pidfd_of_the_process_is_sent()
    {
        Known.Deviates("crun", "has no --pidfd-socket");
        Sleeping();
        using var listener = new FdListener(Path.Combine(Home, "pidfd"));
        var pidFile = Path.Combine(Home, "exec.pid");
        var exec = RuntimeCommand("exec", "--pidfd-socket", listener.Path, "--pid-file", pidFile, "--detach", Id, "/checker", "sleep");
        var started = exec.Start();
        var (payload, descriptors, _) = listener.Receive();
        Assert.Equal(0, exec.Await(started).Code);
        Assert.InRange(payload, 1, 4095);
        var pid = int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains($"\nPid:\t{pid}\n", Host.Text($"/proc/self/fdinfo/{descriptors.Single()}"));
        Libc.close(descriptors[0]);
        Libc.kill(pid, 9);
    }

    [Fact, Contract("C27")]
    public void Preserved_descriptors_keep_their_numbers_and_may_have_holes()
    {
        Known.Deviates("runc", "wants all of them open");
        Sleeping();
        var command = RuntimeCommand("exec", "--preserve-fds", "7", Id, "/checker", "report");
        var fd = Libc.Check(Libc.open(Path.Combine(Home, "file"), Libc.CloseOnExec | Libc.ReadWrite | 0x40, 0x180), "open");
        foreach (var number in new[] { 4, 9, 10, 11 })
        {
            command.Descriptors[number] = fd;
        }

        var report = ReportOf(command.Run(Home));
        Libc.close(fd);
        Assert.Equal(["0", "1", "2", "4", "9"], report["descriptors"]!.AsObject().Select(static d => d.Key));
    }

    [Fact, Contract("C10", "C12")]
    public void An_inherited_dev_null_becomes_the_containers_own()
    {
        Known.Deviates("crun", "keeps the host's for some of them");
        Sleeping();
        var fd = Libc.Check(Libc.open("/dev/null", Libc.CloseOnExec, 0), "open");
        var command = RuntimeCommand("exec", Id, "/checker", "report", "--out", "/report");
        command.Descriptors[0] = command.Descriptors[1] = command.Descriptors[2] = fd;
        Assert.Equal(0, command.Await(command.Start()).Code);
        Libc.close(fd);
        var report = Lines(Bundle.Inside("/report"))[0];
        Assert.All(report["descriptors"]!.AsObject(), static d => Assert.Equal(2, d.Value!["flags"]!.GetValue<int>() & 3));
    }

    [Fact, Contract("C11")]
    public void Pipes_become_the_users()
    {
        Sleeping();
        using var pipe = new Pipe();
        var command = RuntimeCommand("exec", "--user", "1000:1000", Id, "/checker", "reopen", "/proc/self/fd/1", "again");
        command.Descriptors[1] = pipe.Write;
        var pid = command.Start();
        pipe.CloseWrite();
        Assert.Equal(0, command.Await(pid).Code);
    }

    private Command On(Terminal terminal, params string[] arguments) =>
        new(Target.Path, ["--root", Root, .. arguments]) { Environment = RuntimeEnvironment(), Terminal = terminal.Name, WorkingDirectory = Home };
}
