using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Csrun.Linux;

/// <summary>What statx(2) says of a file.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FileStatus(
    uint FileMode, uint Uid, uint Gid, ulong Inode, ulong Size, uint DeviceMajor, uint DeviceMinor, uint RdevMajor, uint RdevMinor)
{
    /// <summary>S_IF* alone.</summary>
    public uint Type => FileMode & Mode.TypeMask;

    public bool IsDirectory => Type == Mode.Directory;

    public bool IsRegular => Type == Mode.Regular;

    /// <summary>Whether both are the same file: device and inode.</summary>
    public bool IsSameFile(in FileStatus other) =>
        Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;
}

public static unsafe partial class Syscalls
{
    /// <summary>openat(2), with O_CLOEXEC and O_NOCTTY always.</summary>
    public static int OpenAt(int directory, string path, int flags, uint mode = 0)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return OpenAt(directory, p, flags, mode);
        }
    }

    /// <summary>openat(2) for a NUL-terminated name that need not be UTF-8.</summary>
    public static int OpenAt(int directory, byte* path, int flags, uint mode = 0) =>
        Call(SyscallNumbers.OpenAt, directory, path, flags | OpenFlags.CloseOnExec | OpenFlags.NoCtty, mode);

    /// <summary>openat2(2), with O_CLOEXEC always. ENOSYS before Linux 5.6, and EPERM under some seccomp profiles.</summary>
    public static int OpenAt2(int directory, string path, int flags, ulong resolve, uint mode = 0)
    {
        OpenHow how = new() { Flags = (uint)(flags | OpenFlags.CloseOnExec), Mode = mode, Resolve = resolve };
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.OpenAt2, directory, p, &how, sizeof(OpenHow));
        }
    }

    /// <summary>open_tree(2): a descriptor for a mount; with OPEN_TREE_CLONE (1) a detached copy of it.</summary>
    public static int OpenTree(int directory, string path, uint flags)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.OpenTree, directory, p, flags | (uint)OpenFlags.CloseOnExec);
        }
    }

    /// <summary>close(2). Whatever it gives, the descriptor is gone: it is never repeated.</summary>
    public static int Close(int fd) => Result(LibC.close(fd));

    /// <summary>read(2).</summary>
    public static long Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            return Result(LibC.read(fd, p, buffer.Length));
        }
    }

    /// <summary>write(2).</summary>
    public static long Write(int fd, ReadOnlySpan<byte> data)
    {
        // A write of no bytes must still have an address (id maps and cgroup files are written with "" by nobody).
        fixed (byte* p = &MemoryMarshal.GetReference(data))
        {
            return Result(LibC.write(fd, p, data.Length));
        }
    }

    /// <summary>lseek(2) from the start of the file.</summary>
    public static long Seek(int fd, long offset) => Result(LibC.lseek(fd, offset, 0));

    /// <summary>statx(2) of a path, or with AT_EMPTY_PATH and "" of the descriptor itself.</summary>
    public static int Stat(int directory, string path, int flags, out FileStatus status)
    {
        const uint basicStats = 0x7ff;
        statx raw;
        int result;
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            result = Result(LibC.statx(directory, p, flags | At.NoAutomount, basicStats, &raw));
        }
        status = result < 0
            ? default
            : new(raw.stx_mode, raw.stx_uid, raw.stx_gid, raw.stx_ino, raw.stx_size, raw.stx_dev_major,
                raw.stx_dev_minor, raw.stx_rdev_major, raw.stx_rdev_minor);
        return result;
    }

    /// <summary>statx(2) of an open file.</summary>
    public static int Stat(int fd, out FileStatus status) => Stat(fd, "", At.EmptyPath, out status);

    /// <summary>Whether the mount that a file is on is read-only; false if that cannot be had.</summary>
    public static bool IsReadOnly(int fd)
    {
        const int flags = 10;
        const long readOnly = 1;
        long* statfs = stackalloc long[16];
        return Call(SyscallNumbers.Fstatfs, fd, statfs) >= 0 && (statfs[flags] & readOnly) != 0;
    }

    /// <summary>The f_type of fstatfs(2): one of <see cref="FsMagic"/>.</summary>
    public static int FileSystemType(int fd, out long magic)
    {
        long* statfs = stackalloc long[16];
        int result = Call(SyscallNumbers.Fstatfs, fd, statfs);
        magic = result < 0 ? 0 : statfs[0];
        return result;
    }

    /// <summary>madvise(2).</summary>
    public static int Madvise(void* start, nuint length, int advice) => Call(SyscallNumbers.Madvise, start, (void*)length, advice);

    /// <summary>mkdirat(2).</summary>
    public static int MkdirAt(int directory, string path, uint mode)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.MkdirAt, directory, p, mode);
        }
    }

    /// <summary>faccessat2(2) with AT_EACCESS: whether entries may be made in a directory; 0 or -errno.</summary>
    public static int MayMakeIn(string directory)
    {
        const int WriteAndSearch = 3;
        const int EffectiveIds = 0x200;
        fixed (byte* p = Utf8(directory, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.FaccessAt2, At.Cwd, p, WriteAndSearch, EffectiveIds);
        }
    }

    /// <summary>unlinkat(2).</summary>
    public static int UnlinkAt(int directory, string path, int flags = 0)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return UnlinkAt(directory, p, flags);
        }
    }

    /// <summary>unlinkat(2) for a NUL-terminated name that need not be UTF-8.</summary>
    public static int UnlinkAt(int directory, byte* path, int flags) => Result(LibC.unlinkat(directory, path, flags));

    /// <summary>renameat(2).</summary>
    public static int RenameAt(int fromDirectory, string from, int toDirectory, string to)
    {
        fixed (byte* f = Utf8(from, stackalloc byte[PathBuffer]), t = Utf8(to, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.RenameAt, fromDirectory, f, toDirectory, t);
        }
    }

    /// <summary>linkat(2) with AT_SYMLINK_FOLLOW.</summary>
    public static int LinkAt(int fromDirectory, string from, int toDirectory, string to)
    {
        fixed (byte* f = Utf8(from, stackalloc byte[PathBuffer]), t = Utf8(to, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.LinkAt, fromDirectory, f, toDirectory, t, At.SymlinkFollow);
        }
    }

    /// <summary>readlinkat(2): the number of bytes; a result as long as the buffer may be cut off.</summary>
    public static int ReadLinkAt(int directory, string path, Span<byte> target)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]), t = target)
        {
            return (int)Result(LibC.readlinkat(directory, p, t, target.Length));
        }
    }

    /// <summary>umask(2): gives the one before; cannot fail.</summary>
    public static uint Umask(uint mask) => (uint)Call(SyscallNumbers.Umask, mask);

    /// <summary>fchmod(2).</summary>
    public static int Fchmod(int fd, uint mode) => Call(SyscallNumbers.Fchmod, fd, mode);

    /// <summary>fchownat(2); an id of 4294967295 stays as it is.</summary>
    public static int FchownAt(int directory, string path, uint uid, uint gid, int flags)
    {
        fixed (byte* p = Utf8(path, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.FchownAt, directory, p, uid, gid, flags);
        }
    }

    /// <summary>ftruncate(2).</summary>
    public static int Ftruncate(int fd, long length) => Result(LibC.ftruncate(fd, length));

    /// <summary>flock(2): LOCK_SH 1, LOCK_EX 2, LOCK_NB 4, LOCK_UN 8.</summary>
    public static int Flock(int fd, int operation) => Call(SyscallNumbers.Flock, fd, operation);

    /// <summary>fcntl(2) with F_DUPFD_CLOEXEC: a copy with a number of at least <paramref name="least"/>.</summary>
    public static int Duplicate(int fd, int least = 3) => Result(LibC.fcntl(fd, 1030, least));

    /// <summary>fcntl(2) with F_GETFD: 0 or FD_CLOEXEC; -EBADF for a number that is not open.</summary>
    public static int GetDescriptorFlags(int fd) => Result(LibC.fcntl(fd, 1));

    /// <summary>fcntl(2) with F_SETFL and O_NONBLOCK alone: for descriptors that are ours, as it holds for all who share them.</summary>
    public static int SetNonBlocking(int fd) => Result(LibC.fcntl(fd, 4, OpenFlags.NonBlock));

    /// <summary>fcntl(2) with F_ADD_SEALS.</summary>
    public static int AddSeals(int fd, int seals) => Result(LibC.fcntl(fd, 1033, seals));

    /// <summary>fcntl(2) with F_GET_SEALS.</summary>
    public static int GetSeals(int fd) => Result(LibC.fcntl(fd, 1034));

    /// <summary>pipe2(2) with O_CLOEXEC.</summary>
    public static int Pipe(out int reader, out int writer)
    {
        int* fds = stackalloc int[2];
        int result = Call(SyscallNumbers.Pipe2, fds, OpenFlags.CloseOnExec);
        (reader, writer) = result < 0 ? (-1, -1) : (fds[0], fds[1]);
        return result;
    }

    /// <summary>getdents64(2): bytes of directory entries; 0 at the end.</summary>
    public static int GetDirectoryEntries(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            return Call(SyscallNumbers.Getdents64, fd, p, buffer.Length);
        }
    }

    /// <summary>close_range(2), since Linux 5.9: both ends included; flag 4 is CLOSE_RANGE_CLOEXEC.</summary>
    public static int CloseRange(uint first, uint last, uint flags) => Call(SyscallNumbers.CloseRange, first, last, flags);

    /// <summary>eventfd2(2), not blocking, with a count of 0.</summary>
    public static int EventFd() => Call(SyscallNumbers.EventFd2, 0, OpenFlags.NonBlock | OpenFlags.CloseOnExec);

    /// <summary>memfd_create(2).</summary>
    public static int MemfdCreate(string name, uint flags)
    {
        fixed (byte* p = Utf8(name, stackalloc byte[PathBuffer]))
        {
            return Result(LibC.memfd_create(p, flags));
        }
    }

    /// <summary>ioctl(2) with a pointer, or null for none.</summary>
    public static int Ioctl(int fd, int request, void* argument) => Result(LibC.ioctl(fd, request, argument));

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
