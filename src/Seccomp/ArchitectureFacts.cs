using System;
using System.Runtime.InteropServices;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>What a filter has to know of an architecture.</summary>
/// <param name="Audit">AUDIT_ARCH_* (linux/audit.h): seccomp_data.arch.</param>
/// <param name="Column">Its column in syscalls.tsv.</param>
/// <param name="FirstNumber">What its ABI adds to every number of its table.</param>
/// <param name="Is64">Arguments have 64 bits. Of x32 and n32 only the lower 32 are compared, as libseccomp does.</param>
/// <param name="IsBigEndian">The high word of an argument comes first.</param>
/// <param name="Multiplexes">It has socketcall(2) and ipc(2), which do the work of calls that may have numbers too.</param>
internal readonly record struct ArchitectureFacts(uint Audit, int Column, uint FirstNumber, bool Is64, bool IsBigEndian, bool Multiplexes)
{
    /// <summary>What x32 adds to its numbers; its calls come with x86_64's AUDIT_ARCH.</summary>
    public const uint X32Bit = 0x4000_0000;

    /// <summary>arm: numbers from 0xF0000 on.</summary>
    public bool HasPrivateCalls => Column == 3;

    /// <summary>s390: the number of a call that does not exist is 0 when the filter sees it.</summary>
    public bool HidesUnknownCalls => Column is 15 or 16;

    private const uint Bits64 = 0x8000_0000;
    private const uint Little = 0x4000_0000;
    private const uint N32 = 0x2000_0000;

    /// <summary>The architecture that this program is for.</summary>
    public static SeccompArchitecture Native =>
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? SeccompArchitecture.Aarch64 : SeccompArchitecture.X8664;

    /// <summary>Where the first number of socketcall(2) and ipc(2) of such an architecture is.</summary>
    public const int SocketCall = 102;
    public const int Ipc = 117;

    // The lower half of AUDIT_ARCH_* is the ELF machine number (linux/elf-em.h).
    public static ArchitectureFacts Of(SeccompArchitecture architecture) => architecture switch
    {
        SeccompArchitecture.X86 => new(3 | Little, 0, 0, false, false, true),
        SeccompArchitecture.X8664 => new(62 | Bits64 | Little, 1, 0, true, false, false),
        SeccompArchitecture.X32 => new(62 | Bits64 | Little, 2, X32Bit, false, false, false),
        SeccompArchitecture.Arm => new(40 | Little, 3, 0, false, false, false),
        SeccompArchitecture.Aarch64 => new(183 | Bits64 | Little, 4, 0, true, false, false),
        SeccompArchitecture.Loongarch64 => new(258 | Bits64 | Little, 5, 0, true, false, false),
        SeccompArchitecture.M68K => new(4, 6, 0, false, true, true),
        SeccompArchitecture.Mips => new(8, 7, 4000, false, true, true),
        SeccompArchitecture.Mipsel => new(8 | Little, 7, 4000, false, false, true),
        SeccompArchitecture.Mips64 => new(8 | Bits64, 8, 5000, true, true, false),
        SeccompArchitecture.Mipsel64 => new(8 | Bits64 | Little, 8, 5000, true, false, false),
        SeccompArchitecture.Mips64N32 => new(8 | Bits64 | N32, 9, 6000, false, true, false),
        SeccompArchitecture.Mipsel64N32 => new(8 | Bits64 | Little | N32, 9, 6000, false, false, false),
        SeccompArchitecture.Parisc => new(15, 10, 0, false, true, false),
        SeccompArchitecture.Parisc64 => new(15 | Bits64, 11, 0, true, true, false),
        SeccompArchitecture.Ppc => new(20, 12, 0, false, true, true),
        SeccompArchitecture.Ppc64 => new(21 | Bits64, 13, 0, true, true, true),
        SeccompArchitecture.Ppc64Le => new(21 | Bits64 | Little, 13, 0, true, false, true),
        SeccompArchitecture.Riscv64 => new(243 | Bits64 | Little, 14, 0, true, false, false),
        SeccompArchitecture.S390 => new(22, 15, 0, false, true, true),
        SeccompArchitecture.S390X => new(22 | Bits64, 16, 0, true, true, true),
        SeccompArchitecture.Sh => new(42 | Little, 17, 0, false, false, true),
        SeccompArchitecture.Sheb => new(42, 17, 0, false, true, true),
        _ => throw new ArgumentOutOfRangeException(nameof(architecture)),
    };
}
