using System.Runtime.InteropServices;

namespace Csrun.Plan;

// This folder is compiled twice: into Csrun.Plan.dll for the managed runtime, and from source into the freestanding
// Init, whose System module has no strings, arrays or exceptions. Whatever only the runtime needs is under
// `#if !FREESTANDING`.

/// <summary>
/// A range of bytes inside the plan, counted from the plan's first byte. A string is UTF-8, its <see cref="Length"/>
/// does not count the NUL that always follows it. An array of structures is aligned to 8; its length is in bytes.
/// The value (0, 0) means "absent".
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlanRef
{
    public uint Offset;
    public uint Length;
}

/// <summary>Two strings: a mount option with its value, for one.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlanPair
{
    public PlanRef Key;

    /// <summary>(0, 0) for a flag without a value.</summary>
    public PlanRef Value;
}

/// <summary>
/// The first bytes of every plan. All fields are little-endian and fixed-width. Instructions follow one another from
/// <see cref="InstructionsOffset"/>, each an <see cref="InstructionHeader"/> and its operands, a multiple of 8 bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlanHeader
{
    /// <summary>"CSRPLAN\0" read as a little-endian 64-bit number.</summary>
    public const ulong ExpectedMagic = 0x004E414C50525343;

    /// <summary>Raised with every change of the format; Init and Runtime come from one build, so it must be equal.</summary>
    public const uint ExpectedVersion = 1;

    /// <summary>The address at which the kernel maps the plan when it executes the Init image that carries it.</summary>
    public const ulong MappedAddress = 0x2000_0000;

    /// <summary>Longest plan: what an environment of the kernel's limit (ARG_MAX) and 10,000 mounts need, with room.</summary>
    public const uint MaxLength = 64 << 20;

    /// <summary>Most slots that instructions may use to hand a descriptor to a later instruction.</summary>
    public const uint MaxSlots = 16384;

    public ulong Magic;
    public uint Version;

    /// <summary>Bytes in the whole plan, this header included.</summary>
    public uint TotalLength;

    public uint InstructionsOffset;
    public uint InstructionsLength;
    public uint InstructionCount;

    /// <summary>How many descriptors from 3 on the container's process keeps (--preserve-fds and LISTEN_FDS).</summary>
    public uint PreservedFds;

    /// <summary>
    /// How many descriptors Init inherits after the preserved ones. Inherited descriptor i has the number
    /// 3 + <see cref="PreservedFds"/> + i; <see cref="InheritedFd"/> says which is which. Everything above is closed.
    /// </summary>
    public uint InheritedFds;

    /// <summary>How many descriptor slots the instructions use: at most <see cref="MaxSlots"/>.</summary>
    public uint Slots;
}

/// <summary>The inherited descriptors that every plan has, by index. Namespaces and others follow.</summary>
public static class InheritedFd
{
    /// <summary>SOCK_SEQPACKET socket to the runtime that made Init; see <see cref="MessageKind"/>.</summary>
    public const uint Sync = 0;

    /// <summary>Listening SOCK_SEQPACKET socket on which <c>start</c> connects. A plan without AwaitStart has none.</summary>
    public const uint Start = 1;

    /// <summary>The first index for what a particular plan needs (namespaces to join); of a plan without AwaitStart, one less.</summary>
    public const uint First = 2;
}

/// <summary>What stands before an instruction's operands.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InstructionHeader
{
    public Opcode Opcode;

    /// <summary>Always 0.</summary>
    public ushort Reserved;

    /// <summary>Bytes of header and operands together: a multiple of 8, exactly what the opcode's structure has.</summary>
    public uint Size;
}
