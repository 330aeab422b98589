using System;
using System.Collections.Generic;

namespace Csrun.Seccomp;

/// <summary>Where code goes on: a verdict, or an instruction, counted from the program's end (1 is the last one).</summary>
internal readonly record struct Target(int Position, uint Verdict)
{
    public static Target Return(uint verdict) => new(0, verdict);

    public static Target At(int position) => new(position, 0);
}

/// <summary>
/// Writes a program from its end to its beginning, so that what a jump leads to is always there already. Jumps reach 255
/// instructions far: what is farther gets a copy (of a return) or a hop.
/// </summary>
internal sealed class Assembler
{
    private const int Reach = 255;

    private readonly ulong[] _code = new ulong[Bpf.MostInstructions];
    private readonly Dictionary<ulong, int> _nearest = new(16);
    private int _used;

    /// <summary>A conditional jump on A; what it leads to if both ways are the same.</summary>
    public Target Branch(ushort code, uint k, Target yes, Target no)
    {
        if (yes == no)
            return yes;
        // The second may need an instruction in between.
        int first = Near(yes, Reach - 1);
        int second = Near(no, Reach);
        Emit(Bpf.Make(code, _used - first, _used - second, k));
        return Target.At(_used);
    }

    /// <summary>Loads a word of seccomp_data into A, then goes on; a verdict needs no word.</summary>
    public Target Load(uint offset, Target next) => Before(Bpf.Make(Bpf.Load, 0, 0, offset), next);

    /// <summary>Masks A, then goes on.</summary>
    public Target Mask(uint mask, Target next) => Before(Bpf.Make(Bpf.And, 0, 0, mask), next);

    /// <summary>The program, which begins at <paramref name="entry"/>.</summary>
    public ulong[] Finish(Target entry)
    {
        if (entry.Position == 0 || entry.Position != _used)
            Near(entry, 0);
        var program = new ulong[_used];
        for (int i = 0; i < program.Length; i++)
            program[i] = _code[_used - 1 - i];
        return program;
    }

    private Target Before(ulong instruction, Target next)
    {
        if (next.Position == 0)
            return next;
        Near(next, 0);
        Emit(instruction);
        return Target.At(_used);
    }

    /// <summary>A position that leads to a target and is not farther than so many instructions from the next one written.</summary>
    private int Near(Target target, int reach)
    {
        if (target.Position > 0 && _used - target.Position <= reach)
            return target.Position;
        ulong key = target.Position > 0 ? (1UL << 32) + (uint)target.Position : target.Verdict;
        if (_nearest.TryGetValue(key, out int position) && _used - position <= reach)
            return position;
        Emit(target.Position > 0
            ? Bpf.Make(Bpf.Jump, 0, 0, (uint)(_used - target.Position))
            : Bpf.Make(Bpf.Return, 0, 0, target.Verdict));
        _nearest[key] = _used;
        return _used;
    }

    private void Emit(ulong instruction)
    {
        if (_used == _code.Length)
            throw new FilterTooLongException();
        _code[_used++] = instruction;
    }
}
