using System;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Csrun.Linux;

/// <summary>What identifies a process beyond its number, which is used again: proc_pid_stat(5).</summary>
/// <param name="State">'R', 'S', 'D', 'Z' (ended, not yet waited for), 'X', 'T', ...</param>
/// <param name="StartTime">Clock ticks from boot to its start.</param>
/// <param name="Flags">The kernel's PF_* of its first thread.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ProcessStat(char State, ulong StartTime, uint Flags)
{
    private const uint Exiting = 4;

    /// <summary>Whether it has ended, even if its parent does not know yet.</summary>
    public bool HasEnded => State is 'Z' or 'X' or 'x';

    /// <summary>
    /// Whether it has ended or is about to (PF_EXITING): the first process of a pid namespace waits in between until
    /// all others in it are reaped.
    /// </summary>
    public bool IsEnding => HasEnded || (Flags & Exiting) != 0;

    /// <summary>Reads it; null if there is no such process.</summary>
    public static ProcessStat? Read(int pid)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat");
        int fd = Syscalls.OpenAt(At.Cwd, path, OpenFlags.ReadOnly);
        // ESRCH: it goes while it is looked up.
        if (fd is -Errno.ENOENT or -Errno.ESRCH)
        {
            return null;
        }
        using Fd file = Fd.Own(fd, "open", path);
        Span<byte> buffer = stackalloc byte[4096];
        long length = Syscalls.Read(file.Number, buffer);
        // Gone between the open and the read.
        if (length == -Errno.ESRCH)
        {
            return null;
        }
        LinuxException.Check(length, "read", path);
        return TryParse(buffer[..(int)length], out ProcessStat stat)
            ? stat
            : throw new LinuxException("understand", path, 0);
    }

    /// <summary>
    /// Parses a line. The second field is the process's own choice of a name in parentheses, and may hold spaces,
    /// parentheses and newlines: fields are counted from the last ")".
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out ProcessStat stat)
    {
        const int flagsField = 9, startTimeField = 22;
        uint flags = 0;
        stat = default;
        int end = line.LastIndexOf((byte)')');
        if (end < 0 || line.Length < end + 3)
        {
            return false;
        }
        line = line[(end + 2)..];
        char state = (char)line[0];
        for (int field = 3; field < startTimeField; field++)
        {
            int space = line.IndexOf((byte)' ');
            if (space < 0)
            {
                return false;
            }
            line = line[(space + 1)..];
            if (field + 1 == flagsField && !Utf8Parser.TryParse(line, out flags, out _))
            {
                return false;
            }
        }
        if (!Utf8Parser.TryParse(line, out ulong startTime, out _))
        {
            return false;
        }
        stat = new(state, startTime, flags);
        return true;
    }
}
