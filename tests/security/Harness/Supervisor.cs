using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using Csrun.Tests.Integration;

namespace Csrun.Tests.Security;

/// <summary>A system call that waits to be made.</summary>
/// <param name="Index">How many came before it.</param>
/// <param name="Pid">The process, as we see it.</param>
/// <param name="Number">Its number.</param>
/// <param name="Arguments">Its six arguments.</param>
internal sealed record SystemCall(int Index, int Pid, int Number, ulong[] Arguments)
{
    /// <summary>What the kernel is to say instead of making the call.</summary>
    internal int Refusal { get; set; }

    /// <summary>The text that an argument points to; empty if it cannot be read.</summary>
    internal string Text(int argument)
    {
        var bytes = new byte[4096];
        try
        {
            using var memory = File.OpenRead(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/mem"));
            memory.Position = (long)Arguments[argument];
            var length = memory.Read(bytes);
            var end = Array.IndexOf(bytes, (byte)0, 0, length);
            return Encoding.UTF8.GetString(bytes, 0, end < 0 ? length : end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return "";
        }
    }
}

/// <summary>
/// Starts a command under a filter that halts each of the named system calls, of the command and of all that it starts,
/// until a function has looked at it (SECCOMP_RET_USER_NOTIF): what an attacker may do at exactly that moment is done
/// there. It goes on until nobody is left under the filter, or it is disposed of.
/// </summary>
internal sealed unsafe class Supervisor : IDisposable
{
    private const int SocketHere = 9, HangUp = 0x10, Input = 1;
    private const ulong ReceiveCall = 0xc0502100, AnswerCall = 0xc0182101;
    private const ulong SetFlagsCall = 0x40082104, WakeAtOnce = 1;
    private const uint GoOn = 1;
    private readonly Action<SystemCall> look;
    private readonly Thread thread;
    private readonly int ours;
    private readonly int theirs;
    private volatile bool stopped;
    private volatile Exception? failure;
    private int count;

    /// <param name="command">The command; it is not started here.</param>
    /// <param name="calls">Numbers of the system calls.</param>
    /// <param name="look">Called with each, in the order in which they come.</param>
    internal Supervisor(Command command, IEnumerable<int> calls, Action<SystemCall> look)
    {
        this.look = look;
        var pair = stackalloc int[2];
        Libc.Check((int)Libc.syscall(53, 1, 5 | Libc.CloseOnExec, 0, (long)pair, 0), "socketpair");
        ours = pair[0];
        Command = new(Target.Checker, ["filtered", SocketHere.ToString(CultureInfo.InvariantCulture), string.Join(',', calls), command.Path, .. command.Arguments])
        {
            Environment = command.Environment,
            WorkingDirectory = command.WorkingDirectory,
            DeadlineMilliseconds = command.DeadlineMilliseconds,
        };
        foreach (var (number, source) in command.Descriptors)
        {
            Command.Descriptors[number] = source;
        }

        theirs = pair[1];
        Command.Descriptors[SocketHere] = theirs;
        thread = new Thread(Supervise) { IsBackground = true, Name = "supervisor" };
    }

    /// <summary>The command to start.</summary>
    internal Command Command { get; }

    /// <summary>How many calls came.</summary>
    internal int Count => count;

    /// <summary>The process that was started.</summary>
    internal int First { get; private set; }

    /// <summary>Starts it and waits for its end; what it has started is supervised on.</summary>
    internal Result Run(string directory)
    {
        thread.Start();
        var result = Command.Run(directory);
        if (failure is { } thrown)
        {
            throw new InvalidOperationException("while supervising " + Command, thrown);
        }

        return result;
    }

    public void Dispose()
    {
        stopped = true;
        Libc.close(theirs);
        if (thread.IsAlive)
        {
            thread.Join();
        }

        Libc.close(ours);
    }

    private void Supervise()
    {
        var listener = ReceiveListener();
        // Each side waits for the other (6.6 and newer): a few times as fast.
        Libc.syscall(16, listener, (long)SetFlagsCall, (long)WakeAtOnce, 0, 0);
        var notification = stackalloc byte[80];
        var answer = stackalloc byte[24];
        var polled = stackalloc int[2];
        while (listener >= 0 && !stopped)
        {
            (polled[0], polled[1]) = (listener, Input);
            if (Libc.poll(polled, 1, 20) <= 0)
            {
                continue;
            }

            if ((polled[1] >> 16 & Input) == 0)
            {
                if ((polled[1] >> 16 & HangUp) != 0)
                {
                    break;
                }

                continue;
            }

            new Span<byte>(notification, 80).Clear();
            if (Libc.ioctl(listener, ReceiveCall, notification) != 0)
            {
                continue;
            }

            var call = new SystemCall(count++, *(int*)(notification + 8), *(int*)(notification + 16), new Span<ulong>(notification + 32, 6).ToArray());
            First = First == 0 ? call.Pid : First;
            try
            {
                look(call);
            }
#pragma warning disable CA1031 // Told of by Run: the call must be answered all the same.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure ??= e;
            }

            new Span<byte>(answer, 24).Clear();
            *(ulong*)answer = *(ulong*)notification;
            *(int*)(answer + 16) = -call.Refusal;
            *(uint*)(answer + 20) = call.Refusal == 0 ? GoOn : 0;
            _ = Libc.ioctl(listener, AnswerCall, answer);
        }

        if (listener >= 0)
        {
            Libc.close(listener);
        }
    }

    private int ReceiveListener()
    {
        byte one;
        var vector = stackalloc nint[2] { (nint)(&one), 1 };
        var control = stackalloc long[8];
        var message = stackalloc nint[7] { 0, 0, (nint)vector, 1, (nint)control, 64, 0 };
        while (!stopped)
        {
            if (!Libc.AwaitInput(ours, 20))
            {
                continue;
            }

            return Libc.recvmsg(ours, message, 0x40000000) == 1 ? ((int*)control)[4] : -1;
        }

        return -1;
    }
}
