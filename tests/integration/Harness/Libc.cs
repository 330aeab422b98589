using System;
using System.Runtime.InteropServices;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Csrun.Tests.Integration;

/// <summary>System calls that .NET has no class for.</summary>
internal static unsafe partial class Libc
{
    internal const int CloseOnExec = 0x80000, ReadWrite = 2, WriteOnly = 1, NoControl = 0x100;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, long argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(void* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, ulong request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int wait4(int pid, int* status, int options, byte* usage);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitid(int kind, int id, byte* information, int options);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setxattr(string path, string name, byte[] value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint getxattr(string path, string name, byte[] value, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int fd, void* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int grantpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unlockpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ptsname_r(int fd, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial long syscall(long number, long a, long b, long c, long d, long e);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int target);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, ulong* mask);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, ulong* mask);

    /// <summary>The result, or an exception that names the call and its errno.</summary>
    internal static int Check(int result, string call)
    {
        return result >= 0 ? result : throw new InvalidOperationException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>True when a descriptor can be read or has hung up within the time.</summary>
    internal static bool AwaitInput(int fd, int milliseconds)
    {
        var descriptor = stackalloc int[2] { fd, 1 };
        return milliseconds > 0 && poll(descriptor, 1, milliseconds) > 0;
    }
}
