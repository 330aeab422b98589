using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Processes;

/// <summary>
/// What Init tells of the hooks that it ran: <see cref="MessageKind.HookOutput"/>, then
/// <see cref="MessageKind.HookEnded"/>.
/// </summary>
internal sealed class InitHooks
{
    private string _stdout = "";
    private HookRecord? _last;

    /// <summary>The standard output of the hook that is told of next.</summary>
    public void TakeOutput(Fd stdout)
    {
        using (stdout)
            _stdout = HookRecord.Tail(stdout.Number);
    }

    /// <summary>The rest of it.</summary>
    /// <param name="value">The message's value: wait status and milliseconds.</param>
    /// <param name="how">The message's step: whether it took too long.</param>
    /// <param name="stderr">Its standard error.</param>
    /// <param name="step">Its instruction.</param>
    public HookRecord TakeEnd(ulong value, Step how, Fd stderr, StartStep step)
    {
        using (stderr)
        {
            int signal = (int)(value & 0x7F);
            _last = new HookRecord
            {
                Where = step.JsonPath,
                Path = step.Object ?? "",
                Duration = TimeSpan.FromMilliseconds(value >> 32),
                ExitCode = signal == 0 ? (int)((value >> 8) & 0xFF) : null,
                Signal = signal == 0 ? null : Signals.Name(signal),
                TimedOut = how == Step.HookTimeout,
                Stdout = _stdout,
                Stderr = HookRecord.Tail(stderr.Number),
            };
        }
        _stdout = "";
        return _last;
    }

    /// <summary>What the last one printed, for an error about it.</summary>
    public string Words() => _last?.Words() ?? "";
}
