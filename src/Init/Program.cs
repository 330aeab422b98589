using System.Runtime;
using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Where Init begins: what it does before the plan, and the plan's instructions one after the other.</summary>
internal static unsafe class Program
{
    [RuntimeExport("init_main")]
    private static int Main(nint* stack)
    {
        // First of all: execve made us dumpable, and the next steps may bring us among processes that would trace us.
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);

        State state = default;
        State* s = &state;
        s->Sync = s->Start = s->Peer = s->Root = s->RootDirectory = s->Proc = s->MaskDirectory = -1;
        FindPlan(s, stack);
        Prepare(s);
        Run(s);
        return 0;
    }

    /// <summary>Learns from the auxiliary vector where our program headers are, and from the last of them the plan.</summary>
    private static void FindPlan(State* s, nint* stack)
    {
        nint* at = stack + 1 + stack[0] + 1;
        while (*at++ != 0)
        {
            // Skip the environment.
        }
        Segment* segments = null;
        nint count = 0;
        for (; at[0] != C.AT_NULL; at += 2)
        {
            if (at[0] == C.AT_PHDR)
                segments = (Segment*)at[1];
            else if (at[0] == C.AT_PHNUM)
                count = at[1];
            else if (at[0] == C.AT_RANDOM)
                Kernel.SetCookie(*(nuint*)at[1]);
        }
        for (nint i = 0; i < count; i++)
        {
            if (segments[i].Address == PlanHeader.MappedAddress)
            {
                s->Plan = (byte*)PlanHeader.MappedAddress;
                s->PlanLength = segments[i].FileSize;
                s->Header = (PlanHeader*)s->Plan;
            }
        }
    }

    /// <summary>Leaves nothing of the process that started us: descriptors, signals, umask.</summary>
    private static void Prepare(State* s)
    {
        const uint most = 1 << 20;
        if (s->PlanLength < (ulong)sizeof(PlanHeader) || s->Header->InheritedFds is 0 or > most || s->Header->PreservedFds > most)
            PlanView.Malformed(s, "no plan"u8.Pointer);
        s->Sync = s->Peer = PlanView.Inherited(s, InheritedFd.Sync);
        PlanView.Check(s);

        if (!Kernel.CloseFrom((nint)(3 + s->Header->PreservedFds + s->Header->InheritedFds)))
            s->Missing |= KernelFeature.CloseRange;
        for (uint i = 0; i < s->Header->InheritedFds; i++)
        {
            if (Kernel.Call(Nr.Fcntl, PlanView.Inherited(s, i), C.F_SETFD, C.FD_CLOEXEC) < 0)
                PlanView.Malformed(s, "inherited descriptor is closed"u8.Pointer);
        }
        if (s->Header->Slots != 0)
        {
            nint slots = Kernel.Map((nint)s->Header->Slots * sizeof(int));
            if (slots < 0)
                Messages.Fail(s, (int)-slots);
            s->Slots = (int*)slots;
            Limits.MakeRoom(s);
        }

        // What other containers see of us in a process namespace that they share.
        Kernel.Call(Nr.Prctl, C.PR_SET_NAME, (nint)"csrun:init"u8.Pointer);
        Signals.Reset();
        s->Umask = (uint)Kernel.Call(Nr.Umask, 0);
    }

    private static void Run(State* s)
    {
        byte* at = s->Plan + s->Header->InstructionsOffset;
        for (uint i = 0; i < s->Header->InstructionCount; i++)
        {
            var instruction = (InstructionHeader*)at;
            // A whole procfs is dangerous to hold: it never outlives the instructions that need it.
            if (s->Proc >= 0 && instruction->Opcode != Opcode.WriteSysctl)
                Kernel.Close(&s->Proc);
            s->Instruction = i;
            s->Step = Step.None;
            s->TextLength = 0;
            s->Value = 0;
            nint result = Dispatch(s, instruction->Opcode, at + sizeof(InstructionHeader));
            if (result < 0)
                Messages.Fail(s, (int)-result);
            at += instruction->Size;
        }
        PlanView.Malformed(s, "the plan has an end"u8.Pointer);
    }

    private static nint Dispatch(State* s, Opcode opcode, void* operands) => opcode switch
    {
        Opcode.JoinNamespace => Namespaces.Join(s, (JoinNamespace*)operands),
        Opcode.Unshare => Namespaces.Leave(s, (Unshare*)operands),
        Opcode.WriteTimeOffsets => Namespaces.WriteTimeOffsets(s, (WriteTimeOffsets*)operands),
        Opcode.Fork => Namespaces.GoOn(s, (Fork*)operands),
        Opcode.AwaitIdMap => Namespaces.AwaitIdMap(s, (AwaitIdMap*)operands),
        Opcode.BecomeRoot => Namespaces.BecomeRoot(s, (BecomeRoot*)operands),
        Opcode.JoinCgroups => Cgroups.Join(s, (JoinCgroups*)operands),
        Opcode.NewSession => Namespaces.NewSession(s),
        Opcode.SessionKeyring => Namespaces.SessionKeyring(s, (SessionKeyring*)operands),
        Opcode.BringLoopbackUp => Namespaces.BringLoopbackUp(s),
        Opcode.SetHostname => Namespaces.SetName(s, Nr.SetHostname, ((SetHostname*)operands)->Name),
        Opcode.SetDomainname => Namespaces.SetName(s, Nr.SetDomainname, ((SetDomainname*)operands)->Name),
        Opcode.OpenSource => Sources.Open(s, (OpenSource*)operands),
        Opcode.OpenNullDevice => Sources.OpenNull(s, (OpenNullDevice*)operands),
        Opcode.OpenRootfs => Sources.OpenRootfs(s, (OpenRootfs*)operands),
        Opcode.IsolateHost => Sources.IsolateHost(s, (IsolateHost*)operands),
        Opcode.AttachRootfs => Sources.AttachRootfs(s),
        Opcode.MountFilesystem => Mounts.NewFilesystem(s, (MountFilesystem*)operands),
        Opcode.MountBind => Mounts.Bind(s, (MountBind*)operands),
        Opcode.Remount => Mounts.Change(s, (Remount*)operands),
        Opcode.MakeDirectory => Devices.MakeDirectory(s, (MakeDirectory*)operands),
        Opcode.MakeDevice => Devices.MakeDevice(s, (MakeDevice*)operands),
        Opcode.MakeSymlink => Devices.MakeSymlink(s, (MakeSymlink*)operands),
        Opcode.MaskPath => Masks.Mask(s, (MaskPath*)operands),
        Opcode.ReadonlyPath => Masks.MakeReadonly(s, (ReadonlyPath*)operands),
        Opcode.SetPathReadonly => Masks.SetReadonly(s, (SetPathReadonly*)operands),
        Opcode.WriteSysctl => Sysctl.Write(s, (WriteSysctl*)operands),
        Opcode.PivotRoot => Pivot.Enter(s, (PivotRoot*)operands),
        Opcode.ChangeRoot => Pivot.ChangeRoot(s),
        Opcode.SetRootPropagation => Pivot.SetPropagation(s, (SetRootPropagation*)operands),
        Opcode.RequestHooks => Hooks.Request(s),
        Opcode.RunHook => Hooks.Run(s, (RunHook*)operands),
        Opcode.OpenConsole => Console.Open(s, (OpenConsole*)operands),
        Opcode.PrepareStdio => Stdio.Prepare(s, (PrepareStdio*)operands),
        Opcode.SetRlimit => Limits.Set(s, (SetRlimit*)operands),
        Opcode.SetUmask => Limits.SetUmask(s, (SetUmask*)operands),
        Opcode.SetIdentity => Identity.Become(s, (SetIdentity*)operands),
        Opcode.ChangeDirectory => Directories.Enter(s, (ChangeDirectory*)operands),
        Opcode.FindExecutable => Execution.Find(s, (FindExecutable*)operands),
        Opcode.Ready => Starting.Report(s),
        Opcode.AwaitStart => Starting.Await(s),
        Opcode.Execute => Execution.Execute(s, (Execute*)operands),
        Opcode.SetScheduler => Scheduling.SetScheduler(s, (SetScheduler*)operands),
        Opcode.SetIoPriority => Scheduling.SetIoPriority(s, (SetIoPriority*)operands),
        Opcode.SetMemoryPolicy => Scheduling.SetMemoryPolicy(s, (SetMemoryPolicy*)operands),
        Opcode.SetPersonality => Scheduling.SetPersonality(s, (SetPersonality*)operands),
        Opcode.SetLabel => Labels.Set(s, (SetLabel*)operands),
        Opcode.InstallListener => Filters.InstallListener(s, (InstallListener*)operands),
        Opcode.SetFilter => Filters.Keep(s, (SetFilter*)operands),
        Opcode.RequestNetDevices => Namespaces.RequestNetDevices(s),
        _ => -C.EINVAL,
    };
}
