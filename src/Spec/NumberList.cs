using System;
using System.Globalization;

namespace Csrun.Spec;

/// <summary>Lists of CPUs or memory nodes like <c>0-3,7</c>: cpuset(7), "List format".</summary>
public static class NumberList
{
    /// <summary>No machine has a CPU or node with a higher number (CONFIG_NR_CPUS).</summary>
    private const int Largest = 8191;

    /// <summary>Whether it is one; the empty list is, and blanks around a number are allowed, as in the spec's schema.</summary>
    public static bool IsValid(string text) => TryRead(text, null, out _);

    /// <summary>The numbers as a set of bits, as sched_setaffinity(2) and set_mempolicy(2) take them; empty for none.</summary>
    /// <exception cref="ArgumentException">It is no list.</exception>
    public static ulong[] ToMask(string? text)
    {
        if (text is null)
            return [];
        if (!TryRead(text, null, out int largest))
            throw new ArgumentException("not a list of numbers", nameof(text));
        var mask = new ulong[(largest / 64) + 1];
        if (largest >= 0)
            TryRead(text, mask, out _);
        return largest < 0 ? [] : mask;
    }

    private static bool TryRead(string text, ulong[]? mask, out int largest)
    {
        largest = -1;
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
            largest = Math.Max(largest, last);
            for (int i = first; mask is not null && i <= last; i++)
                mask[i / 64] |= 1UL << (i % 64);
        }
        return true;
    }

    private static int Number(ReadOnlySpan<char> text)
    {
        bool valid = int.TryParse(text.Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out int value);
        return valid && value <= Largest ? value : -1;
    }
}
