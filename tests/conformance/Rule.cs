using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Csrun.Tests.Conformance;

/// <summary>
/// One rule of the runtime specification for Linux, version 1.3, as numbered in tests/data/spec-rules.tsv.
/// Level: MUST, SHOULD, MAY as the text has it, SCHEMA where only the JSON schema says so, IMPL where it is ours.
/// </summary>
internal sealed record Rule(string Number, string Level, string Section, string Subject, string Text)
{
    /// <summary>The file that holds all rules, below the checkout's root.</summary>
    internal const string FileName = "tests/data/spec-rules.tsv";

    internal static List<Rule> ReadAll(string root)
    {
        var rules = new List<Rule>();
        foreach (var line in File.ReadLines(Path.Combine(root, FileName)))
        {
            var fields = line.Split('\t');
            if (fields.Length != 5 || fields.Any(string.IsNullOrWhiteSpace))
            {
                throw new InvalidDataException($"{FileName}: line {rules.Count + 1} has not five fields");
            }

            rules.Add(new(fields[0], fields[1], fields[2], fields[3], fields[4]));
        }

        return rules;
    }
}
