using System;

namespace Csrun.Tests.Integration;

/// <summary>A pipe whose other ends can be watched.</summary>
internal sealed unsafe class Pipe : IDisposable
{
    private bool writeOpen = true;

    internal Pipe()
    {
        var ends = stackalloc int[2];
        Libc.Check(Libc.pipe2(ends, Libc.CloseOnExec), "pipe2");
        (Read, Write) = (ends[0], ends[1]);
    }

    internal int Read { get; }

    internal int Write { get; }

    public void Dispose()
    {
        CloseWrite();
        Libc.close(Read);
    }

    internal void CloseWrite()
    {
        if (writeOpen)
        {
            Libc.close(Write);
            writeOpen = false;
        }
    }

    /// <summary>True when nobody holds the write end any more (after what was written has been read).</summary>
    internal bool IsClosed(int milliseconds = 1000)
    {
        var buffer = stackalloc byte[4096];
        var end = Environment.TickCount64 + milliseconds;
        for (; ; )
        {
            var left = (int)(end - Environment.TickCount64);
            if (!Libc.AwaitInput(Read, left))
            {
                return false;
            }

            if (Libc.read(Read, buffer, 4096) == 0)
            {
                return true;
            }
        }
    }
}
