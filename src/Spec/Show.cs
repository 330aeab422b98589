using System;
using System.Globalization;
using System.Text;

namespace Csrun.Spec;

/// <summary>How names and values of a config appear in paths and messages: always in one line, never endless.</summary>
public static class Show
{
    private const int Longest = 60;

    /// <summary>A value in quotes, cut to what fits into a message.</summary>
    public static string Quoted(string text)
    {
        bool cut = text.Length > Longest;
        return $"\"{Escaped(cut ? text[..Longest] : text)}\"{(cut ? "..." : "")}";
    }

    /// <summary><c>list[3]</c>.</summary>
    public static string At(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");

    /// <summary><c>a</c> and <c>b</c> give <c>a.b</c>; a name that is no plain word gives <c>a["the name"]</c>.</summary>
    public static string Join(string path, string name)
    {
        bool plain = name.Length != 0 && !char.IsAsciiDigit(name[0]);
        foreach (char c in name)
            plain &= char.IsAsciiLetterOrDigit(c) || c == '_';
        if (!plain)
            return $"{path}[\"{Escaped(name)}\"]";
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    /// <summary>As in a JSON string: quotes, backslashes, control and format characters escaped.</summary>
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                escaped.Append('\\').Append(c);
            else if (char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Surrogate)
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }
}
