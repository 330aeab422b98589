using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The end of Init: it becomes the container's program.</summary>
internal static unsafe class Execution
{
    public static nint Find(State* s, FindExecutable* operands)
    {
        uint count;
        var candidates = (PlanRef*)PlanView.Items(s, operands->Candidates, (uint)sizeof(PlanRef), &count);
        s->Step = Step.Find;
        nint refused = -C.ENOENT;
        for (uint i = 0; i < count; i++)
        {
            byte* path = PlanView.String(s, candidates[i]);
            nint result = MayExecute(s, path);
            if (result >= 0)
            {
                s->Executable = path;
                return 0;
            }
            if (result == -C.EACCES)
                refused = result;
            // What execvp(3) goes on after.
            else if (result is not (-C.ENOENT or -C.ENOTDIR or -C.ESTALE or -C.ENODEV or -C.ETIMEDOUT))
                return result;
        }
        return refused;
    }

    public static nint Execute(State* s, Execute* operands)
    {
        if (s->Executable == null)
            PlanView.Malformed(s, "nothing to execute was found"u8.Pointer);
        uint argumentCount, environmentCount;
        byte** arguments = Strings(s, operands->Arguments, 0, &argumentCount);
        byte** environment = Strings(s, operands->Environment, 1, &environmentCount);
        if (operands->AddHome != 0)
            Home.Add(s, environment, environmentCount, operands->Uid);

        // Closed, not only close-on-exec: a "/proc/self/fd/N/..." in the arguments must lead nowhere (CVE-2024-21626).
        // What is left is the socket to say why it failed on; success closes it.
        s->Step = Step.Socket;
        nint last = (nint)(3 + s->Header->PreservedFds);
        if (s->Peer != last)
        {
            nint result = Kernel.Call(Nr.Dup3, s->Peer, last, C.O_CLOEXEC);
            if (result < 0)
                return result;
            s->Peer = (int)last;
        }
        Kernel.CloseFrom(last + 1);
        nint limited = Limits.SetPending(s);
        if (limited < 0)
            return limited;

        nint filtered = Filters.Install(s);
        if (filtered < 0)
            return filtered;
        s->Step = Step.Exec;
        Messages.SetText(s, s->Executable);
        return Kernel.Call(Nr.ExecVe, (nint)s->Executable, (nint)arguments, (nint)environment);
    }

    /// <summary>
    /// The table of pointers that execve(2) takes, to the strings of an array where they lie in the plan, with room
    /// for some more.
    /// </summary>
    public static byte** Strings(State* s, PlanRef array, uint more, uint* count)
    {
        var items = (PlanRef*)PlanView.Items(s, array, (uint)sizeof(PlanRef), count);
        nint table = Kernel.Map(TableSize(*count + more));
        if (table < 0)
        {
            s->Step = Step.Exec;
            Messages.Fail(s, (int)-table);
        }
        for (uint i = 0; i < *count; i++)
            ((byte**)table)[i] = PlanView.String(s, items[i]);
        return (byte**)table;
    }

    public static void Free(byte** table, uint count) => Kernel.Unmap(table, TableSize(count));

    private static nint TableSize(uint count) => ((nint)count + 1) * sizeof(byte*);

    private static nint MayExecute(State* s, byte* path)
    {
        FileStatus status;
        nint result = Kernel.StatusAt(C.AT_FDCWD, path, 0, &status);
        if (result < 0)
            return result;
        if (status.Type != C.S_IFREG)
            return -C.EACCES;
        result = Kernel.Call(Nr.FAccessAt2, C.AT_FDCWD, (nint)path, C.X_OK, C.AT_EACCESS);
        // < 5.8, and filters that do not know it. Our real and effective ids are the same.
        if (result is not (-C.ENOSYS or -C.EPERM))
            return result;
        s->Missing |= KernelFeature.FAccessAt2;
        return Kernel.Call(Nr.FAccessAt, C.AT_FDCWD, (nint)path, C.X_OK);
    }
}
