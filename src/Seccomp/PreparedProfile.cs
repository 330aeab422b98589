using System;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>A rule with its names looked up.</summary>
/// <param name="Verdict">What it returns.</param>
/// <param name="Calls">Indices in <see cref="SyscallTable"/>; unknown names are left out.</param>
/// <param name="Args">Its conditions.</param>
/// <param name="RepeatsAnArgument">Two conditions are about one argument.</param>
internal readonly record struct PreparedRule(uint Verdict, ushort[] Calls, SeccompArg[] Args, bool RepeatsAnArgument);

/// <summary>A profile as all its architectures share it.</summary>
internal sealed class PreparedProfile
{
    public PreparedProfile(SeccompProfile profile)
    {
        Default = new Outcome(Verdict.Of(profile.DefaultAction, profile.DefaultErrnoRet), Outcome.DefaultAction, []);
        var rules = profile.Syscalls ?? [];
        Rules = new PreparedRule[rules.Length];
        for (int i = 0; i < rules.Length; i++)
        {
            var args = rules[i].Args ?? [];
            Rules[i] = new PreparedRule(Verdict.Of(rules[i].Action, rules[i].ErrnoRet), Look(rules[i].Names), args, Repeats(args));
        }
    }

    public PreparedRule[] Rules { get; }

    public Outcome Default { get; }

    /// <summary>
    /// Calls that are newer than the profile fail with ENOSYS, so that programs fall back to older ones; not where the
    /// default lets calls pass or leaves them to a tracer (runc's stub: libcontainer/seccomp/patchbpf).
    /// </summary>
    public bool DeniesNewer => Default.Verdict is not (Verdict.Allow or Verdict.Log) && (Default.Verdict & 0xFFFF0000) != Verdict.Trace;

    private static ushort[] Look(string[] names)
    {
        var calls = new ushort[names.Length];
        int count = 0;
        foreach (string name in names)
        {
            int index = SyscallTable.Find(name);
            if (index >= 0)
                calls[count++] = (ushort)index;
        }
        return count == calls.Length ? calls : calls[..count];
    }

    private static bool Repeats(SeccompArg[] args)
    {
        int seen = 0;
        foreach (var arg in args)
        {
            if ((seen & (1 << (int)arg.Index)) != 0)
                return true;
            seen |= 1 << (int)arg.Index;
        }
        return false;
    }
}
