using System;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary><c>delete</c>: runtime.md#delete. A container that was never started may be deleted too: engines rely on it.</summary>
internal static class Delete
{
    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);

    public static void Run(RuntimeOptions options, string id, bool force)
    {
        ContainerId.Check(id);
        using var root = StateRoot.TryOpen(options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, id);
        if (directory is null)
        {
            if (!force)
                throw Views.NotFound(id);
            return;
        }
        // Before the lock: a start that waits for the container's hooks or program holds it until they end.
        if (force && Read(directory, force) is { IsComplete: true } running)
            Destruction.KillProcess(running);
        if (!directory.TryLock(s_lockPatience))
            throw new CsrunException(ErrorCodes.ContainerBusy, "another command is at work on container", id);
        if (!directory.IsLinked())
        {
            if (!force)
                throw Views.NotFound(id);
            return;
        }
        RemoveLocked(directory, id, force);
    }

    private static void RemoveLocked(StateDirectory directory, string id, bool force)
    {
        if (Read(directory, force) is not { } state)
        {
            // A create that was killed before its first word on disk made nothing but the directory.
            if (!force)
                throw Views.NotFound(id);
            directory.Remove();
            return;
        }
        var status = state.IsComplete ? Status.Of(directory, state) : ContainerStatus.Stopped;
        if (!force && status is not (ContainerStatus.Stopped or ContainerStatus.Created))
        {
            throw new CsrunException(
                ErrorCodes.ContainerNotStopped, $"cannot delete container {id} that is not stopped: {ContainerView.Word(status)}");
        }
        Destruction.Destroy(directory, state);
    }

    private static State? Read(StateDirectory directory, bool force)
    {
        try
        {
            return directory.ReadState();
        }
        catch (CsrunException e) when (force)
        {
            Log.Warning(e.Message);
            return null;
        }
        catch (LinuxException e) when (force)
        {
            Log.Warning(ErrorText.Of(e));
            return null;
        }
    }
}
