using System;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary><c>kill</c>: runtime.md#kill, with what engines rely on beyond it.</summary>
internal static class Kill
{
    private static readonly TimeSpan s_killPatience = TimeSpan.FromSeconds(1);

    public static void Run(KillRequest request)
    {
        ContainerId.Check(request.Id);
        int signal = Signals.Parse(request.Signal);
        if (signal < 0)
            throw new CsrunException(ErrorCodes.SignalUnknown, $"unknown signal \"{request.Signal}\"");
        using var root = StateRoot.TryOpen(request.Options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, request.Id);
        var state = directory?.ReadState() ?? throw Views.NotFound(request.Id);

        using var process = OpenProcess(state);
        var cgroup = CgroupDrivers.For(state.Cgroup);
        if (process is null && !request.All)
            throw NotRunning(request.Id);
        bool toAll = request.All || (signal == Signals.Kill && !state.PrivatePids);
        if (toAll)
            SignalAll(cgroup, signal);
        // In the cgroup it has the signal already; where there is none, it is all that is known.
        if (process is not null && (!toAll || state.Cgroup.Places.Count == 0))
            SignalOne(request.Id, process, signal);
        // A frozen process dies only when it runs again: Podman removes a paused container with a plain KILL.
        if (signal == Signals.Kill)
            cgroup.Thaw();
    }

    /// <summary>The container's first process, unless it has ended; null too for one that there never was.</summary>
    public static Fd? OpenProcess(State state) => state.IsComplete && state.BootId == Status.BootId()
        ? PidFd.TryOpen(state.Process.Pid, state.Process.StartTime)
        : null;

    private static void SignalAll(ICgroupDriver cgroup, int signal)
    {
        if (signal != Signals.Kill)
        {
            cgroup.SignalAll(signal);
            return;
        }
        try
        {
            // Not once only: one that forks meanwhile must not get away.
            cgroup.KillAll(s_killPatience);
        }
        catch (LinuxException e) when (e.Errno == Errno.EBUSY)
        {
            // All have the signal; one that waits for a device dies when it can.
        }
    }

    private static void SignalOne(string id, Fd process, int signal)
    {
        int result = PidFd.Signal(process.Number, signal);
        if (result == -Errno.ESRCH)
            throw NotRunning(id);
        if (result < 0)
            throw new CsrunException(ErrorCodes.KillFailed, "cannot signal the process of container", id, -result);
    }

    private static CsrunException NotRunning(string id) =>
        new(ErrorCodes.ContainerNotRunning, "container not running:", id);
}
