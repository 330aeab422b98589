using System;
using System.Globalization;
using System.IO;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The operation kill: which signal goes to whom, and when it is refused (runtime.md#kill).</summary>
public sealed class SignalTests : ContainerTest
{
    [Fact, Checklist(533)]
    public void Kill_of_a_stopped_container_says_that_it_is_not_running()
    {
        Started();
        AwaitStatus("stopped");
        Fails("container not running", "kill", Id);
        Fails("container not running", "kill", Id, "KILL");
    }

    [Fact]
    public void Kill_all_of_a_stopped_container_succeeds()
    {
        Known.Deviates("crun", "the signal finds no process");
        Started();
        AwaitStatus("stopped");
        Succeeds("kill", "--all", Id, "KILL");
    }

    [Theory, Checklist(534)]
    [InlineData("TERM", 15)]
    [InlineData("SIGTERM", 15)]
    [InlineData("HUP", 1)]
    [InlineData("sigusr1", 10)]
    [InlineData("usr2", 12)]
    [InlineData("12", 12)]
    [InlineData("35", 35)]
    [InlineData("SIGRTMIN+1", 35)]
    [InlineData("RTMAX-1", 63)]
    [InlineData("WINCH", 28)]
    [InlineData("CONT", 18)]
    [InlineData(null, 15)]
    public void Kill_sends_exactly_that_signal(string? signal, int number)
    {
        if (signal?.Contains("RTM", StringComparison.Ordinal) == true)
        {
            Known.Deviates("runc", "has no names for real-time signals");
        }

        if (signal is "sigusr1" or "usr2" or "SIGRTMIN+1" or "RTMAX-1")
        {
            Known.Deviates("crun", "takes no lower case names, and other real-time ones");
        }

        Bundle.Args("trap", "/signals", number.ToString(CultureInfo.InvariantCulture));
        var pid = Started();
        Host.Eventually(() => Host.Text(Bundle.Inside("/signals")) is "ready\n", "the program is ready");
        Succeeds(signal == null ? ["kill", Id] : ["kill", Id, signal]);
        Assert.True(Reaper.Wait(pid, 5000, out var ending));
        Assert.Equal(0, ending.Code);
        Assert.Equal($"ready\n{number}\n", Host.Text(Bundle.Inside("/signals")));
    }

    [Theory]
    [InlineData("FOO")]
    [InlineData("99")]
    [InlineData("-1")]
    [InlineData("SIGRTMIN+99")]
    public void Kill_with_an_unknown_signal_fails_and_sends_nothing(string signal)
    {
        Bundle.Args("sleep");
        var pid = Started();
        var result = Runtime("kill", Id, signal);
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.False(Host.IsDead(pid));
    }

    [Fact]
    public void Kill_with_signal_0_only_asks()
    {
        Bundle.Args("sleep");
        var pid = Started();
        Succeeds("kill", Id, "0");
        Assert.False(Host.IsDead(pid));
    }

    [Theory, Checklist(534)]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public void Kill_ends_a_created_container(string signal)
    {
        if (signal is "TERM")
        {
            Known.Deviates("crun", "its waiting process ignores TERM, being pid 1 (obs)");
        }

        var pid = Created();
        Succeeds("kill", Id, signal);
        Assert.True(Reaper.Wait(pid, 5000, out _), "the waiting process goes on");
        Assert.Equal("stopped", Status());
        Fails("stopped", "start", Id);
        Succeeds("delete", Id);
    }

    [Fact]
    public void Kill_without_a_pid_namespace_reaches_every_process()
    {
        Known.PeersDeviate("the versions of Debian 12 kill the first process alone");
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "3", "sleep", ",", "write", "/marker", "x", ",", "sleep");
        Started();
        Host.Eventually(() => File.Exists(Bundle.Inside("/marker")) && Host.Processes(Mark).Count >= 4, "four processes");
        Succeeds("kill", Id, "KILL");
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "all processes dead");
    }

    [Fact]
    public void Kill_all_signals_every_process()
    {
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "2", "sleep", ",", "write", "/marker", "x", ",", "sleep");
        Started();
        Host.Eventually(() => File.Exists(Bundle.Inside("/marker")) && Host.Processes(Mark).Count >= 3, "three processes");
        Succeeds("kill", "--all", Id, "TERM");
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "all processes dead");
    }
}
