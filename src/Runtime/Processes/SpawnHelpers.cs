using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Keeps descriptors out of the range that the child is going to fill: one whose number another is copied to would be
/// gone before its own turn, and dup3(2) refuses to copy one to itself.
/// </summary>
/// <param name="limit">The first number above that range.</param>
internal sealed class FdMover(int limit) : IDisposable
{
    private readonly List<Fd> _moved = [];

    public int Limit { get; } = limit;

    /// <summary>The same open file under a number of at least <see cref="Limit"/>.</summary>
    public int Out(int fd)
    {
        if (fd >= Limit)
        {
            return fd;
        }
        Fd copy = Fd.Own(Syscalls.Duplicate(fd, Limit), "copy descriptor", null);
        _moved.Add(copy);
        return copy.Number;
    }

    public void Dispose() => _moved.ForEach(static fd => fd.Dispose());
}

/// <summary>
/// Between this process and a child that has memory of its own: the child waits for one byte, and then writes what
/// failed, or closes it by executing its program.
/// </summary>
internal sealed class StatusSocket : IDisposable
{
    private readonly Fd _ours;
    private readonly Fd _theirs;

    /// <param name="limit">The least number for the child's end, see <see cref="FdMover"/>.</param>
    public StatusSocket(int limit)
    {
        (_ours, Fd theirs) = UnixSocket.Pair(SocketKind.Stream);
        using (theirs)
        {
            // A copy in the mover's hands would stay open until after the child's end of file is waited for.
            _theirs = Fd.Own(Syscalls.Duplicate(theirs.Number, limit), "copy descriptor", null);
        }
    }

    public int Ours => _ours.Number;

    public int Theirs => _theirs.Number;

    public void CloseTheirs() => _theirs.Dispose();

    /// <summary>A child that is gone has its status to tell.</summary>
    public void LetGo() => _ = UnixSocket.Send(Ours, "\0"u8);

    /// <summary>Waits until the program is executed, or it is known why not; false if neither happens in time.</summary>
    /// <param name="call">Gets what failed.</param>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    public bool AwaitExec(ref SpawnCall call, int milliseconds)
    {
        if (milliseconds >= 0 && !UnixSocket.AwaitInput(Ours, milliseconds))
        {
            return false;
        }
        Span<int> failure = stackalloc int[2];
        Span<byte> bytes = MemoryMarshal.AsBytes(failure);
        if (UnixSocket.Receive(Ours, bytes, out _) == bytes.Length)
        {
            (call.FailedStep, call.FailedErrno) = (failure[0], failure[1]);
        }
        return true;
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }
}
