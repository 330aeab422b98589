using System;
using System.Globalization;

namespace Csrun.Runtime.Cli;

/// <summary>Numbers of bytes as Docker and runc write them: 1048576, 512M, 1.5g, 4GiB, 100 kb; units are powers of 1024.</summary>
internal static class ByteSize
{
    private const string Units = "kmgtp";

    /// <summary>The number; -1, for no limit, is taken too.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = -1;
        if (text == "-1")
            return true;
        ReadOnlySpan<char> rest = text;
        if (rest.EndsWith("b", StringComparison.OrdinalIgnoreCase))
            rest = rest[..^1];
        // KiB is another name of KB; "i" alone is none of anything.
        bool binary = rest.Length < text.Length && rest.EndsWith("i", StringComparison.OrdinalIgnoreCase);
        if (binary)
            rest = rest[..^1];
        double factor = 1;
        int unit = rest.IsEmpty ? -1 : Units.IndexOf(char.ToLowerInvariant(rest[^1]), StringComparison.Ordinal);
        if (unit >= 0)
        {
            factor = Math.Pow(1024, unit + 1);
            rest = rest[..^1];
        }
        if (rest.EndsWith(" "))
            rest = rest[..^1];
        if ((binary && unit < 0) || !double.TryParse(rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            return false;
        double value = number * factor;
        if (value >= long.MaxValue)
            return false;
        // A double has 53 bits: a plain number must stay exact.
        bytes = factor == 1 && long.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out long exact) ? exact : (long)value;
        return true;
    }
}
