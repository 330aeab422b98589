using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Linux;

/// <summary>One name in a directory.</summary>
/// <param name="NulTerminated">Its bytes, which need not be UTF-8, and a NUL.</param>
/// <param name="IsDirectory">What getdents64(2) says; false also where the file system does not say.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DirectoryEntry(byte[] NulTerminated, bool IsDirectory)
{
    /// <summary>The name as text, for names that are ours and for messages.</summary>
    public string Name => Encoding.UTF8.GetString(NulTerminated.AsSpan(..^1));
}

/// <summary>Directories: making, listing, locking and removing them.</summary>
public static class Directories
{
    private const int LockExclusive = 2;
    private const int LockShared = 1;
    private const int LockNonBlocking = 4;
    private const int LockRelease = 8;

    /// <summary>All names but "." and "..".</summary>
    public static List<DirectoryEntry> List(int fd, string name)
    {
        // struct linux_dirent64: d_ino, d_off (8 bytes each), d_reclen (2), d_type (1), d_name.
        const int nameOffset = 19;
        const byte directoryType = 4;
        List<DirectoryEntry> entries = [];
        Span<byte> buffer = stackalloc byte[8192];
        while (true)
        {
            int length = Syscalls.GetDirectoryEntries(fd, buffer);
            LinuxException.Check(length, "list", name);
            if (length == 0)
            {
                return entries;
            }
            for (ReadOnlySpan<byte> rest = buffer[..length]; rest.Length > nameOffset;)
            {
                ushort size = MemoryMarshal.Read<ushort>(rest[16..]);
                ReadOnlySpan<byte> entry = rest[nameOffset..size];
                entry = entry[..(entry.IndexOf((byte)0) + 1)];
                if (!entry.SequenceEqual(".\0"u8) && !entry.SequenceEqual("..\0"u8))
                {
                    entries.Add(new(entry.ToArray(), rest[18] == directoryType));
                }
                rest = rest[size..];
            }
        }
    }

    /// <summary>
    /// Makes a directory and those above it that are missing, and opens it. Ones that exist are left as they are.
    /// </summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">Permission bits of what is made.</param>
    public static Fd Make(string path, uint mode)
    {
        Fd current = OpenDirectory(At.Cwd, "/", path);
        try
        {
            foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                int made = Syscalls.MkdirAt(current.Number, part, mode);
                // Read-only file systems say EROFS for a directory that is there.
                if (made < 0 && made is not (-Errno.EEXIST or -Errno.EROFS))
                {
                    throw new LinuxException("make directory", path, -made);
                }
                Fd next = OpenDirectory(current.Number, part, path);
                current.Dispose();
                current = next;
            }
            return current;
        }
        catch
        {
            current.Dispose();
            throw;
        }
    }

    /// <summary>Locks an open file or directory for itself, flock(2): held until the descriptor is closed.</summary>
    /// <param name="fd">The file, opened by this command: a lock belongs to the opening.</param>
    /// <param name="exclusive">Against all others; else only against those that want it for themselves.</param>
    /// <param name="wait">Wait for it; else false is given if another holds it.</param>
    /// <param name="name">For messages.</param>
    public static bool Lock(int fd, bool exclusive, bool wait, string name)
    {
        int operation = (exclusive ? LockExclusive : LockShared) | (wait ? 0 : LockNonBlocking);
        int result;
        do
        {
            result = Syscalls.Flock(fd, operation);
        }
        while (result == -Errno.EINTR);
        if (result == -Errno.EAGAIN)
        {
            return false;
        }
        LinuxException.Check(result, "lock", name);
        return true;
    }

    /// <summary>Gives a lock back.</summary>
    public static void Unlock(int fd) => _ = Syscalls.Flock(fd, LockRelease);

    /// <summary>
    /// Removes a directory with all in it. Symbolic links are removed, never followed; other file systems mounted in it
    /// are an error (EBUSY). What is gone already is no error.
    /// </summary>
    public static void RemoveTree(int parent, string name)
    {
        int result = Syscalls.OpenAt(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        if (result == -Errno.ENOENT)
        {
            return;
        }
        using (Fd directory = Fd.Own(result, "open", name))
        {
            Empty(directory.Number, name);
        }
        result = Syscalls.UnlinkAt(parent, name, At.RemoveDir);
        if (result < 0 && result != -Errno.ENOENT)
        {
            throw new LinuxException("remove", name, -result);
        }
    }

    private static unsafe void Empty(int directory, string name)
    {
        foreach (DirectoryEntry entry in List(directory, name))
        {
            fixed (byte* p = entry.NulTerminated)
            {
                int result = Syscalls.UnlinkAt(directory, p, 0);
                if (result is -Errno.EISDIR or -Errno.EPERM)
                {
                    string path = name + "/" + entry.Name;
                    result = Syscalls.OpenAt(directory, p, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
                    using (Fd child = Fd.Own(result, "open", path))
                    {
                        Empty(child.Number, path);
                    }
                    result = Syscalls.UnlinkAt(directory, p, At.RemoveDir);
                }
                if (result < 0 && result != -Errno.ENOENT)
                {
                    throw new LinuxException("remove", name + "/" + entry.Name, -result);
                }
            }
        }
    }

    private static Fd OpenDirectory(int parent, string name, string path) =>
        Fd.Own(Syscalls.OpenAt(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory), "open directory", path);
}
