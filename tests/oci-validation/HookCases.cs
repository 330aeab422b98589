using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>config.md#posix-platform-hooks.</summary>
public sealed class HookCases : OciCase
{
    private string Log => Path.Combine(Home, "hooks.log");

    private IEnumerable<string> Names => Lines(Log).Select(static line => line["name"]!.GetValue<string>());

    internal void Hooks()
    {
        foreach (var kind in new[] { "prestart", "createRuntime", "createContainer", "poststart", "poststop" })
        {
            Add(kind, "--name", kind + "1");
            Add(kind, "--name", kind + "2");
        }

        Bundle.Args("sleep");
        Created();
        Succeeds("start", Id);
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Succeeds("delete", Id);
        Assert.Equal(
            ["prestart1", "prestart2", "createRuntime1", "createRuntime2", "createContainer1", "createContainer2", "poststart1", "poststart2", "poststop1", "poststop2"],
            Names);
    }

    internal void HooksStdin()
    {
        Bundle.Config["annotations"] = new JsonObject { ["org.opencontainers.runtime-tools"] = "hook stdin test" };
        foreach (var kind in new[] { "prestart", "createRuntime", "poststart", "poststop" })
        {
            Add(kind, "--name", kind);
        }

        Bundle.Args("sleep");
        var pid = Started();
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Succeeds("delete", Id);
        foreach (var line in Lines(Log))
        {
            var kind = line["name"]!.GetValue<string>();
            var state = JsonNode.Parse(line["stdin"]!.GetValue<string>())!;
            Assert.Equal($"{kind} {Id}", $"{kind} {state["id"]}");
            Assert.Equal($"{kind} {Bundle.Path}", $"{kind} {state["bundle"]}");
            Assert.Equal($"{kind} hook stdin test", $"{kind} {state["annotations"]!["org.opencontainers.runtime-tools"]}");
            Assert.NotNull(state["ociVersion"]);

            // The text puts the hooks of create between "creating" and "created".
            string[] allowed = kind switch { "poststart" => ["running"], "poststop" => ["stopped"], _ => ["creating", "created"] };
            Assert.Contains(state["status"]!.GetValue<string>(), allowed);
            if (kind is not "poststop")
            {
                Assert.Equal($"{kind} {pid}", $"{kind} {state["pid"]}");
            }
        }

        Assert.Equal(4, Names.Count());
    }

    internal void Prestart()
    {
        Add("prestart", "--name", "prestart", "--exists", Bundle.Inside("/marker"));
        Bundle.Args("write", "/marker", "x");
        var pid = Created();
        Assert.Equal(["prestart"], Names);
        Succeeds("start", Id);
        Ended(pid);
        Assert.False(Lines(Log)[0]["exists:" + Bundle.Inside("/marker")]!.GetValue<bool>());
    }

    internal void PrestartFails()
    {
        Add("prestart", "--name", "prestart", "--exit", "1");
        Bundle.Args("write", "/marker", "x");
        CreateRefused();
        Assert.False(File.Exists(Bundle.Inside("/marker")));
        AssertNothingLeft();
    }

    internal void Poststart()
    {
        Add("poststart", "--name", "poststart");
        Bundle.Args("sleep");
        Created();
        Assert.Empty(Names);
        Succeeds("start", Id);
        Assert.Equal(["poststart"], Names);
        Assert.Equal("running", Status());
    }

    internal void PoststartFails()
    {
        // Since version 1.1 of the specification: an error, and the container is stopped.
        Add("poststart", "--name", "poststart", "--exit", "1");
        Bundle.Args("sleep");
        var pid = Created();
        Refused(Runtime("start", Id));
        Assert.True(Reaper.Wait(pid, 10_000, out _), "the program goes on");
    }

    internal void Poststop()
    {
        Add("poststop", "--name", "poststop");
        Ended(Started());
        Assert.Empty(Names);
        Succeeds("delete", Id);
        Assert.Equal(["poststop"], Names);
    }

    internal void PoststopFails()
    {
        Add("poststop", "--name", "first", "--exit", "1");
        Add("poststop", "--name", "second");
        Ended(Started());
        Succeeds("delete", Id);
        Assert.Equal(["first", "second"], Names);
        Refused(Runtime("state", Id));
    }

    private void Add(string kind, params string[] arguments)
    {
        if (Bundle.Config["hooks"] is not JsonObject hooks)
        {
            Bundle.Config["hooks"] = hooks = [];
        }

        if (hooks[kind] is not JsonArray list)
        {
            hooks[kind] = list = [];
        }

        list.Add((JsonNode)new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json(["checker", "hook", Log, .. arguments]) });
    }
}
