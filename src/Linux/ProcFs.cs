using System;
using System.Globalization;

namespace Csrun.Linux;

/// <summary>
/// procfs(5), not believed: /proc may be another file system, or have one mounted over any file in it, so that a write
/// would land somewhere else (CVE-2019-16884, CVE-2025-52881). Every file is opened below a root that was verified, and
/// is verified itself.
/// </summary>
public static class ProcFs
{
    private const ulong RootInode = 1;
    private const ulong Below = Resolve.Beneath | Resolve.NoXdev | Resolve.NoMagicLinks;

    /// <summary>Opens the host's /proc and checks that it is procfs's root.</summary>
    public static Fd OpenRoot()
    {
        Fd root = Fd.Own(Syscalls.OpenAt(At.Cwd, "/proc", OpenFlags.Path | OpenFlags.Directory), "open", "/proc");
        if (IsProcFs(root.Number) && Syscalls.Stat(root.Number, out FileStatus status) >= 0 && status.Inode == RootInode)
        {
            return root;
        }
        root.Dispose();
        throw new LinuxException("use", "/proc", 0, "it is not the root of a procfs");
    }

    /// <summary>Opens a file below a verified root: the descriptor, or -errno; -EXDEV if it is not procfs's own file.</summary>
    public static int TryOpen(int root, string path, int flags)
    {
        int result = Syscalls.OpenAt2(root, path, flags, Below);
        if (result is -Errno.ENOSYS or -Errno.EPERM)
        {
            // < 5.6, or a seccomp profile that refuses it: what is found is verified below all the same.
            result = Syscalls.OpenAt(root, path, flags | OpenFlags.NoFollow);
        }
        if (result >= 0 && !IsProcFs(result))
        {
            _ = Syscalls.Close(result);
            return -Errno.EXDEV;
        }
        return result;
    }

    /// <summary>Opens a file of a process, "uid_map" for one.</summary>
    public static Fd Open(int root, int pid, string name, int flags)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{pid}/{name}");
        return Fd.Own(TryOpen(root, path, flags), "open", "/proc/" + path);
    }

    /// <summary>Writes a value, in the one write(2) that such files take: 0, or -errno.</summary>
    public static int Write(int root, int pid, string name, ReadOnlySpan<byte> value)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{pid}/{name}");
        int result = TryOpen(root, path, OpenFlags.WriteOnly);
        if (result < 0)
        {
            return result;
        }
        long written = Syscalls.Write(result, value);
        _ = Syscalls.Close(result);
        return written < 0 ? (int)written : 0;
    }

    private static bool IsProcFs(int fd) => Syscalls.FileSystemType(fd, out long magic) >= 0 && magic == FsMagic.Proc;
}
