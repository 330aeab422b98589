using System;
using System.IO;

namespace Csrun.Seccomp;

/// <summary>struct seccomp_data (linux/seccomp.h): what a filter sees of a call. The instruction pointer is left out: no filter here reads it.</summary>
/// <param name="Number">As its ABI has it.</param>
/// <param name="Audit">AUDIT_ARCH_*.</param>
/// <param name="Arguments">Six.</param>
public readonly ref struct CallData(uint Number, uint Audit, ReadOnlySpan<ulong> Arguments)
{
    private readonly ReadOnlySpan<ulong> _arguments = Arguments;

    public uint Number { get; } = Number;

    public uint Audit { get; } = Audit;

    /// <summary>The 32-bit word at an offset, as a little-endian machine has it.</summary>
    public uint this[uint offset] => offset switch
    {
        Bpf.NumberOffset => Number,
        Bpf.ArchOffset => Audit,
        _ when offset % 4 == 0 && offset >= Bpf.ArgsOffset && offset < Bpf.ArgsOffset + 48 =>
            (uint)(_arguments[(int)(offset - Bpf.ArgsOffset) / 8] >> (offset % 8 == 0 ? 0 : 32)),
        _ => throw new InvalidDataException("the filter loads what is not there"),
    };
}

/// <summary>Runs a filter as the kernel would, with its rules of what a program may be (seccomp_check_filter).</summary>
public static class BpfMachine
{
    /// <summary>What the filter returns.</summary>
    /// <param name="program">Instructions as in <see cref="Bpf"/>.</param>
    /// <param name="call">The call.</param>
    /// <param name="steps">How many instructions were executed.</param>
    /// <exception cref="InvalidDataException">The program is none: it ends without a return, or does what filters may not.</exception>
    public static uint Run(ReadOnlySpan<ulong> program, CallData call, out int steps) => Run(program, call, false, out steps)!.Value;

    /// <summary>What the filter returns for a call whatever its arguments are; false if they count.</summary>
    public static bool TryDecide(ReadOnlySpan<ulong> program, CallData call, out uint verdict)
    {
        uint? decided = Run(program, call, true, out _);
        verdict = decided ?? 0;
        return decided is not null;
    }

    private static uint? Run(ReadOnlySpan<ulong> program, CallData call, bool withoutArguments, out int steps)
    {
        uint a = 0;
        int at = 0;
        for (steps = 1; at < program.Length; steps++)
        {
            ulong instruction = program[at++];
            uint k = Bpf.K(instruction);
            switch (Bpf.Code(instruction))
            {
                case Bpf.Load:
                    if (withoutArguments && k >= Bpf.ArgsOffset)
                        return null;
                    a = call[k];
                    break;
                case Bpf.And:
                    a &= k;
                    break;
                case Bpf.Jump:
                    at = checked(at + (int)k);
                    break;
                case Bpf.IfEqual:
                    at += a == k ? Bpf.Yes(instruction) : Bpf.No(instruction);
                    break;
                case Bpf.IfGreater:
                    at += a > k ? Bpf.Yes(instruction) : Bpf.No(instruction);
                    break;
                case Bpf.IfGreaterOrEqual:
                    at += a >= k ? Bpf.Yes(instruction) : Bpf.No(instruction);
                    break;
                case Bpf.IfAnyBit:
                    at += (a & k) != 0 ? Bpf.Yes(instruction) : Bpf.No(instruction);
                    break;
                case Bpf.Return:
                    return k;
                default:
                    throw new InvalidDataException(FormattableString.Invariant($"instruction {at - 1} is unknown"));
            }
        }
        throw new InvalidDataException("the filter ends without a return");
    }
}
