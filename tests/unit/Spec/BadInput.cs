using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Csrun.Tests.Unit;

/// <summary>
/// The wrong configs of tests/data/bad-input: each is the base with one thing wrong, as a JSON merge patch (RFC 7396), or a
/// whole file as text (<c>raw</c>) or bytes (<c>base64</c>).
/// </summary>
public sealed record BadInput(string Name, int Checklist, string ExpectedPath, string ExpectedCode, byte[] Config)
{
    private static readonly Lazy<IReadOnlyDictionary<string, BadInput>> _all = new(Read);

    /// <summary>All cases by name.</summary>
    public static IReadOnlyDictionary<string, BadInput> All => _all.Value;

    /// <summary>The config that all patches change, and that is right itself.</summary>
    public static byte[] Base => File.ReadAllBytes(Path.Combine(Folder, "base.json"));

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "data", "bad-input");

    private static Dictionary<string, BadInput> Read()
    {
        var all = new Dictionary<string, BadInput>(StringComparer.Ordinal);
        foreach (JsonNode? item in JsonNode.Parse(File.ReadAllBytes(Path.Combine(Folder, "cases.json")))!.AsArray())
        {
            JsonObject fields = item!.AsObject();
            string name = (string)fields["name"]!;
            all.Add(name, new BadInput(
                name, (int)fields["checklist"]!, (string)fields["expectedPath"]!, (string)fields["expectedCode"]!, ConfigOf(fields)));
        }
        return all;
    }

    private static byte[] ConfigOf(JsonObject fields)
    {
        if (fields["raw"] is { } raw)
            return Encoding.UTF8.GetBytes((string)raw!);
        if (fields["base64"] is { } base64)
            return Convert.FromBase64String((string)base64!);
        JsonNode config = Patched(JsonNode.Parse(Base), fields["patch"]);
        return Encoding.UTF8.GetBytes(config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static JsonNode Patched(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch!.DeepClone();
        JsonObject result = target?.DeepClone() as JsonObject ?? [];
        foreach ((string name, JsonNode? value) in changes)
        {
            if (value is null)
                result.Remove(name);
            else
                result[name] = Patched(result[name], value);
        }
        return result;
    }
}
