using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>process.terminal with --console-socket, and --pidfd-socket.</summary>
public sealed class ConsoleTests : ContainerTest
{
    [Fact, Checklist(139, 140, 141, 133), Contract("C24")]
    public void The_masters_descriptor_is_sent_and_the_slave_is_the_programs_terminal()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Process["consoleSize"] = new JsonObject { ["height"] = 33, ["width"] = 77 };
        Bundle.Args("report", "--out", "/report", "--stat", "/dev/console", ",", "window");
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Created("--console-socket", listener.Path);
        var (payload, descriptors, closed) = listener.Receive();
        Assert.InRange(payload, 1, 4095);
        Assert.Single(descriptors);
        Assert.True(closed);
        using var terminal = new Terminal(descriptors[0]);
        Assert.Equal((33, 77), terminal.Size());
        Succeeds("start", Id);
        terminal.ReadUntil("size 33x77");
        terminal.Resize(20, 60);
        terminal.ReadUntil("size 20x60");
        terminal.Write("hello\n");
        terminal.ReadUntil("line hello");
        var report = Lines(Bundle.Inside("/report"))[0];
        Assert.True(report["terminal"]!["controlling"]!.GetValue<bool>());
        Assert.Equal(1, report["session"]!.GetValue<int>());
        Assert.Equal(1, report["terminal"]!["foreground"]!.GetValue<int>());
        foreach (var fd in new[] { "0", "1", "2" })
        {
            Assert.True(report["descriptors"]![fd]!["terminal"]!.GetValue<bool>());
            Assert.Contains(report["descriptors"]![fd]!["target"]!.GetValue<string>(), new[] { "/dev/pts/0", "/dev/console" });
        }

        if (Target.Name is not "crun")
        {
            Assert.Equal("devpts", Mountinfo(report, "/dev/console").Type);
        }

        terminal.Write("end\n");
        AwaitStatus("stopped");
    }

    [Fact, Contract("C9")]
    public void With_a_terminal_the_runtimes_output_is_closed_when_create_returns()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Args("sleep");
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Bundle.Save();
        using var pipe = new Pipe();
        var create = RuntimeCommand("create", "--bundle", Bundle.Path, "--console-socket", listener.Path, Id);
        create.Descriptors[1] = pipe.Write;
        create.Descriptors[2] = pipe.Write;
        var pid = create.Start();
        pipe.CloseWrite();
        var (_, descriptors, _) = listener.Receive();
        using var terminal = new Terminal(descriptors[0]);
        Assert.Equal(0, create.Await(pid).Code);
        Assert.True(pipe.IsClosed(), "somebody still holds the runtime's stdout or stderr");
    }

    [Fact, Contract("C25")]
    public void A_terminal_without_a_console_socket_is_refused_by_create()
    {
        Bundle.Process["terminal"] = true;
        Failure("console", Create());
        AssertNothingLeft();
    }

    [Fact, Contract("C25")]
    public void A_console_socket_without_a_terminal_is_refused()
    {
        Known.Deviates("crun", "accepts it (obs)");
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Failure("console", Create("--console-socket", listener.Path));
        AssertNothingLeft();
    }

    [Fact]
    public void A_console_socket_that_nobody_listens_on_fails_the_create()
    {
        Bundle.Process["terminal"] = true;
        var result = Create("--console-socket", Path.Combine(Home, "nobody"));
        Assert.True(result.ExitCode != 0, result.ToString());
        AssertNothingLeft();
    }

    [Fact, Checklist(142, 138)]
    public void The_console_size_means_nothing_without_a_terminal()
    {
        Bundle.Process["consoleSize"] = new JsonObject { ["height"] = 33, ["width"] = 77 };
        var report = Report("--stat", "/dev/console");
        Assert.False(report["descriptors"]!["0"]!["terminal"]!.GetValue<bool>());
        Assert.False(report["terminal"]!["controlling"]!.GetValue<bool>());
        Assert.Null(report["stat:/dev/console"]);
    }

    [Fact]
    public void The_terminal_belongs_to_the_containers_user()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        Bundle.Args("report", "--stat", "/dev/pts/0", "--probe", "open:/dev/pts/0", "--probe", "open:/dev/console", "--probe", "open:/dev/tty", ",", "sleep", "10000");
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Created("--console-socket", listener.Path);
        using var terminal = new Terminal(listener.Receive().Descriptors[0]);
        Succeeds("start", Id);
        var text = terminal.ReadUntil("\n");
        var report = JsonNode.Parse(text)!;
        Assert.Equal(1000, report["stat:/dev/pts/0"]!["uid"]!.GetValue<int>());
        Assert.Equal("ok", report["probe:open:/dev/pts/0"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:open:/dev/tty"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:open:/dev/console"]!.GetValue<string>());
    }

    [Fact, Contract("C26")]
    public void The_pidfd_socket_gets_a_pidfd_of_the_containers_process()
    {
        Known.PeersDeviate("these versions have no --pidfd-socket");
        Bundle.Args("exit", "3");
        using var listener = new FdListener(Path.Combine(Home, "pidfd"));
        var pid = Created("--pidfd-socket", listener.Path);
        var (payload, descriptors, closed) = listener.Receive();
        Assert.InRange(payload, 1, 4095);
        Assert.Single(descriptors);
        Assert.True(closed);
        Assert.Contains($"Pid:\t{pid}\n", File.ReadAllText($"/proc/self/fdinfo/{descriptors[0]}"));
        Libc.close(descriptors[0]);
        Succeeds("start", Id);
        Assert.True(Reaper.Wait(pid, 5000, out var ending));
        Assert.Equal(3, ending.Code);
    }
}
