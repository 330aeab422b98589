using System;

namespace Csrun.Linux;

/// <summary>Which Linux security modules are on.</summary>
public static class SecurityModules
{
    /// <summary>AppArmor, as its library asks (aa_is_enabled(2)); in a container too, where securityfs is not mounted.</summary>
    public static bool IsAppArmorEnabled() =>
        Files.TryReadText(At.Cwd, "/sys/module/apparmor/parameters/enabled", 16)?.StartsWith('Y') == true;

    /// <summary>Whether a profile holds for this process.</summary>
    public static bool IsAppArmorConfined()
    {
        // < 5.8: the attributes are not told apart by module.
        string? current = Files.TryReadText(At.Cwd, "/proc/self/attr/apparmor/current", 4096)
            ?? Files.TryReadText(At.Cwd, "/proc/self/attr/current", 4096);
        return current is not null && !current.StartsWith("unconfined", StringComparison.Ordinal);
    }

    /// <summary>SELinux, as its library asks (is_selinux_enabled(3)): its file system is mounted, and not read-only as in containers.</summary>
    public static bool IsSelinuxEnabled()
    {
        int fd = Syscalls.OpenAt(At.Cwd, "/sys/fs/selinux", OpenFlags.Path | OpenFlags.Directory);
        if (fd < 0)
        {
            return false;
        }
        bool mounted = Syscalls.FileSystemType(fd, out long magic) >= 0 && magic == FsMagic.Selinux && !Syscalls.IsReadOnly(fd);
        _ = Syscalls.Close(fd);
        return mounted;
    }
}
