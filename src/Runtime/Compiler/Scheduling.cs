using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// What the kernel's schedulers and allocators are told of the process: <c>process.scheduler</c>,
/// <c>process.ioPriority</c>, <c>linux.memoryPolicy</c>, <c>linux.personality</c>. All while Init still has its
/// capabilities, and before any seccomp filter. <c>process.execCPUAffinity</c> is for exec alone, and the runtime's.
/// </summary>
internal static class Scheduling
{
    private const int IoClassShift = 13;
    private const int MemoryFlagShift = 13;
    private const ulong PerLinux = 0;
    private const ulong PerLinux32 = 8;

    public static void Compile(Compilation to, Process process)
    {
        if (process.Scheduler is { } scheduler)
            CompileScheduler(to, scheduler);
        if (process.IoPriority is { } priority)
        {
            uint value = ((uint)priority.Class + 1) << IoClassShift | (uint)priority.Priority;
            to.Add(Opcode.SetIoPriority, new SetIoPriority { Value = value }, "process.ioPriority", "set the I/O priority",
                Names.IoPriorityClasses[(int)priority.Class]);
        }
        if (to.Config.Linux?.MemoryPolicy is { } policy)
            CompileMemoryPolicy(to, policy);
        if (to.Config.Linux?.Personality is { } personality)
        {
            ulong persona = personality.Domain == PersonalityDomain.Linux32 ? PerLinux32 : PerLinux;
            to.Add(Opcode.SetPersonality, new SetPersonality { Persona = persona }, "linux.personality", "set the personality",
                Names.PersonalityDomains[(int)personality.Domain]);
        }
    }

    private static void CompileScheduler(Compilation to, Scheduler scheduler)
    {
        ulong flags = 0;
        foreach (var flag in scheduler.Flags ?? [])
            flags |= 1UL << (int)flag;
        // sched(7): a SCHED_DEADLINE process cannot fork, and Init has these hooks to start.
        if (scheduler.Policy == SchedulerPolicy.Deadline && to.Config.Hooks?.StartContainer is { Length: > 0 }
            && (flags & 1UL << (int)SchedulerFlag.ResetOnFork) == 0)
        {
            to.Refuse(ConfigCodes.SchedulerConflict, "process.scheduler.flags",
                "must have SCHED_FLAG_RESET_ON_FORK: a SCHED_DEADLINE process cannot start the startContainer hooks without it");
        }
        to.Add(Opcode.SetScheduler, new SetScheduler
        {
            Policy = (uint)scheduler.Policy,
            Nice = scheduler.Nice ?? 0,
            Flags = flags,
            Runtime = scheduler.Runtime ?? 0,
            Deadline = scheduler.Deadline ?? 0,
            Period = scheduler.Period ?? 0,
            Priority = (uint)(scheduler.Priority ?? 0),
        }, "process.scheduler", "set the scheduling policy", Names.SchedulerPolicies[(int)scheduler.Policy]);
    }

    private static void CompileMemoryPolicy(Compilation to, MemoryPolicy policy)
    {
        uint mode = (uint)policy.Mode;
        foreach (var flag in policy.Flags ?? [])
            mode |= 1u << (MemoryFlagShift + (int)flag);
        to.Add(Opcode.SetMemoryPolicy,
            new SetMemoryPolicy { Nodes = to.Writer.Array<ulong>(NumberList.ToMask(policy.Nodes)), Mode = mode },
            "linux.memoryPolicy", "set the memory policy", Names.MemoryPolicyModes[(int)policy.Mode]);
    }
}
