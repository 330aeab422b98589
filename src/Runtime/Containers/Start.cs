using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
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
        AwaitExec(session.Number, container.Directory, container.State, container.Process.PidFd);
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
        AwaitExec(connection.Number, directory, state, process);
    }

    private static void AwaitExec(int connection, StateDirectory directory, State state, Fd process)
    {
        var hooks = new InitHooks();
        Span<byte> buffer = stackalloc byte[Unsafe.SizeOf<Message>() + Message.MaxText];
        while (true)
        {
            // No deadline: the startContainer hooks run now, and a frozen container goes on when it is thawed.
            int length = UnixSocket.Receive(connection, buffer, out int number);
            using var fd = number < 0 ? null : new Fd(number);
            bool closed = length is 0 or -Errno.ECONNRESET;
            if (closed && !DiedAsInit(state, process))
                return;
            if (closed)
                throw Died(state);
            LinuxException.Check(length, "receive from", "Init");
            if (fd is null || !KeepHook(directory, state, hooks, buffer[..length], fd))
                throw Failure(directory, state, process, buffer[..length], hooks);
        }
    }

    private static CsrunException Died(State state) => Filter(state) is not null
        ? new CsrunException(ErrorCodes.SeccompBlocked, "the seccomp filter ended the container's process before it executed its program",
            where: "config.json: linux.seccomp")
        : new CsrunException(ErrorCodes.InitDied, "the container's process ended before it executed its program");

    /// <summary>Takes what Init tells of a hook; false if it tells something else.</summary>
    private static bool KeepHook(StateDirectory directory, State state, InitHooks hooks, ReadOnlySpan<byte> packet, Fd fd)
    {
        var message = packet.Length == Unsafe.SizeOf<Message>() ? MemoryMarshal.Read<Message>(packet) : default;
        if (message.Kind == MessageKind.HookOutput)
            hooks.TakeOutput(fd);
        else if (message.Kind == MessageKind.HookEnded)
            directory.AppendHook(hooks.TakeEnd(message.Value, message.Step, fd, Find(state, message.Instruction)));
        else
            return false;
        return true;
    }

    // Its end closes the connection, too. Executing a program changes a process's name, and who has ended keeps the
    // last one until it is reaped.
    private static bool DiedAsInit(State state, Fd process)
    {
        // A filter may end Init with its last call. Then it still is on its way out when the connection is closed, or
        // was reaped already.
        var filter = Filter(state);
        if (filter is { Object: SeccompSetup.RefusesProgram })
            return true;
        if (!PidFd.WaitForEnd(process.Number, 0) && !(filter is not null && ProcessStat.Read(state.Process.Pid)?.IsEnding != false))
            return false;
        return CommandName(state) == InitFile.Name + "\n";
    }

    private static StartStep? Filter(State state)
    {
        foreach (var step in state.StartSteps)
        {
            if (step.Opcode == Opcode.SetFilter)
                return step;
        }
        return null;
    }

    private static string? CommandName(State state)
    {
        try
        {
            return Files.TryReadText(At.Cwd, FormattableString.Invariant($"/proc/{state.Process.Pid}/comm"), 64);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            return null;
        }
    }

    private static CsrunException Failure(
        StateDirectory directory, State state, Fd process, ReadOnlySpan<byte> packet, InitHooks hooks)
    {
        var message = packet.Length >= Unsafe.SizeOf<Message>() ? MemoryMarshal.Read<Message>(packet) : default;
        var text = packet.Length >= Unsafe.SizeOf<Message>() ? packet[Unsafe.SizeOf<Message>()..] : default;
        if (message.Kind != MessageKind.Error || message.TextLength != text.Length)
            return new CsrunException(ErrorCodes.InitProtocol, "the container's process said something that makes no sense");

        // It ends now: whoever asks next finds a stopped container.
        PidFd.WaitForEnd(process.Number, (int)Destruction.Patience.TotalMilliseconds);
        var step = Find(state, message.Instruction);
        string words = step.Opcode == Opcode.RunHook ? hooks.Words() : System.Text.Encoding.UTF8.GetString(text);
        var error = InitErrors.From(step.ToInitStep(), message.Step, message.Errno, message.Value, words);
        // runtime.md#lifecycle: a startContainer hook that fails destroys the container.
        if (step.Opcode == Opcode.RunHook)
            Destruction.Destroy(directory, state);
        return error;
    }

    private static StartStep Find(State state, uint instruction)
    {
        foreach (var step in state.StartSteps)
        {
            if (step.Instruction == instruction)
                return step;
        }
        return new StartStep(instruction, Opcode.Invalid, "", "start", state.Id);
    }

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
