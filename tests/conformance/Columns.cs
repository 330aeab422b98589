using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Csrun.Tests.Conformance;

/// <summary>The table of docs/conformance.md that shows how runtimes do in tests/oci-validation: one column a TAP file.</summary>
internal static class Columns
{
    private const string Begin = "<!-- oci-validation: written by make conformance-columns -->", End = "<!-- /oci-validation -->";

    internal static void Write(string document, string[] files)
    {
        var runs = files.Select(Run.Read).ToList();
        var text = File.ReadAllText(document);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        File.WriteAllText(document, text[..begin] + "\n" + Render(runs) + text[end..]);
    }

    private static string Render(List<Run> runs)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Run on {DateTime.UtcNow:yyyy-MM-dd}, {runs[0].Host}.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| case | {string.Join(" | ", runs.Select(static r => r.Runtime))} |\n| --- |{string.Concat(runs.Select(static _ => " --- |"))}\n");
        foreach (var name in runs[0].Cases.Keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", runs.Select(r => r.Cases.GetValueOrDefault(name, "not run")))} |\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"| **passed** | {string.Join(" | ", runs.Select(static r => $"{r.Cases.Values.Count(static v => v is "ok")} of {r.Cases.Count}"))} |\n");
        return text.ToString();
    }

    /// <summary>One TAP file: <c># runtime:</c> and <c># host:</c> lines, then a line a case.</summary>
    private sealed record Run(string Runtime, string Host, Dictionary<string, string> Cases)
    {
        internal static Run Read(string file)
        {
            string runtime = Path.GetFileNameWithoutExtension(file), host = "";
            var cases = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var line in File.ReadLines(file))
            {
                if (line.StartsWith("# runtime: ", StringComparison.Ordinal))
                {
                    runtime = line[11..];
                }
                else if (line.StartsWith("# host: ", StringComparison.Ordinal))
                {
                    host = line[8..];
                }
                else if (line.StartsWith("ok ", StringComparison.Ordinal) || line.StartsWith("not ok ", StringComparison.Ordinal))
                {
                    var name = line[(line.IndexOf(" - ", StringComparison.Ordinal) + 3)..];
                    var skip = name.IndexOf(" # SKIP", StringComparison.Ordinal);
                    cases[skip < 0 ? name : name[..skip]] = skip >= 0 ? "skipped" : line[0] is 'o' ? "ok" : "**fails**";
                }
            }

            return new(runtime, host, cases);
        }
    }
}
