using System;
using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>Paths of a container as text. What they really lead to only the kernel knows, when it is asked.</summary>
public static class ContainerPath
{
    /// <summary>
    /// The path from the container's root without <c>.</c>, <c>..</c>, double or last slashes; a relative one counts from
    /// the root, and <c>..</c> does not leave it.
    /// </summary>
    public static string Clean(string path)
    {
        if (IsClean(path))
            return path;
        var parts = new List<string>();
        foreach (string part in path.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }
        return "/" + string.Join('/', parts);
    }

    /// <summary>Nearly all paths are clean already: then nothing is copied.</summary>
    private static bool IsClean(string path) =>
        path.Length > 1 && path[0] == '/' && path[^1] != '/' && !path.Contains("//", StringComparison.Ordinal)
        && !path.Contains("/.", StringComparison.Ordinal);

    public static bool IsAbsolute(string path) => path.StartsWith('/');

    /// <summary>Whether <c>..</c> is one of its parts.</summary>
    public static bool HasDotDot(string path)
    {
        ReadOnlySpan<char> text = path;
        foreach (Range part in text.Split('/'))
        {
            if (text[part] is "..")
                return true;
        }
        return false;
    }
}
