using System.Runtime.InteropServices;
using Csrun.Plan;

namespace Csrun.Init;

/// <summary>What the schedulers of processors and disks, the memory allocator and the emulation know of this process.</summary>
internal static unsafe class Scheduling
{
    public static nint SetScheduler(State* s, SetScheduler* operands)
    {
        s->Step = Step.Scheduler;
        SchedulerAttributes attributes = default;
        attributes.Size = (uint)sizeof(SchedulerAttributes);
        attributes.Policy = operands->Policy;
        attributes.Flags = operands->Flags;
        attributes.Nice = operands->Nice;
        attributes.Priority = operands->Priority;
        attributes.Runtime = operands->Runtime;
        attributes.Deadline = operands->Deadline;
        attributes.Period = operands->Period;
        return Kernel.Call(Nr.SchedSetAttr, 0, (nint)(&attributes), 0);
    }

    public static nint SetIoPriority(State* s, SetIoPriority* operands)
    {
        s->Step = Step.IoPriority;
        return Kernel.Call(Nr.IoPrioSet, C.IOPRIO_WHO_PROCESS, 0, (nint)operands->Value);
    }

    public static nint SetMemoryPolicy(State* s, SetMemoryPolicy* operands)
    {
        uint words;
        void* nodes = PlanView.Items(s, operands->Nodes, sizeof(ulong), &words);
        s->Step = Step.MemoryPolicy;
        // The kernel looks at one bit less than it is told.
        nint bits = words == 0 ? 0 : (nint)words * 64 + 1;
        return Kernel.Call(Nr.SetMemPolicy, (nint)operands->Mode, (nint)nodes, bits);
    }

    public static nint SetPersonality(State* s, SetPersonality* operands)
    {
        s->Step = Step.Personality;
        // It returns the one before, which is no error.
        nint result = Kernel.Call(Nr.Personality, (nint)operands->Persona);
        return result == -C.EINVAL ? result : 0;
    }

    /// <summary>struct sched_attr of sched_setattr(2), with the two of Linux 5.3; a kernel without them wants zeros there.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulerAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime, Deadline, Period;
        public uint UtilizationLeast, UtilizationMost;
    }
}
