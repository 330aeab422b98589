namespace Csrun.Seccomp;

/// <summary>
/// Instructions of the kernel's classic BPF (linux/filter.h, struct sock_filter) as 64-bit numbers: code, jt, jf, k from
/// the lowest bits on. Filters use nothing else: what the kernel's cache of allowed calls (seccomp_is_const_allow) can
/// follow is among it.
/// </summary>
public static class Bpf
{
    /// <summary>A = the 32-bit word of seccomp_data at offset k.</summary>
    public const ushort Load = 0x20;

    /// <summary>A = A &amp; k.</summary>
    public const ushort And = 0x54;
    public const ushort Jump = 0x05;
    public const ushort IfEqual = 0x15;
    public const ushort IfGreater = 0x25;
    public const ushort IfGreaterOrEqual = 0x35;
    public const ushort IfAnyBit = 0x45;
    public const ushort Return = 0x06;

    /// <summary>Most instructions of one program: BPF_MAXINSNS.</summary>
    public const int MostInstructions = 4096;

    // struct seccomp_data (linux/seccomp.h).
    public const uint NumberOffset = 0;
    public const uint ArchOffset = 4;
    public const uint ArgsOffset = 16;

    public static ulong Make(ushort code, int yes, int no, uint k) => code | ((ulong)(byte)yes << 16) | ((ulong)(byte)no << 24) | ((ulong)k << 32);

    public static ushort Code(ulong instruction) => (ushort)instruction;

    public static int Yes(ulong instruction) => (byte)(instruction >> 16);

    public static int No(ulong instruction) => (byte)(instruction >> 24);

    public static uint K(ulong instruction) => (uint)(instruction >> 32);
}
