using System;
using System.Diagnostics;

namespace Csrun.Runtime;

/// <summary>A debug line for each phase of a command, with the time since the one before. Costs nothing without --debug.</summary>
public static class Timing
{
    private static long s_last;

    /// <summary>Takes the time that the first phase is counted from: the first statement of <c>Main</c>.</summary>
    public static void Begin() => s_last = Stopwatch.GetTimestamp();

    /// <summary>Ends a phase: "timing: read config.json: 85 us".</summary>
    public static void Mark(string phase)
    {
        if (!Log.IsDebug)
            return;
        long now = Stopwatch.GetTimestamp();
        var elapsed = Stopwatch.GetElapsedTime(s_last, now);
        Log.Debug(FormattableString.Invariant($"timing: {phase}: {elapsed.TotalMicroseconds:F0} us"));
        s_last = Stopwatch.GetTimestamp();
    }
}
