using System;
using System.Runtime.InteropServices;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Starts processes without running anything managed in them: a prepared table of system calls, the last of which
/// executes the program, is run by a few lines of assembly right after the clone. What fails there is thrown here.
/// </summary>
public static unsafe class Spawn
{
    private const int CloseRangeCloexec = 4;
    private static readonly nint s_allOnes = unchecked((nint)uint.MaxValue);

    /// <summary>Starts Init with an empty environment. All signals are blocked until it has set what each does to it.</summary>
    public static SpawnedProcess Start(SpawnRequest request)
    {
        using SpawnTable table = new();
        using FdMover mover = new(3 + request.PreservedFds + request.Inherited.Count);
        bool newUser = (request.CloneFlags & CloneFlags.NewUser) != 0;
        using StatusSocket? status = newUser || request.WhileWaiting is not null ? new(mover.Limit) : null;

        foreach (Fd tasks in request.CgroupTasks)
        {
            JoinCgroup(table, mover.Out(tasks.Number));
        }
        if (status is not null)
        {
            // Our end must not be kept open by the child itself, or it would wait for ever if we are killed.
            table.Add("close", null, 0, SyscallNumbers.Close, status.Ours);
            table.Add("wait for the runtime", null, SpawnStep.ZeroFails, SyscallNumbers.Read, status.Theirs, (nint)table.Memory(1), 1);
        }
        int image = mover.Out(request.Image.Number);
        for (int i = 0; i < request.Inherited.Count; i++)
        {
            table.Add("hand over descriptor", null, 0, SyscallNumbers.Dup3,
                mover.Out(request.Inherited[i].Number), 3 + request.PreservedFds + i);
        }
        // < 5.11 does not know the flag; Init closes what it does not need, too.
        table.Add("close descriptors", null, SpawnStep.IgnoreErrors, SyscallNumbers.CloseRange, mover.Limit, s_allOnes, CloseRangeCloexec);
        if (!request.KeepAffinity)
        {
            ResetAffinity(table);
        }
        if (newUser)
        {
            table.Add("take gid 0 in the new user namespace", null, 0, SyscallNumbers.Setresgid);
            table.Add("take uid 0 in the new user namespace", null, 0, SyscallNumbers.Setresuid);
        }
        table.Add("execute", InitFile.Name, 0, SyscallNumbers.ExecveAt, image, table.Text(""), table.Texts([InitFile.Name]), table.Texts([]), At.EmptyPath);
        Action<int> prepare = pid =>
        {
            request.WhileWaiting?.Invoke(pid);
            if (newUser)
            {
                request.WriteIdMaps?.Invoke(pid);
            }
        };
        return Run(table, request.CloneFlags, request.IntoCgroup, status, prepare);
    }

    /// <summary>
    /// Starts a program; it gets no descriptors but 0, 1 and 2. Its file may lie on storage that does not answer: so its
    /// process has memory of its own, and this one waits no longer than it likes (CLONE_VFORK would hold it).
    /// </summary>
    /// <exception cref="LinuxException">ETIMEDOUT: it was not executed in time, and killed.</exception>
    public static SpawnedProcess Program(ProgramRequest request)
    {
        using SpawnTable table = new();
        using FdMover mover = new(3);
        using StatusSocket status = new(3);
        using Fd? nullDevice = request.Stdin < 0 || request.Stdout < 0 || request.Stderr < 0
            ? Files.Open(At.Cwd, "/dev/null", OpenFlags.ReadWrite)
            : null;
        if (request.NewProcessGroup)
        {
            table.Add("make process group", null, 0, SyscallNumbers.Setpgid);
        }
        ReadOnlySpan<int> streams = [request.Stdin, request.Stdout, request.Stderr];
        for (int i = 0; i < streams.Length; i++)
        {
            table.Add("set standard streams", null, 0, SyscallNumbers.Dup3,
                mover.Out(streams[i] < 0 ? nullDevice!.Number : streams[i]), i);
        }
        // All but the one that says why it was not executed.
        if (status.Theirs > 3)
        {
            table.Add("close descriptors", null, 0, SyscallNumbers.CloseRange, 3, status.Theirs - 1);
        }
        table.Add("close descriptors", null, 0, SyscallNumbers.CloseRange, status.Theirs + 1, s_allOnes);
        if (request.WorkingDirectory is not null)
        {
            table.Add("change to directory", request.WorkingDirectory, 0, SyscallNumbers.Chdir, table.Text(request.WorkingDirectory));
        }
        ResetSignals(table);
        table.Add("execute", request.Path, 0, SyscallNumbers.Execve, table.Text(request.Path),
            table.Texts(request.Arguments), table.Texts(request.Environment));
        return Run(table, 0, intoCgroup: null, status, prepare: null, request.Patience);
    }

