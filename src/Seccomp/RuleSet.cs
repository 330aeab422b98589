using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// What a profile decides for each call of one architecture, resolved as libseccomp does: a rule without conditions
/// replaces all that have some, the first of several without conditions stays; among rules with conditions see
/// <see cref="ClauseOrder"/>.
/// </summary>
internal sealed class RuleSet
{
    /// <summary>More numbers than any table has; arm's own calls, from 0xF0000 on, come last.</summary>
    private const int SlotCount = 1024;
    private const int FirstPrivateSlot = SlotCount - 16;

    /// <summary>The numbers that arm has for calls of its own.</summary>
    public const uint FirstPrivate = 0xF0000;
    public const uint EndPrivate = FirstPrivate + SlotCount - FirstPrivateSlot;

    /// <summary>More clauses for one call than instructions in a filter (BPF_MAXINSNS): they cannot fit.</summary>
    private const int MostClauses = 4096;

    private static readonly Outcome s_noSuchCall = new(Verdict.NoSuchCall, Outcome.NewerThanProfile, []);

    private readonly PreparedProfile _profile;
    private readonly ArchitectureFacts _facts;

    // By slot: 0 the default, n + 1 constant outcome n, -1 clauses.
    private readonly short[] _states = new short[SlotCount];
    private readonly List<Outcome> _constants = [];
    private Dictionary<int, List<Clause>>? _clauses;

    public RuleSet(PreparedProfile profile, in ArchitectureFacts facts)
    {
        _profile = profile;
        _facts = facts;
        End = facts.HidesUnknownCalls ? 1u : 0;
        Collect();
    }

    public ref readonly ArchitectureFacts Facts => ref _facts;

    /// <summary>
    /// The highest number of a call that the profile names for this architecture: what is above did not exist when the
    /// profile was made. 0: it names none.
    /// </summary>
    public uint Newest { get; private set; }

    /// <summary>Numbers from this one on have no rule, but for arm's own.</summary>
    public uint End { get; private set; }

    /// <summary>The outcome for a number that its ABI's <see cref="ArchitectureFacts.FirstNumber"/> was taken off.</summary>
    public Outcome this[uint number]
    {
        get
        {
            // Calls that the kernel does not know come with this number, which no call has (runc's stub does the same).
            if (number == 0 && _facts.HidesUnknownCalls && _profile.DeniesNewer && Newest > 0)
                return s_noSuchCall;
            int slot = SlotOf(number);
            int state = slot < 0 ? 0 : _states[slot];
            return state switch
            {
                0 => _profile.Default,
                -1 => new Outcome(_profile.Default.Verdict, Outcome.DefaultAction, ClauseOrder.Arrange(_clauses![slot], _facts.Is64)),
                _ => _constants[state - 1],
            };
        }
    }

    /// <summary>Something that is the same for two numbers if their outcomes are, without making them; -1: look at the outcome.</summary>
    public int StateOf(uint number) => number == 0 ? -1 : SlotOf(number) is >= 0 and var slot ? _states[slot] : 0;

    private static int SlotOf(uint number) =>
        number < FirstPrivateSlot ? (int)number
        : number - FirstPrivate < SlotCount - FirstPrivateSlot ? (int)(number - FirstPrivate) + FirstPrivateSlot : -1;

    private void Collect()
    {
        for (int i = 0; i < _profile.Rules.Length; i++)
        {
            ref readonly var rule = ref _profile.Rules[i];
            foreach (ushort call in rule.Calls.AsSpan())
            {
                int number = SyscallTable.Number(call, in _facts);
                if (number is > 0 and < (int)FirstPrivate or >= (int)ArchitectureFacts.X32Bit)
                    Newest = Math.Max(Newest, (uint)number);
                // As with libseccomp, a rule that says what is done anyway is none: it is no exception from another.
                if (rule.Verdict == _profile.Default.Verdict)
                    continue;
                byte multiplexed = _facts.Multiplexes ? SyscallTable.MultiplexedCall(call) : (byte)0;
                if (number < 0 && multiplexed == 0)
                    continue;
                Add(i, in rule, number - (int)_facts.FirstNumber, multiplexed);
            }
        }
    }

    private void Add(int index, ref readonly PreparedRule rule, int number, byte multiplexed)
    {
        if (rule.RepeatsAnArgument)
        {
            // As runc and crun do it: then each condition is a rule of its own.
            for (int i = 0; i < rule.Args.Length; i++)
                Add(index, in rule, number, multiplexed, rule.Args.AsSpan(i, 1));
            return;
        }
        Add(index, in rule, number, multiplexed, rule.Args);
    }

    private void Add(int index, ref readonly PreparedRule rule, int number, byte multiplexed, ReadOnlySpan<SeccompArg> args)
    {
        if (multiplexed != 0)
            AddClause(index, in rule, multiplexed < 128 ? ArchitectureFacts.SocketCall : ArchitectureFacts.Ipc, multiplexed & 127, args);
        if (number >= 0)
            AddClause(index, in rule, number, 0, args);
    }

    private void AddClause(int index, ref readonly PreparedRule rule, int number, int multiplexed, ReadOnlySpan<SeccompArg> args)
    {
        int slot = SlotOf((uint)number);
        if (slot < FirstPrivateSlot)
            End = Math.Max(End, (uint)number + 1);
        if (_states[slot] > 0)
            return;
        if (args.IsEmpty && multiplexed == 0)
        {
            SetConstant(slot, index, rule.Verdict);
            return;
        }
        var conditions = new List<Condition>(args.Length + 1);
        // What the call is comes in the first argument, and takes the place of a condition on it: the call's own
        // arguments are in memory, out of a filter's sight.
        if (multiplexed != 0)
            conditions.Add(new Condition(0, SeccompOperator.Equal, (uint)multiplexed, _facts.Is64 ? ulong.MaxValue : uint.MaxValue));
        for (int i = 0; i < 6; i++)
        {
            foreach (var arg in args)
            {
                if (arg.Index == i && (i > 0 || multiplexed == 0) && Condition.From(arg, _facts.Is64) is { IsNothing: false } condition)
                    conditions.Add(condition);
            }
        }
        if (conditions.Count == 0)
        {
            SetConstant(slot, index, rule.Verdict);
            return;
        }
        _states[slot] = -1;
        _clauses ??= [];
        if (!_clauses.TryGetValue(slot, out var clauses))
            _clauses[slot] = clauses = [];
        if (clauses.Count == MostClauses)
            throw new FilterTooLongException();
        clauses.Add(new Clause(index, rule.Verdict, conditions.ToArray()));
    }

    private void SetConstant(int slot, int rule, uint verdict)
    {
        _clauses?.Remove(slot);
        for (int i = 0; i < _constants.Count; i++)
        {
            if (_constants[i].Verdict == verdict && _constants[i].Rule == rule)
            {
                _states[slot] = (short)(i + 1);
                return;
            }
        }
        _constants.Add(new Outcome(verdict, rule, []));
        _states[slot] = (short)_constants.Count;
    }
}
