using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands, as in Instructions.cs: seccomp(2).

/// <summary>
/// Installs a filter that only says which calls an agent is asked about, and hands its listener to the runtime:
/// <see cref="MessageKind.Listener"/>. It comes before Ready, while whoever creates the container can still tell that
/// there is no agent.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct InstallListener
{
    /// <summary>Array of ulong: BPF instructions, at least one.</summary>
    public PlanRef Filter;

    /// <summary>SECCOMP_FILTER_FLAG_*.</summary>
    public uint Flags;

    /// <summary>1: the filter lets prctl(2) pass, so Init asks whether it is there (PR_GET_SECCOMP).</summary>
    public uint ReadBack;
}

/// <summary>
/// Has Execute install a filter as the last thing before execve(2), so that nothing of Init's own needs the profile's
/// leave. Without no_new_privs that takes CAP_SYS_ADMIN: <see cref="SetIdentityFlags.KeepSysAdmin"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetFilter
{
    /// <summary>Array of ulong: BPF instructions, at least one.</summary>
    public PlanRef Filter;

    /// <summary>SECCOMP_FILTER_FLAG_*.</summary>
    public uint Flags;

    /// <summary>1: the filter lets prctl(2) pass, so Init asks whether it is there (PR_GET_SECCOMP).</summary>
    public uint ReadBack;
}
