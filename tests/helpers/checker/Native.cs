using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Tests.Checker;

/// <summary>What execve left, noted by AtStart.S before any runtime code could change it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StartState
{
    public long Argc;
    public byte** Argv;
    public byte** Envp;
    public ulong Ignored;
    public ulong Blocked;
}

/// <summary>libc and the kernel, as far as the checker needs them.</summary>
internal static unsafe partial class Native
{
    internal const int Open = 0x0, WriteOnly = 0x1, ReadWrite = 0x2, Create = 0x40, Append = 0x400, CloseOnExec = 0x80000, Path = 0x200000, NoFollow = 0x20000;

    [LibraryImport("checker_at_start")]
    internal static partial StartState* checker_state_at_start();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial long syscall(long number, long a, long b, long c, long d, long e);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, long argument);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint readlink(string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    [LibraryImport("libc")]
    internal static partial uint umask(uint mask);

    [LibraryImport("libc")]
    internal static partial int getpid();

    [LibraryImport("libc")]
    internal static partial int getppid();

    [LibraryImport("libc")]
    internal static partial int getpgid(int pid);

    [LibraryImport("libc")]
    internal static partial int getsid(int pid);

    [LibraryImport("libc")]
    internal static partial int tcgetpgrp(int fd);

    [LibraryImport("libc")]
    internal static partial int isatty(int fd);

    [LibraryImport("libc")]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, ulong request, void* argument);

    [LibraryImport("libc")]
    internal static partial int getgroups(int size, uint* list);

    [LibraryImport("libc")]
    internal static partial int getresuid(uint* real, uint* effective, uint* saved);

    [LibraryImport("libc")]
    internal static partial int getresgid(uint* real, uint* effective, uint* saved);

    [LibraryImport("libc")]
    internal static partial int setfsuid(uint id);

    [LibraryImport("libc")]
    internal static partial int setfsgid(uint id);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getrlimit(int resource, ulong* limit);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int uname(byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, long* time);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial byte* getcwd(byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int execve(byte* path, byte** argv, byte** envp);

    [LibraryImport("libc")]
    internal static partial void _exit(int status);

    /// <summary>The name of the last call's errno.</summary>
    internal static string Error => ErrorName(Marshal.GetLastPInvokeError());

    internal static string ErrorName(int errno) => errno switch
    {
        0 => "ok",
        1 => "EPERM",
        2 => "ENOENT",
        6 => "ENXIO",
        9 => "EBADF",
        13 => "EACCES",
        16 => "EBUSY",
        17 => "EEXIST",
        19 => "ENODEV",
        20 => "ENOTDIR",
        21 => "EISDIR",
        22 => "EINVAL",
        25 => "ENOTTY",
        26 => "ETXTBSY",
        28 => "ENOSPC",
        30 => "EROFS",
        38 => "ENOSYS",
        40 => "ELOOP",
        116 => "ESTALE",
        _ => $"E{errno}",
    };

    /// <summary>The whole content of a file, or null with <see cref="Error"/> set.</summary>
    internal static byte[]? ReadFile(string path, int limit = 4 << 20)
    {
        var fd = open(path, CloseOnExec, 0);
        return fd < 0 ? null : ReadAll(fd, limit, true);
    }

    /// <summary>All bytes up to end of file.</summary>
    internal static byte[]? ReadAll(int fd, int limit = 4 << 20, bool close = false)
    {
        var buffer = new byte[4096];
        var used = 0;
        while (used < limit)
        {
            if (used == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            nint got;
            fixed (byte* start = buffer)
            {
                got = read(fd, start + used, (nuint)(buffer.Length - used));
            }

            if (got < 0)
            {
                return null;
            }

            if (got == 0)
            {
                break;
            }

            used += (int)got;
        }

        if (close)
        {
            Native.close(fd);
        }

        Array.Resize(ref buffer, used);
        return buffer;
    }

    internal static string? ReadText(string path) => ReadFile(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Writes all bytes; false with <see cref="Error"/> set when that fails.</summary>
    internal static bool WriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var wrote = write(fd, start + done, (nuint)(bytes.Length - done));
                if (wrote < 0)
                {
                    return false;
                }

                done += (int)wrote;
            }
        }

        return true;
    }

    /// <summary>Appends to a file that is made when missing.</summary>
    internal static bool AppendFile(string path, ReadOnlySpan<byte> bytes)
    {
        var fd = open(path, WriteOnly | Create | Append | CloseOnExec, 0x1b6);
        if (fd < 0)
        {
            return false;
        }

        var done = WriteAll(fd, bytes);
        close(fd);
        return done;
    }

    internal static string? ReadLink(string path)
    {
        var buffer = stackalloc byte[4096];
        var length = readlink(path, buffer, 4096);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    internal static string[] Strings(byte** list)
    {
        var count = 0;
        while (list[count] != null)
        {
            count++;
        }

        var strings = new string[count];
        for (var i = 0; i < count; i++)
        {
            strings[i] = Marshal.PtrToStringUTF8((nint)list[i])!;
        }

        return strings;
    }
}
