using System;

namespace Csrun.Spec;

public static partial class Validator
{
    /// <summary>Checks a process whose members have paths that start with <paramref name="at"/>.</summary>
    private static void ValidateProcess(Process process, Place at, Findings found)
    {
        CwdIsAbsolute(process, at, found);
        ArgsHaveAProgram(process, at, found);
        EnvironmentIsValid(process.Env, at, found);
        ConsoleFitsTheTerminal(process, at, found);
        IdsOfTheUserAreIds(process, at, found);
        UmaskIsPermissions(process, at, found);
        RlimitsAreUnique(process, at, found);
        RlimitsAreOrdered(process, at, found);
        OomScoreIsInRange(process, at, found);
        if (process.Scheduler is { } scheduler)
            ValidateScheduler(scheduler, at + "scheduler.", found);
        IoPriorityIsInRange(process, at, found);
        AffinityIsAList(process, at, found);
    }

    /// <summary>config.md#process.</summary>
    private static void CwdIsAbsolute(Process process, Place at, Findings found) => MustBeAbsolute(at + "cwd", process.Cwd, found);

    /// <summary>config.md#posix-process: at least one entry, and it names a program.</summary>
    private static void ArgsHaveAProgram(Process process, Place at, Findings found)
    {
        if (process.Args is null or [])
            found.Error(ConfigCodes.ArgsMissing, at + "args", "must have at least one entry, the program");
        else if (process.Args[0].Length == 0)
            found.Error(ConfigCodes.EmptyValue, (at + "args").At(0), "must not be empty: it names the program");
    }

    /// <summary>config.md#process: environ semantics, of hooks too.</summary>
    private static void EnvironmentIsValid(Utf8Texts? environment, Place at, Findings found)
    {
        for (int i = 0; i < environment?.Count; i++)
        {
            if (environment.Bytes(i).IndexOf((byte)'=') <= 0)
                found.Error(ConfigCodes.EnvInvalid, (at + "env").At(i), $"must be NAME=value, but is {Show.Quoted(environment[i])}");
        }
    }

    /// <summary>config.md#process; struct winsize has 16 bits. Without a terminal the size is ignored.</summary>
    private static void ConsoleFitsTheTerminal(Process process, Place at, Findings found)
    {
        if (!process.Terminal || process.ConsoleSize is not { } size)
            return;
        MustBeWithin(0, ushort.MaxValue, at + "consoleSize.height", size.Height, found);
        MustBeWithin(0, ushort.MaxValue, at + "consoleSize.width", size.Width, found);
    }

    /// <summary>config.md#posix-platform-user; setresuid(2) and its kin take -1 for "leave as it is".</summary>
    private static void IdsOfTheUserAreIds(Process process, Place at, Findings found)
    {
        MustBeAnId(at + "user.uid", process.User?.Uid, found);
        MustBeAnId(at + "user.gid", process.User?.Gid, found);
        for (int i = 0; i < process.User?.AdditionalGids?.Length; i++)
        {
            if (process.User.AdditionalGids[i] == uint.MaxValue)
                MustBeAnId((at + "user.additionalGids").At(i), uint.MaxValue, found);
        }
    }

    /// <summary>config.md#posix-platform-user; umask(2) has nine bits.</summary>
    private static void UmaskIsPermissions(Process process, Place at, Findings found) =>
        MustBeWithin(0, 511, at + "user.umask", process.User?.Umask, found);

    /// <summary>config.md#posix-process: a type listed twice is an error.</summary>
    private static void RlimitsAreUnique(Process process, Place at, Findings found)
    {
        uint seen = 0;
        for (int i = 0; i < process.Rlimits?.Length; i++)
        {
            uint bit = 1u << (int)process.Rlimits[i].Type;
            if ((seen & bit) != 0)
            {
                found.Error(ConfigCodes.DuplicateEntry, (at + "rlimits").At(i) + "type",
                    $"{Names.RlimitTypes[(int)process.Rlimits[i].Type]} is there already");
            }
            seen |= bit;
        }
    }

