using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Csrun.Tests.Unit.Cli;
using Xunit;

namespace Csrun.Tests.Unit;

/// <summary>The numbers that tests and docs/conformance.md carry are those of tests/data/spec-rules.tsv.</summary>
public sealed partial class ConformanceTests
{
    private static readonly string Rules = Path.Combine(SourceTree.Root, "tests", "data", "spec-rules.tsv");

    [Fact]
    public void The_rules_are_numbered_without_gaps_and_complete()
    {
        var lines = File.ReadAllLines(Rules).Select(static line => line.Split('\t')).ToList();
        Assert.All(lines, static fields => Assert.Equal(5, fields.Count(static field => field.Trim().Length > 0)));
        Assert.Equal(Enumerable.Range(1, lines.Count).Select(static n => n.ToString("d3", CultureInfo.InvariantCulture)), lines.Select(static fields => fields[0]));
        Assert.All(lines, static fields => Assert.Contains(fields[1], (string[])["MUST", "SHOULD", "MAY", "MAY/MUST", "SCHEMA", "IMPL"]));
    }

    [Fact]
    public void Every_number_that_a_test_carries_is_a_rule()
    {
        int count = File.ReadLines(Rules).Count();
        var carried = Sources("*.cs").Concat(Sources("cases.json")).SelectMany(Carried).ToList();
        Assert.NotEmpty(carried);
        Assert.All(carried, carry => Assert.True(carry.Number >= 1 && carry.Number <= count, $"{carry.File}: there is no rule {carry.Number}"));
    }

    [Fact]
    public void What_is_said_not_to_be_shown_is_a_rule_and_has_a_reason()
    {
        int count = File.ReadLines(Rules).Count();
        var document = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "conformance.md"));
        var rows = document[document.IndexOf("## Not to be shown here", StringComparison.Ordinal)..].Split('\n').Where(static line => Row().IsMatch(line)).ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, static row => Assert.True(row.Split('|')[2].Trim().Length > 20, row));
        Assert.All(rows.SelectMany(static row => Numbers(row.Split('|')[1])), number => Assert.InRange(number, 1, count));
    }

    private static IEnumerable<string> Sources(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "tests"), pattern, SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));

    private static IEnumerable<(string File, int Number)> Carried(string path)
    {
        string text = File.ReadAllText(path);
        foreach (Match match in Attribute().Matches(text).Concat(Trait().Matches(text)).Concat(Case().Matches(text)))
        {
            foreach (int number in Numbers(match.Groups["n"].Value))
                yield return (path, number);
        }
    }

    private static IEnumerable<int> Numbers(string text) => Number().Matches(text).Select(static match => int.Parse(match.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\bChecklist\((?<n>[\d\s,]+)\)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Attribute();

    [GeneratedRegex("""Trait\("checklist", "(?<n>\d+)"\)""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Trait();

    [GeneratedRegex("\"checklist\": (?<n>\\d+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Case();

    [GeneratedRegex(@"^\| \d", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Row();

    [GeneratedRegex(@"\d+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Number();
}
