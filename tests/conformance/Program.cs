using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Csrun.Tests.Conformance;

internal static class Program
{
    /// <summary>
    /// <c>conformance ROOT table [--untested]</c>: number, rule, test and result of all rules, and their counts.
    /// <c>conformance ROOT columns FILE.tap...</c>: writes the columns of docs/conformance.md from the runs of tests/oci-validation.
    /// </summary>
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case [var root, "table", .. var options]:
                return Table(root, options.Contains("--untested"));
            case [var root, "columns", .. var files]:
                Columns.Write(Path.Combine(root, Exceptions.FileName), files);
                return 0;
            default:
                Console.Error.WriteLine("usage: conformance ROOT table [--untested] | ROOT columns FILE.tap...");
                return 2;
        }
    }

    private static int Table(string root, bool untestedOnly)
    {
        var evidence = Evidence.Read(Path.Combine(root, "out", "test-results"));
        if (evidence.Files.Count == 0)
        {
            Console.Error.WriteLine("conformance: no results in out/test-results: run make test first");
            return 1;
        }

        var reasons = Exceptions.Read(root);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var rule in Rule.ReadAll(root))
        {
            var (status, shown) = Judge(evidence.For(rule.Number), reasons.GetValueOrDefault(rule.Number));
            counts[status] = counts.GetValueOrDefault(status) + 1;
            if (!untestedOnly || status is "untested")
            {
                Console.WriteLine($"{rule.Number} {status,-8} {rule.Level,-6} {rule.Subject}: {rule.Text} | {shown}");
            }
        }

        Console.WriteLine(string.Join(", ", new[] { "passed", "failed", "skipped", "reason", "untested" }.Select(s => $"{counts.GetValueOrDefault(s)} {(s is "reason" ? "not to be shown here" : s)}")));
        return counts.ContainsKey("failed") ? 1 : 0;
    }

    /// <summary>A rule is shown when one of its tests has passed and none has failed.</summary>
    private static (string Status, string Shown) Judge(IReadOnlyList<Outcome> outcomes, string? reason)
    {
        if (outcomes.FirstOrDefault(static o => o.Result is "Fail") is { } bad)
        {
            return ("failed", bad.Test);
        }

        var good = outcomes.Where(static o => o.Result is "Pass").Select(static o => o.Test).Distinct(StringComparer.Ordinal).ToList();
        if (good.Count > 0)
        {
            return ("passed", good[0] + (good.Count > 1 ? $" and {good.Count - 1} more" : ""));
        }

        if (outcomes.Count > 0)
        {
            return ("skipped", $"{outcomes[0].Test}: {outcomes[0].Reason}");
        }

        return reason == null ? ("untested", "-") : ("reason", reason);
    }
}
