namespace Csrun.Runtime.Containers;

/// <summary>Who makes the container's cgroup (<c>--cgroup-manager</c>, <c>--systemd-cgroup</c>).</summary>
public enum CgroupManager
{
    /// <summary>csrun itself, through the cgroup file systems.</summary>
    Cgroupfs,
    Systemd,

    /// <summary>Nobody: the container stays in its caller's cgroup.</summary>
    Disabled,
}

/// <summary>The global options that matter to containers.</summary>
public sealed record RuntimeOptions
{
    /// <summary><c>--root</c> as given; null for the default of <c>StateRoot</c>.</summary>
    public string? Root { get; init; }

    public CgroupManager CgroupManager { get; init; } = CgroupManager.Cgroupfs;

    /// <summary><c>--rootless</c>: whether refused cgroups are passed over; null is "auto".</summary>
    public bool? Rootless { get; init; }
}

/// <summary>What <c>create</c> is given; <c>run</c> too.</summary>
public sealed record CreateRequest
{
    public required string Id { get; init; }

    public RuntimeOptions Options { get; init; } = new();

    /// <summary><c>--bundle</c>, absolute or relative to the working directory.</summary>
    public string Bundle { get; init; } = ".";

    /// <summary><c>--config</c>: another name for config.json, absolute or relative to the bundle.</summary>
    public string? Config { get; init; }

    /// <summary><c>--pid-file</c>, relative to the working directory.</summary>
    public string? PidFile { get; init; }

    /// <summary><c>--console-socket</c>.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary><c>--pidfd-socket</c>.</summary>
    public string? PidfdSocket { get; init; }

    public bool NoPivot { get; init; }

    public bool NoNewKeyring { get; init; }

    /// <summary><c>--preserve-fds</c>: descriptors from 3 on that the process keeps.</summary>
    public int PreserveFds { get; init; }

    /// <summary><c>--dry-run</c>: make nothing, only find out what would be wrong (<c>Check</c>).</summary>
    public bool DryRun { get; init; }
}

/// <summary>What <c>run</c> is given.</summary>
public sealed record RunRequest
{
    public required CreateRequest Create { get; init; }

    public bool Detach { get; init; }

    /// <summary>Leave the stopped container for a later <c>delete</c>.</summary>
    public bool Keep { get; init; }

    /// <summary>Do not become the reaper of what the container's process leaves behind.</summary>
    public bool NoSubreaper { get; init; }
}

/// <summary>What <c>kill</c> is given.</summary>
public sealed record KillRequest
{
    public required string Id { get; init; }

    public RuntimeOptions Options { get; init; } = new();

    /// <summary>Name or number, as <see cref="Linux.Signals.Parse"/> takes it.</summary>
    public string Signal { get; init; } = "TERM";

    /// <summary>To all processes of the container's cgroup; a stopped container is then no error.</summary>
    public bool All { get; init; }
}

/// <summary>What <c>exec</c> is given. Texts are as on the command line; they are read by <c>ExecConfig</c>.</summary>
public sealed record ExecRequest
{
    public required string Id { get; init; }

    public RuntimeOptions Options { get; init; } = new();

    /// <summary><c>--process</c>: a file with the whole process, instead of all that follows up to <see cref="Capabilities"/>.</summary>
    public string? ProcessFile { get; init; }

    /// <summary>The program and its arguments.</summary>
    public string[] Arguments { get; init; } = [];

    /// <summary><c>--tty</c>.</summary>
    public bool Terminal { get; init; }

    /// <summary><c>--cwd</c>; null for the container's.</summary>
    public string? Cwd { get; init; }

    /// <summary><c>--env</c>, each NAME=value, after those of the container.</summary>
    public string[] Env { get; init; } = [];

    /// <summary><c>--user</c>: UID[:GID].</summary>
    public string? User { get; init; }

    /// <summary><c>--additional-gids</c>, after those of the container.</summary>
    public string[] AdditionalGids { get; init; } = [];

    /// <summary><c>--apparmor</c>.</summary>
    public string? ApparmorProfile { get; init; }

    /// <summary><c>--process-label</c>.</summary>
    public string? ProcessLabel { get; init; }

    /// <summary><c>--no-new-privs</c>.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary><c>--cap</c>: capabilities beside those of the container.</summary>
    public string[] Capabilities { get; init; } = [];

    public bool Detach { get; init; }

    /// <summary><c>--pid-file</c>, relative to the working directory.</summary>
    public string? PidFile { get; init; }

    public string? ConsoleSocket { get; init; }

    public string? PidfdSocket { get; init; }

    public int PreserveFds { get; init; }

    /// <summary><c>--ignore-paused</c>: wait until a paused container goes on.</summary>
    public bool IgnorePaused { get; init; }

    /// <summary><c>--cgroup</c>, each [CONTROLLERS:]PATH.</summary>
    public string[] Cgroups { get; init; } = [];
}
