using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>events on real containers.</summary>
public sealed class EventTests : ContainerTest
{
    [Fact]
    public void The_statistics_of_a_running_container_are_one_line()
    {
        Known.Deviates("crun", "has no such command");
        Bundle.Args("sleep");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 104857600 }, "pids": { "limit": 50 } }""");
        Started();
        var output = Succeeds("events", "--stats", Id).Out;
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var json = JsonNode.Parse(output)!;
        Assert.Equal("stats", json["type"]!.GetValue<string>());
        Assert.Equal(Id, json["id"]!.GetValue<string>());
        var data = json["data"]!;
        Assert.Equal(["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"], data.AsObject().Select(static m => m.Key));
        Assert.Equal(104857600, data["memory"]!["usage"]!["limit"]!.GetValue<long>());
        Assert.InRange(data["memory"]!["usage"]!["usage"]!.GetValue<long>(), 1, 104857600);
        Assert.Equal(50, data["pids"]!["limit"]!.GetValue<int>());
        Assert.InRange(data["pids"]!["current"]!.GetValue<int>(), 1, 50);
        Assert.True(data["cpu"]!["usage"]!["total"]!.GetValue<long>() > 0, output);
    }

    [Fact]
    public void A_container_that_does_not_run_has_no_statistics()
    {
        Known.Deviates("crun", "has no such command");
        Bundle.Args("true");
        Fails("container does not exist", "events", "--stats", Id);
        Started();
        AwaitStatus("stopped");
        Fails("is not running", "events", "--stats", Id);
        Fails("is not running", "events", Id);
        Fails("greater than 0", "events", "--interval", "0s", Id);
        Fails("invalid value", "events", "--interval", "soon", Id);
    }

    [Fact]
    public void Statistics_come_at_each_interval_until_the_container_stops()
    {
        Known.Deviates("crun", "has no such command");
        Bundle.Args("sleep");
        Started();
        var (pid, command, lines) = Watch("--interval", "20ms");
        Host.Eventually(() => Lines(lines).Count >= 3, "three measurements");
        Assert.All(Lines(lines), static l => Assert.Equal("stats", l["type"]!.GetValue<string>()));
        Succeeds("kill", Id, "KILL");
        Assert.Equal(0, command.Await(pid).Code);
    }

    [Fact]
    public void Running_out_of_memory_is_told()
    {
        Known.Deviates("crun", "has no such command");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 33554432, "swap": 33554432 } }""");
        Bundle.Args("trap", "/tmp/signals", "10", ",", "fill", "100000000");
        var container = Started();
        var (pid, command, lines) = Watch("--interval", "1h");
        Host.Eventually(() => Watches(pid), "the watch of memory");
        Host.Eventually(() => File.Exists(Bundle.Inside("/tmp/signals")), "the program");
        Libc.kill(container, 10);
        Host.Eventually(() => Lines(lines).Count > 0, "an event");
        Assert.Equal($$"""{"type":"oom","id":"{{Id}}"}""", Lines(lines)[0].ToJsonString());
        AwaitStatus("stopped");
        Assert.Equal(0, command.Await(pid).Code);
    }

    // It has what tells it, and waits.
    private static bool Watches(int pid) =>
        Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Any(static f => new FileInfo(f).LinkTarget is { } target && (target.Contains("eventfd", StringComparison.Ordinal) || target.EndsWith("memory.events", StringComparison.Ordinal)))
        && Host.Status(pid, "State").StartsWith('S');

    private (int Pid, Command Command, string Lines) Watch(params string[] options)
    {
        var lines = Path.Combine(Home, "events");
        var command = RuntimeCommand(["events", .. options, Id]);
        var output = Libc.Check(Libc.open(lines, Libc.CloseOnExec | Libc.ReadWrite | 0x440, 0x1b6), "open");
        command.Descriptors[1] = output;
        var pid = command.Start();
        Libc.close(output);
        return (pid, command, lines);
    }
}
