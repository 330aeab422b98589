using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands, as in Instructions.cs: what the kernel's schedulers and allocators are told of the process. All of it stays
// across execve.

/// <summary>sched_setattr(2) on this process.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetScheduler
{
    /// <summary>SCHED_*.</summary>
    public uint Policy;
    public int Nice;

    /// <summary>SCHED_FLAG_*.</summary>
    public ulong Flags;

    /// <summary>Nanoseconds, as the next two: SCHED_DEADLINE.</summary>
    public ulong Runtime;
    public ulong Deadline;
    public ulong Period;

    /// <summary>SCHED_FIFO and SCHED_RR.</summary>
    public uint Priority;
    public uint Reserved;
}

/// <summary>ioprio_set(2) on this process.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetIoPriority
{
    /// <summary>The class in the bits from 13 on, the level in those below: IOPRIO_PRIO_VALUE.</summary>
    public uint Value;
    public uint Reserved;
}

/// <summary>set_mempolicy(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetMemoryPolicy
{
    /// <summary>Array of ulong: bit n of word m is node 64 m + n; absent for none.</summary>
    public PlanRef Nodes;

    /// <summary>MPOL_*, with MPOL_F_*.</summary>
    public uint Mode;
    public uint Reserved;
}

/// <summary>personality(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetPersonality
{
    /// <summary>PER_*.</summary>
    public ulong Persona;
}
