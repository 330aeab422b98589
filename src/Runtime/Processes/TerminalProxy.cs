using System;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Copies between our standard streams and the container's terminal. Ours, if there is one, is in raw mode meanwhile:
/// the container's line discipline is the one that counts. Nothing is set non-blocking that others share with us.
/// </summary>
internal sealed class TerminalProxy
{
    /// <summary>How many entries of poll(2) it uses.</summary>
    public const int PollCount = 3;

    // What a pipe takes without blocking once poll(2) says that it takes something (PIPE_BUF).
    private const int Chunk = 4096;

    /// <summary>Ctrl-D: the end of input, to a terminal in its usual mode.</summary>
    private const byte EndOfInput = 4;

    private readonly int _master;
    private readonly int _tty = -1;
    private readonly TerminalSettings _settings;
    private readonly Buffer _input = new(Chunk);
    private readonly Buffer _output = new(Chunk);
    private bool _inputOpen = true;
    private bool _masterOpen = true;

    public TerminalProxy(Fd master)
    {
        _master = master.Number;
        Syscalls.SetNonBlocking(_master);
        // BuildKit's terminal may be on any of the three.
        for (int fd = 0; fd < 3 && _tty < 0; fd++)
        {
            if (Terminal.TryGet(fd, out _settings))
                _tty = fd;
        }
        if (_tty < 0)
            return;
        CopySize();
        // From the background this would stop us.
        _ = Syscalls.SetSignalAction(Signals.TerminalOutput, 1);
        _ = Terminal.Set(_tty, Terminal.MakeRaw(_settings));
    }

    /// <summary>Our terminal's size becomes the container's.</summary>
    public void CopySize()
    {
        if (_tty >= 0 && Terminal.TryGetSize(_tty, out var size) && size is { Rows: > 0, Columns: > 0 })
            _ = Terminal.SetSize(_master, size);
    }

    /// <summary>Says what to wait for.</summary>
    public void Prepare(Span<PollFd> fds)
    {
        short events = 0;
        if (_masterOpen && _output.HasRoom)
            events |= PollFd.In;
        if (_masterOpen && _input.HasData)
            events |= PollFd.Out;
        fds[0] = new PollFd(events == 0 ? -1 : _master, events);
        fds[1] = new PollFd(_inputOpen && _masterOpen && _input.HasRoom ? 0 : -1, PollFd.In);
        fds[2] = new PollFd(_output.HasData ? 1 : -1, PollFd.Out);
    }

    /// <summary>Copies what can be copied without waiting.</summary>
    public void Copy(ReadOnlySpan<PollFd> fds)
    {
        if (fds[1].Fd >= 0 && fds[1].Returned != 0 && !_input.Fill(0))
        {
            _inputOpen = false;
            // A pipe's end is not seen on a terminal; what reads there would wait for ever.
            _input.Append(EndOfInput);
        }
        if (fds[0].Fd >= 0 && (fds[0].Returned & (PollFd.In | PollFd.HangUp | PollFd.Error)) != 0 && _output.HasRoom
            && !_output.Fill(_master))
            _masterOpen = false;
        if (_masterOpen && fds[0].Fd >= 0 && (fds[0].Returned & PollFd.Out) != 0)
            _input.Empty(_master);
        if (fds[2].Fd >= 0 && fds[2].Returned != 0)
            _output.Empty(1);
    }

    /// <summary>Writes out what the container said before it ended.</summary>
    public void Drain()
    {
        Span<PollFd> wait = [new(1, PollFd.Out)];
        do
        {
            while (_output.HasData)
            {
                _ = Syscalls.Poll(wait, -1);
                _output.Empty(1);
            }
        }
        while (_masterOpen && _output.Fill(_master) && _output.HasData);
    }

    /// <summary>Puts our terminal back.</summary>
    public void Restore()
    {
        if (_tty >= 0)
            _ = Terminal.Set(_tty, _settings);
    }

    /// <summary>Bytes on their way in one direction.</summary>
    private sealed class Buffer(int size)
    {
        // One byte more for the end of input.
        private readonly byte[] _bytes = new byte[size + 1];
        private int _start;
        private int _end;

        public bool HasData => _start < _end;

        /// <summary>Only an empty one is filled: what was read in one piece is written in one.</summary>
        public bool HasRoom => !HasData;

        public void Append(byte value) => _bytes[_end++] = value;

        /// <summary>Reads once, if there is something. False: there will be nothing more.</summary>
        public bool Fill(int fd)
        {
            (_start, _end) = (0, 0);
            long length = Syscalls.Read(fd, _bytes.AsSpan(0, size));
            if (length is -Errno.EINTR or -Errno.EAGAIN)
                return true;
            // The master's end is EIO: nobody has the terminal open any more.
            _end = (int)Math.Max(length, 0);
            return length > 0;
        }

        /// <summary>Writes once, if that is possible; what nobody takes any more is dropped.</summary>
        public void Empty(int fd)
        {
            long length = Syscalls.Write(fd, _bytes.AsSpan(_start, _end - _start));
            if (length is not (-Errno.EINTR or -Errno.EAGAIN))
                _start = length < 0 ? _end : _start + (int)length;
        }
    }
}
