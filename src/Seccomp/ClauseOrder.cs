using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// The order in which clauses of one call are tried. It matters only where two with different verdicts can hold at
/// once; there it is libseccomp's, which sorts a tree of 32-bit comparisons: higher arguments first, equality before
/// upper limits before lower ones, larger values first (smaller for upper limits), else as in the profile; of two where
/// one has all the conditions of the other, the one with fewer.
/// </summary>
internal static class ClauseOrder
{
    public static Clause[] Arrange(List<Clause> clauses, bool is64)
    {
        if (IsOneVerdict(clauses))
            return clauses.ToArray();
        var order = new List<Clause>(clauses.Count);
        Sort(clauses, is64 ? 0 : 1, is64 ? 1 : 2, order);
        return order.ToArray();
    }

    private static bool IsOneVerdict(List<Clause> clauses)
    {
        foreach (var clause in clauses)
        {
            if (clause.Verdict != clauses[0].Verdict)
                return false;
        }
        return true;
    }

    /// <summary>Appends clauses that are the same up to a depth, in order. Of 32-bit architectures only odd depths, the low words, count.</summary>
    private static void Sort(List<Clause> clauses, int depth, int step, List<Clause> order)
    {
        var groups = new List<(Word Word, List<Clause> Clauses)>();
        foreach (var clause in clauses)
        {
            if (depth >= clause.Conditions.Length * 2)
                order.Add(clause);
            else
                Insert(groups, Word.Of(clause, depth), clause);
        }
        foreach (var (_, group) in groups)
        {
            if (group.Count == 1)
                order.Add(group[0]);
            else
                Sort(group, depth + step, step, order);
        }
    }

    private static void Insert(List<(Word Word, List<Clause> Clauses)> groups, Word word, Clause clause)
    {
        int at = 0;
        for (; at < groups.Count; at++)
        {
            if (groups[at].Word.IsSameTest(word))
            {
                groups[at].Clauses.Add(clause);
                return;
            }
            if (groups[at].Word.ComesAfter(word))
                break;
        }
        groups.Insert(at, (word, [clause]));
    }

    /// <summary>One comparison of 32 bits: the high half of an argument (even depths), or the low one.</summary>
    private readonly record struct Word(int Arg, bool IsHigh, SeccompOperator Op, uint Value, uint Mask)
    {
        public static Word Of(Clause clause, int depth)
        {
            var condition = clause.Conditions[depth / 2];
            bool high = depth % 2 == 0;
            int shift = high ? 32 : 0;
            return new Word(condition.Arg, high, condition.Op, (uint)(condition.Value >> shift), (uint)(condition.Mask >> shift));
        }

        /// <summary>The same comparison, be it that it should hold or that it should not.</summary>
        public bool IsSameTest(Word other) =>
            Arg == other.Arg && Value == other.Value && Mask == other.Mask && Kind(Op) == Kind(other.Op);

        public bool ComesAfter(Word other)
        {
            if (Arg != other.Arg)
                return Arg < other.Arg;
            int priority = Priority(Op), others = Priority(other.Op);
            if (priority != others)
                return priority < others;
            return priority == 2 ? Value > other.Value : Value < other.Value;
        }

        // Of the high half only "greater" is asked, by all four.
        private int Kind(SeccompOperator op) => op switch
        {
            SeccompOperator.Equal or SeccompOperator.NotEqual => 0,
            SeccompOperator.MaskedEqual => 1,
            SeccompOperator.Greater or SeccompOperator.LessOrEqual => 2,
            _ => IsHigh ? 2 : 3,
        };

        private static int Priority(SeccompOperator op) => op switch
        {
            SeccompOperator.Less or SeccompOperator.LessOrEqual => 2,
            SeccompOperator.Greater or SeccompOperator.GreaterOrEqual => 1,
            _ => 3,
        };
    }
}
