using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>
/// Init's last steps, from where it is told to go on to the execution of the program. Its connection is close-on-exec, so
/// an end of it means that the program was executed; anything else that comes says why it was not.
/// </summary>
/// <param name="pid">Init.</param>
/// <param name="process">The same.</param>
/// <param name="steps">What the plan has from there on, for the texts of errors.</param>
/// <param name="configName">The config's name in messages.</param>
internal sealed class ProgramStart(int pid, Fd process, IReadOnlyList<StartStep> steps, string configName = "config.json")
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Gets the record of each hook that Init runs.</summary>
    public Action<HookRecord>? HookEnded { get; init; }

    /// <summary>Is called where a hook's failure is the reason.</summary>
    public Action? HookFailed { get; init; }

    /// <summary>Waits until the program is executed; throws why it was not.</summary>
    public void Await(int connection)
    {
        var hooks = new InitHooks();
        Span<byte> buffer = stackalloc byte[Unsafe.SizeOf<Message>() + Message.MaxText];
        while (true)
        {
            // No deadline: the startContainer hooks run now, and a frozen container goes on when it is thawed.
            int length = UnixSocket.Receive(connection, buffer, out int number);
            using var fd = number < 0 ? null : new Fd(number);
            bool closed = length is 0 or -Errno.ECONNRESET;
            if (closed && !DiedAsInit())
                return;
            if (closed)
                throw Died();
            LinuxException.Check(length, "receive from", "Init");
            if (fd is null || !KeepHook(hooks, buffer[..length], fd))
                throw Failure(buffer[..length], hooks);
        }
    }

    private CsrunException Died() => Filter() is { } filter
        ? new CsrunException(ErrorCodes.SeccompBlocked, "the seccomp filter ended the container's process before it executed its program",
            where: InitErrors.Place(configName, filter.JsonPath))
        : new CsrunException(ErrorCodes.InitDied, "the container's process ended before it executed its program");

    /// <summary>Takes what Init tells of a hook; false if it tells something else.</summary>
    private bool KeepHook(InitHooks hooks, ReadOnlySpan<byte> packet, Fd fd)
    {
        var message = packet.Length == Unsafe.SizeOf<Message>() ? MemoryMarshal.Read<Message>(packet) : default;
        if (message.Kind == MessageKind.HookOutput)
            hooks.TakeOutput(fd);
        else if (message.Kind == MessageKind.HookEnded)
            HookEnded?.Invoke(hooks.TakeEnd(message.Value, message.Step, fd, Find(message.Instruction)));
        else
            return false;
        return true;
    }

    // Its end closes the connection, too. Executing a program changes a process's name, and who has ended keeps the
    // last one until it is reaped.
    private bool DiedAsInit()
    {
        if (Filter() is { Object: SeccompSetup.RefusesProgram })
            return true;
        long begin = Stopwatch.GetTimestamp();
        while (CommandName() == InitFile.Name + "\n")
        {
            // What closed the connection is either execve, which sets the name next, or the end.
            if (PidFd.WaitForEnd(process.Number, 1))
                return true;
            if (Stopwatch.GetElapsedTime(begin) > s_patience)
            {
                throw new CsrunException(
                    ErrorCodes.InitProtocol, "the container's process does not understand that it is to start",
                    hint: "another version of csrun may have made it");
            }
        }
        return false;
    }

    private StartStep? Filter()
    {
        foreach (var step in steps)
        {
            if (step.Opcode == Opcode.SetFilter)
                return step;
        }
        return null;
    }

    private string? CommandName()
    {
        try
        {
            return Files.TryReadText(At.Cwd, FormattableString.Invariant($"/proc/{pid}/comm"), 64);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            return null;
        }
    }

    private CsrunException Failure(ReadOnlySpan<byte> packet, InitHooks hooks)
    {
        var message = packet.Length >= Unsafe.SizeOf<Message>() ? MemoryMarshal.Read<Message>(packet) : default;
        var text = packet.Length >= Unsafe.SizeOf<Message>() ? packet[Unsafe.SizeOf<Message>()..] : default;
        if (message.Kind != MessageKind.Error || message.TextLength != text.Length)
            return new CsrunException(ErrorCodes.InitProtocol, "the container's process said something that makes no sense");

        // It ends now: whoever asks next finds a stopped container.
        PidFd.WaitForEnd(process.Number, (int)Destruction.Patience.TotalMilliseconds);
        var step = Find(message.Instruction);
        string words = step.Opcode == Opcode.RunHook ? hooks.Words() : Encoding.UTF8.GetString(text);
        var error = InitErrors.From(step.ToInitStep(), message.Step, message.Errno, message.Value, words, configName);
        if (step.Opcode == Opcode.RunHook)
            HookFailed?.Invoke();
        return error;
    }

    private StartStep Find(uint instruction)
    {
        foreach (var step in steps)
        {
            if (step.Instruction == instruction)
                return step;
        }
        return new StartStep(instruction, Opcode.Invalid, "", "start the program", null);
    }
}
