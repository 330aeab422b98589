using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Csrun.Tests.Unit.Cli;
using Xunit;

namespace Csrun.Tests.Unit;

/// <summary>The contract with the container engines has 34 lines, C1 to C34, and each is shown by a test of the real runtime.</summary>
public sealed partial class ContractTests
{
    private static readonly IEnumerable<string> Lines = Enumerable.Range(1, 34).Select(static n => "C" + n.ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void Every_line_has_a_test_and_every_test_a_line()
    {
        var carried = new[] { "integration", "engines" }
            .SelectMany(static suite => Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "tests", suite), "*.cs"))
            .SelectMany(static file => Attribute().Matches(File.ReadAllText(file)))
            .SelectMany(static match => Line().Matches(match.Value).Select(static line => line.Value))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Lines.Except(carried, StringComparer.Ordinal));
        Assert.Empty(carried.Except(Lines, StringComparer.Ordinal));
    }

    [GeneratedRegex("""\bContract\([^)]*\)""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Attribute();

    [GeneratedRegex("""C\d+""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Line();
}
