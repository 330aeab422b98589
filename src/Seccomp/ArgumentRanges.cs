using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// Clauses that all compare one argument: its values fall into ranges, which are searched. A list of allowed values, as
/// default profiles have it for socket(2) and personality(2), costs a few comparisons then, wherever a value stands.
/// </summary>
internal sealed class ArgumentRanges(Assembler to, Outcome outcome, bool is64, bool isBigEndian, Func<uint, Target> verdict)
{
    private readonly int _arg = outcome.Clauses[0].Conditions[0].Arg;

    public static bool CanWrite(Clause[] clauses)
    {
        foreach (var clause in clauses)
        {
            if (clause.Conditions.Length != 1 || clause.Conditions[0].Arg != clauses[0].Conditions[0].Arg
                || clause.Conditions[0].Op == SeccompOperator.MaskedEqual)
            {
                return false;
            }
        }
        return true;
    }

    public Target Write()
    {
        var starts = Starts();
        var low = new WordRanges(to);
        if (!is64)
        {
            foreach (ulong start in starts)
                low.Add((uint)start, At(start));
            return Load(false, low.Write());
        }
        var high = new WordRanges(to);
        for (int i = 0; i < starts.Count;)
        {
            uint half = (uint)(starts[i] >> 32);
            if (!IsHalfSplit(starts, i))
            {
                high.Add(half, At(starts[i++]));
                continue;
            }
            low.Clear();
            low.Add(0, At((ulong)half << 32));
            for (; i < starts.Count && (uint)(starts[i] >> 32) == half; i++)
                low.Add((uint)starts[i], At(starts[i]));
            high.Add(half, Load(false, low.Write()));
            if (half != uint.MaxValue)
                high.Add(half + 1, At((ulong)(half + 1) << 32));
        }
        return Load(true, high.Write());
    }

    /// <summary>The values from which on another clause may hold, ascending; the first is 0.</summary>
    private List<ulong> Starts()
    {
        ulong last = is64 ? ulong.MaxValue : uint.MaxValue;
        var all = new List<ulong>((outcome.Clauses.Length * 2) + 1) { 0 };
        foreach (var clause in outcome.Clauses)
        {
            ulong value = clause.Conditions[0].Value;
            all.Add(value);
            if (value != last)
                all.Add(value + 1);
        }
        all.Sort();
        int count = 1;
        for (int i = 1; i < all.Count; i++)
        {
            if (all[i] != all[count - 1])
                all[count++] = all[i];
        }
        all.RemoveRange(count, all.Count - count);
        return all;
    }

    /// <summary>The verdict is not the same for all values with the high half of this one.</summary>
    private static bool IsHalfSplit(List<ulong> starts, int index) =>
        (uint)starts[index] != 0 || (index + 1 < starts.Count && starts[index + 1] >> 32 == starts[index] >> 32);

    private Target At(ulong value)
    {
        foreach (var clause in outcome.Clauses)
        {
            if (clause.Conditions[0].Holds(value))
                return verdict(clause.Verdict);
        }
        return verdict(outcome.Verdict);
    }

    private Target Load(bool high, Target next) => to.Load(ClauseCode.OffsetOf(_arg, high, isBigEndian), next);
}
