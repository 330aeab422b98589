using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Tests.Unit.Seccomp;

/// <summary>
/// A profile compiled by us and by libseccomp, and what the two decide. To libseccomp's filter comes what runc puts
/// before it: ENOSYS for calls above the highest that the profile names.
/// </summary>
internal sealed class Comparison
{
    public const string NotANumber = "a number that no kernel runs: it ends the thread like all of another ABI, where runc's stub looks at one bit only";
    public const string PrivateCalls = "arm's own calls have high numbers: with one in the profile, no new call is newer for runc";
    public const string MixedUp = "libseccomp's tree of several rules for one call gets mixed up: no rule that holds says what it does";
    public const string Contradiction = "contradicting rules that both hold: libseccomp's tree does not always keep to its own order";
    public const string Refused = "libseccomp refuses a rule that contradicts another";

    private readonly SeccompProfile _profile;
    private readonly SeccompArchitecture[] _architectures;
    private readonly uint _default;

    /// <summary>Calls with rules that libseccomp refuses, because they contradict others: nothing to compare.</summary>
    private readonly HashSet<string> _refused = [];

    public Comparison(SeccompProfile profile, SeccompArchitecture native = SeccompArchitecture.X8664, bool binaryTree = true)
    {
        _profile = profile;
        _architectures = FilterCompiler.Architectures(profile, native).ToArray();
        _default = Verdict.Of(profile.DefaultAction, profile.DefaultErrnoRet);
        Ours = FilterCompiler.Compile(profile, FilterPart.Whole, native);
        Theirs = CompileTheirs(binaryTree);
    }

    public ulong[] Ours { get; }

    public ulong[] Theirs { get; }

    public int Calls { get; private set; }

    /// <summary>Of them those where rules hold that contradict each other.</summary>
    public int Contradictions { get; private set; }

    /// <summary>Outcomes that are not equal, and not one of the intended differences.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Why outcomes may differ, and how often they did.</summary>
    public Dictionary<string, int> Intended { get; } = [];

    /// <summary>Compares all calls of all architectures; with so many arguments where these count.</summary>
    public void Run(Random random, int samples)
    {
        foreach (var architecture in _architectures)
        {
            var facts = ArchitectureFacts.Of(architecture);
            uint newest = Newest(architecture);
            var rules = RulesByNumber(architecture, facts);
            bool otherHasX32 = architecture == SeccompArchitecture.X8664 && _architectures.Contains(SeccompArchitecture.X32);
            foreach (uint number in Numbers(facts, newest))
            {
                if (otherHasX32 && number >= ArchitectureFacts.X32Bit)
                    continue;
                var own = rules.GetValueOrDefault(number) ?? [];
                int count = own.Any(static rule => rule.Conditions.Length > 0) ? samples : 1;
                for (int i = 0; i < count; i++)
                    Compare(architecture, number, newest, Arguments(random, own, facts), own);
            }
        }
    }

