using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The cgroups of v1.</summary>
internal static unsafe class Cgroups
{
    /// <summary>By the host's paths, which are still there: the container's file systems come later.</summary>
    public static nint Join(State* s, JoinCgroups* operands)
    {
        Messages.Await(s, MessageKind.CgroupsMade);
        uint count;
        var files = (PlanRef*)PlanView.Items(s, operands->Tasks, (uint)sizeof(PlanRef), &count);
        for (uint i = 0; i < count; i++)
        {
            byte* path = PlanView.String(s, files[i]);
            Messages.SetText(s, path);
            nint result = JoinOne(s, path);
            if (result < 0)
                return result;
        }
        return 0;
    }

    private static nint JoinOne(State* s, byte* path)
    {
        s->Step = Step.Open;
        nint file = Kernel.Call(Nr.OpenAt, C.AT_FDCWD, (nint)path, C.O_WRONLY | C.O_NOFOLLOW | C.O_CLOEXEC, 0);
        if (file < 0)
            return file;
        s->Step = Step.Verify;
        nint result = Kernel.FileSystem((int)file) == C.CGROUP_SUPER_MAGIC ? 0 : -C.ENOTDIR;
        if (result == 0)
        {
            // "0" is whoever writes it. Another's id would take a lock that all forks of the machine respect, at the
            // price of an RCU grace period: 7 to 14 ms measured, of which this is spared since Linux 5.5.
            s->Step = Step.Write;
            result = Kernel.Call(Nr.Write, file, (nint)"0"u8.Pointer, 1);
        }
        Kernel.Close((int)file);
        return result;
    }
}
