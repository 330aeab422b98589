using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;

namespace Csrun.Linux;

/// <summary>One mount: a line of proc_pid_mountinfo(5).</summary>
/// <param name="Id">The mount's id.</param>
/// <param name="ParentId">The id of the mount that it is on.</param>
/// <param name="Root">Which directory of the file system it shows.</param>
/// <param name="MountPoint">Where, relative to the process's root.</param>
/// <param name="Options">Options of the mount: "rw,nosuid,relatime".</param>
/// <param name="Tags">"shared:1", "master:2", "propagate_from:3", "unbindable"; separated by spaces.</param>
/// <param name="Type">File system type.</param>
/// <param name="Source">What was mounted, or "none".</param>
/// <param name="SuperOptions">Options of the file system: of a cgroup v1 hierarchy its controllers.</param>
public sealed record MountInfo(
    int Id, int ParentId, string Root, string MountPoint, string Options, string Tags, string Type, string Source, string SuperOptions)
{
    private const int Limit = 64 << 20;

    /// <summary>All mounts of this process's namespace, in the order of the kernel.</summary>
    public static List<MountInfo> ReadSelf() => Parse(Files.ReadAll(At.Cwd, "/proc/self/mountinfo", Limit));

    /// <summary>Parses the whole file. A line that is not understood is an error: half a list misleads.</summary>
    public static List<MountInfo> Parse(ReadOnlySpan<byte> text)
    {
        List<MountInfo> mounts = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (!text[range].IsEmpty)
            {
                mounts.Add(ParseLine(text[range]));
            }
        }
        return mounts;
    }

    private static MountInfo ParseLine(ReadOnlySpan<byte> line)
    {
        string[] fields = Encoding.UTF8.GetString(line).Split(' ');
        // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS TAG... - TYPE SOURCE SUPEROPTIONS
        int dash = fields.Length > 6 ? Array.IndexOf(fields, "-", 6) : -1;
        if (dash < 0 || fields.Length < dash + 4
            || !int.TryParse(fields[0], System.Globalization.CultureInfo.InvariantCulture, out int id)
            || !int.TryParse(fields[1], System.Globalization.CultureInfo.InvariantCulture, out int parent))
        {
            throw new LinuxException("understand", "/proc/self/mountinfo", 0, Encoding.UTF8.GetString(line));
        }
        return new(id, parent, Unescape(fields[3]), Unescape(fields[4]), fields[5], string.Join(' ', fields, 6, dash - 6),
            fields[dash + 1], Unescape(fields[dash + 2]), fields[dash + 3]);
    }

    /// <summary>Space, tab, newline, backslash and "#" stand as a backslash and three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }
        StringBuilder text = new(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                text.Append((char)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }
        return text.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
