using System;

namespace Csrun.Seccomp;

/// <summary>
/// A decision by the word in A: ranges that each lead somewhere, as a binary search. Single numbers that are exceptions
/// in a range cost one comparison, not two.
/// </summary>
internal sealed class WordRanges(Assembler to)
{
    /// <summary>Wider ranges than this are not more likely: most of their numbers are no calls.</summary>
    private const uint MostWeight = 48;

    private uint[] _starts = new uint[64];
    private Target[] _targets = new Target[64];
    private int _count;

    public void Clear() => _count = 0;

    /// <summary>From this number on; the first is 0, they ascend, and a later one of the same number takes its place.</summary>
    public void Add(uint start, Target target)
    {
        if (_count > 0 && _starts[_count - 1] == start)
            _count--;
        if (_count > 0 && _targets[_count - 1] == target)
            return;
        if (_count == _starts.Length)
        {
            Array.Resize(ref _starts, _count * 2);
            Array.Resize(ref _targets, _count * 2);
        }
        _starts[_count] = start;
        _targets[_count++] = target;
    }

    /// <summary>Writes the search.</summary>
    public Target Write() => Write(0, _count);

    private Target Write(int from, int end)
    {
        if (end - from == 1)
            return _targets[from];
        if (end - from <= 5 && TryExceptions(from, end, out var target))
            return target;
        int middle = Middle(from, end);
        var right = Write(middle, end);
        var left = Write(from, middle);
        return to.Branch(Bpf.IfGreaterOrEqual, _starts[middle], right, left);
    }

    /// <summary>One target with at most two numbers that lead elsewhere.</summary>
    private bool TryExceptions(int from, int end, out Target target)
    {
        for (int background = from; background < from + 3 && background < end; background++)
        {
            int first = -1, second = -1, others = 0;
            for (int i = from; i < end && others <= 2; i++)
            {
                if (_targets[i] == _targets[background])
                    continue;
                others += Width(i) == 1 ? 1 : 3;
                (first, second) = (i, first);
            }
            if (others > 2)
                continue;
            target = _targets[background];
            if (second >= 0)
                target = to.Branch(Bpf.IfEqual, _starts[second], _targets[second], target);
            if (first >= 0)
                target = to.Branch(Bpf.IfEqual, _starts[first], _targets[first], target);
            return true;
        }
        target = default;
        return false;
    }

    /// <summary>Where both sides are about as likely.</summary>
    private int Middle(int from, int end)
    {
        uint total = 0;
        for (int i = from; i < end; i++)
            total += Weight(i);
        uint sum = Weight(from);
        int middle = from + 1;
        while (middle < end - 1 && (sum + (Weight(middle) / 2)) * 2 <= total)
            sum += Weight(middle++);
        return middle;
    }

    // Hardly a program is one for x32.
    private uint Weight(int index) => (Math.Min(Width(index), MostWeight) + 8) >> (_starts[index] >= ArchitectureFacts.X32Bit ? 3 : 0);

    private uint Width(int index) => (index + 1 < _count ? _starts[index + 1] : 0) - _starts[index];
}
