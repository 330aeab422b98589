using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Csrun.Tests.Integration;

namespace Csrun.Tests.OciValidation;

internal static class Program
{
    private const string SkipMark = "$XunitDynamicSkip$";

    /// <summary><c>oci-validation [CASE...]</c>: runs the cases (default: all) and writes TAP; exit code 1 when one failed.</summary>
    private static int Main(string[] names)
    {
        var cases = Case.All.Where(c => names.Length == 0 || names.Contains(c.Name, StringComparer.Ordinal)).ToList();
        if (cases.Count == 0 || cases.Count < names.Length)
        {
            Console.Error.WriteLine("oci-validation: no such case; there are: " + string.Join(' ', Case.All.Select(static c => c.Name)));
            return 2;
        }

        Console.WriteLine("TAP version 13");
        Console.WriteLine($"1..{cases.Count}");
        int passed = 0, failed = 0, skipped = 0;
        foreach (var (item, number) in cases.Select(static (c, i) => (c, i + 1)))
        {
            switch (Try(item))
            {
                case null:
                    passed++;
                    Console.WriteLine($"ok {number} - {item.Name}");
                    break;
                case { } text when text.StartsWith(SkipMark, StringComparison.Ordinal):
                    skipped++;
                    Console.WriteLine($"ok {number} - {item.Name} # SKIP {text[SkipMark.Length..]}");
                    break;
                case { } text:
                    failed++;
                    Console.WriteLine($"not ok {number} - {item.Name}");
                    Console.WriteLine("# " + text.TrimEnd().Replace("\n", "\n# ", StringComparison.Ordinal));
                    break;
            }
        }

        Console.WriteLine($"# {Target.Path}: {passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Null when the case passed, else why it did not.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a case throws is its failure.")]
    private static string? Try(Case item)
    {
        try
        {
            item.Run();
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }
}
