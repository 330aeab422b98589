using System;
using System.Globalization;

namespace Csrun.Spec;

/// <summary>Lists of CPUs or memory nodes like <c>0-3,7</c>: cpuset(7), "List format".</summary>
internal static class NumberList
{
    /// <summary>No machine has a CPU or node with a higher number (CONFIG_NR_CPUS).</summary>
    private const int Largest = 8191;

    /// <summary>Whether it is one; the empty list is, and blanks around a number are allowed, as in the spec's schema.</summary>
    public static bool IsValid(string text)
    {
        ReadOnlySpan<char> list = text;
        if (list.Trim(' ').IsEmpty)
            return true;
        foreach (Range range in list.Split(','))
        {
            ReadOnlySpan<char> item = list[range];
            int dash = item.IndexOf('-');
            int first = Number(dash < 0 ? item : item[..dash]);
            int last = dash < 0 ? first : Number(item[(dash + 1)..]);
            if (first < 0 || last < first)
                return false;
        }
        return true;
    }

    private static int Number(ReadOnlySpan<char> text)
    {
        bool valid = int.TryParse(text.Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out int value);
        return valid && value <= Largest ? value : -1;
    }
}