    /// <summary>setrlimit(2).</summary>
    private static void RlimitsAreOrdered(Process process, Place at, Findings found)
    {
        for (int i = 0; i < process.Rlimits?.Length; i++)
        {
            Rlimit rlimit = process.Rlimits[i];
            if (rlimit.Soft > rlimit.Hard)
            {
                found.Error(ConfigCodes.RlimitSoftAboveHard, (at + "rlimits").At(i) + "soft",
                    FormattableString.Invariant($"must not be above hard ({rlimit.Hard}), but is {rlimit.Soft}"));
            }
        }
    }

    /// <summary>config.md#linux-process; proc_pid_oom_score_adj(5).</summary>
    private static void OomScoreIsInRange(Process process, Place at, Findings found) =>
        MustBeWithin(-1000, 1000, at + "oomScoreAdj", process.OomScoreAdj, found);

    private static void ValidateScheduler(Scheduler scheduler, Place at, Findings found)
    {
        SchedulerPolicyExists(scheduler, at, found);
        SchedulerNiceIsInRange(scheduler, at, found);
        // The policy or its parameters are then the caller's, unknown here.
        if (scheduler.Flags?.AsSpan().ContainsAny(SchedulerFlag.KeepPolicy, SchedulerFlag.KeepParams) == true)
            return;
        SchedulerPriorityFitsThePolicy(scheduler, at, found);
        SchedulerDeadlineFitsThePolicy(scheduler, at, found);
    }

    /// <summary>sched(7): SCHED_ISO was never implemented.</summary>
    private static void SchedulerPolicyExists(Scheduler scheduler, Place at, Findings found)
    {
        if (scheduler.Policy == SchedulerPolicy.Iso)
            found.Error(ConfigCodes.UnknownValue, at + "policy", "SCHED_ISO is not supported: Linux does not have it");
    }

    /// <summary>setpriority(2).</summary>
    private static void SchedulerNiceIsInRange(Scheduler scheduler, Place at, Findings found) =>
        MustBeWithin(-20, 19, at + "nice", scheduler.Nice, found);

    /// <summary>config.md#linux-process: a priority is for FIFO and RR, and these need one of 1 to 99.</summary>
    private static void SchedulerPriorityFitsThePolicy(Scheduler scheduler, Place at, Findings found)
    {
        if (scheduler.Policy is SchedulerPolicy.Fifo or SchedulerPolicy.Rr)
            MustBeWithin(1, 99, at + "priority", scheduler.Priority ?? 0, found);
        else if (scheduler.Priority is { } priority and not 0)
        {
            found.Error(ConfigCodes.SchedulerConflict, at + "priority",
                FormattableString.Invariant($"is for SCHED_FIFO and SCHED_RR only, but is {priority}"));
        }
    }

    /// <summary>sched_setattr(2): 0 &lt; runtime &lt;= deadline &lt;= period, for DEADLINE alone.</summary>
    private static void SchedulerDeadlineFitsThePolicy(Scheduler scheduler, Place at, Findings found)
    {
        ulong runtime = scheduler.Runtime ?? 0;
        ulong deadline = scheduler.Deadline ?? 0;
        ulong period = scheduler.Period ?? 0;
        if (scheduler.Policy != SchedulerPolicy.Deadline)
        {
            string? member = runtime != 0 ? "runtime" : deadline != 0 ? "deadline" : period != 0 ? "period" : null;
            if (member is not null)
                found.Error(ConfigCodes.SchedulerConflict, at + member, "is for SCHED_DEADLINE only");
        }
        // A period of 0 is the deadline's.
        else if (runtime == 0 || runtime > deadline || (period != 0 && deadline > period))
            found.Error(ConfigCodes.SchedulerConflict, at + "runtime", "must be above 0, at most deadline, and that at most period");
    }

    /// <summary>config.md#linux-process.</summary>
    private static void IoPriorityIsInRange(Process process, Place at, Findings found) =>
        MustBeWithin(0, 7, at + "ioPriority.priority", process.IoPriority?.Priority, found);

    /// <summary>config.md#linux-process.</summary>
    private static void AffinityIsAList(Process process, Place at, Findings found)
    {
        MustBeAList(at + "execCPUAffinity.initial", process.ExecCPUAffinity?.Initial, found);
        MustBeAList(at + "execCPUAffinity.final", process.ExecCPUAffinity?.Final, found);
    }
}