    private void Compare(SeccompArchitecture architecture, uint number, uint newest, ulong[] arguments, List<Rule> rules)
    {
        var facts = ArchitectureFacts.Of(architecture);
        var words = facts.IsBigEndian ? arguments.Select(static a => (a << 32) | (a >> 32)).ToArray() : arguments;
        Calls++;
        uint ours = BpfMachine.Run(Ours, new CallData(number, facts.Audit, words), out _);
        uint theirs = BpfMachine.Run(Theirs, new CallData(number, facts.Audit, words), out _);
        bool isStubbed = newest != 0 && (number > newest || (facts.HidesUnknownCalls && number == 0));
        // runc's stub leaves alone what has x32's bit where x32 is not among the architectures.
        bool isForeign = architecture == SeccompArchitecture.X8664 && (number & ArchitectureFacts.X32Bit) != 0;
        if (isStubbed && !isForeign)
            theirs = Verdict.NoSuchCall;

        ulong all = facts.Is64 ? ulong.MaxValue : uint.MaxValue;
        var holding = Holding(rules, arguments, all);
        if (holding.Select(static rule => rule.Verdict).Distinct().Count() > 1)
            Contradictions++;
        bool isPrivate = architecture == SeccompArchitecture.Arm && Math.Max(newest, number) >= RuleSet.FirstPrivate;
        bool isOwn = number < FirstImpossible && !isForeign && !isPrivate;
        if (isOwn && !isStubbed && !Justifies(holding, ours))
            Differences.Add($"{architecture} {number}: no rule that holds says {Verdict.Text(ours)}");
        bool isRefused = rules.Any(rule => _refused.Contains(rule.Name));
        if (ours == theirs)
            return;
        string? reason = isRefused ? Refused
            : architecture == SeccompArchitecture.X8664 && number >= FirstImpossible ? NotANumber
            : isPrivate ? PrivateCalls
            : !Justifies(holding, theirs) ? MixedUp
            : holding.Select(static rule => rule.Verdict).Distinct().Count() > 1 && rules.Any(IsMoreThanEquality) ? Contradiction
            : null;
        if (reason is not null)
        {
            Intended[reason] = Intended.GetValueOrDefault(reason) + 1;
            return;
        }
        Differences.Add(string.Create(CultureInfo.InvariantCulture,
            $"{architecture} {number} ({string.Join(' ', arguments.Select(static a => $"0x{a:x}"))}): {Verdict.Text(ours)}, not {Verdict.Text(theirs)}; rules: {string.Join("; ", rules.Select(Describe))}"));
    }

    private const uint FirstImpossible = 0x8000_0000;

    /// <summary>The rules that hold, one by one; if one without conditions is among them, only the first such.</summary>
    private static List<Rule> Holding(List<Rule> rules, ulong[] arguments, ulong all)
    {
        foreach (var rule in rules)
        {
            if (rule.Conditions.All(c => c.Op == SeccompOperator.MaskedEqual && (c.Value & all) == 0))
                return [rule];
        }
        return rules.Where(rule => rule.Conditions.All(c => Holds(c, arguments, all))).ToList();
    }

    private bool Justifies(List<Rule> holding, uint verdict) =>
        holding.Count == 0 ? verdict == _default : holding.Any(rule => rule.Verdict == verdict);

    private static bool Holds(SeccompArg arg, ulong[] arguments, ulong all)
    {
        ulong value = arg.Value & all, argument = arguments[arg.Index] & all;
        return arg.Op switch
        {
            SeccompOperator.Equal => argument == value,
            SeccompOperator.NotEqual => argument != value,
            SeccompOperator.Less => argument < value,
            SeccompOperator.LessOrEqual => argument <= value,
            SeccompOperator.Greater => argument > value,
            SeccompOperator.GreaterOrEqual => argument >= value,
            _ => (argument & value) == (arg.ValueTwo & value),
        };
    }

    private static bool IsMoreThanEquality(Rule rule) =>
        rule.Conditions.Length > 1 || rule.Conditions.Any(static c => c.Op is not (SeccompOperator.Equal or SeccompOperator.MaskedEqual));

    private static string Describe(Rule rule) =>
        Verdict.Text(rule.Verdict) + " if " + string.Join(" and ", rule.Conditions.Select(static a => $"a{a.Index} {a.Op} 0x{a.Value:x} 0x{a.ValueTwo:x}"));

    private ulong[] CompileTheirs(bool binaryTree)
    {
        using var filter = new LibSeccomp(_default, _architectures, binaryTree);
        foreach (var rule in _profile.Syscalls ?? [])
        {
            uint verdict = Verdict.Of(rule.Action, rule.ErrnoRet);
            if (verdict == _default)
                continue;
            foreach (string name in rule.Names)
            {
                int number = LibSeccomp.Resolve(name);
                if (number == -1)
                    continue;
                foreach (var args in Parts(rule))
                {
                    if (!filter.TryAdd(verdict, number, args))
                        _refused.Add(name);
                }
            }
        }
        return filter.Export();
    }

    /// <summary>A rule with two conditions on one argument is a rule for each of its conditions (runc's matchCall).</summary>
    private static IEnumerable<SeccompArg[]> Parts(SeccompRule rule)
    {
        var args = rule.Args ?? [];
        return args.Select(static a => a.Index).Distinct().Count() == args.Length ? [args] : args.Select(static a => new[] { a });
    }

