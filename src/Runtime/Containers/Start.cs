using System;
using System.Runtime.InteropServices;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>
/// <c>start</c>: connects to the container's first process and tells it to go. The connection is close-on-exec there,
/// so its end means that the program was executed; anything else that comes says why it was not.
/// </summary>
internal static class Start
{
    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);

    public static void Run(RuntimeOptions options, string id)
    {
        ContainerId.Check(id);
        using var root = StateRoot.TryOpen(options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, id);
        if (directory is null)
            throw Views.NotFound(id);
        if (!directory.TryLock(s_lockPatience))
            throw new CsrunException(ErrorCodes.ContainerBusy, "another command is at work on container", id);
        if (!directory.IsLinked() || directory.ReadState() is not { } state)
            throw Views.NotFound(id);
        ThrowUnlessCreated(Status.Of(directory, state));
        Locked(directory, state);
    }

    /// <summary>Starts a container that was created, and whose lock is held.</summary>
    public static void Locked(StateDirectory directory, State state)
    {
        if (!state.HasProcess)
            throw new CsrunException(ErrorCodes.NoProcess, "cannot start container", state.Id, hint: "its config has no process");
        using var process = Kill.OpenProcess(state) ?? throw Stopped();
        using var notify = state.Notify ? NotifySocket.Open(directory) : null;
        Timing.Mark("read the state");
        Go(directory, state, process);
        Timing.Mark("go to exec");
        _ = Syscalls.UnlinkAt(directory.Number, StateDirectory.StartSocketName);
        RunPoststart(directory, state);
        notify?.Forward(state.Process.Pid, process.Number);
    }

    /// <summary>Starts a container that <c>run</c> has just made.</summary>
    public static void Created(CreatedContainer container)
    {
        if (container.Session is not { } session)
        {
            Locked(container.Directory, container.State);
            return;
        }
        using var notify = container.State.Notify ? NotifySocket.Open(container.Directory) : null;
        if (!session.TrySend(MessageKind.Commit))
            throw new CsrunException(ErrorCodes.InitDied, "the container's process ended before it was committed");
        Watch(container.Directory, container.State, container.Process.PidFd).Await(session.Number);
        Timing.Mark("go to exec");
        RunPoststart(container.Directory, container.State);
        notify?.Forward(container.State.Process.Pid, container.Process.PidFd.Number);
    }

    private static void ThrowUnlessCreated(ContainerStatus status)
    {
        switch (status)
        {
            case ContainerStatus.Created:
                return;
            case ContainerStatus.Running:
                throw new CsrunException(ErrorCodes.ContainerNotCreated, "cannot start an already running container");
            case ContainerStatus.Paused:
                throw new CsrunException(ErrorCodes.ContainerNotCreated, "cannot start a paused container");
            case ContainerStatus.Creating:
                throw new CsrunException(ErrorCodes.ContainerNotCreated, "cannot start a container that is still being created");
            default:
                throw Stopped();
        }
    }

    private static CsrunException Stopped() =>
        new(ErrorCodes.ContainerNotCreated, "cannot start a container that has stopped");

    private static void Go(StateDirectory directory, State state, Fd process)
    {
        int connected = UnixSocket.TryConnect(directory.Number, StateDirectory.StartSocketName, SocketKind.SeqPacket);
        if (connected is -Errno.ENOENT or -Errno.ECONNREFUSED)
            throw Stopped();
        using var connection = Fd.Own(connected, "connect to", directory.Path + "/" + StateDirectory.StartSocketName);
        var go = new Message { Kind = MessageKind.Go };
        if (UnixSocket.Send(connection.Number, MemoryMarshal.AsBytes(new ReadOnlySpan<Message>(in go))) < 0)
            throw Stopped();
        Watch(directory, state, process).Await(connection.Number);
    }

    private static ProgramStart Watch(StateDirectory directory, State state, Fd process) =>
        new(state.Process.Pid, process, state.StartSteps)
        {
            HookEnded = directory.AppendHook,
            // runtime.md#lifecycle: a startContainer hook that fails destroys the container.
            HookFailed = () => Destruction.Destroy(directory, state),
        };

    private static void RunPoststart(StateDirectory directory, State state)
    {
        if (state.Poststart.Count == 0)
            return;
        try
        {
            byte[] json = Views.Of(state, ContainerStatus.Running).ToJson();
            HookRunner.RunAll("poststart", state.Poststart, json, state.Bundle, directory.AppendHook);
        }
        catch (Exception e) when (e is CsrunException or LinuxException)
        {
            // runtime.md#lifecycle: its failure stops and destroys the container.
            Destruction.Destroy(directory, state);
            throw;
        }
    }
}
