using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// Writes the clauses of one call. What is known at a point (which word is in A, that the high half of an argument is or
/// is not some value) goes along, so that no word is loaded or compared twice on any way through.
/// </summary>
internal sealed class ClauseCode(Assembler to, Outcome outcome, bool is64, bool isBigEndian, Func<uint, Target> verdict)
{
    private readonly Clause[] _clauses = outcome.Clauses;

    // By clause, condition and facts.
    private readonly Dictionary<ulong, Target> _memo = [];

    /// <summary>By argument: the last clause that looks at it.</summary>
    private readonly int[] _lastUse = new int[6];

    public Target Write()
    {
        if (ArgumentRanges.CanWrite(_clauses))
            return new ArgumentRanges(to, outcome, is64, isBigEndian, verdict).Write();
        for (int i = 0; i < _clauses.Length; i++)
        {
            foreach (var condition in _clauses[i].Conditions)
                _lastUse[condition.Arg] = i;
        }
        return Go(0, 0, Facts.None);
    }

    /// <summary>Offset in seccomp_data of an argument's half.</summary>
    public static uint OffsetOf(int arg, bool high, bool isBigEndian) =>
        Bpf.ArgsOffset + ((uint)arg * 8) + (high == isBigEndian ? 0u : 4u);

    /// <summary>From the n-th condition of a clause on.</summary>
    private Target Go(int clause, int index, Facts facts)
    {
        if (clause == _clauses.Length)
            return verdict(outcome.Verdict);
        if (index == _clauses[clause].Conditions.Length)
            return verdict(_clauses[clause].Verdict);
        facts = Useful(facts, clause);
        ulong key = facts.Key(clause, index);
        if (_memo.TryGetValue(key, out var known))
            return known;
        // A way through thousands of clauses is as deep; the stack may be smaller than usual (ulimit -s).
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new FilterTooLongException();
        var target = is64 ? High(clause, index, facts) : Low(clause, index, facts);
        _memo[key] = target;
        return target;
    }

    /// <summary>The facts without those that no clause to come asks about.</summary>
    private Facts Useful(Facts facts, int clause)
    {
        if (facts.HighArg >= 0 && _lastUse[facts.HighArg] < clause)
            facts = facts with { HighArg = -1, High = 0, IsHigh = false };
        if (facts.Loaded >= 0 && _lastUse[facts.Loaded / 2] < clause)
            facts = facts with { Loaded = -1 };
        return facts;
    }

    private Target Next(bool holds, int clause, int index, Facts facts) =>
        holds ? Go(clause, index + 1, facts) : Go(clause + 1, 0, facts);

    private Target High(int clause, int index, Facts facts)
    {
        var condition = _clauses[clause].Conditions[index];
        uint value = (uint)(condition.Value >> 32), mask = (uint)(condition.Mask >> 32);
        bool known = facts.HighArg == condition.Arg;
        var after = facts with { Loaded = (condition.Arg * 2) + 1 };
        if (condition.Op is SeccompOperator.Equal or SeccompOperator.NotEqual or SeccompOperator.MaskedEqual)
        {
            bool wanted = condition.Op != SeccompOperator.NotEqual;
            if (mask == 0)
                return Low(clause, index, facts);
            if (known && facts.IsHigh)
                return (facts.High & mask) == value ? Low(clause, index, facts) : Next(!wanted, clause, index, facts);
            if (mask != uint.MaxValue)
            {
                var partly = TestMasked(mask, value, Low(clause, index, after.Masked(mask, value)), Next(!wanted, clause, index, after.Masked(mask, value)));
                return Load(facts, after.Loaded, partly);
            }
            if (known && facts.High == value)
                return Next(!wanted, clause, index, facts);
            var different = Next(!wanted, clause, index, after.With(condition.Arg, value, false));
            var same = Low(clause, index, after.With(condition.Arg, value, true));
            return Load(facts, after.Loaded, to.Branch(Bpf.IfEqual, value, same, different));
        }

        bool isLower = condition.Op is SeccompOperator.Greater or SeccompOperator.GreaterOrEqual;
        if (known && facts.IsHigh)
        {
            return facts.High == value ? Low(clause, index, facts)
                : Next(isLower == facts.High > value, clause, index, facts);
        }
        bool isOther = known && facts.High == value;
        if (isOther && value == 0)
            return Next(isLower, clause, index, facts);
        var unequal = after.With(condition.Arg, value, false);
        var above = Next(isLower, clause, index, unequal);
        var target = isOther ? Next(!isLower, clause, index, unequal) : Low(clause, index, after.With(condition.Arg, value, true));
        if (!isOther && value != 0)
            target = to.Branch(Bpf.IfEqual, value, target, Next(!isLower, clause, index, unequal));
        return Load(facts, after.Loaded, to.Branch(Bpf.IfGreater, value, above, target));
    }

