using System;

namespace Csrun.Linux;

/// <summary>RLIMIT_*: the resources of setrlimit(2), by the number that they have on all architectures supported.</summary>
public static class Rlimits
{
    /// <summary>RLIM_INFINITY.</summary>
    public const ulong Infinity = ulong.MaxValue;

    /// <summary>RLIMIT_NOFILE.</summary>
    public const int NoFile = 7;

    private static readonly string[] s_names =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC",
        "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ];

    /// <summary>All names; a name's index is its number.</summary>
    public static ReadOnlySpan<string> Names => s_names;

    /// <summary>The number of a resource by its C name, exactly as config.json must have it; -1 if there is none.</summary>
    public static int Number(string name) => Array.IndexOf(s_names, name);
}
