using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Csrun.Tests.Conformance;

/// <summary>
/// The rules that docs/conformance.md names as not to be shown here, with the reason: rows of a table whose first cell holds
/// numbers (<c>008</c>, <c>368, 369</c>, <c>381-396</c>), the second the reason.
/// </summary>
internal static class Exceptions
{
    internal const string FileName = "docs/conformance.md", Heading = "## Not to be shown here";

    internal static Dictionary<string, string> Read(string root)
    {
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        var inside = false;
        foreach (var line in File.ReadLines(Path.Combine(root, FileName)))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                inside = line is Heading;
            }
            else if (inside && line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]))
            {
                var cells = line.Split('|', StringSplitOptions.TrimEntries);
                foreach (var number in Numbers(cells[1]))
                {
                    reasons[number] = cells[2];
                }
            }
        }

        return reasons;
    }

    private static IEnumerable<string> Numbers(string cell)
    {
        foreach (var part in cell.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            for (var n = Parse(ends[0]); n <= Parse(ends[^1]); n++)
            {
                yield return n.ToString("d3", CultureInfo.InvariantCulture);
            }
        }
    }

    private static int Parse(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
