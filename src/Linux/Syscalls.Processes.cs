using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Csrun.Linux;

/// <summary>How a child ended: waitid(2).</summary>
/// <param name="Pid">0: it has not ended yet (WNOHANG).</param>
/// <param name="Code">CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3.</param>
/// <param name="Value">The exit status, or the signal's number.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ChildStatus(int Pid, int Code, int Value)
{
    public bool HasEnded => Pid != 0;

    /// <summary>As a shell has it: the exit status, or 128 plus the signal's number.</summary>
    public int ExitCode => Code == 1 ? Value : 128 + Value;
}

/// <summary>One descriptor to wait for: poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollFd(int fd, short events)
{
    /// <summary>POLLIN.</summary>
    public const short In = 1;

    /// <summary>POLLPRI: also how a cgroup's events file says that it changed.</summary>
    public const short Priority = 2;

    /// <summary>POLLOUT.</summary>
    public const short Out = 4;

    /// <summary>POLLERR.</summary>
    public const short Error = 8;

    /// <summary>POLLHUP.</summary>
    public const short HangUp = 16;

    /// <summary>A negative number is skipped.</summary>
    public int Fd = fd;
    public short Events = events;
    public short Returned;
}

public static unsafe partial class Syscalls
{
    public static int GetPid() => LibC.getpid();

    public static uint GetEffectiveUid() => LibC.geteuid();

    public static uint GetEffectiveGid() => LibC.getegid();

    /// <summary>kill(2). For a process that is not a child of ours a pidfd is the safe way.</summary>
    public static int Kill(int pid, int signal) => Result(LibC.kill(pid, signal));

    /// <summary>pidfd_open(2), since Linux 5.3.</summary>
    public static int PidfdOpen(int pid) => Call(SyscallNumbers.PidfdOpen, pid, 0);

    /// <summary>pidfd_getfd(2), since Linux 5.6: a descriptor of another process's, close-on-exec.</summary>
    public static int PidfdGetfd(int pidfd, int number) => Call(SyscallNumbers.PidfdGetfd, pidfd, number, 0);

    /// <summary>
    /// seccomp(2) SECCOMP_SET_MODE_FILTER without a filter: what the kernel says to the flags. EFAULT: it knows them and
    /// misses the filter; EINVAL: it does not.
    /// </summary>
    public static int ProbeSeccompFlags(uint flags)
    {
        const int setModeFilter = 1;
        return Call(SyscallNumbers.Seccomp, setModeFilter, flags, (void*)null);
    }

    /// <summary>pidfd_send_signal(2), since Linux 5.1.</summary>
    public static int PidfdSendSignal(int pidfd, int signal) =>
        Call(SyscallNumbers.PidfdSendSignal, pidfd, signal, (void*)null, 0);

    /// <summary>Whether a process is a child of ours, ended or not: waitid(2) with WNOWAIT, which does not reap it.</summary>
    public static bool IsChild(int pid)
    {
        const int byPid = 1;
        const int exited = 4;
        const int wnohang = 1;
        const int wnowait = 0x01000000;
        int* info = stackalloc int[32];
        return Call(SyscallNumbers.Waitid, byPid, pid, info, exited | wnohang | wnowait, (void*)null) >= 0;
    }

    /// <summary>waitid(2) of one child by its id, for its end.</summary>
    /// <param name="pid">The child; 0 for any.</param>
    /// <param name="noHang">WNOHANG: do not wait.</param>
    /// <param name="status">How it ended.</param>
    public static int WaitChild(int pid, bool noHang, out ChildStatus status)
    {
        const int all = 0;
        const int byPid = 1;
        const int exited = 4;
        const int wnohang = 1;
        const int wall = 0x40000000;

        // siginfo_t: si_signo, si_errno, si_code, (padding), si_pid, si_uid, si_status.
        int* info = stackalloc int[32];
        new Span<int>(info, 32).Clear();
        int result = Call(SyscallNumbers.Waitid, pid == 0 ? all : byPid, pid, info, exited | wall | (noHang ? wnohang : 0), (void*)null);
        status = result < 0 ? default : new(info[4], info[2], info[6]);
        return result;
    }

    /// <summary>sched_setaffinity(2): the processors that a thread may run on, a bit each.</summary>
    /// <param name="thread">Its id; 0 for the calling one.</param>
    /// <param name="mask">At least one processor that there is.</param>
    public static int SetAffinity(int thread, ReadOnlySpan<ulong> mask)
    {
        fixed (ulong* bits = mask)
        {
            return Call(SyscallNumbers.SchedSetaffinity, thread, mask.Length * sizeof(ulong), bits);
        }
    }

    /// <summary>sched_getaffinity(2) of the calling thread: how many bytes of the mask it filled, or -errno.</summary>
    public static int GetAffinity(Span<ulong> mask)
    {
        fixed (ulong* bits = mask)
        {
            return Call(SyscallNumbers.SchedGetaffinity, 0, mask.Length * sizeof(ulong), bits);
        }
    }

    /// <summary>prctl(2).</summary>
    public static int Prctl(int option, ulong argument) =>
        Call(SyscallNumbers.Prctl, option, (void*)argument, (void*)null, (void*)null, (void*)null);

    /// <summary>prlimit(2) of this process: sets a resource's limits.</summary>
    public static int SetRlimit(int resource, ulong soft, ulong hard)
    {
        ulong* limits = stackalloc ulong[2] { soft, hard };
        return Call(SyscallNumbers.Prlimit64, 0, resource, limits, (void*)null);
    }

    /// <summary>rt_sigprocmask(2) of the calling thread. Bit n-1 stands for signal n.</summary>
    /// <param name="how">SIG_BLOCK 0, SIG_UNBLOCK 1, SIG_SETMASK 2.</param>
    /// <param name="mask">The signals.</param>
    /// <param name="previous">The mask before.</param>
    public static int SignalMask(int how, ulong mask, out ulong previous)
    {
        ulong old = 0;
        int result = Call(SyscallNumbers.RtSigprocmask, how, &mask, &old, sizeof(ulong));
        previous = old;
        return result;
    }

    /// <summary>ppoll(2).</summary>
    /// <param name="fds">What to wait for.</param>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    public static int Poll(Span<PollFd> fds, int milliseconds)
    {
        long* timeout = stackalloc long[2] { milliseconds / 1000, milliseconds % 1000 * 1_000_000L };
        fixed (PollFd* p = fds)
        {
            return Call(SyscallNumbers.Ppoll, p, fds.Length, milliseconds < 0 ? null : timeout, (void*)null, 0);
        }
    }

    /// <summary>rt_sigaction(2).</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="action">SIG_DFL (0), SIG_IGN (1), or the address of native code.</param>
    /// <param name="flags">SA_*.</param>
    /// <param name="restorer">With SA_RESTORER: what the handler returns to.</param>
    public static int SetSignalAction(int signal, nint action, ulong flags = 0, nint restorer = 0)
    {
        // The kernel's struct sigaction: handler, flags, restorer, mask. While the handler runs, all wait.
        long* what = stackalloc long[4] { action, (long)flags, restorer, -1 };
        return Call(SyscallNumbers.RtSigaction, signal, what, (void*)null, sizeof(ulong));
    }

    /// <summary>capget(2).</summary>
    internal static int GetCapabilities(Self.CapabilityHeader* header, uint* data) => Call(SyscallNumbers.Capget, header, data);
}
