using System;
using System.Runtime.InteropServices;

namespace Csrun.Linux;

/// <summary>
/// Signals as something to read: they are blocked for the calling thread (on which all commands run) and come through a
/// descriptor, signalfd(2), so that no code of ours ever runs inside a handler.
/// </summary>
public sealed class SignalReader : IDisposable
{
    private const int Block = 0;
    private const int SetMask = 2;
    private readonly ulong _before;
    private readonly Fd _fd;

    /// <summary>Blocks the signals and opens the descriptor.</summary>
    public SignalReader(params ReadOnlySpan<int> signals)
    {
        ulong mask = 0;
        foreach (int signal in signals)
        {
            mask |= 1UL << (signal - 1);
        }
        LinuxException.Check(Syscalls.SignalMask(Block, mask, out _before), "block signals", null);
        _fd = Fd.Own(Syscalls.SignalFd(mask), "make signal descriptor", null);
    }

    /// <summary>For poll(2): readable when a signal is there.</summary>
    public int Number => _fd.Number;

    /// <summary>The next signal, or 0 if there is none now.</summary>
    public int Next()
    {
        // struct signalfd_siginfo: the first 32 bits are the signal's number.
        Span<byte> info = stackalloc byte[128];
        return Syscalls.Read(_fd.Number, info) == info.Length ? MemoryMarshal.Read<int>(info) : 0;
    }

    /// <summary>Closes the descriptor and puts the signal mask back.</summary>
    public void Dispose()
    {
        _fd.Dispose();
        _ = Syscalls.SignalMask(SetMask, _before, out _);
    }
}
