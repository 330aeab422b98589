using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Resource limits and the umask.</summary>
internal static unsafe class Limits
{
    // What Init itself needs until exec. A container may get less: lowering a limit later takes no privilege.
    private const ulong LeastOpenFiles = 64;
    private const ulong LeastStack = 256 << 10;

    /// <summary>
    /// Every slot may hold a descriptor. If those are more than the soft limit, it is raised until exec, as far as the
    /// hard one lets it be.
    /// </summary>
    public static void MakeRoom(State* s)
    {
        // No limit that a program could live with is lower.
        const uint few = 128;
        Limit limit;
        if (s->Header->Slots <= few || Kernel.Call(Nr.PrLimit64, 0, C.RLIMIT_NOFILE, 0, (nint)(&limit)) < 0)
            return;
        ulong needed = LeastOpenFiles + s->Header->PreservedFds + s->Header->InheritedFds + s->Header->Slots;
        if (limit.Soft >= needed)
            return;
        s->OpenFiles = limit;
        s->OpenFilesPending = true;
        limit.Soft = limit.Hard < needed ? limit.Hard : needed;
        Kernel.Call(Nr.PrLimit64, 0, C.RLIMIT_NOFILE, (nint)(&limit), 0);
    }

    public static nint Set(State* s, SetRlimit* operands)
    {
        s->Step = Step.Limit;
        Limit limit;
        limit.Soft = operands->Soft;
        limit.Hard = operands->Hard;
        if (operands->Resource == C.RLIMIT_NOFILE)
            s->OpenFilesPending = PutOff(&limit, &s->OpenFiles, LeastOpenFiles + s->Header->PreservedFds + s->Header->InheritedFds);
        else if (operands->Resource == C.RLIMIT_STACK)
            s->StackPending = PutOff(&limit, &s->Stack, LeastStack);
        return Kernel.Call(Nr.PrLimit64, 0, (nint)operands->Resource, (nint)(&limit), 0);
    }

    /// <summary>Sets what was put off.</summary>
    public static nint SetPending(State* s)
    {
        s->Step = Step.Limit;
        // Only a filter around us can refuse it; then the program must not make files for all to write.
        nint result = Kernel.Call(Nr.Umask, (nint)s->Umask);
        if (result >= 0 && s->OpenFilesPending)
            result = Kernel.Call(Nr.PrLimit64, 0, C.RLIMIT_NOFILE, (nint)(&s->OpenFiles), 0);
        if (result >= 0 && s->StackPending)
            result = Kernel.Call(Nr.PrLimit64, 0, C.RLIMIT_STACK, (nint)(&s->Stack), 0);
        return result;
    }

    public static nint SetUmask(State* s, SetUmask* operands)
    {
        s->Umask = operands->Mask & 0x1FF;
        return 0;
    }

    private static bool PutOff(Limit* limit, Limit* later, ulong least)
    {
        if (limit->Soft >= least || limit->Soft > limit->Hard)
            return false;
        *later = *limit;
        limit->Soft = least;
        if (limit->Hard < least)
            limit->Hard = least;
        return true;
    }
}
