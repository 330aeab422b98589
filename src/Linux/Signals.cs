using System;
using System.Globalization;

namespace Csrun.Linux;

/// <summary>signal(7): names and numbers, the same on x64 and arm64.</summary>
public static class Signals
{
    public const int Hup = 1;
    public const int Int = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Pipe = 13;
    public const int Term = 15;
    public const int Child = 17;
    public const int Continue = 18;
    public const int Stop = 19;
    public const int TerminalStop = 20;
    public const int TerminalInput = 21;
    public const int TerminalOutput = 22;
    public const int Urgent = 23;
    public const int WindowChange = 28;

    /// <summary>SIGRTMIN, as libc and kill(1) have it: the kernel's first two are libc's own.</summary>
    public const int RealTimeMin = 34;

    /// <summary>SIGRTMAX; also the highest number there is.</summary>
    public const int RealTimeMax = 64;

    private static readonly string[] s_names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Other names of the same signals.</summary>
    private static readonly (string Name, int Number)[] s_aliases =
        [("IOT", 6), ("CLD", 17), ("POLL", 29), ("UNUSED", 31), ("RTMIN", RealTimeMin), ("RTMAX", RealTimeMax)];

    /// <summary>"SIGTERM" for 15, "SIGRTMIN+3" for 37, the decimal number for what has no name.</summary>
    public static string Name(int number)
    {
        if (number is > 0 and < 32)
        {
            return "SIG" + s_names[number];
        }
        return number switch
        {
            RealTimeMin => "SIGRTMIN",
            RealTimeMax => "SIGRTMAX",
            > RealTimeMin and < RealTimeMax => "SIGRTMIN+" + (number - RealTimeMin).ToString(CultureInfo.InvariantCulture),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>
    /// The number of a signal given as "15", "TERM", "SIGTERM", "RTMIN+3" or "SIGRTMAX-1", in any case; -1 if it is
    /// none. 0 is taken, as kill(2) does: it only asks whether the process is there.
    /// </summary>
    public static int Parse(ReadOnlySpan<char> text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number <= RealTimeMax ? number : -1;
        }
        if (text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase))
        {
            text = text[3..];
        }
        for (int i = 1; i < s_names.Length; i++)
        {
            if (text.Equals(s_names[i], StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }
        foreach ((string name, int value) in s_aliases)
        {
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }
        return ParseRealTime(text);
    }

    private static int ParseRealTime(ReadOnlySpan<char> text)
    {
        bool fromMin = text.StartsWith("RTMIN+", StringComparison.OrdinalIgnoreCase);
        if (!fromMin && !text.StartsWith("RTMAX-", StringComparison.OrdinalIgnoreCase))
        {
            return -1;
        }
        if (!int.TryParse(text[6..], NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
            || offset > RealTimeMax - RealTimeMin)
        {
            return -1;
        }
        return fromMin ? RealTimeMin + offset : RealTimeMax - offset;
    }
}
