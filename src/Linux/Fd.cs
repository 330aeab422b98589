using System;

namespace Csrun.Linux;

/// <summary>
/// Owns one descriptor, close-on-exec from birth, and closes it once. There is no finaliser: whoever opens, disposes;
/// what a command leaves open ends with the process.
/// </summary>
public sealed class Fd : IDisposable
{
    private int _number;

    /// <summary>Takes over a descriptor that a system call gave.</summary>
    public Fd(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        _number = number;
    }

    /// <summary>The descriptor's number, for system calls; valid until it is disposed of or released.</summary>
    public int Number
    {
        get
        {
            ObjectDisposedException.ThrowIf(_number < 0, this);
            return _number;
        }
    }

    /// <summary>Takes over the result of a system call, or throws if it is -errno.</summary>
    public static Fd Own(long result, string operation, string? target) =>
        new((int)LinuxException.Check(result, operation, target));

    /// <summary>Gives the number away: this object no longer closes it.</summary>
    public int Release()
    {
        int number = Number;
        _number = -1;
        return number;
    }

    public void Dispose()
    {
        if (_number >= 0)
        {
            _ = Syscalls.Close(_number);
            _number = -1;
        }
    }
}
