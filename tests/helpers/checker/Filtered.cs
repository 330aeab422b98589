using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Csrun.Tests.Checker;

/// <summary>
/// <c>checker filtered SOCKET CALL,CALL,... PROGRAM [ARG]...</c>: executes a program whose listed system calls, and those
/// of all its children, wait for whoever reads from the other end of the socket: seccomp_unotify(2).
/// </summary>
internal static unsafe class Filtered
{
    private const int SetModeFilter = 1, NewListener = 8, WaitKillable = 32;
    private const ushort LoadWord = 0x20, JumpIfEqual = 0x15, Return = 0x06;
    private const uint Allow = 0x7fff0000, Notify = 0x7fc00000;
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private static volatile int made;
    private static volatile int sent;

    [StructLayout(LayoutKind.Sequential)]
    private struct Instruction
    {
        public ushort Code;
        public byte Jump;
        public byte Otherwise;
        public uint Value;
    }

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        var socket = Actions.Number(arguments[0]);
        var calls = arguments[1].Split(',');
        var program = (Instruction*)NativeMemory.AllocZeroed((nuint)((calls.Length * 2) + 2), (nuint)sizeof(Instruction));
        var length = 0;
        program[length++] = new() { Code = LoadWord };
        foreach (var call in calls)
        {
            program[length++] = new() { Code = JumpIfEqual, Otherwise = 1, Value = uint.Parse(call, CultureInfo.InvariantCulture) };
            program[length++] = new() { Code = Return, Value = Notify };
        }

        program[length++] = new() { Code = Return, Value = Allow };
        // Prepared before the filter is there: from then on these calls wait.
        var argv = (byte**)NativeMemory.AllocZeroed((nuint)arguments.Length, (nuint)sizeof(byte*));
        for (var i = 2; i < arguments.Length; i++)
        {
            argv[i - 2] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        // By another thread, which the filter does not hold for: sendmsg may be one of the calls that wait.
        var sender = new Thread(() =>
        {
            while (made == 0)
            {
                Thread.Yield();
            }

            sent = Send(socket, made) ? 1 : -1;
        });
        sender.Start();
        var filter = stackalloc nint[2] { length, (nint)program };
        var listener = Native.syscall(Arm ? 277 : 317, SetModeFilter, NewListener | WaitKillable, (long)filter, 0, 0);
        if (listener < 0)
        {
            Native.WriteAll(2, Encoding.UTF8.GetBytes($"checker: filtered: {Native.Error}\n"));
            Native._exit(99);
        }

        made = (int)listener;
        while (sent == 0)
        {
            Thread.Yield();
        }


        Native.close((int)listener);
        Native.close(socket);
        Native.execve(argv[0], argv, Native.checker_state_at_start()->Envp);
        return 99;
    }

    /// <summary>sendmsg(2) with SCM_RIGHTS.</summary>
    private static bool Send(int socket, int descriptor)
    {
        byte one = 1;
        var vector = stackalloc nint[2] { (nint)(&one), 1 };
        var control = stackalloc long[3];
        control[0] = 20;
        ((int*)control)[2] = 1;
        ((int*)control)[3] = 1;
        ((int*)control)[4] = descriptor;
        var message = stackalloc nint[7] { 0, 0, (nint)vector, 1, (nint)control, 24, 0 };
        return Native.syscall(Arm ? 211 : 46, socket, (long)message, 0, 0, 0) == 1;
    }
}
