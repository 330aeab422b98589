using Csrun.Plan;

namespace Csrun.Init;

/// <summary>seccomp(2): a filter holds from its installation on, for Init too.</summary>
internal static unsafe class Filters
{
    /// <summary>Installs the filter for an agent, and hands its listener over.</summary>
    public static nint InstallListener(State* s, InstallListener* operands)
    {
        s->Step = Step.Filter;
        nint listener = Load(s, operands->Filter, operands->Flags);
        if (listener < 0)
            return listener;
        nint there = ReadBack(s, operands->ReadBack);
        if (there < 0)
            return there;
        // The runtime takes it out of here (pidfd_getfd(2)). Only write(2) is never asked about; whatever else the agent
        // is asked about, it can answer once it has the listener.
        Message message = default;
        message.Kind = MessageKind.Listener;
        message.Instruction = s->Instruction;
        message.Value = (ulong)listener;
        if (Kernel.Call(Nr.Write, s->Sync, (nint)(&message), sizeof(Message)) != sizeof(Message))
            Kernel.Exit(1);
        Messages.Await(s, MessageKind.ListenerTaken);
        return Kernel.Call(Nr.Close, listener);
    }

    /// <summary>Checks the filter that <see cref="Install"/> is to install.</summary>
    public static nint Keep(State* s, SetFilter* operands)
    {
        uint count;
        if (PlanView.Items(s, operands->Filter, sizeof(ulong), &count) == null || count > 0xFFFF)
            PlanView.Malformed(s, "filter has no instructions"u8.Pointer);
        s->Filter = operands;
        s->FilterInstruction = s->Instruction;
        return 0;
    }

    /// <summary>
    /// Installs it: but for the question whether it is there, where it lets that pass, and execve there is no call of
    /// Init's after this.
    /// </summary>
    public static nint Install(State* s)
    {
        if (s->Filter == null)
            return 0;
        uint instruction = s->Instruction;
        s->Instruction = s->FilterInstruction;
        s->Step = Step.Filter;
        nint result = Load(s, s->Filter->Filter, s->Filter->Flags);
        if (result >= 0)
            result = ReadBack(s, s->Filter->ReadBack);
        if (result >= 0)
            s->Instruction = instruction;
        return result;
    }

    private static nint ReadBack(State* s, uint may)
    {
        if (may == 0)
            return 0;
        s->Step = Step.Verify;
        return Kernel.Call(Nr.Prctl, C.PR_GET_SECCOMP, 0, 0, 0, 0) == C.SECCOMP_MODE_FILTER ? 0 : -C.EPERM;
    }

    private static nint Load(State* s, PlanRef filter, uint flags)
    {
        uint count;
        FilterProgram program;
        program.Instructions = PlanView.Items(s, filter, sizeof(ulong), &count);
        program.Length = (ushort)count;
        if (count is 0 or > 0xFFFF)
            PlanView.Malformed(s, "filter has no instructions"u8.Pointer);
        // What is not privileged otherwise would let a set-user-id program run under its caller's filter (seccomp(2)).
        if (Kernel.Call(Nr.Prctl, C.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
            return Kernel.Call(Nr.Seccomp, C.SECCOMP_SET_MODE_FILTER, (nint)flags, (nint)(&program));
        CapabilityData before;
        nint result = Identity.GetCapabilities(&before);
        if (result >= 0)
            result = Identity.SetCapabilities(before.Effective | (before.Permitted & C.CAP_SYS_ADMIN), before.Permitted, before.Inheritable);
        if (result < 0)
            return result;
        result = Kernel.Call(Nr.Seccomp, C.SECCOMP_SET_MODE_FILTER, (nint)flags, (nint)(&program));
        // Before execve it stays: a filter might refuse capset, and execve takes it away, whatever it finds.
        if (s->Filter == null)
            Identity.SetCapabilities(before.Effective, before.Permitted, before.Inheritable);
        return result;
    }
}
