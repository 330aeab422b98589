using System;

namespace Csrun.Linux;

/// <summary>Files in memory whose content nobody can change any more: memfd_create(2), F_ADD_SEALS in fcntl(2).</summary>
public static class Memfd
{
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const uint NoExecSeal = 8;
    private const uint Executable = 16;

    private const int SealSeal = 1;
    private const int SealShrink = 2;
    private const int SealGrow = 4;
    private const int SealWrite = 8;
    private const int SealExec = 32;

    /// <summary>The seals that every sealed file has at least: no change of content, size or seals.</summary>
    public const int Sealed = SealSeal | SealShrink | SealGrow | SealWrite;

    /// <summary>Makes a file with this content, and seals it.</summary>
    /// <param name="name">Shown in /proc/PID/maps and in /proc/PID/exe's link.</param>
    /// <param name="content">All of it.</param>
    /// <param name="executable">Whether it is a program to execute.</param>
    public static Fd Create(string name, ReadOnlySpan<byte> content, bool executable) => Fill(Open(name, executable), name, content);

    /// <summary>
    /// The same, of a program to execute, in two parts; null where the sysctl vm.memfd_noexec is 2, which forbids it.
    /// </summary>
    public static Fd? TryCreateExecutable(string name, ReadOnlySpan<byte> content, ReadOnlySpan<byte> rest)
    {
        int result = TryOpen(name, executable: true);
        return result == -Errno.EACCES ? null : Fill(Fd.Own(result, "make memory file", name), name, content, rest);
    }

    private static Fd Fill(Fd fd, string name, ReadOnlySpan<byte> content, ReadOnlySpan<byte> rest = default)
    {
        try
        {
            Files.WriteAll(fd.Number, content, name);
            Files.WriteAll(fd.Number, rest, name);
            Seal(fd.Number, name);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Seals with everything that the kernel knows. F_SEAL_EXEC, which also keeps the mode from being changed, is since
    /// Linux 6.3 and goes first, because nothing can be added after F_SEAL_SEAL.
    /// </summary>
    public static void Seal(int fd, string name)
    {
        int exec = Syscalls.AddSeals(fd, SealExec);
        if (exec is not (0 or -Errno.EINVAL))
        {
            throw new LinuxException("seal", name, -exec);
        }
        LinuxException.Check(Syscalls.AddSeals(fd, Sealed), "seal", name);
    }

    private static Fd Open(string name, bool executable)
    {
        int result = TryOpen(name, executable);
        if (result == -Errno.EACCES && executable)
        {
            throw new LinuxException("make executable memory file", name, Errno.EACCES,
                "sysctl vm.memfd_noexec is 2, which forbids it; set it to 0 or 1 in this pid namespace");
        }
        return Fd.Own(result, "make memory file", name);
    }

    private static int TryOpen(string name, bool executable)
    {
        uint flags = CloseOnExec | AllowSealing;
        int result = Syscalls.MemfdCreate(name, flags | (executable ? Executable : NoExecSeal));
        // < 6.3: knows neither flag, and every memfd may be executed.
        return result == -Errno.EINVAL ? Syscalls.MemfdCreate(name, flags) : result;
    }
}
