using System;
using System.Globalization;

namespace Csrun.Runtime.Cli;

/// <summary>Durations as Go writes them, and so the callers of runc: 5s, 1m30s, 1.5h, 500ms.</summary>
internal static class Duration
{
    /// <summary>The duration in milliseconds; what is shorter than one is one.</summary>
    public static bool TryParse(string text, out long milliseconds)
    {
        milliseconds = 0;
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+"))
            rest = rest[1..];
        if (rest is "0")
            return true;
        double sum = 0;
        if (rest.IsEmpty)
            return false;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
                return false;
            rest = rest[digits..];
            int letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            double factor = unit switch
            {
                "h" => 3_600_000,
                "m" => 60_000,
                "s" => 1000,
                "ms" => 1,
                "us" or "\u00b5s" or "\u03bcs" => 0.001,
                "ns" => 0.000001,
                _ => 0,
            };
            if (factor == 0)
                return false;
            sum += number * factor;
            rest = letters < 0 ? default : rest[letters..];
        }
        if (sum >= long.MaxValue)
            return false;
        milliseconds = sum == 0 ? 0 : Math.Max((long)sum, 1);
        if (negative)
            milliseconds = -milliseconds;
        return true;
    }
}