    /// <summary>runc's findLastSyscalls; 0: no stub.</summary>
    private uint Newest(SeccompArchitecture architecture)
    {
        if (_default is Verdict.Allow or Verdict.Log || (_default & 0xFFFF_0000) == Verdict.Trace)
            return 0;
        int newest = 0;
        foreach (var rule in _profile.Syscalls ?? [])
        {
            foreach (string name in rule.Names)
                newest = Math.Max(newest, LibSeccomp.Resolve(architecture, name));
        }
        return (uint)newest;
    }

    private Dictionary<uint, List<Rule>> RulesByNumber(SeccompArchitecture architecture, ArchitectureFacts facts)
    {
        var rules = new Dictionary<uint, List<Rule>>();
        foreach (var rule in _profile.Syscalls ?? [])
        {
            uint verdict = Verdict.Of(rule.Action, rule.ErrnoRet);
            if (verdict == _default)
                continue;
            foreach (string name in rule.Names)
            {
                int index = SyscallTable.Find(name);
                if (index < 0)
                    continue;
                byte call = facts.Multiplexes ? SyscallTable.MultiplexedCall(index) : (byte)0;
                foreach (var args in Parts(rule))
                {
                    if (call != 0)
                    {
                        var first = new SeccompArg { Index = 0, Op = SeccompOperator.Equal, Value = call & 127u };
                        Add(facts.FirstNumber + (call < 128 ? 102u : 117u), new Rule(name, verdict, [first, .. args.Where(static a => a.Index != 0)]));
                    }
                    if (SyscallTable.Number(index, architecture) is >= 0 and var number)
                        Add((uint)number, new Rule(name, verdict, args));
                }
            }
        }
        return rules;

        void Add(uint number, Rule rule)
        {
            if (!rules.TryGetValue(number, out var own))
                rules[number] = own = [];
            own.Add(rule);
        }
    }

    private static IEnumerable<uint> Numbers(ArchitectureFacts facts, uint newest)
    {
        for (uint i = 0; i <= 600; i++)
            yield return facts.FirstNumber + i;
        if (facts.FirstNumber is > 0 and < ArchitectureFacts.X32Bit)
        {
            yield return 0;
            yield return facts.FirstNumber - 1;
        }
        if (newest > 0)
            yield return newest + 1;
        foreach (uint number in (uint[])[1023, 1024, 4000, 0xF0000, 0xF0002, 0x3FFF_FFFF, 0x4000_0000, 0x4000_0208, 0x7FFF_FFFF, 0x8000_0000, 0xBFFF_FFFF, 0xC000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF])
        {
            if ((facts.FirstNumber == ArchitectureFacts.X32Bit) == (number >= ArchitectureFacts.X32Bit) || facts.FirstNumber == 0)
                yield return number;
        }
    }

    /// <summary>Values at and around those that rules compare with, and any others.</summary>
    private static ulong[] Arguments(Random random, List<Rule> rules, ArchitectureFacts facts)
    {
        var arguments = new ulong[6];
        for (int i = 0; i < 6; i++)
        {
            var compared = rules.SelectMany(static rule => rule.Conditions).Where(arg => arg.Index == i).ToArray();
            ulong value = (ulong)random.NextInt64() << random.Next(64) >> random.Next(64);
            if (compared.Length > 0 && random.Next(5) > 0)
            {
                var arg = compared[random.Next(compared.Length)];
                value = arg.Op != SeccompOperator.MaskedEqual ? arg.Value : random.Next(3) switch { 0 => arg.ValueTwo, 1 => arg.Value, _ => arg.ValueTwo | ~arg.Value };
            }
            arguments[i] = random.Next(8) switch
            {
                0 => value + 1,
                1 => value - 1,
                2 => value ^ (1UL << random.Next(64)),
                3 => value + (1UL << 32),
                4 => value - (1UL << 32),
                5 => (uint)value,
                _ => value,
            };
        }
        return arguments;
    }

    private sealed record Rule(string Name, uint Verdict, SeccompArg[] Conditions);
}