    /// <summary>
    /// Makes a user namespace, which lasts as long as somebody holds it: the process that is its first one does nothing
    /// but wait until <paramref name="prepare"/>, who gets its id, has mapped ids and taken hold of it.
    /// </summary>
    public static void UserNamespace(Action<int> prepare)
    {
        using SpawnTable table = new();
        using StatusSocket status = new(3);
        table.Add("close", null, 0, SyscallNumbers.Close, status.Ours);
        table.Add("wait for the id maps", null, SpawnStep.ZeroFails, SyscallNumbers.Read, status.Theirs, (nint)table.Memory(1), 1);
        table.Add("end", null, 0, SyscallNumbers.ExitGroup);
        using SpawnedProcess process = Run(table, CloneFlags.NewUser, intoCgroup: null, status, prepare);
        process.Wait();
    }

    private static SpawnedProcess Run(
        SpawnTable table, ulong flags, Fd? intoCgroup, StatusSocket? status, Action<int>? prepare, int patience = -1)
    {
        // Taking an id, or a new user namespace, on memory shared with us would make this process non-dumpable, and
        // its own files in /proc root's: then the child has a copy, and says through a socket how it went. So it has
        // where it may take for ever.
        if (status is null)
        {
            flags |= CloneFlags.Vm | CloneFlags.Vfork;
        }
        SpawnCall call = new() { StatusFd = status?.Theirs ?? -1 };
        int* pidFd = (int*)table.Memory(sizeof(int));
        *pidFd = -1;

        Fd? procs = null;
        long pid = Clone3(table, ref call, flags, pidFd, intoCgroup);
        if (intoCgroup is not null && pid is -Errno.EINVAL or -Errno.E2BIG or -Errno.ENOSYS or -Errno.EPERM)
        {
            // < 5.7, or no clone3 at all: the child joins it first thing.
            procs = Files.Open(intoCgroup.Number, "cgroup.procs", OpenFlags.WriteOnly);
            JoinCgroup(table, procs.Number);
            pid = Clone3(table, ref call, flags, pidFd, intoCgroup: null);
        }
        if (pid is -Errno.ENOSYS or -Errno.EPERM)
        {
            // < 5.3, or a seccomp profile that cannot look into clone3's arguments and so refuses it.
            pid = Clone(table, ref call, flags);
        }
        procs?.Dispose();
        if (pid < 0)
        {
            throw new LinuxException((flags & ~(CloneFlags.Vm | CloneFlags.Vfork)) == 0 ? "make process" : "make process in new namespaces",
                null, (int)-pid, CloneHint((int)-pid, flags));
        }
        return Complete((int)pid, *pidFd, table, ref call, status, prepare, patience);
    }

