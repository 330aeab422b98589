using Csrun.Linux;

namespace Csrun.Runtime;

/// <summary>
/// What a person can do about an errno that has one usual cause. Engines sort errors by the words "permission denied",
/// "no such file or directory" and "not found" (Podman takes the first that fits), so no hint has them.
/// </summary>
public static class Hints
{
    /// <summary>A hint for an errno that means the same whatever the operation; null if there is none.</summary>
    public static string? For(int errno) => errno switch
    {
        Errno.ENOSYS => "the kernel lacks this system call: Linux 5.12 or newer is needed",
        Errno.ENOSPC => "no space, inodes, or names are left (df -i, or a limit in /proc/sys/user)",
        Errno.EMFILE => "raise the limit of open files (ulimit -n)",
        Errno.ENFILE => "the whole system is at its limit of open files (/proc/sys/fs/file-max)",
        Errno.ENOMEM => "memory is short, or the cgroup that csrun was started in is at its limit",
        Errno.EROFS => "the file system is read-only",
        _ => null,
    };
}
