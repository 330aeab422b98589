using System;
using System.Text;

namespace Csrun.Runtime.Compiler;

/// <summary>Paths inside the container, as text. What they lead to is only known to Init.</summary>
internal static class ContainerPath
{
    /// <summary>
    /// Absolute (a relative one counts from "/"), without empty, "." and ".." components or a slash at the end. A path
    /// that is so already is returned as it is.
    /// </summary>
    public static string Clean(string path)
    {
        if (IsClean(path))
            return path;
        var clean = new StringBuilder(path.Length + 1);
        foreach (var range in path.AsSpan().Split('/'))
        {
            var component = path.AsSpan(range);
            if (component.IsEmpty || component is ".")
                continue;
            if (component is "..")
                clean.Length = Math.Max(0, LastSlash(clean));
            else
                clean.Append('/').Append(component);
        }
        return clean.Length == 0 ? "/" : clean.ToString();
    }

    /// <summary>The clean path lies below that clean directory.</summary>
    public static bool IsBelow(string path, string directory) =>
        path.Length > directory.Length && path[directory.Length] == '/' && path.StartsWith(directory, StringComparison.Ordinal);

    private static bool IsClean(string path)
    {
        if (path.Length == 0 || path[0] != '/')
            return false;
        if (path.Length == 1)
            return true;
        int start = 1;
        for (int i = 1; i <= path.Length; i++)
        {
            if (i < path.Length && path[i] != '/')
                continue;
            var component = path.AsSpan(start, i - start);
            if (component.IsEmpty || component is "." or "..")
                return false;
            start = i + 1;
        }
        return true;
    }

    private static int LastSlash(StringBuilder path)
    {
        int i = path.Length - 1;
        while (i >= 0 && path[i] != '/')
            i--;
        return i;
    }
}
