using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Csrun.Seccomp;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Seccomp;

public sealed class CompilerTests
{
    private static readonly uint s_native = ArchitectureFacts.Of(SeccompArchitecture.X8664).Audit;

    [Theory]
    [InlineData("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", SeccompArchitecture.X8664, 0)]
    [InlineData("/usr/include/x86_64-linux-gnu/asm/unistd_32.h", SeccompArchitecture.X86, 0)]
    [InlineData("/usr/include/x86_64-linux-gnu/asm/unistd_x32.h", SeccompArchitecture.X32, 0x4000_0000)]
    public void Numbers_are_those_of_the_kernels_headers(string header, SeccompArchitecture architecture, int first)
    {
        Assert.SkipUnless(File.Exists(header), header + " is not installed (linux-libc-dev)");
        int count = 0;
        foreach (string[] words in File.ReadLines(header).Select(static line => line.Split(' ')))
        {
            if (words is not ["#define", ['_', '_', 'N', 'R', '_', .. var name], .. var rest] || rest.Length == 0 || name == "syscalls")
                continue;
            string number = rest[^1].TrimEnd(')');
            int index = SyscallTable.Find(name);
            Assert.True(index >= 0, name);
            Assert.Equal(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) + first, SyscallTable.Number(index, architecture));
            count++;
        }
        Assert.True(count > 300);
    }

    [Fact]
    public void Every_name_is_found()
    {
        for (int i = 0; i < SyscallTable.Count; i++)
            Assert.Equal(i, SyscallTable.Find(SyscallTable.NameAt(i)));
        Assert.Equal(-1, SyscallTable.Find("frob"));
        Assert.Equal(-1, SyscallTable.Find(""));
        Assert.Equal(-1, SyscallTable.Find("réad"));
        Assert.Equal("getppid", SyscallTable.NameOf(110, SeccompArchitecture.X8664));
        Assert.Null(SyscallTable.NameOf(9999, SeccompArchitecture.X8664));
    }

    public static TheoryData<SeccompArchitecture> Architectures() => new(Enum.GetValues<SeccompArchitecture>());

    [Theory]
    [MemberData(nameof(Architectures))]
    [Checklist(436, 437, 438, 439, 440, 441, 442, 443, 444, 445, 446, 447, 448, 449, 450, 451, 452, 453, 454, 455, 456, 457, 458, 459)]
    public void Every_architecture_gets_its_part_of_the_filter(SeccompArchitecture architecture)
    {
        var profile = Profile(SeccompAction.Errno, Rule(SeccompAction.Allow, "read", "execve", "exit_group"));
        profile.Architectures = [architecture];
        ulong[] program = FilterCompiler.Compile(profile, FilterPart.Whole, SeccompArchitecture.X8664);
        var facts = ArchitectureFacts.Of(architecture);
        Assert.Contains(program, instruction => Bpf.Code(instruction) == Bpf.IfEqual && Bpf.K(instruction) == facts.Audit);
        int number = SyscallTable.Number(SyscallTable.Find("exit_group"), architecture);
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData((uint)number, facts.Audit, new ulong[6]), out _));
        Assert.Equal(Verdict.Fail | 1, BpfMachine.Run(program, new CallData((uint)number - 1, facts.Audit, new ulong[6]), out _));
        // The machine's own is there in any case, others are not.
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(231, s_native, new ulong[6]), out _));
        Assert.Equal(Verdict.KillThread, BpfMachine.Run(program, new CallData(1, 0xC00000F7, new ulong[6]), out _));
    }

    [Fact]
    public void A_profile_without_rules_is_one_verdict_for_each_call()
    {
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Kill), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.Equal(Verdict.KillThread, BpfMachine.Run(program, new CallData(59, s_native, new ulong[6]), out _));
        Assert.Single(program);
    }

    [Fact]
    [Checklist(474)]
    public void Unknown_names_are_skipped()
    {
        var rule = Rule(SeccompAction.Allow, "frob", "read");
        Assert.Equal(["frob"], SyscallTable.UnknownNames(rule.Names));
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Errno, rule), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(0, s_native, new ulong[6]), out _));
    }

    [Fact]
    [Checklist(10, 488)]
    public void All_64_bits_of_a_value_count()
    {
        var rule = Rule(SeccompAction.Allow, "personality");
        rule.Args = [new SeccompArg { Index = 0, Op = SeccompOperator.Equal, Value = ulong.MaxValue }];
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Errno, rule), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(135, s_native, [ulong.MaxValue, 0, 0, 0, 0, 0]), out _));
        Assert.Equal(Verdict.Fail | 1, BpfMachine.Run(program, new CallData(135, s_native, [uint.MaxValue, 0, 0, 0, 0, 0]), out _));
    }

    [Theory]
    [InlineData(SeccompAction.KillProcess, Verdict.KillProcess)]
    [InlineData(SeccompAction.KillThread, Verdict.KillThread)]
    [InlineData(SeccompAction.Kill, Verdict.KillThread)]
    [InlineData(SeccompAction.Trap, Verdict.Trap)]
    [InlineData(SeccompAction.Errno, Verdict.Fail | 1)]
    [InlineData(SeccompAction.Trace, Verdict.Trace | 1)]
    [InlineData(SeccompAction.Log, Verdict.Log)]
    [InlineData(SeccompAction.Notify, Verdict.UserNotify)]
    public void Every_action_is_the_kernels(SeccompAction action, uint verdict)
    {
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Allow, Rule(action, "mkdir")), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.Equal(verdict, BpfMachine.Run(program, new CallData(83, s_native, new ulong[6]), out _));
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(84, s_native, new ulong[6]), out _));
    }

    /// <summary>Of filters that are stacked, the verdict that comes first in this order counts (seccomp(2)).</summary>
    private static readonly uint[] s_precedence =
        [Verdict.KillProcess, Verdict.KillThread, Verdict.Trap, Verdict.Fail, Verdict.UserNotify, Verdict.Trace, Verdict.Log, Verdict.Allow];

    [Fact]
    public void A_filter_for_notification_and_one_for_the_rest_make_the_whole()
    {
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            var profile = GeneratedProfile(random);
            ulong[] whole = Compile(profile, FilterPart.Whole), notify = Compile(profile, FilterPart.Notify), rest = Compile(profile, FilterPart.AllButNotify);
            for (int j = 0; j < 1000; j++)
            {
                var call = new CallData((uint)random.Next(480), s_native, [.. Enumerable.Range(0, 6).Select(_ => (ulong)random.Next(8))]);
                uint first = BpfMachine.Run(notify, call, out _), second = BpfMachine.Run(rest, call, out _);
                Assert.True(first is Verdict.UserNotify or Verdict.Allow);
                Assert.NotEqual(Verdict.UserNotify, second);
                uint both = Rank(first) <= Rank(second) ? first : second;
                Assert.Equal(BpfMachine.Run(whole, call, out _), both);
            }
        }
        static ulong[] Compile(SeccompProfile profile, FilterPart part) => FilterCompiler.Compile(profile, part, SeccompArchitecture.X8664);
        static int Rank(uint verdict) => Array.IndexOf(s_precedence, verdict & 0xFFFF_0000);
    }

    [Fact]
    public void Every_way_through_a_filter_ends_in_a_return()
    {
        var random = new Random(3);
        for (int i = 0; i < 500; i++)
        {
            ulong[] program = FilterCompiler.Compile(GeneratedProfile(random), FilterPart.Whole, SeccompArchitecture.X8664);
            Assert.InRange(program.Length, 1, Bpf.MostInstructions);
            for (int at = 0; at < program.Length; at++)
            {
                ulong instruction = program[at];
                switch (Bpf.Code(instruction))
                {
                    case Bpf.Return:
                        break;
                    case Bpf.Jump:
                        Assert.True(at + 1 + (long)Bpf.K(instruction) < program.Length);
                        break;
                    case Bpf.IfEqual or Bpf.IfGreater or Bpf.IfGreaterOrEqual or Bpf.IfAnyBit:
                        Assert.True(at + 1 + Math.Max(Bpf.Yes(instruction), Bpf.No(instruction)) < program.Length);
                        break;
                    case Bpf.Load:
                        Assert.True(Bpf.K(instruction) % 4 == 0 && Bpf.K(instruction) is < 8 or >= 16 and < 64);
                        Assert.True(at + 1 < program.Length);
                        break;
                    default:
                        Assert.Equal(Bpf.And, Bpf.Code(instruction));
                        Assert.True(at + 1 < program.Length);
                        break;
                }
            }
        }
    }

    [Fact]
    public void Jumps_over_more_than_255_instructions_work()
    {
        var rules = new List<SeccompRule>();
        for (uint i = 0; i < 300; i++)
        {
            var rule = Rule(SeccompAction.Errno, SyscallTable.NameOf(i, SeccompArchitecture.X8664)!);
            rule.ErrnoRet = (i % 7) + 2;
            rule.Args = [
                new SeccompArg { Index = i % 5, Op = SeccompOperator.MaskedEqual, Value = 0x1_0000_0003, ValueTwo = i % 4 },
                new SeccompArg { Index = 5, Op = SeccompOperator.Equal, Value = i }];
            rules.Add(rule);
        }
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Allow, rules.ToArray()), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.True(program.Length > 1500);
        for (uint i = 0; i < 300; i++)
        {
            ulong[] arguments = [9, 9, 9, 9, 9, i];
            arguments[i % 5] = i % 4;
            Assert.True((Verdict.Fail | ((i % 7) + 2)) == BpfMachine.Run(program, new CallData(i, s_native, arguments), out _), $"{i}");
            arguments[5]++;
            Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(i, s_native, arguments), out _));
        }
    }

    [Fact]
    public void A_filter_that_the_kernel_would_not_take_is_refused()
    {
        var rules = new List<SeccompRule>();
        for (uint i = 0; i < 5000; i++)
        {
            var rule = Rule(SeccompAction.Allow, "read");
            rule.Args = [new SeccompArg { Index = 1, Op = SeccompOperator.MaskedEqual, Value = 0xFFFF, ValueTwo = i }, new SeccompArg { Index = 2, Op = SeccompOperator.Equal, Value = i }];
            rules.Add(rule);
        }
        Assert.Throws<FilterTooLongException>(() => FilterCompiler.Compile(Profile(SeccompAction.Errno, rules.ToArray())));
        // As many values of one argument are no trouble: they are searched.
        foreach (var rule in rules)
            rule.Args = [new SeccompArg { Index = 1, Op = SeccompOperator.Equal, Value = rule.Args![1].Value * 3 }];
        ulong[] program = FilterCompiler.Compile(Profile(SeccompAction.Errno, rules.Take(1000).ToArray()), FilterPart.Whole, SeccompArchitecture.X8664);
        Assert.Equal(Verdict.Allow, BpfMachine.Run(program, new CallData(0, s_native, [0, 999 * 3, 0, 0, 0, 0]), out int steps));
        Assert.True(steps < 25, $"{steps} steps");
        Assert.Equal(Verdict.Fail | 1, BpfMachine.Run(program, new CallData(0, s_native, [0, (999 * 3) - 1, 0, 0, 0, 0]), out _));
    }

    private static SeccompProfile GeneratedProfile(Random random)
    {
        if (LibSeccomp.IsThere)
            return RandomProfile.Make(random, SeccompArchitecture.X8664);
        Assert.Skip("libseccomp.so.2 is not installed");
        return null!;
    }

    private static SeccompProfile Profile(SeccompAction defaultAction, params SeccompRule[] rules) => new() { DefaultAction = defaultAction, Syscalls = rules };

    private static SeccompRule Rule(SeccompAction action, params string[] names) => new() { Action = action, Names = names };
}
