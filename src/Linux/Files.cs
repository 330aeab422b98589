using System;
using System.Globalization;
using System.Text;

namespace Csrun.Linux;

/// <summary>Reading and writing whole files by descriptor. Interrupted calls are repeated.</summary>
public static class Files
{
    /// <summary>Enough for nearly all that is read here, at one read(2) and one more for the end.</summary>
    private const int FirstBuffer = 4096;

    /// <summary>openat(2), repeated on EINTR.</summary>
    public static Fd Open(int directory, string path, int flags, uint mode = 0)
    {
        int result;
        do
        {
            result = Syscalls.OpenAt(directory, path, flags, mode);
        }
        while (result == -Errno.EINTR);
        return Fd.Own(result, "open", path);
    }

    /// <summary>Opens a directory, for use with the functions that take one.</summary>
    public static Fd OpenDirectory(string path) =>
        Open(At.Cwd, path, OpenFlags.ReadOnly | OpenFlags.Directory);

    /// <summary>
    /// Reads to the end, wherever that is: files of procfs and cgroupfs say 0 for their size, and give less than what
    /// was asked for.
    /// </summary>
    /// <param name="fd">An open file.</param>
    /// <param name="limit">Most bytes that are believed; more is an error (EFBIG).</param>
    /// <param name="name">The file's name, for messages.</param>
    public static byte[] ReadAll(int fd, int limit, string name)
    {
        Span<byte> buffer = stackalloc byte[FirstBuffer];
        int length = 0;
        while (true)
        {
            long read = Syscalls.Read(fd, buffer[length..]);
            if (read == -Errno.EINTR)
            {
                continue;
            }
            LinuxException.Check(read, "read", name);
            length += (int)read;
            if (length > limit)
            {
                throw new LinuxException("read", name, Errno.EFBIG, $"more than {limit.ToString(CultureInfo.InvariantCulture)} bytes");
            }
            if (read == 0)
            {
                return buffer[..length].ToArray();
            }
            if (length == buffer.Length)
            {
                buffer = Larger(fd, buffer, limit);
            }
        }
    }

    // Room for all of a file that says how large it is, and for one byte more, which finds its end.
    private static Span<byte> Larger(int fd, ReadOnlySpan<byte> full, int limit)
    {
        long size = Syscalls.Stat(fd, out var status) >= 0 && status.Size <= (ulong)limit ? (long)status.Size + 1 : 0;
        Span<byte> larger = GC.AllocateUninitializedArray<byte>((int)Math.Max(size, full.Length * 4L));
        Pages.Populate(larger);
        full.CopyTo(larger);
        return larger;
    }

    /// <summary>Reads a whole file by its path.</summary>
    public static byte[] ReadAll(int directory, string path, int limit)
    {
        using Fd fd = Open(directory, path, OpenFlags.ReadOnly);
        return ReadAll(fd.Number, limit, path);
    }

    /// <summary>Reads a whole small file as text (UTF-8); null if there is none.</summary>
    public static string? TryReadText(int directory, string path, int limit)
    {
        int result = Syscalls.OpenAt(directory, path, OpenFlags.ReadOnly);
        if (result is -Errno.ENOENT or -Errno.ENOTDIR)
        {
            return null;
        }
        using Fd fd = Fd.Own(result, "open", path);
        return Encoding.UTF8.GetString(ReadAll(fd.Number, limit, path));
    }

    /// <summary>Writes all of it; short writes are gone on with.</summary>
    public static void WriteAll(int fd, ReadOnlySpan<byte> data, string name)
    {
        while (!data.IsEmpty)
        {
            long written = Syscalls.Write(fd, data);
            if (written != -Errno.EINTR)
            {
                LinuxException.Check(written, "write to", name);
                data = data[(int)written..];
            }
        }
    }

    /// <summary>
    /// Writes a kernel file (cgroup, procfs), which takes its value in exactly one write(2): 0, or -errno.
    /// </summary>
    public static int WriteOnce(int directory, string path, ReadOnlySpan<byte> data)
    {
        int fd = Syscalls.OpenAt(directory, path, OpenFlags.WriteOnly | OpenFlags.NoFollow);
        if (fd < 0)
        {
            return fd;
        }
        long written;
        do
        {
            written = Syscalls.Write(fd, data);
        }
        while (written == -Errno.EINTR);
        _ = Syscalls.Close(fd);
        return written < 0 ? (int)written : written == data.Length ? 0 : -Errno.EIO;
    }

    /// <summary>
    /// Replaces a file as a whole: nobody ever sees half of it, and what was there stays until the new one is complete.
    /// </summary>
    /// <param name="directory">The directory's descriptor, or <see cref="At.Cwd"/>.</param>
    /// <param name="path">The file; the temporary one lies beside it.</param>
    /// <param name="data">Its content.</param>
    /// <param name="mode">Permission bits, exact whatever the umask.</param>
    public static void WriteAtomically(int directory, string path, ReadOnlySpan<byte> data, uint mode)
    {
        using PendingFile pending = new(directory, path, data, mode);
        pending.Commit();
    }

    /// <summary>
    /// Makes a file that is complete when it gets its name, and has none before: nothing is left of it when we are
    /// killed. False, with nothing done, where there is such a file already or file systems have none without names.
    /// </summary>
    /// <param name="directory">The directory's descriptor, or <see cref="At.Cwd"/>.</param>
    /// <param name="path">The file.</param>
    /// <param name="data">Its content.</param>
    /// <param name="mode">Permission bits, exact whatever the umask.</param>
    public static bool TryWriteNew(int directory, string path, ReadOnlySpan<byte> data, uint mode)
    {
        int slash = path.LastIndexOf('/');
        string parent = slash < 0 ? "." : path[..(slash + 1)];
        int result = Syscalls.OpenAt(directory, parent, OpenFlags.WriteOnly | OpenFlags.TemporaryFile, mode);
        if (result < 0)
        {
            return false;
        }
        using Fd file = new(result);
        LinuxException.Check(Syscalls.Fchmod(file.Number, mode), "set the mode of", path);
        WriteAll(file.Number, data, path);
        string self = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.Number}");
        return Syscalls.LinkAt(At.Cwd, self, directory, path) >= 0;
    }

    /// <summary>The path of an open file, for messages; null if it has none that can be told.</summary>
    public static string? PathOf(int fd)
    {
        Span<byte> path = stackalloc byte[FirstBuffer];
        int length = Syscalls.ReadLinkAt(At.Cwd, string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}"), path);
        return length < 0 ? null : Encoding.UTF8.GetString(path[..length]);
    }
}
