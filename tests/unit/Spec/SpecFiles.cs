using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Csrun.Spec;

namespace Csrun.Tests.Unit;

/// <summary>The configs of tests/data/specs, and what tests do with configs.</summary>
internal static class SpecFiles
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>A config with every member of the spec.</summary>
    public static JsonObject Whole() => JsonNode.Parse(Bytes("whole.json"))!.AsObject();

    public static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "specs", file));

    public static byte[] Bytes(JsonNode config) => Encoding.UTF8.GetBytes(config.ToJsonString(_indented));

    /// <summary>Reads a config; the findings if it is refused.</summary>
    public static IReadOnlyList<Finding> Read(byte[] bytes, out Config? config)
    {
        try
        {
            config = ConfigReader.Read(bytes, "config.json");
            return [];
        }
        catch (ConfigException exception)
        {
            config = null;
            return exception.Findings;
        }
    }

    /// <summary>Everything that the model holds, to compare.</summary>
    public static string Dump(Config? config) => JsonSerializer.Serialize(config, _indented);

    /// <summary>Visits every value of a config with its path, and with what replaces it in a copy.</summary>
    public static IEnumerable<(string Path, JsonNode? Value)> Values(JsonNode? node, string path = "")
    {
        if (path.Length != 0)
            yield return (path, node);
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members)
            {
                foreach (var inner in Values(value, Show.Join(path, name)))
                    yield return inner;
            }
        }
        else if (node is JsonArray items)
        {
            for (int i = 0; i < items.Count; i++)
            {
                foreach (var inner in Values(items[i], Show.At(path, i)))
                    yield return inner;
            }
        }
    }

    /// <summary>A copy of the whole config with the value at a path replaced.</summary>
    public static JsonObject Replace(string path, JsonNode? value)
    {
        JsonObject copy = Whole();
        foreach ((string at, JsonNode? node) in Values(copy))
        {
            if (at != path)
                continue;
            if (node!.Parent is JsonArray items)
                items[node.GetElementIndex()] = value;
            else
                node.Parent!.AsObject()[node.GetPropertyName()] = value;
            return copy;
        }
        throw new ArgumentException(path, nameof(path));
    }
}
