using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>Which of a profile's verdicts a filter gives.</summary>
public enum FilterPart
{
    Whole,

    /// <summary>Only SCMP_ACT_NOTIFY; everything else passes.</summary>
    Notify,

    /// <summary>All but SCMP_ACT_NOTIFY, which passes. Over a filter of <see cref="Notify"/> it makes the whole.</summary>
    AllButNotify,
}

/// <summary>
/// Compiles a profile (config-linux.md#seccomp) to BPF: first by architecture, this machine's before others, then by the
/// call's number, then by its arguments. A call of an architecture that the profile does not have ends its thread, as
/// with libseccomp.
/// </summary>
public static class FilterCompiler
{
    /// <summary>The program, one instruction a number; see <see cref="Bpf"/>. It has at least one, and always ends in a return.</summary>
    /// <param name="profile">One in which the validator found no error.</param>
    /// <param name="part">What to compile of it.</param>
    /// <param name="native">The machine's architecture, which is always among the profile's.</param>
    /// <exception cref="FilterTooLongException">The kernel would not take it.</exception>
    public static ulong[] Compile(SeccompProfile profile, FilterPart part = FilterPart.Whole, SeccompArchitecture? native = null)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return new Compilation(new PreparedProfile(profile), part).Run(Architectures(profile, native ?? ArchitectureFacts.Native));
    }

    /// <summary>The architectures of a profile's filter: the machine's first, each once.</summary>
    public static List<SeccompArchitecture> Architectures(SeccompProfile profile, SeccompArchitecture? native = null)
    {
        ArgumentNullException.ThrowIfNull(profile);
        List<SeccompArchitecture> all = [native ?? ArchitectureFacts.Native];
        foreach (var architecture in profile.Architectures ?? [])
        {
            if (!all.Contains(architecture))
                all.Add(architecture);
        }
        return all;
    }

    /// <summary>A call of this machine's own architecture, by its name, without arguments.</summary>
    public static CallData NativeCall(string name) => new(
        (uint)SyscallTable.Number(SyscallTable.Find(name), ArchitectureFacts.Native), ArchitectureFacts.Of(ArchitectureFacts.Native).Audit, default);

    private sealed class Compilation(PreparedProfile profile, FilterPart part)
    {
        private readonly Assembler _to = new();
        private readonly List<(Outcome Outcome, bool Is64, bool IsBigEndian, Target Target)> _written = [];

        public ulong[] Run(List<SeccompArchitecture> architectures)
        {
            var ranges = new WordRanges(_to);
            var next = Return(Verdict.KillThread);
            // From the end: the machine's own is the first that is asked for.
            for (int i = architectures.Count - 1; i >= 0; i--)
            {
                var facts = ArchitectureFacts.Of(architectures[i]);
                // x32's calls are told from x86_64's by their number.
                int other = OtherOf(architectures, i);
                if (other >= 0 && other < i)
                    continue;
                ranges.Clear();
                FillNumbers(ranges, facts, other < 0 ? null : ArchitectureFacts.Of(architectures[other]));
                next = _to.Branch(Bpf.IfEqual, facts.Audit, _to.Load(Bpf.NumberOffset, ranges.Write()), next);
            }
            return _to.Finish(_to.Load(Bpf.ArchOffset, next));
        }

        /// <summary>The place of the architecture with the same AUDIT_ARCH, or -1.</summary>
        private static int OtherOf(List<SeccompArchitecture> architectures, int index) => architectures[index] switch
        {
            SeccompArchitecture.X32 => architectures.IndexOf(SeccompArchitecture.X8664),
            SeccompArchitecture.X8664 => architectures.IndexOf(SeccompArchitecture.X32),
            _ => -1,
        };

        private void FillNumbers(WordRanges ranges, in ArchitectureFacts facts, ArchitectureFacts? other)
        {
            bool isX32 = facts.FirstNumber == ArchitectureFacts.X32Bit;
            if (facts.Audit != ArchitectureFacts.Of(SeccompArchitecture.X8664).Audit)
            {
                FillTable(ranges, new RuleSet(profile, in facts));
                return;
            }
            ArchitectureFacts? x64 = isX32 ? other : facts, x32 = isX32 ? facts : other;
            if (x64 is { } low)
                FillTable(ranges, new RuleSet(profile, in low));
            else
                ranges.Add(0, Return(Verdict.KillThread));
            if (x32 is { } high)
            {
                FillTable(ranges, new RuleSet(profile, in high));
                return;
            }
            ranges.Add(ArchitectureFacts.X32Bit, Return(Verdict.KillThread));
            // A tracer that skips a call makes its number -1 (seccomp(2)).
            ranges.Add(uint.MaxValue, Return(profile.Default.Verdict));
        }

        private void FillTable(WordRanges ranges, RuleSet rules)
        {
            var otherwise = Return(profile.Default.Verdict);
            bool deniesNewer = profile.DeniesNewer && rules.Newest > 0;
            var newer = deniesNewer ? Return(Verdict.NoSuchCall) : otherwise;
            uint first = rules.Facts.FirstNumber;
            if (first != ArchitectureFacts.X32Bit)
                ranges.Add(0, otherwise);
            int previous = -2;
            for (uint number = 0; number < rules.End; number++)
            {
                int state = rules.StateOf(number);
                if (state == previous && state != -1)
                    continue;
                ranges.Add(first + number, Write(rules[number], in rules.Facts));
                previous = state;
            }
            ranges.Add(first + rules.End, otherwise);
            if (deniesNewer)
                ranges.Add(rules.Newest + 1, newer);
            if (!rules.Facts.HasPrivateCalls)
                return;
            for (uint number = RuleSet.FirstPrivate; number < RuleSet.EndPrivate; number++)
                ranges.Add(number, Write(rules[number], in rules.Facts));
            ranges.Add(RuleSet.EndPrivate, newer);
        }

        private Target Write(Outcome outcome, in ArchitectureFacts facts)
        {
            if (outcome.IsConstant)
                return Return(outcome.Verdict);
            foreach (var (known, is64, isBigEndian, target) in _written)
            {
                if (is64 == facts.Is64 && isBigEndian == facts.IsBigEndian && known.HasSameClauses(outcome))
                    return target;
            }
            var written = new ClauseCode(_to, outcome, facts.Is64, facts.IsBigEndian, Return).Write();
            _written.Add((outcome, facts.Is64, facts.IsBigEndian, written));
            return written;
        }

        private Target Return(uint verdict) => Target.Return(part switch
        {
            FilterPart.Notify => verdict == Verdict.UserNotify ? verdict : Verdict.Allow,
            FilterPart.AllButNotify => verdict == Verdict.UserNotify ? Verdict.Allow : verdict,
            _ => verdict,
        });
    }
}
