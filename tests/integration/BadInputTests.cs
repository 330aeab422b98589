using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// Every case of tests/data/bad-input through the program itself: one line with the JSON path and the code, exit 1, and
/// nothing left. The unit tests read the same file.
/// </summary>
public sealed class BadInputTests : ContainerTest
{
    private const int Batches = 8;
    private static readonly string Data = Path.Combine(Target.Repository, "tests", "data", "bad-input");

    public static TheoryData<int> AllBatches => [.. Enumerable.Range(0, Batches)];

    [Theory, Checklist(6, 526, 3, 527, 541)]
    [MemberData(nameof(AllBatches))]
    public void A_bad_config_is_refused_with_its_path_and_code_and_leaves_nothing(int batch)
    {
        Known.PeersDeviate("accept many of them (obs)");
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(Data, "cases.json")))!.AsArray();
        Assert.True(cases.Count >= 200);
        var failures = new List<string>();
        for (var i = batch; i < cases.Count; i += Batches)
        {
            var item = cases[i]!;
            File.WriteAllBytes(Bundle.ConfigFile, Content(item));
            if (Judge(item, Runtime("create", "--bundle", Bundle.Path, Id)) is { } failure)
            {
                failures.Add($"{item["name"]}: {failure}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} cases:\n{string.Join('\n', failures.Take(15))}");
        AssertNothingLeft();
    }

    [Fact, Checklist(6)]
    public void A_config_of_256_megabytes_is_refused_after_the_first_16()
    {
        Known.PeersDeviate("have no limit");
        using (var file = File.Create(Bundle.ConfigFile))
        {
            file.SetLength(256 << 20);
        }

        Fails("more than 16777216 bytes", "create", "--bundle", Bundle.Path, Id);
        AssertNothingLeft();
    }

    private string? Judge(JsonNode item, Result result)
    {
        if (result.ExitCode != 1)
        {
            Runtime("delete", "--force", Id);
            return $"exit {result.ExitCode}: {result.Error}";
        }

        if (Directory.Exists(Path.Combine(Root, Id)))
        {
            Runtime("delete", "--force", Id);
            return "a state directory was left";
        }

        var path = item["expectedPath"]!.GetValue<string>();
        var wanted = path.Length == 0 ? "config.json:" : $"config.json: {path}: ";
        var lines = result.Error.Split('\n');
        return lines.Length == 2 && lines[0].Contains("config.json", StringComparison.Ordinal) && lines[0].Contains(path, StringComparison.Ordinal) && lines[0].Contains($"[{item["expectedCode"]}]", StringComparison.Ordinal)
            ? null
            : $"expected {wanted} [{item["expectedCode"]}] but was: {result.Error.TrimEnd()}";
    }

    private static byte[] Content(JsonNode item)
    {
        if (item["raw"] is { } raw)
        {
            return Encoding.UTF8.GetBytes(raw.GetValue<string>());
        }

        if (item["base64"] is { } base64)
        {
            return Convert.FromBase64String(base64.GetValue<string>());
        }

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Data, "base.json")))!;
        return Encoding.UTF8.GetBytes(Merge(config, item["patch"])!.ToJsonString());
    }

    /// <summary>RFC 7396.</summary>
    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target is JsonObject o ? o : [];
        foreach (var (name, value) in changes)
        {
            if (value == null)
            {
                result.Remove(name);
                continue;
            }

            var merged = Merge(result[name], value);
            result.Remove(name);
            result[name] = merged;
        }

        return result;
    }
}
