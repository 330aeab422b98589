using System;
using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config.md#posix-platform-hooks: what a hook's failure does.</summary>
public sealed class HookFailureTests : HookTest
{
    [Theory, Checklist(225, 228, 232)]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_create_hook_that_fails_fails_the_create_and_leaves_nothing(string kind)
    {
        Known.Deviates("crun", "does not run poststop (obs)");
        Add(kind, "--exit", "3");
        Add(kind, "--name", "never");
        Add("poststop", "--name", "poststop");
        var result = Create("--pid-file", Path.Combine(Home, "pid"));
        Assert.True(result.ExitCode != 0, result.ToString());
        if (Target.IsCsrun)
        {
            Assert.Contains($"hooks.{kind}[0]", result.Error);
        }

        AssertNothingLeft();
        Assert.Contains("poststop", Names());
        Assert.DoesNotContain("never", Names());
        Assert.False(File.Exists(Path.Combine(Home, "pid")));
    }

    [Theory, Checklist(225, 228)]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    [InlineData("poststart")]
    public void A_hook_that_does_not_exist_or_dies_by_a_signal_is_an_error(string kind)
    {
        foreach (var hook in new[] { new JsonObject { ["path"] = "/nonexistent/hook" }, new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json("checker", "hook", "-", "--die", "9") } })
        {
            Bundle.Config.Remove("hooks");
            AddRaw(kind, hook);
            Bundle.Args("sleep");
            var result = RunContainer("--detach");
            Assert.True(result.ExitCode != 0, result.ToString());
            AssertNothingLeft();
        }
    }

    [Fact, Checklist(235)]
    public void A_startContainer_hook_that_fails_fails_the_start()
    {
        Known.PeersDeviate("start returns 0 (obs)");
        Add("startContainer", "--exit", "4");
        Add("poststop", "--name", "poststop");
        Bundle.Args("write", "/marker", "x");
        Created();
        var result = Fails("hooks.startContainer[0]", "start", Id);
        Assert.False(File.Exists(Bundle.Inside("/marker")), result.ToString());
        Assert.Contains("poststop", Names());
        AssertNothingLeft();
    }

    [Fact, Checklist(238)]
    public void A_poststart_hook_that_fails_stops_and_deletes_the_container()
    {
        Known.Deviates("runc", "fails the create instead (obs)");
        Add("poststart", "--exit", "5");
        Add("poststop", "--name", "poststop");
        Bundle.Args("sleep");
        Created();
        var result = Runtime("start", Id);
        Assert.True(result.ExitCode != 0, result.ToString());
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "the program killed");
        Assert.Contains("poststop", Names());
        AssertNothingLeft();
    }

    [Fact, Checklist(241)]
    public void A_poststop_hook_that_fails_is_a_warning_and_the_rest_run()
    {
        Known.Deviates("runc", "skips the remaining ones (obs)");
        Add("poststop", "--exit", "6");
        Add("poststop", "--name", "second");
        Created();
        var log = Path.Combine(Home, "log");
        Success(Runtime("--log", log, "delete", Id));
        Assert.Contains("second", Names());
        Assert.Contains("poststop", File.ReadAllText(log));
        AssertNothingLeft();
    }

    [Theory, Checklist(217)]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_hook_is_ended_when_its_time_is_over(string kind)
    {
        AddRaw(kind, new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json("checker", "hook", LogFor(kind), "--sleep", "60000"), ["env"] = Bundle.Json("CSRUN_TEST=" + Mark), ["timeout"] = 1 });
        var before = Environment.TickCount64;
        var result = Create();
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.InRange(Environment.TickCount64 - before, 900, 8000);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    public void A_hook_on_storage_that_does_not_answer_holds_nobody_up_for_longer_than_its_timeout(string kind)
    {
        Known.PeersDeviate("wait for as long as it takes");
        using var storage = new DeadStorage(Path.Combine(Home, "dead"));
        AddRaw(kind, new JsonObject { ["path"] = storage.Path + "/hook", ["timeout"] = 1 });
        var result = Create();
        Assert.Matches($@"hooks\.{kind}\[0\]: error running hook .*/hook: it could not be executed within 1 s.* \[hook-timeout\]", result.Error);
        Assert.Equal(1, result.ExitCode);
    }

    [Theory, Checklist(213, 214, 218)]
    [InlineData("""{ "args": ["x"] }""", "path")]
    [InlineData("""{ "path": "relative" }""", "path")]
    [InlineData("""{ "path": "/bin/true", "timeout": 0 }""", "timeout")]
    [InlineData("""{ "path": "/bin/true", "timeout": -1 }""", "timeout")]
    public void A_hook_that_makes_no_sense_is_refused(string hook, string member)
    {
        Known.PeersDeviate("do not check (obs)");
        AddRaw("createRuntime", JsonNode.Parse(hook)!.AsObject());
        RunFails("hooks.createRuntime[0]." + member);
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    [InlineData("startContainer")]
    [InlineData("poststart")]
    public void What_a_failing_hook_printed_is_in_the_message(string kind)
    {
        Known.PeersDeviate("show it of some kinds only");
        Add(kind, "--print", "because of rain", "--exit", "7");
        Bundle.Args("sleep");
        var result = RunContainer("--detach");
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.Matches($@"hooks\.{kind}\[0\]: error running hook .*: exit status 7.*: stdout: because of rain; stderr: because of rain \[hook-failed\]", result.Error);
        AssertNothingLeft();
    }

    [Fact]
    public void How_every_hook_ran_is_kept_as_long_as_the_container()
    {
        Known.PeersDeviate("keep nothing");
        string[] kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"];
        foreach (var kind in kinds)
        {
            Add(kind, "--print", "this is " + kind);
        }

        Bundle.Args("sleep");
        Created();
        Assert.Equal(["hooks.prestart[0]", "hooks.createRuntime[0]", "hooks.createContainer[0]"], Lines(Kept).ConvertAll(static l => l["hook"]!.GetValue<string>()));
        Succeeds("start", Id);
        var lines = Lines(Kept);
        Assert.Equal(5, lines.Count);
        for (var i = 0; i < lines.Count; i++)
        {
            Assert.Equal($"hooks.{kinds[i]}[0]", lines[i]["hook"]!.GetValue<string>());
            Assert.Equal(0, lines[i]["exitCode"]!.GetValue<int>());
            Assert.Equal($"this is {kinds[i]}\n", lines[i]["stdout"]!.GetValue<string>());
            Assert.Equal($"this is {kinds[i]}\n", lines[i]["stderr"]!.GetValue<string>());
            Assert.InRange(lines[i]["milliseconds"]!.GetValue<double>(), 0, 60000);
            Assert.EndsWith("checker", lines[i]["path"]!.GetValue<string>());
        }
    }

    private string Kept => Path.Combine(Root, Id, "hooks.jsonl");
}
