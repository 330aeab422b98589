namespace Csrun.Spec;

/// <summary>The container's process, also the content of <c>exec --process</c>'s file (config.md#process).</summary>
public sealed class Process
{
    /// <summary>A pseudo-terminal on 0, 1 and 2.</summary>
    public bool Terminal { get; set; }

    /// <summary>Ignored without <see cref="Terminal"/>.</summary>
    public ConsoleSize? ConsoleSize { get; set; }

    /// <summary>Absent is 0:0.</summary>
    public User? User { get; set; }

    public string[]? Args { get; set; }

    public Utf8Texts? Env { get; set; }

    /// <summary>Absolute, in the container.</summary>
    public string Cwd { get; set; } = "";

    public Rlimit[]? Rlimits { get; set; }

    /// <summary>Absent means none at all.</summary>
    public Capabilities? Capabilities { get; set; }

    public bool NoNewPrivileges { get; set; }

    public string? ApparmorProfile { get; set; }

    /// <summary>-1000 to 1000; null leaves the runtime's own.</summary>
    public int? OomScoreAdj { get; set; }

    public Scheduler? Scheduler { get; set; }

    public string? SelinuxLabel { get; set; }

    public IoPriority? IoPriority { get; set; }

    /// <summary>For exec only, never for the container's first process.</summary>
    public ExecCPUAffinity? ExecCPUAffinity { get; set; }
}

/// <summary>Size of the terminal, in characters.</summary>
public sealed class ConsoleSize
{
    public uint Height { get; set; }

    public uint Width { get; set; }
}

/// <summary>config.md#posix-platform-user: ids as seen in the container.</summary>
public sealed class User
{
    public uint Uid { get; set; }

    public uint Gid { get; set; }

    /// <summary>Null leaves the caller's.</summary>
    public uint? Umask { get; set; }

    public uint[]? AdditionalGids { get; set; }
}

/// <summary>The five sets of capabilities(7), each of names like <c>CAP_CHOWN</c> (config.md#linux-process).</summary>
public sealed class Capabilities
{
    public string[]? Bounding { get; set; }

    public string[]? Effective { get; set; }

    public string[]? Inheritable { get; set; }

    public string[]? Permitted { get; set; }

    public string[]? Ambient { get; set; }
}

/// <summary>One resource limit (config.md#posix-process), setrlimit(2).</summary>
public sealed class Rlimit
{
    public RlimitType Type { get; set; }

    /// <summary>rlim_max; 2^64-1 is RLIM_INFINITY.</summary>
    public ulong Hard { get; set; }

    /// <summary>rlim_cur.</summary>
    public ulong Soft { get; set; }
}

/// <summary>sched_setattr(2) of the process (config.md#linux-process).</summary>
public sealed class Scheduler
{
    public SchedulerPolicy Policy { get; set; }

    /// <summary>For OTHER and BATCH.</summary>
    public int? Nice { get; set; }

    /// <summary>For FIFO and RR.</summary>
    public int? Priority { get; set; }

    public SchedulerFlag[]? Flags { get; set; }

    /// <summary>Nanoseconds; for DEADLINE, as the next two.</summary>
    public ulong? Runtime { get; set; }

    public ulong? Deadline { get; set; }

    public ulong? Period { get; set; }
}

/// <summary>ioprio_set(2) (config.md#linux-process).</summary>
public sealed class IoPriority
{
    public IoPriorityClass Class { get; set; }

    /// <summary>0 (highest) to 7.</summary>
    public int Priority { get; set; }
}

/// <summary>CPU lists like <c>0-3,7</c> for exec (config.md#linux-process).</summary>
public sealed class ExecCPUAffinity
{
    /// <summary>Before the process is moved to the container's cgroup.</summary>
    public string? Initial { get; set; }

    /// <summary>After it was moved.</summary>
    public string? Final { get; set; }
}
