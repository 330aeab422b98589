using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// <c>linux.seccomp</c>. The filter is installed last of all, after the startContainer hooks, so that neither they nor
/// Init's own calls need the profile's leave. Where an agent is to be asked, that needs a listener while the container
/// is created: the part of the filter that asks is one of its own, installed then; the kernel takes the sterner verdict
/// of the two, so together they say what the profile says.
/// </summary>
internal static class SeccompSetup
{
    /// <summary>
    /// What <see cref="Opcode.SetFilter"/> is about where the program can never be executed: Init ends without a word
    /// then, if the filter does not let it speak either.
    /// </summary>
    public const string RefusesProgram = "that refuses to execute the program";

    /// <summary>Compiles the profile, and writes what comes before Ready; null if there is no profile.</summary>
    public static LastFilter? Compile(Compilation to)
    {
        if (to.Config.Linux?.Seccomp is not { } profile)
            return null;
        foreach (var flag in to.Facts.UnknownSeccompFlags)
        {
            to.Refuse(ErrorCodes.SeccompUnsupported, Compilation.Path("linux.seccomp.flags", Array.IndexOf(profile.Flags!, flag)),
                "is not supported by this kernel");
        }
        try
        {
            bool notifies = Notifies(profile);
            bool mayAsk = true;
            if (notifies)
            {
                // What the agent is asked about it may refuse.
                ulong[] asking = FilterCompiler.Compile(profile, FilterPart.Notify);
                mayAsk = MayAsk(asking);
                to.Add(Opcode.InstallListener, new InstallListener
                {
                    Filter = to.Writer.Array<ulong>(asking),
                    Flags = FilterFlags.Of(profile) | FilterFlags.OfListener(profile),
                    ReadBack = mayAsk ? 1u : 0,
                }, "linux.seccomp", "install the seccomp filter for the agent");
            }
            ulong[] filter = FilterCompiler.Compile(profile, notifies ? FilterPart.AllButNotify : FilterPart.Whole);
            return new LastFilter(filter, mayAsk && MayAsk(filter));
        }
        catch (FilterTooLongException e)
        {
            to.Refuse(ErrorCodes.SeccompUnsupported, "linux.seccomp.syscalls", e.Message);
            return null;
        }
    }

    /// <summary>Writes what comes last before Execute.</summary>
    public static void CompileBeforeExecute(Compilation to, LastFilter? filter)
    {
        if (filter is null)
            return;
        to.Add(Opcode.SetFilter, new SetFilter
        {
            Filter = to.Writer.Array<ulong>(filter.Program),
            Flags = FilterFlags.Of(to.Config.Linux!.Seccomp!),
            ReadBack = filter.ReadBack ? 1u : 0,
        }, "linux.seccomp", "install the seccomp filter", RefusesExecution(to, filter.Program) ? RefusesProgram : null);
    }

    /// <summary>An agent is asked about some call.</summary>
    public static bool Notifies(SeccompProfile profile) =>
        Array.Exists(profile.Syscalls ?? [], static rule => rule.Action == SeccompAction.Notify);

    /// <summary>"SCMP_ACT_ERRNO (EPERM), but for 12 rules; x86_64, x86, x32".</summary>
    public static string Summary(SeccompProfile profile)
    {
        var names = FilterCompiler.Architectures(profile).ConvertAll(Explanation.Short);
        string action = Verdict.Text(Verdict.Of(profile.DefaultAction, profile.DefaultErrnoRet));
        return FormattableString.Invariant($"{action}, but for {profile.Syscalls?.Length ?? 0} rules; {string.Join(", ", names)}");
    }

    /// <summary>Whether Init can ask the kernel under this filter if it is there: for sure, and without a trace in the log.</summary>
    private static bool MayAsk(ulong[] filter) =>
        BpfMachine.TryDecide(filter, FilterCompiler.NativeCall("prctl"), out uint verdict) && verdict == Verdict.Allow;

    // It may be meant (a test of the profile), so it is no error.
    private static bool RefusesExecution(Compilation to, ulong[] filter)
    {
        if (!BpfMachine.TryDecide(filter, FilterCompiler.NativeCall("execve"), out uint verdict)
            || verdict is Verdict.Allow or Verdict.Log || (verdict & 0xFFFF_0000) == Verdict.Trace)
        {
            return false;
        }
        to.Warn(string.Concat("linux.seccomp: the container's program cannot be executed: execve gets ", Verdict.Text(verdict)));
        return true;
    }
}

/// <summary>The filter that the program is executed under.</summary>
/// <param name="Program">BPF.</param>
/// <param name="ReadBack">Init can ask under it whether it is there.</param>
internal sealed record LastFilter(ulong[] Program, bool ReadBack);
