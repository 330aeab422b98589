using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;

namespace Csrun.Tests.Conformance;

/// <summary>How one run of one test ended.</summary>
internal sealed record Outcome(string Test, string Result, string Reason);

/// <summary>What the last run of the suites says about each rule: from the result files that tests/run.sh writes.</summary>
internal sealed class Evidence
{
    private readonly Dictionary<string, List<Outcome>> byRule = new(StringComparer.Ordinal);

    /// <summary>The result files that were read.</summary>
    internal List<string> Files { get; } = [];

    internal static Evidence Read(string directory)
    {
        var evidence = new Evidence();
        foreach (var file in Directory.Exists(directory) ? Directory.GetFiles(directory, "*.xml").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            evidence.Files.Add(file);
            foreach (var test in XDocument.Load(file).Descendants("test"))
            {
                evidence.Add(test);
            }
        }

        return evidence;
    }

    /// <summary>The tests that carry the rule's number; none when no test does.</summary>
    internal IReadOnlyList<Outcome> For(string number) => byRule.GetValueOrDefault(number) ?? [];

    private void Add(XElement test)
    {
        var type = test.Attribute("type")!.Value;
        var outcome = new Outcome(type[(type.LastIndexOf('.') + 1)..] + "." + test.Attribute("method")!.Value, test.Attribute("result")!.Value, test.Element("reason")?.Value.Trim() ?? "");
        foreach (var trait in test.Descendants("trait").Where(static t => t.Attribute("name")!.Value is "checklist"))
        {
            var number = trait.Attribute("value")!.Value.PadLeft(3, '0');
            if (!byRule.TryGetValue(number, out var list))
            {
                byRule[number] = list = [];
            }

            list.Add(outcome);
        }
    }
}
