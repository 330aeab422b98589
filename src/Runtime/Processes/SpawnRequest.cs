using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>What Init is started with.</summary>
public sealed record SpawnRequest
{
    /// <summary>The sealed memory file that holds Init and its plan.</summary>
    public required Fd Image { get; init; }

    /// <summary>CLONE_NEW* of the namespaces to be made at once.</summary>
    public ulong CloneFlags { get; init; }

    /// <summary>Descriptors that Init gets as number 3 + <see cref="PreservedFds"/> + index.</summary>
    public IReadOnlyList<Fd> Inherited { get; init; } = [];

    /// <summary>How many of this process's descriptors from 3 on stay as they are.</summary>
    public int PreservedFds { get; init; }

    /// <summary>Stay on the processors that this process is bound to, as far as the cgroup allows; else on all that it allows.</summary>
    public bool KeepAffinity { get; init; }

    /// <summary>The directory of the cgroup v2 to be born in (CLONE_INTO_CGROUP).</summary>
    public Fd? IntoCgroup { get; init; }

    /// <summary>The tasks file of every v1 cgroup that the child is to join itself, open for writing.</summary>
    public IReadOnlyList<Fd> CgroupTasks { get; init; } = [];

    /// <summary>
    /// What is to be done to the process with this id before it executes anything: it waits meanwhile. Null for nothing.
    /// </summary>
    public Action<int>? WhileWaiting { get; init; }

    /// <summary>
    /// With CLONE_NEWUSER: writes the id maps of the process with this id, which waits meanwhile and then takes uid and
    /// gid 0 of its namespace, or else execve would drop its capabilities.
    /// </summary>
    public Action<int>? WriteIdMaps { get; init; }
}

/// <summary>A program to run as it is: a hook, newuidmap.</summary>
public sealed record ProgramRequest
{
    /// <summary>An absolute path: nothing is searched for.</summary>
    public required string Path { get; init; }

    /// <summary>argv, with argv[0].</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>All of its environment: "NAME=value".</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Descriptor numbers for 0, 1 and 2; negative for /dev/null.</summary>
    public int Stdin { get; init; } = -1;

    public int Stdout { get; init; } = -1;

    public int Stderr { get; init; } = -1;

    /// <summary>Null for that of this process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Milliseconds until it must have been executed; negative for any.</summary>
    public int Patience { get; init; } = -1;

    /// <summary>Makes it leader of its own process group, so that all of it can be killed.</summary>
    public bool NewProcessGroup { get; init; }
}

/// <summary>A child of this process, which has executed its program.</summary>
public sealed class SpawnedProcess(int pid, Fd pidFd) : IDisposable
{
    /// <summary>How it ended, once that is known: a process can be reaped only once.</summary>
    private ChildStatus? _ended;

    public int Pid { get; } = pid;

    public Fd PidFd { get; } = pidFd;

    /// <summary>Waits for its end and reaps it; null if it had not ended in that time.</summary>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    public ChildStatus? Wait(int milliseconds = -1)
    {
        if (_ended is not null)
        {
            return _ended;
        }
        if (!Linux.PidFd.WaitForEnd(PidFd.Number, milliseconds))
        {
            return null;
        }
        int result;
        ChildStatus status;
        do
        {
            result = Syscalls.WaitChild(Pid, noHang: false, out status);
        }
        while (result == -Errno.EINTR);
        LinuxException.Check(result, "wait for process", Pid.ToString(CultureInfo.InvariantCulture));
        _ended = status;
        return status;
    }

    /// <summary>Kills it and reaps it. One that a device holds is left to die when it can: nobody waits for it for ever.</summary>
    public void Kill()
    {
        const int patience = 10_000;
        if (_ended is not null)
        {
            return;
        }
        _ = Linux.PidFd.Signal(PidFd.Number, Signals.Kill);
        Wait(patience);
    }

    public void Dispose() => PidFd.Dispose();
}
