using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Resource limits and the umask.</summary>
internal static unsafe class Limits
{
    /// <summary>Init itself needs a few descriptors until exec; a container may get less.</summary>
    private const ulong LeastOpenFiles = 64;

    public static nint Set(State* s, SetRlimit* operands)
    {
        s->Step = Step.Limit;
        Limit limit;
        limit.Soft = operands->Soft;
        limit.Hard = operands->Hard;
        if (operands->Resource == C.RLIMIT_NOFILE)
        {
            s->OpenFilesPending = false;
            ulong least = LeastOpenFiles + s->Header->PreservedFds + s->Header->InheritedFds;
            if (limit.Soft < least && limit.Soft <= limit.Hard)
            {
                // Lowering it later takes no privilege.
                s->OpenFiles = limit;
                s->OpenFilesPending = true;
                limit.Soft = least;
                if (limit.Hard < least)
                    limit.Hard = least;
            }
        }
        return Kernel.Call(Nr.PrLimit64, 0, (nint)operands->Resource, (nint)(&limit), 0);
    }

    /// <summary>Sets what <see cref="Set"/> put off.</summary>
    public static nint SetPending(State* s)
    {
        if (!s->OpenFilesPending)
            return 0;
        s->Step = Step.Limit;
        return Kernel.Call(Nr.PrLimit64, 0, C.RLIMIT_NOFILE, (nint)(&s->OpenFiles), 0);
    }

    public static nint SetUmask(SetUmask* operands)
    {
        Kernel.Call(Nr.Umask, (nint)(operands->Mask & 0x1FF));
        return 0;
    }
}