    private static SpawnedProcess Complete(
        int pid, int pidFd, SpawnTable table, ref SpawnCall call, StatusSocket? status, Action<int>? prepare, int patience)
    {
        SpawnedProcess process = new(pid, Fd.Own(pidFd >= 0 ? pidFd : Syscalls.PidfdOpen(pid), "open process", null));
        try
        {
            if (status is not null)
            {
                status.CloseTheirs();
                if (prepare is not null)
                {
                    prepare(pid);
                    status.LetGo();
                }
                if (!status.AwaitExec(ref call, patience))
                {
                    throw table.Failure(int.MaxValue, Errno.ETIMEDOUT);
                }
            }
            if (call.FailedStep >= 0)
            {
                throw table.Failure(call.FailedStep, call.FailedErrno);
            }
            return process;
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    private static long Clone3(SpawnTable table, ref SpawnCall call, ulong flags, int* pidFd, Fd? intoCgroup)
    {
        // 5.3 knows the structure up to its eighth field, and refuses more only if there is something in it.
        const int firstVersion = 64;
        CloneArguments* arguments = (CloneArguments*)table.Memory((nuint)sizeof(CloneArguments));
        arguments->Flags = flags | CloneFlags.PidFd | (intoCgroup is null ? 0 : CloneFlags.IntoCgroup);
        arguments->PidFd = (ulong)pidFd;
        arguments->ExitSignal = Signals.Child;
        arguments->Cgroup = (ulong)(intoCgroup?.Number ?? 0);
        call.Number = SyscallNumbers.Clone3;
        call.Argument0 = (nuint)arguments;
        call.Argument1 = (nuint)(intoCgroup is null ? firstVersion : sizeof(CloneArguments));
        return table.Run(ref call);
    }

    private static long Clone(SpawnTable table, ref SpawnCall call, ulong flags)
    {
        call.Number = SyscallNumbers.Clone;
        call.Argument0 = (nuint)(flags | Signals.Child);
        call.Argument1 = 0;
        return table.Run(ref call);
    }

    /// <summary>"0" is whoever writes it. First of all, so that whatever the child uses is counted in its cgroup.</summary>
    private static void JoinCgroup(SpawnTable table, int procs) =>
        table.Insert(0, "join cgroup", null, 0, SyscallNumbers.Write, procs, table.Text("0"), 1);

    /// <summary>
    /// After the cgroups are joined: all processors that the cpuset allows, whatever this process was bound to.
    /// </summary>
    private static void ResetAffinity(SpawnTable table)
    {
        // 8192 processors are the most that Linux can be built for on x64.
        const int maskBytes = 1024;
        void* mask = table.Memory(maskBytes);
        new Span<byte>(mask, maskBytes).Fill(0xFF);
        table.Add("reset affinity", null, SpawnStep.IgnoreErrors, SyscallNumbers.SchedSetaffinity, 0, maskBytes, (nint)mask);
    }

    /// <summary>Default actions for all, those that our caller ignores too; then, with no handler left, none blocked.</summary>
    private static void ResetSignals(SpawnTable table)
    {
        // The kernel's struct sigaction: SIG_DFL and everything else 0. Its sigset_t has 8 bytes.
        const int maskBytes = 8;
        nint zeros = (nint)table.Memory(32);
        for (int signal = 1; signal <= Signals.RealTimeMax; signal++)
        {
            if (signal is not (Signals.Kill or Signals.Stop))
            {
                table.Add("reset signals", null, SpawnStep.IgnoreErrors, SyscallNumbers.RtSigaction, signal, zeros, 0, maskBytes);
            }
        }
        table.Add("unblock signals", null, 0, SyscallNumbers.RtSigprocmask, 2, zeros, 0, maskBytes);
    }

    private static string? CloneHint(int errno, ulong flags) => errno switch
    {
        Errno.EPERM when (flags & CloneFlags.NewUser) != 0 =>
            "user namespaces may be forbidden here: sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns",
        Errno.EACCES =>
            "the cgroup is not delegated to this user from where this process is: systemd-run --user --scope -p Delegate=yes csrun ...",
        Errno.EPERM => "CAP_SYS_ADMIN is needed, or a new user namespace in the config",
        Errno.ENOSPC => "a limit on namespaces is reached: sysctl user.max_*_namespaces, or 32 levels of them",
        Errno.EINVAL => "the kernel may lack one of these kinds of namespaces",
        Errno.EAGAIN => "a limit on processes is reached: RLIMIT_NPROC, pids.max of the cgroup, sysctl kernel.pid_max",
        Errno.EBUSY => "the cgroup has controllers enabled for its children, or children of its own: processes must be in its leaves",
        _ => null,
    };

    /// <summary>struct clone_args of clone3(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArguments
    {
        public ulong Flags;
        public ulong PidFd;
        public ulong ChildTid;
        public ulong ParentTid;
        public ulong ExitSignal;
        public ulong Stack;
        public ulong StackSize;
        public ulong Tls;
        public ulong SetTid;
        public ulong SetTidSize;
        public ulong Cgroup;
    }
}
