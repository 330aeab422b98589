using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands, as in Instructions.cs: the security modules.

/// <summary>
/// Writes an attribute of this process's for a Linux security module (proc_pid_attr(5)), through a procfs that can be
/// believed.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetLabel
{
    /// <summary>What is written.</summary>
    public PlanRef Value;
    public LabelAttribute Attribute;
    public uint Reserved;
}

public enum LabelAttribute : uint
{
    /// <summary>SELinux: the context that the next execve gives. It is read back: one that was taken is not empty.</summary>
    Exec,

    /// <summary>SELinux: the context of keyrings that this process makes.</summary>
    KeyCreate,

    /// <summary>AppArmor: the profile that the next execve changes to. Read back, too.</summary>
    AppArmorExec,
}
