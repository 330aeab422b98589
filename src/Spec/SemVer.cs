using System;
using System.Globalization;

namespace Csrun.Spec;

/// <summary>Versions in the form of SemVer 2.0.0, as <c>ociVersion</c> is one (config.md#specification-version).</summary>
internal static class SemVer
{
    /// <summary>Splits off major and minor; false if it is not such a version.</summary>
    public static bool TryParse(string text, out int major, out int minor)
    {
        minor = 0;
        ReadOnlySpan<char> rest = text;
        if (!Number(ref rest, out major) || !Character(ref rest, '.') || !Number(ref rest, out minor)
            || !Character(ref rest, '.') || !Number(ref rest, out _))
            return false;
        if (Character(ref rest, '-') && !Identifiers(ref rest, leadingZeros: false))
            return false;
        if (Character(ref rest, '+') && !Identifiers(ref rest, leadingZeros: true))
            return false;
        return rest.IsEmpty;
    }

    private static bool Character(ref ReadOnlySpan<char> rest, char expected)
    {
        if (rest.IsEmpty || rest[0] != expected)
            return false;
        rest = rest[1..];
        return true;
    }

    private static bool Number(ref ReadOnlySpan<char> rest, out int value)
    {
        int length = rest.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> digits = length < 0 ? rest : rest[..length];
        rest = rest[digits.Length..];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value))
            return false;
        return digits.Length == 1 || digits[0] != '0';
    }

    private static bool Identifiers(ref ReadOnlySpan<char> rest, bool leadingZeros)
    {
        do
        {
            int length = 0;
            bool number = true;
            while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]) || rest[length] == '-'))
                number &= char.IsAsciiDigit(rest[length++]);
            if (length == 0 || (number && !leadingZeros && length > 1 && rest[0] == '0'))
                return false;
            rest = rest[length..];
        }
        while (Character(ref rest, '.'));
        return true;
    }
}
