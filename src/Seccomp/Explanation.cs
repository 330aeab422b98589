using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>What a profile decides for one call on one architecture, and why.</summary>
/// <param name="Architecture">The architecture.</param>
/// <param name="Number">The call's number there.</param>
/// <param name="Name">The call's name there, or null.</param>
/// <param name="Verdict">A value of <see cref="Seccomp.Verdict"/>; null: it depends on the arguments, see <paramref name="Reason"/>.</param>
/// <param name="Reason">Which rule says so.</param>
public sealed record Decision(SeccompArchitecture Architecture, uint Number, string? Name, uint? Verdict, string Reason);

/// <summary>Answers questions about a profile, out of the same rules that its filter is made of.</summary>
public static class Explanation
{
    /// <summary>What becomes of a call, by architecture of the profile.</summary>
    /// <param name="profile">One in which the validator found no error.</param>
    /// <param name="call">A name, or a number.</param>
    /// <param name="arguments">The first arguments, others are 0; null if none are given.</param>
    /// <param name="native">The machine's architecture.</param>
    /// <returns>None for an architecture without that call.</returns>
    public static List<Decision> Of(SeccompProfile profile, string call, ulong[]? arguments, SeccompArchitecture? native = null)
    {
        var prepared = new PreparedProfile(profile);
        ulong[] program = FilterCompiler.Compile(profile, FilterPart.Whole, native);
        var decisions = new List<Decision>();
        foreach (var architecture in FilterCompiler.Architectures(profile, native))
        {
            var facts = ArchitectureFacts.Of(architecture);
            if (NumberOf(call, in facts) is not { } number)
                continue;
            var outcome = OutcomeOf(prepared, new RuleSet(prepared, in facts), number);
            decisions.Add(Decide(profile, architecture, number, outcome, arguments));
            if (decisions[^1].Verdict is { } verdict)
                Confirm(program, number, in facts, arguments, verdict);
        }
        return decisions;
    }

    /// <summary>The differences between two profiles, one line each: "x86_64 mkdir: SCMP_ACT_ALLOW, then SCMP_ACT_ERRNO (EPERM)".</summary>
    public static List<string> Differences(SeccompProfile before, SeccompProfile after, SeccompArchitecture? native = null)
    {
        PreparedProfile first = new(before), second = new(after);
        var lines = new List<string>();
        var firsts = FilterCompiler.Architectures(before, native);
        var seconds = FilterCompiler.Architectures(after, native);
        foreach (var architecture in firsts)
        {
            if (!seconds.Contains(architecture))
                lines.Add(Short(architecture) + ": only in the first");
        }
        foreach (var architecture in seconds)
        {
            if (!firsts.Contains(architecture))
            {
                lines.Add(Short(architecture) + ": only in the second");
                continue;
            }
            var facts = ArchitectureFacts.Of(architecture);
            Compare(lines, architecture, first, new RuleSet(first, in facts), second, new RuleSet(second, in facts));
        }
        return lines;
    }

    /// <summary>"x86_64".</summary>
    public static string Short(SeccompArchitecture architecture) =>
        Names.SeccompArchitectures[(int)architecture]["SCMP_ARCH_".Length..].ToLowerInvariant();

    private static void Compare(
        List<string> lines, SeccompArchitecture architecture, PreparedProfile first, RuleSet before, PreparedProfile second, RuleSet after)
    {
        uint start = before.Facts.FirstNumber;
        uint end = Math.Max(Math.Max(before.End, after.End) + start, Math.Max(before.Newest, after.Newest) + 1);
        for (uint number = start; number < end; number++)
            Compare(lines, architecture, SyscallTable.NameOf(number, architecture) ?? number.ToString(CultureInfo.InvariantCulture), OutcomeOf(first, before, number), OutcomeOf(second, after, number));
        if (before.Facts.HasPrivateCalls)
        {
            for (uint number = RuleSet.FirstPrivate; number < RuleSet.EndPrivate; number++)
                Compare(lines, architecture, SyscallTable.NameOf(number, architecture) ?? number.ToString(CultureInfo.InvariantCulture), OutcomeOf(first, before, number), OutcomeOf(second, after, number));
        }
        Compare(lines, architecture, "any other", OutcomeOf(first, before, start + 0x10000), OutcomeOf(second, after, start + 0x10000));
    }

    private static void Compare(List<string> lines, SeccompArchitecture architecture, string call, Outcome before, Outcome after)
    {
        if (!before.HasSameClauses(after))
            lines.Add(string.Concat(Short(architecture), " ", call, string.Concat(": ", Text(before), ", then ", Text(after))));
    }

