using System;
using System.Globalization;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>The descriptors from 3 on that the container's process keeps: LISTEN_FDS' first, then --preserve-fds'.</summary>
/// <param name="Count">How many in all.</param>
/// <param name="ListenFds">How many of them are for LISTEN_FDS.</param>
/// <param name="ListenNames">LISTEN_FDNAMES, with them.</param>
internal sealed record PreservedFds(int Count, int ListenFds, string? ListenNames)
{
    private const int MaxCount = 1 << 16;

    /// <summary>
    /// Counts them, and occupies those that are not open: holes are legal (Podman's <c>--preserve-fd 9,40</c>), and no
    /// descriptor that csrun opens later may come to lie in one, or the container would get it.
    /// </summary>
    public static PreservedFds Take(int preserve)
    {
        if (preserve is < 0 or > MaxCount)
        {
            throw new CsrunException(
                ErrorCodes.SystemCallFailed, "cannot preserve so many descriptors:",
                preserve.ToString(CultureInfo.InvariantCulture), where: "--preserve-fds");
        }
        int listen = ListenCount();
        int count = listen + preserve;
        Occupy(count);
        return new PreservedFds(
            count, listen, listen > 0 ? Environment.GetEnvironmentVariable("LISTEN_FDNAMES") : null);
    }

    // Only if they are meant for us: conmon sets LISTEN_PID to our process id, Podman puts LISTEN_FDS into the
    // container's environment itself and counts them in --preserve-fds.
    private static int ListenCount() =>
        int.TryParse(Environment.GetEnvironmentVariable("LISTEN_PID"), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
        && pid == Syscalls.GetPid()
        && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && count is > 0 and <= MaxCount
            ? count
            : 0;

    private static void Occupy(int count)
    {
        for (int fd = 3; fd < 3 + count; fd++)
        {
            int flags = Syscalls.GetDescriptorFlags(fd);
            // Close-on-exec ones are our own (the log file): nothing inherited can be so. They are no trouble, and are
            // closed where the child executes Init.
            if (flags != -Errno.EBADF)
                continue;
            using var nothing = Files.Open(At.Cwd, "/dev/null", OpenFlags.Path);
            if (nothing.Number == fd)
                nothing.Release();
            else
                LinuxException.Check(Syscalls.Duplicate(nothing.Number, fd), "occupy descriptor", null);
        }
    }
}
