namespace Csrun.Linux;

/// <summary>A process held by descriptor, so that signals can't reach another that got its number: pidfd_open(2).</summary>
public static class PidFd
{
    /// <summary>
    /// Opens a process if it is still the one that started at this time; null if it has ended, is a zombie, or its
    /// number belongs to another by now.
    /// </summary>
    public static Fd? TryOpen(int pid, ulong startTime)
    {
        int result = Syscalls.PidfdOpen(pid);
        if (result is -Errno.ESRCH or -Errno.EINVAL)
        {
            return null;
        }
        Fd pidfd = Fd.Own(result, "open process", System.FormattableString.Invariant($"{pid}"));
        // Compared after the opening: from here on the number can't change its owner unseen.
        if (ProcessStat.Read(pid) is { HasEnded: false } stat && stat.StartTime == startTime)
        {
            return pidfd;
        }
        pidfd.Dispose();
        return null;
    }

    /// <summary>Sends a signal: 0, or -errno (ESRCH: it has ended).</summary>
    public static int Signal(int pidfd, int signal) => Syscalls.PidfdSendSignal(pidfd, signal);

    /// <summary>Waits until the process has ended; false if it had not in that time.</summary>
    /// <param name="pidfd">The process, which need not be a child.</param>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    public static bool WaitForEnd(int pidfd, int milliseconds)
    {
        PollFd[] fds = [new(pidfd, PollFd.In)];
        int result;
        do
        {
            result = Syscalls.Poll(fds, milliseconds);
        }
        while (result == -Errno.EINTR);
        LinuxException.Check(result, "wait for process", null);
        return result > 0;
    }
}
