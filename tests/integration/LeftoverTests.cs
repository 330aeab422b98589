using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The commands fsck and gc: what is left of commands that were killed.</summary>
public sealed class LeftoverTests : ContainerTest
{
    private string Directory1 => Path.Combine(Root, Id);

    [Fact]
    public void A_create_that_was_killed_is_listed_and_removed()
    {
        Known.PeersDeviate("have no such commands");
        AddSleepingHook();
        Bundle.Save();
        var command = RuntimeCommand("create", "--bundle", Bundle.Path, Id);
        var pid = command.Start();
        Host.Eventually(() => Host.Processes(Mark).Any(p => Host.Text($"/proc/{p}/cmdline")?.Contains("60000", StringComparison.Ordinal) == true), "the hook runs");
        Assert.Equal((0, ""), Fsck());
        Libc.kill(pid, 9);
        Host.Eventually(() => Host.IsDead(pid), "the runtime is dead");
        Assert.Equal((1, $"{Id}: the create that made it was killed\n"), Fsck());
        Assert.Equal($"{Id}: the create that made it was killed; removed\n", Success(Runtime("gc")).Out);
        Assert.Equal((0, ""), Fsck());
        foreach (var hook in Host.Processes(Mark))
        {
            Libc.kill(hook, 9);
        }

        Host.Eventually(() => Host.Processes(Mark).Count == 0, "the hook is gone");
        AssertNothingLeft();
    }

    [Fact]
    public void An_empty_directory_is_listed_and_removed()
    {
        Known.PeersDeviate("have no such commands");
        Directory.CreateDirectory(Directory1);
        Assert.Equal((1, $"{Id}: a create was killed before it had made anything\n"), Fsck());
        Success(Runtime("gc"));
        Assert.False(Directory.Exists(Directory1));
    }

    [Fact]
    public void A_container_from_before_the_last_boot_is_listed_and_removed()
    {
        Known.PeersDeviate("have no such commands");
        Created();
        var file = Path.Combine(Directory1, "state.json");
        var state = JsonNode.Parse(File.ReadAllText(file))!;
        var boot = state["bootId"]!.GetValue<string>();
        Assert.Equal((0, ""), Fsck());
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Assert.Equal((0, ""), Fsck());
        Success(Runtime("gc"));
        Assert.True(Directory.Exists(Directory1));
        File.WriteAllText(file, File.ReadAllText(file).Replace(boot, "00000000-0000-0000-0000-000000000000", StringComparison.Ordinal));
        Assert.Equal((1, $"{Id}: it was made before this machine was started\n"), Fsck());
        Success(Runtime("gc"));
        AssertNothingLeft();
    }

    [Fact]
    public void What_is_not_ours_is_listed_and_left_alone()
    {
        Known.PeersDeviate("have no such commands");
        Directory.CreateDirectory(Path.Combine(Root, "runcs"));
        File.WriteAllText(Path.Combine(Root, "runcs", "state.json"), """{"id":"runcs","init_process_pid":4194303,"init_process_start":1,"config":{"pid":5}}""");
        Directory.CreateDirectory(Path.Combine(Root, "cruns"));
        File.WriteAllText(Path.Combine(Root, "cruns", "status"), """{"pid":4194303,"process-start-time":1}""");
        Directory.CreateDirectory(Path.Combine(Root, "broken"));
        File.WriteAllText(Path.Combine(Root, "broken", "state.json"), "{");
        var (code, text) = Fsck();
        Assert.Equal(1, code);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("broken: cannot understand", lines[0]);
        Assert.Equal("cruns: a container of crun's, whose process 4194303 has ended", lines[1]);
        Assert.Equal("runcs: a container of runc's, whose process 4194303 has ended", lines[2]);
        Assert.Equal("", Success(Runtime("gc")).Out);
        Assert.Equal(3, Directory.EnumerateDirectories(Root).Count());
        Directory.Delete(Root, true);
    }

    private (int Code, string Text) Fsck()
    {
        var result = Runtime("fsck");
        Assert.Equal("", result.Error);
        return (result.ExitCode, result.Out);
    }

    private void AddSleepingHook() => Bundle.Config["hooks"] = new JsonObject
    {
        ["createRuntime"] = new JsonArray(new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json("checker", "hook", "-", "--sleep", "60000"), ["env"] = Bundle.Json("CSRUN_TEST=" + Mark) }),
    };
}
