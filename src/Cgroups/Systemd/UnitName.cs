using System;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// linux.cgroupsPath for systemd: "slice:prefix:name". The unit is the scope prefix-name.scope in that slice, or a slice
/// itself if the name is one.
/// </summary>
/// <param name="Slice">The slice that it is in.</param>
/// <param name="Unit">Its own name.</param>
public sealed record UnitName(string Slice, string Unit)
{
    private const string SliceSuffix = ".slice";
    private const int MostCharacters = 255;

    public bool IsSlice => Unit.EndsWith(SliceSuffix, StringComparison.Ordinal);

    /// <summary>The cgroup below the manager's own: slices are nested by the dashes in their names.</summary>
    public string Path => (ExpandSlice(Slice) is "/" ? "" : ExpandSlice(Slice)) + "/" + Unit;

    /// <summary>Reads it; absent or empty is all defaults.</summary>
    /// <param name="cgroupsPath">linux.cgroupsPath.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="user">The user's manager is asked, not the system's.</param>
    public static UnitName Parse(string? cgroupsPath, string id, bool user)
    {
        string slice = "", prefix = "csrun", name = id;
        if (!string.IsNullOrEmpty(cgroupsPath))
        {
            string[] parts = cgroupsPath.Split(':');
            if (parts.Length != 3 || parts[2].Length == 0)
            {
                throw new LinuxException("use", $"\"{cgroupsPath}\"", 0, "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups");
            }
            (slice, prefix, name) = (parts[0], parts[1], parts[2]);
        }
        if (slice.Length == 0)
        {
            slice = user ? "user.slice" : "system.slice";
        }
        _ = ExpandSlice(slice);
        string unit = name.EndsWith(SliceSuffix, StringComparison.Ordinal) ? name
            : (prefix.Length == 0 ? name : prefix + "-" + name) + ".scope";
        CheckName(unit);
        if (name.EndsWith(SliceSuffix, StringComparison.Ordinal))
        {
            _ = ExpandSlice(name);
        }
        return new(slice, unit);
    }

    /// <summary>"a-b.slice" as "/a.slice/a-b.slice": systemd.slice(5).</summary>
    public static string ExpandSlice(string slice)
    {
        CheckName(slice);
        string name = slice.EndsWith(SliceSuffix, StringComparison.Ordinal) ? slice[..^SliceSuffix.Length] : "";
        if (name == "-")
        {
            return "/";
        }
        StringBuilder path = new();
        int dash = -1;
        do
        {
            int next = name.IndexOf('-', dash + 1);
            next = next < 0 ? name.Length : next;
            if (next == dash + 1)
            {
                throw new LinuxException("use", $"\"{slice}\"", 0, "it is no name of a systemd slice");
            }
            path.Append('/').Append(name.AsSpan(0, next)).Append(SliceSuffix);
            dash = next;
        }
        while (dash < name.Length);
        return path.ToString();
    }

    /// <summary>systemd.unit(5): the characters of a valid name.</summary>
    private static void CheckName(string unit)
    {
        bool valid = unit.Length is > 0 and <= MostCharacters && unit[0] != '.';
        foreach (char c in unit)
        {
            valid &= char.IsAsciiLetterOrDigit(c) || c is ':' or '-' or '_' or '.' or '\\' or '@';
        }
        if (!valid)
        {
            throw new LinuxException("use", $"\"{unit}\"", 0, "it is no name of a systemd unit: letters, digits and :-_.\\@ may be in it");
        }
    }
}