    private static string Text(Outcome outcome)
    {
        var text = new StringBuilder();
        foreach (var clause in outcome.Clauses)
            text.Append(Verdict.Text(clause.Verdict)).Append(" if ").Append(Text(clause.Conditions)).Append(", else ");
        return text.Append(Verdict.Text(outcome.Verdict)).ToString();
    }

    private static uint? NumberOf(string call, in ArchitectureFacts facts)
    {
        if (uint.TryParse(call, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            return facts.FirstNumber + number < facts.FirstNumber ? null : facts.FirstNumber + number;
        int index = SyscallTable.Find(call);
        return index < 0 || SyscallTable.Number(index, in facts) is not (>= 0 and var known) ? null : (uint)known;
    }

    private static Outcome OutcomeOf(PreparedProfile profile, RuleSet rules, uint number)
    {
        bool isPrivate = rules.Facts.HasPrivateCalls && number - RuleSet.FirstPrivate < RuleSet.EndPrivate - RuleSet.FirstPrivate;
        return profile.DeniesNewer && rules.Newest > 0 && number > rules.Newest && !isPrivate
            ? new Outcome(Verdict.NoSuchCall, Outcome.NewerThanProfile, [])
            : rules[number - rules.Facts.FirstNumber];
    }

    private static Decision Decide(SeccompProfile profile, SeccompArchitecture architecture, uint number, Outcome outcome, ulong[]? arguments)
    {
        string? name = SyscallTable.NameOf(number, architecture);
        if (outcome.IsConstant)
            return new Decision(architecture, number, name, outcome.Verdict, Reason(outcome.Rule));
        ulong all = ArchitectureFacts.Of(architecture).Is64 ? ulong.MaxValue : uint.MaxValue;
        if (arguments is null)
        {
            var reasons = new StringBuilder("depends on the arguments:");
            foreach (var clause in outcome.Clauses)
                reasons.Append("\n  ").Append(Verdict.Text(clause.Verdict)).Append(" if ").Append(Text(clause.Conditions)).Append(" (").Append(Reason(clause.Rule)).Append(')');
            reasons.Append("\n  ").Append(Verdict.Text(outcome.Verdict)).Append(" else (").Append(Reason(outcome.Rule)).Append(')');
            return new Decision(architecture, number, name, null, reasons.ToString());
        }
        var six = Six(arguments);
        foreach (var clause in outcome.Clauses)
        {
            if (clause.Holds(six, all))
                return new Decision(architecture, number, name, clause.Verdict, Reason(clause.Rule) + ", where " + Text(clause.Conditions));
        }
        return new Decision(architecture, number, name, outcome.Verdict, Reason(outcome.Rule) + ": no rule for the call holds");
    }

    /// <summary>The filter itself is asked too: an explanation of something else would be worse than none.</summary>
    private static void Confirm(ulong[] program, uint number, in ArchitectureFacts facts, ulong[]? arguments, uint verdict)
    {
        var six = Six(arguments ?? []);
        if (facts.IsBigEndian)
        {
            for (int i = 0; i < six.Length; i++)
                six[i] = (six[i] << 32) | (six[i] >> 32);
        }
        if (BpfMachine.Run(program, new CallData(number, facts.Audit, six), out _) != verdict)
            throw new InvalidDataException("the filter does not do what the rules say");
    }

    private static ulong[] Six(ulong[] arguments)
    {
        var six = new ulong[6];
        arguments.AsSpan(0, Math.Min(arguments.Length, 6)).CopyTo(six);
        return six;
    }

    private static string Reason(int rule) => rule switch
    {
        Outcome.DefaultAction => "defaultAction",
        Outcome.NewerThanProfile => "the rule for calls newer than the profile",
        _ => FormattableString.Invariant($"syscalls[{rule}]"),
    };

    private static string Text(Condition[] conditions)
    {
        var text = new StringBuilder();
        foreach (var condition in conditions)
        {
            text.Append(text.Length == 0 ? "" : " and ");
            if (condition.Op == SeccompOperator.MaskedEqual)
            {
                text.Append(CultureInfo.InvariantCulture, $"(arg{condition.Arg} & 0x{condition.Mask:x}) == 0x{condition.Value:x}");
                continue;
            }
            string op = condition.Op switch
            {
                SeccompOperator.NotEqual => "!=",
                SeccompOperator.Less => "<",
                SeccompOperator.LessOrEqual => "<=",
                SeccompOperator.Equal => "==",
                SeccompOperator.GreaterOrEqual => ">=",
                _ => ">",
            };
            text.Append(CultureInfo.InvariantCulture, $"arg{condition.Arg} {op} {condition.Value}");
        }
        return text.ToString();
    }
}
