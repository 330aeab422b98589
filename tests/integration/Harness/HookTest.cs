using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>A test of hooks: each hook is the checker, which notes in a file how it was started.</summary>
public abstract class HookTest : ContainerTest
{
    private protected static readonly string[] Kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    public static TheoryData<string> AllKinds => [.. Kinds];

    private protected string Log => Path.Combine(Home, "hooks.log");

    private protected static string Checker(string kind) => kind == "startContainer" ? "/checker" : Target.Checker;

    private protected string LogFor(string kind) => kind == "startContainer" ? "/hooks.log" : Log;

    private protected List<JsonNode> Records(string kind) => Lines(kind == "startContainer" ? Bundle.Inside("/hooks.log") : Log);

    private protected List<string> Names() => [.. Lines(Log).Select(static l => l["name"]?.GetValue<string>() ?? "?")];

    private protected void Add(string kind, params string[] arguments) =>
        AddRaw(kind, new JsonObject { ["path"] = Checker(kind), ["args"] = Bundle.Json(["checker", "hook", LogFor(kind), .. arguments]) });

    private protected void AddRaw(string kind, JsonObject hook)
    {
        if (Bundle.Config["hooks"] is not JsonObject hooks)
        {
            Bundle.Config["hooks"] = hooks = [];
        }

        if (hooks[kind] is not JsonArray list)
        {
            hooks[kind] = list = [];
        }

        list.Add((JsonNode)hook);
    }
}
