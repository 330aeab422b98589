using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// A test of one argument, with the word size of its architecture: of 32 bits only the lower half of the value counts,
/// as libseccomp has it (seccomp_rule_add(3)).
/// </summary>
internal readonly record struct Condition(int Arg, SeccompOperator Op, ulong Value, ulong Mask)
{
    public static Condition From(SeccompArg arg, bool is64)
    {
        ulong all = is64 ? ulong.MaxValue : uint.MaxValue;
        ulong mask = (arg.Op == SeccompOperator.MaskedEqual ? arg.Value : ulong.MaxValue) & all;
        ulong value = arg.Op == SeccompOperator.MaskedEqual ? arg.ValueTwo & mask : arg.Value & all;
        return new Condition((int)arg.Index, arg.Op, value, mask);
    }

    /// <summary>A masked comparison that masks everything away always holds, and libseccomp drops it.</summary>
    public bool IsNothing => Op == SeccompOperator.MaskedEqual && Mask == 0;

    public bool Holds(ulong argument) => Op switch
    {
        SeccompOperator.NotEqual => argument != Value,
        SeccompOperator.Less => argument < Value,
        SeccompOperator.LessOrEqual => argument <= Value,
        SeccompOperator.Equal => argument == Value,
        SeccompOperator.GreaterOrEqual => argument >= Value,
        SeccompOperator.Greater => argument > Value,
        _ => (argument & Mask) == Value,
    };
}

/// <summary>Conditions that must all hold, and what is returned then.</summary>
/// <param name="Rule">Index in <c>linux.seccomp.syscalls</c>.</param>
/// <param name="Verdict">A value of <see cref="Seccomp.Verdict"/>.</param>
/// <param name="Conditions">By argument; at least one.</param>
internal sealed record Clause(int Rule, uint Verdict, Condition[] Conditions)
{
    public bool Holds(System.ReadOnlySpan<ulong> arguments, ulong wordMask)
    {
        foreach (var condition in Conditions)
        {
            if (!condition.Holds(arguments[condition.Arg] & wordMask))
                return false;
        }
        return true;
    }
}

/// <summary>What is decided for a call: a verdict, after clauses that come first if there are any.</summary>
/// <param name="Verdict">What is returned if no clause holds.</param>
/// <param name="Rule">The rule that says so; -1: the default action, -2: newer than the profile, -3: not a call of its architectures.</param>
/// <param name="Clauses">In the order in which they are tried; empty if the arguments do not count.</param>
internal sealed record Outcome(uint Verdict, int Rule, Clause[] Clauses)
{
    public const int DefaultAction = -1;
    public const int NewerThanProfile = -2;
    public const int ForeignCall = -3;

    public bool IsConstant => Clauses.Length == 0;

    public bool HasSameClauses(Outcome other)
    {
        if (Verdict != other.Verdict || Clauses.Length != other.Clauses.Length)
            return false;
        for (int i = 0; i < Clauses.Length; i++)
        {
            if (Clauses[i].Verdict != other.Clauses[i].Verdict
                || !System.MemoryExtensions.SequenceEqual<Condition>(Clauses[i].Conditions, other.Clauses[i].Conditions))
            {
                return false;
            }
        }
        return true;
    }
}
