using System;
using System.Runtime.InteropServices;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Signals as something to read. A handler of a few instructions (spawn-*.S) writes each signal's number into a pipe:
/// signalfd(2) would need the signal to be blocked on all threads, and the managed runtime has one that we cannot reach.
/// </summary>
internal sealed partial class SignalPipe
{
    private const ulong Restart = 0x10000000;
    private const ulong OnStack = 0x08000000;
    private const ulong Restorer = 0x04000000;
    private readonly Fd _read;

    /// <summary>Catches these signals from now on, for the rest of the process's life.</summary>
    public SignalPipe(ReadOnlySpan<int> signals)
    {
        LinuxException.Check(Syscalls.Pipe(out int read, out int write), "make pipe", null);
        // The other end stays open to the end: the handler must never write into what has its number later.
        _read = new Fd(read);
        Syscalls.SetNonBlocking(read);
        Syscalls.SetNonBlocking(write);
        nint handler = Handler(write);
        nint restorer = RestorerAddress();
        ulong flags = Restart | OnStack | (restorer == 0 ? 0 : Restorer);
        foreach (int signal in signals)
            LinuxException.Check(Syscalls.SetSignalAction(signal, handler, flags, restorer), "catch", Signals.Name(signal));
    }

    /// <summary>For poll(2): readable when a signal has come.</summary>
    public int Number => _read.Number;

    /// <summary>The next signal; 0 if there is none.</summary>
    public int Next()
    {
        int signal = 0;
        return Syscalls.Read(_read.Number, MemoryMarshal.AsBytes(new Span<int>(ref signal))) == sizeof(int) ? signal : 0;
    }

    [LibraryImport("csrun-spawn", EntryPoint = "csrun_signal_handler")]
    private static partial nint Handler(int fd);

    [LibraryImport("csrun-spawn", EntryPoint = "csrun_signal_restorer")]
    private static partial nint RestorerAddress();
}
