using System;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>
/// Undoes what create did: for <c>delete</c>, for a create or start that failed, and for what a killed runtime left.
/// Every step may find its work done already. Needs the directory's lock.
/// </summary>
internal static class Destruction
{
    /// <summary>How long something killed may take to be gone before it is called stuck.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Kills what is left, removes the cgroup and the state directory, then runs the poststop hooks.</summary>
    public static void Destroy(StateDirectory directory, State state)
    {
        KillProcess(state);
        RemoveCgroup(state);
        if (state.Resctrl is { } resctrl)
            ResctrlGroup.Remove(resctrl);
        directory.Remove();
        if (state.HooksReached && state.Poststop.Count > 0)
            RunPoststop(state);
    }

    /// <summary>Kills the container's first process and waits for its end.</summary>
    public static void KillProcess(State state)
    {
        using var process = Kill.OpenProcess(state);
        if (process is null)
            return;
        int result = PidFd.Signal(process.Number, Signals.Kill);
        if (result is not (0 or -Errno.ESRCH))
            throw new CsrunException(ErrorCodes.KillFailed, "cannot kill the process of container", state.Id, -result);
        CgroupDrivers.For(state.Cgroup).Thaw();
        if (!PidFd.WaitForEnd(process.Number, (int)Patience.TotalMilliseconds))
        {
            throw new CsrunException(
                ErrorCodes.DeleteIncomplete,
                FormattableString.Invariant($"the container's process {state.Process.Pid} did not die in {Patience.TotalSeconds} s"));
        }
    }

    private static void RemoveCgroup(State state)
    {
        try
        {
            CgroupDrivers.For(state.Cgroup).Remove(Patience);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.DeleteIncomplete);
        }
    }

    private static void RunPoststop(State state)
    {
        byte[] json = Views.Of(state, ContainerStatus.Stopped).ToJson();
        // A bundle that is gone must not keep a hook from giving back what it took (nerdctl's network).
        string cwd = Syscalls.Stat(At.Cwd, state.Bundle, 0, out var status) >= 0 && status.IsDirectory ? state.Bundle : "/";
        HookRunner.RunAllAndWarn("poststop", state.Poststop, json, cwd);
    }
}
