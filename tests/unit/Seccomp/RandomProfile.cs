using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Tests.Unit.Seccomp;

/// <summary>Profiles of all that a profile may have, with many rules for few calls.</summary>
internal static class RandomProfile
{
    private static readonly ulong[] s_values =
        [0, 1, 2, 3, 5, 8, 10, 16, 255, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_0005, 0x2_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, ulong.MaxValue];

    private static readonly ulong[] s_masks = [0, 1, 3, 0x10, 0x7E02_0000, 0xFFFF_FFFF, 0x1_0000_0001, 0xFFFF_FFFF_0000_0000, ulong.MaxValue];

    private static string[]? s_names;

    public static SeccompProfile Make(Random random, SeccompArchitecture native)
    {
        s_names ??= Names();
        var rules = new SeccompRule[random.Next(30)];
        // Sometimes many calls once, sometimes few again and again; with one action, so that order does not count, or with several.
        var names = Enumerable.Range(0, random.Next(1, 6)).Select(_ => s_names[random.Next(s_names.Length)]).ToArray();
        bool few = random.Next(2) == 0, oneAction = random.Next(2) == 0;
        int argumentsUsed = random.Next(1, 7);
        var action = Action(random);
        for (int i = 0; i < rules.Length; i++)
        {
            var rule = new SeccompRule { Action = oneAction ? action.Action : (action = Action(random)).Action, ErrnoRet = action.Errno };
            rule.Names = few ? [names[random.Next(names.Length)]] : Enumerable.Range(0, random.Next(1, 20)).Select(_ => s_names[random.Next(s_names.Length)]).ToArray();
            if (random.Next(few ? 12 : 3) > 0)
                rule.Args = Enumerable.Range(0, random.Next(3) == 0 ? random.Next(1, 4) : 1).Select(_ => Arg(random, argumentsUsed)).ToArray();
            rules[i] = rule;
        }
        var @default = Action(random);
        while (@default.Action == SeccompAction.Notify)
            @default = Action(random);
        return new SeccompProfile
        {
            DefaultAction = @default.Action,
            DefaultErrnoRet = @default.Errno,
            Architectures = Architectures(random, native),
            Syscalls = rules,
        };
    }

    /// <summary>libseccomp knows it too, on each architecture where it is.</summary>
    public static bool IsKnownToBoth(string name)
    {
        int index = SyscallTable.Find(name);
        return index >= 0 && LibSeccomp.Resolve(name) != -1 && Array.TrueForAll(Enum.GetValues<SeccompArchitecture>(),
            architecture => !Compared(architecture) || LibSeccomp.Resolve(architecture, name) < 0 == SyscallTable.Number(index, architecture) < 0);
    }

    private static string[] Names() => Enumerable.Range(0, SyscallTable.Count).Select(SyscallTable.NameAt).Where(IsKnownToBoth).ToArray();

    private static bool Compared(SeccompArchitecture a) =>
        a is not (SeccompArchitecture.Loongarch64 or SeccompArchitecture.M68K or SeccompArchitecture.Sh or SeccompArchitecture.Sheb);

    private static SeccompArchitecture[]? Architectures(Random random, SeccompArchitecture native)
    {
        if (native != SeccompArchitecture.X8664)
            return null;
        return random.Next(5) switch
        {
            0 => null,
            1 => [SeccompArchitecture.X8664, SeccompArchitecture.X86],
            2 => [SeccompArchitecture.X8664, SeccompArchitecture.X86, SeccompArchitecture.X32],
            3 => [SeccompArchitecture.X32],
            _ => [SeccompArchitecture.X86, SeccompArchitecture.Aarch64, SeccompArchitecture.Arm, SeccompArchitecture.Riscv64],
        };
    }

    private static (SeccompAction Action, uint? Errno) Action(Random random) => random.Next(10) switch
    {
        0 => (SeccompAction.KillThread, null),
        1 => (SeccompAction.KillProcess, null),
        2 => (SeccompAction.Trap, null),
        3 => (SeccompAction.Errno, null),
        4 => (SeccompAction.Errno, (uint)random.Next(1, 40)),
        5 => (SeccompAction.Trace, (uint)random.Next(1, 3)),
        6 => (SeccompAction.Log, null),
        7 => (SeccompAction.Notify, null),
        _ => (SeccompAction.Allow, null),
    };

    private static SeccompArg Arg(Random random, int argumentsUsed)
    {
        var op = (SeccompOperator)random.Next(7);
        ulong value = Value(random);
        return new SeccompArg
        {
            Index = (uint)random.Next(argumentsUsed),
            Op = op,
            Value = op == SeccompOperator.MaskedEqual ? s_masks[random.Next(s_masks.Length)] : value,
            ValueTwo = op == SeccompOperator.MaskedEqual ? value : 0,
        };
    }

    private static ulong Value(Random random) =>
        random.Next(6) == 0 ? (ulong)random.NextInt64() >> random.Next(64) : s_values[random.Next(s_values.Length)];
}