    private Target Low(int clause, int index, Facts facts)
    {
        var condition = _clauses[clause].Conditions[index];
        uint value = (uint)condition.Value, mask = (uint)condition.Mask;
        var after = facts with { Loaded = condition.Arg * 2 };
        switch (condition.Op)
        {
            case SeccompOperator.MaskedEqual when mask == 0:
                return Next(true, clause, index, facts);
            case SeccompOperator.MaskedEqual when mask != uint.MaxValue:
                after = after.Masked(mask, value);
                return Load(facts, condition.Arg * 2, TestMasked(mask, value, Next(true, clause, index, after), Next(false, clause, index, after)));
            case SeccompOperator.GreaterOrEqual when value == 0:
            case SeccompOperator.LessOrEqual when value == uint.MaxValue:
                return Next(true, clause, index, facts);
            case SeccompOperator.Less when value == 0:
            case SeccompOperator.Greater when value == uint.MaxValue:
                return Next(false, clause, index, facts);
            default:
                break;
        }
        // What holds if the comparison that BPF has does.
        bool holds = condition.Op is SeccompOperator.Equal or SeccompOperator.MaskedEqual or SeccompOperator.Greater or SeccompOperator.GreaterOrEqual;
        ushort code = condition.Op switch
        {
            SeccompOperator.Greater or SeccompOperator.LessOrEqual => Bpf.IfGreater,
            SeccompOperator.GreaterOrEqual or SeccompOperator.Less => Bpf.IfGreaterOrEqual,
            _ => Bpf.IfEqual,
        };
        var no = Next(!holds, clause, index, after);
        var yes = Next(holds, clause, index, after);
        return Load(facts, after.Loaded, to.Branch(code, value, yes, no));
    }

    /// <summary>(A &amp; mask) == value. Where one bit or none is compared, A stays as it is.</summary>
    private Target TestMasked(uint mask, uint value, Target yes, Target no)
    {
        if (value == 0)
            return to.Branch(Bpf.IfAnyBit, mask, no, yes);
        if ((mask & (mask - 1)) == 0)
            return to.Branch(Bpf.IfAnyBit, mask, yes, no);
        return to.Mask(mask, to.Branch(Bpf.IfEqual, value, yes, no));
    }

    private Target Load(Facts facts, int word, Target next) =>
        facts.Loaded == word ? next : to.Load(OffsetOf(word / 2, word % 2 == 1, isBigEndian), next);

    /// <summary>What is known. Words are numbered by argument, low then high; -1 is none.</summary>
    private readonly record struct Facts(int Loaded, int HighArg, uint High, bool IsHigh)
    {
        public static readonly Facts None = new(-1, -1, 0, false);

        public Facts With(int arg, uint high, bool isIt) => this with { HighArg = arg, High = high, IsHigh = isIt };

        /// <summary>After <see cref="TestMasked"/>: A is lost if it had to be masked.</summary>
        public Facts Masked(uint mask, uint value) => value == 0 || (mask & (mask - 1)) == 0 ? this : this with { Loaded = -1 };

        public ulong Key(int clause, int index) =>
            High | ((ulong)(HighArg + 1) << 32) | (IsHigh ? 1UL << 35 : 0) | ((ulong)(Loaded + 1) << 36) | ((ulong)index << 40) | ((ulong)clause << 43);
    }
}
