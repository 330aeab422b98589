using System;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// What <c>run</c> and <c>exec</c> do while the process runs: hands signals on, copies the terminal, reaps, and learns how the
/// container's process ended.
/// </summary>
internal sealed class Foreground : IDisposable
{
    /// <summary>
    /// All that can be handed on: not those that report a fault of our own, cannot be caught, or are about our own
    /// terminal.
    /// </summary>
    private static readonly int[] s_handedOn =
    [
        Signals.Hup, Signals.Int, Signals.Quit, 10, 12, 14, Signals.Term, 16, Signals.Continue, Signals.TerminalStop,
        24, 25, 26, 27, 29, 30,
    ];

    private readonly SpawnedProcess _process;
    private readonly SignalPipe _signals;
    private readonly TerminalProxy? _terminal;

    /// <summary>Catches signals from here on; they are handed on when <see cref="Wait"/> runs.</summary>
    /// <param name="process">The container's process, a child of ours.</param>
    /// <param name="terminal">The master side of its terminal; null if it has none.</param>
    public Foreground(SpawnedProcess process, Fd? terminal)
    {
        _process = process;
        Self.IgnoreBrokenPipes();
        _signals = new SignalPipe([.. s_handedOn, .. RealTime(), Signals.Child, Signals.WindowChange]);
        _terminal = terminal is null ? null : new TerminalProxy(terminal);
    }

    /// <summary>Stays until the container's process has ended. Its exit status, or 128 and the signal's number.</summary>
    public int Wait()
    {
        while (true)
        {
            if (Reap() is int code)
            {
                _terminal?.Drain();
                return code;
            }
            PollOnce();
        }
    }

    /// <summary>Puts our own terminal back.</summary>
    public void Dispose() => _terminal?.Restore();

    private void PollOnce()
    {
        Span<PollFd> fds = stackalloc PollFd[2 + TerminalProxy.PollCount];
        fds[0] = new PollFd(_signals.Number, PollFd.In);
        fds[1] = new PollFd(_process.PidFd.Number, PollFd.In);
        var rest = fds[2..];
        rest.Fill(new PollFd(-1, 0));
        _terminal?.Prepare(rest);
        int result = Syscalls.Poll(fds, -1);
        if (result < 0 && result != -Errno.EINTR)
            throw new LinuxException("wait for", "the container", -result);
        if (result <= 0)
            return;
        if (fds[0].Returned != 0)
            HandSignalsOn();
        _terminal?.Copy(rest);
    }

    private void HandSignalsOn()
    {
        for (int signal = _signals.Next(); signal != 0; signal = _signals.Next())
        {
            if (signal == Signals.WindowChange)
                _terminal?.CopySize();
            else if (signal != Signals.Child)
                _ = PidFd.Signal(_process.PidFd.Number, signal);
        }
    }

    /// <summary>Reaps whoever has ended (as a subreaper we get orphans); the exit code, if the container's process has.</summary>
    private int? Reap()
    {
        while (Syscalls.WaitChild(0, noHang: true, out var status) >= 0 && status.HasEnded)
        {
            if (status.Pid == _process.Pid)
                return status.ExitCode;
        }
        return null;
    }

    private static int[] RealTime()
    {
        // The first ones below are the C library's, and the managed runtime's for stopping its threads.
        int[] signals = new int[Signals.RealTimeMax - Signals.RealTimeMin];
        for (int i = 0; i < signals.Length; i++)
            signals[i] = Signals.RealTimeMin + 1 + i;
        return signals;
    }
}
