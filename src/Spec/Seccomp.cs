namespace Csrun.Spec;

/// <summary>The <c>linux.seccomp</c> object (config-linux.md#seccomp).</summary>
public sealed class SeccompProfile
{
    public SeccompAction DefaultAction { get; set; }

    public uint? DefaultErrnoRet { get; set; }

    public SeccompArchitecture[]? Architectures { get; set; }

    public SeccompFlag[]? Flags { get; set; }

    /// <summary>Socket that gets the descriptor for <see cref="SeccompAction.Notify"/>.</summary>
    public string? ListenerPath { get; set; }

    public string? ListenerMetadata { get; set; }

    public SeccompRule[]? Syscalls { get; set; }
}

/// <summary>One entry of <c>linux.seccomp.syscalls</c>.</summary>
public sealed class SeccompRule
{
    public string[] Names { get; set; } = [];

    public SeccompAction Action { get; set; }

    public uint? ErrnoRet { get; set; }

    public SeccompArg[]? Args { get; set; }
}

/// <summary>A condition on one argument of the system call.</summary>
public sealed class SeccompArg
{
    /// <summary>0 to 5.</summary>
    public uint Index { get; set; }

    public ulong Value { get; set; }

    /// <summary>For <see cref="SeccompOperator.MaskedEqual"/>: (argument &amp; Value) == ValueTwo.</summary>
    public ulong ValueTwo { get; set; }

    public SeccompOperator Op { get; set; }
}
