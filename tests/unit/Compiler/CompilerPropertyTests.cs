using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using CsCheck;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

/// <summary>Whatever stands in a config: it is refused with findings, or becomes a plan that Init's parser takes.</summary>
public sealed class CompilerPropertyTests
{
    private static readonly JsonNode[] _bases = [.. ((string[])["whole.json", "docker.json", "podman-rootless.json", "containerd-userns.json", "crio.json"])
        .Select(static file => JsonNode.Parse(SpecFiles.Bytes(file))!)];

    private static readonly string[] _values =
    [
        "null", "true", "false", "0", "1", "-1", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615", "\"\"", "\"a\"", "\"/\"",
        "\"/a/../..\"", "\"a/b\"", "\"a\\u0000b\"", "\"\\n\"", "\"ä\"", "[]", "{}", "[null]", "[\"bind\", \"ro\"]", "[\"rbind\", \"rro\", \"rshared\"]", "[\"remount\"]",
        "[\"idmap\"]", "\"user\"", "\"pid\"", "\"mount\"", "\"time\"", "\"/proc/1/ns/mnt\"", "\"c\"", "\"p\"", "\"proc\"", "\"cgroup\"", "\"devpts\"",
        "{\"destination\": \"/proc\", \"type\": \"proc\"}", "{\"type\": \"user\"}", "{\"path\": \"/x\", \"type\": \"c\", \"major\": 1, \"minor\": 3}",
        "{\"containerID\": 0, \"hostID\": 0, \"size\": 4294967295}", "{\"path\": \"/bin/true\", \"timeout\": 1}", "{\"type\": \"RLIMIT_CORE\", \"hard\": 1, \"soft\": 1}",
    ];

    private static readonly Gen<(int At, int Kind, string Value)> _change = Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 3], Gen.OneOf(_values));

    [Fact]
    public void Every_config_is_refused_or_becomes_a_plan() =>
        Gen.Select(Gen.Int[0, _bases.Length - 1], _change.Array[1, 5], Gen.Bool)
            .Sample((config, changes, root) => Holds(Changed(_bases[config], changes), root), iter: 3_000);

    [Theory]
    [InlineData("mounts", "{\"destination\": \"/a\", \"type\": \"tmpfs\", \"options\": [\"ro\"]}")]
    [InlineData("linux.devices", "{\"path\": \"/dev/x\", \"type\": \"c\", \"major\": 1, \"minor\": 3}")]
    [InlineData("linux.maskedPaths", "\"/a\"")]
    [InlineData("linux.namespaces", "{\"type\": \"ipc\"}")]
    [InlineData("process.env", "\"A=b\"")]
    [InlineData("process.args", "\"\"")]
    [InlineData("process.user.additionalGids", "1")]
    [InlineData("hooks.createContainer", "{\"path\": \"/bin/true\"}")]
    public void Compiling_takes_memory_and_time_in_proportion_to_the_config(string list, string item)
    {
        JsonNode config = _bases[1].DeepClone();
        JsonNode owner = config;
        string[] names = list.Split('.');
        foreach (string name in names[..^1])
            owner = owner[name] ??= new JsonObject();
        owner[names[^1]] = new JsonArray([.. Enumerable.Range(0, 20_000).Select(_ => JsonNode.Parse(item))]);
        Assert.True(Holds(config, root: true), list);
    }

    private static bool Holds(JsonNode json, bool root)
    {
        byte[] bytes = SpecFiles.Bytes(json);
        long before = GC.GetAllocatedBytesForCurrentThread();
        if (SpecFiles.Read(bytes, out Config? config).Count == 0 && !Validator.Validate(config!).Exists(static finding => finding.Severity == Severity.Error))
            Compile(config!, root ? Compiled.Root : new HostFacts { Euid = 1000, Egid = 1000, InUserNamespace = true });
        return GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000 + 400L * bytes.Length;
    }

    private static void Compile(Config config, HostFacts facts)
    {
        try
        {
            var result = PlanCompiler.Compile(config, Compiled.Options, facts);
            string text = PlanText.Write(new PlanDocument(config, Compiled.Options, facts, result));
            Assert.DoesNotContain(text, static c => char.IsControl(c) && c != '\n');
            Assert.DoesNotContain("\n/", text, StringComparison.Ordinal);
        }
        catch (ConfigException refused)
        {
            Assert.NotEmpty(refused.Findings);
        }
    }

    private static JsonNode Changed(JsonNode config, IEnumerable<(int At, int Kind, string Value)> changes)
    {
        JsonNode copy = config.DeepClone();
        foreach ((int at, int kind, string value) in changes)
        {
            var values = SpecFiles.Values(copy).ToList();
            JsonNode? old = values[at % values.Count].Value;
            if (old?.Parent is null)
                continue;
            JsonNode? replacement = kind == 0 ? values[(int)(at * 7919L % values.Count)].Value?.DeepClone() : JsonNode.Parse(value);
            if (old.Parent is JsonArray items)
                Change(items, old.GetElementIndex(), kind, replacement);
            else if (kind == 1)
                old.Parent.AsObject().Remove(old.GetPropertyName());
            else
                old.Parent.AsObject()[old.GetPropertyName()] = replacement;
        }
        return copy;
    }

    private static void Change(JsonArray items, int at, int kind, JsonNode? replacement)
    {
        if (kind == 1)
            items.RemoveAt(at);
        else if (kind == 2)
            items.Insert(at, replacement);
        else
            items[at] = replacement;
    }
}
