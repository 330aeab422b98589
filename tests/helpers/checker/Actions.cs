using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Csrun.Tests.Checker;

/// <summary>The small things that the checker does besides reporting.</summary>
internal static unsafe class Actions
{
    private const int Failed = 99;
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int RtSigprocmask = Arm ? 135 : 14, RtSigtimedwait = Arm ? 137 : 128;

    /// <summary>Runs one action; 0 goes on with the next.</summary>
    internal static int Run(string action, ReadOnlySpan<string> arguments)
    {
        switch (action)
        {
            case "true":
                return 0;
            case "exit":
                Native._exit(Number(arguments[0]));
                return 0;
            case "die":
                Native.kill(Native.getpid(), Number(arguments[0]));
                Thread.Sleep(100);
                return Failed;
            case "sleep":
                Thread.Sleep(arguments.IsEmpty ? Timeout.Infinite : Number(arguments[0]));
                return 0;
            case "write":
                return Native.AppendFile(arguments[0], Encoding.UTF8.GetBytes(arguments[1])) ? 0 : Fail(arguments[0]);
            case "print":
                return Native.WriteAll(1, Encoding.UTF8.GetBytes(arguments[0] + "\n")) ? 0 : Failed;
            case "error":
                return Native.WriteAll(2, Encoding.UTF8.GetBytes(arguments[0] + "\n")) ? 0 : Failed;
            case "cat":
                return Copy();
            case "trap":
                return Trap(arguments[0], arguments.Length > 1 ? Number(arguments[1]) : 0);
            case "window":
                return Window();
            case "spawn":
                return Spawn(Number(arguments[0]), arguments[1..]);
            case "reopen":
                return Reopen(arguments[0], arguments[1]);
            case "write-fd":
                return Native.WriteAll(Number(arguments[0]), Encoding.UTF8.GetBytes(arguments[1])) ? 0 : Failed;
            case "call":
                return Call(arguments);
            case "call-in-thread":
                return CallInThread(arguments[0]);
            case "open":
                return Native.open(arguments[0], Native.ReadWrite, 0) >= 0 ? 0 : Fail(arguments[0]);
            case "fill":
                new Span<byte>(NativeMemory.Alloc((nuint)Number(arguments[0])), Number(arguments[0])).Fill(1);
                return 0;
            case "hook":
                return Hook.Run(arguments);
            case "report":
                return Report.Run(arguments);
            case "watch":
                return Watch.Run(arguments[0], arguments[1]);
            case "filtered":
                return Filtered.Run(arguments);
            case "orphanage":
                return Orphanage(arguments);
            default:
                Native.WriteAll(2, Encoding.UTF8.GetBytes($"checker: no action {action}\n"));
                return Failed;
        }
    }

    internal static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int Fail(string subject)
    {
        Native.WriteAll(2, Encoding.UTF8.GetBytes($"checker: {subject}: {Native.Error}\n"));
        return Failed;
    }

    /// <summary>Makes a system call by its number, and prints what it returned: the result, or the errno below 0.</summary>
    private static int Call(ReadOnlySpan<string> arguments)
    {
        Span<long> values = stackalloc long[6];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = unchecked((long)ulong.Parse(arguments[i], CultureInfo.InvariantCulture));
        }

        var result = Native.syscall(values[0], values[1], values[2], values[3], values[4], values[5]);
        var text = result < 0 ? -Marshal.GetLastSystemError() : result;
        return Native.WriteAll(1, Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture) + "\n")) ? 0 : Failed;
    }

    /// <summary>The same in a second thread; says afterwards that the first is still there.</summary>
    private static int CallInThread(string number)
    {
        var thread = new Thread(() => Native.syscall(Number(number), 0, 0, 0, 0, 0)) { IsBackground = true };
        thread.Start();
        Thread.Sleep(300);
        Native.WriteAll(1, "alive\n"u8);
        Native._exit(0);
        return 0;
    }

    private static int Copy()
    {
        var buffer = stackalloc byte[4096];
        for (; ; )
        {
            var got = Native.read(0, buffer, 4096);
            if (got <= 0)
            {
                return got == 0 ? 0 : Failed;
            }

            Native.WriteAll(1, new ReadOnlySpan<byte>(buffer, (int)got));
        }
    }

    /// <summary>Takes every signal that can be taken and appends its number to a file; ends at the given signal.</summary>
    private static int Trap(string file, int last)
    {
        var all = ~0UL;
        if (Native.checker_state_at_start()->Blocked >> 14 == 0)
        {
            // The runtime's threads would take them too: begin anew with all blocked, which they then inherit.
            Native.syscall(RtSigprocmask, 2, (long)&all, 0, 8, 0);
            var start = Native.checker_state_at_start();
            Native.execve((byte*)Marshal.StringToCoTaskMemUTF8("/proc/self/exe"), start->Argv, start->Envp);
            return Fail("/proc/self/exe");
        }

        Native.AppendFile(file, "ready\n"u8);
        for (; ; )
        {
            var number = Native.syscall(RtSigtimedwait, (long)&all, 0, 0, 8, 0);
            Native.AppendFile(file, Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture) + "\n"));
            if (number == last)
            {
                return 0;
            }
        }
    }

    /// <summary>Prints the terminal's size at once and at every SIGWINCH, and copies lines; ends with the line "end".</summary>
    private static int Window()
    {
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, static _ => PrintSize());
        PrintSize();
        var line = new StringBuilder();
        byte one;
        while (Native.read(0, &one, 1) == 1)
        {
            if (one != '\n')
            {
                line.Append((char)one);
                continue;
            }

            if (line.ToString() is "end")
            {
                return 0;
            }

            Native.WriteAll(1, Encoding.UTF8.GetBytes($"line {line}\n"));
            line.Clear();
        }

        return 0;
    }

    private static void PrintSize()
    {
        var size = stackalloc ushort[4];
        Native.ioctl(1, 0x5413, size);
        Native.WriteAll(1, Encoding.UTF8.GetBytes($"size {size[0]}x{size[1]}\n"));
    }

    /// <summary>Starts children of the same program, each with the given action.</summary>
    private static int Spawn(int count, ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < count; i++)
        {
            if (Start("/proc/self/exe", ["checker", .. arguments]) < 0)
            {
                return Failed;
            }
        }

        return 0;
    }

    private static int Start(string path, string[] arguments)
    {
        var argv = (byte**)NativeMemory.AllocZeroed((nuint)(arguments.Length + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < arguments.Length; i++)
        {
            argv[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        int pid;
        return Native.posix_spawn(&pid, (byte*)Marshal.StringToCoTaskMemUTF8(path), null, null, argv, Native.checker_state_at_start()->Envp) == 0 ? pid : -1;
    }

    /// <summary>Opens a file through its /dev or /proc name and writes to it, as programs that log to /dev/stdout do.</summary>
    private static int Reopen(string path, string text)
    {
        var fd = Native.open(path, Native.WriteOnly, 0);
        return fd >= 0 && Native.WriteAll(fd, Encoding.UTF8.GetBytes(text)) ? 0 : Fail(path);
    }

    /// <summary>A subreaper that runs a program, writes its status to a file and then reaps nobody.</summary>
    private static int Orphanage(ReadOnlySpan<string> arguments)
    {
        Native.prctl(36, 1, 0, 0, 0);
        var pid = Start(arguments[1], arguments[1..].ToArray());
        int status;
        Native.waitpid(pid, &status, 0);
        Native.AppendFile(arguments[0], Encoding.UTF8.GetBytes($"{status}\n"));
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }
}
