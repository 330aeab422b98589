using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Makes the root descriptor the root directory, and leaves the host's tree behind.</summary>
internal static unsafe class Pivot
{
    public static nint Enter(State* s, PivotRoot* operands)
    {
        if (s->Root < 0)
            PlanView.Malformed(s, "there is no root"u8.Pointer);
        Kernel.Close(&s->RootDirectory);
        nint result = operands->NoPivot != 0 ? MoveOver(s) : Exchange(s);
        if (result < 0)
            return result;

        s->Step = Step.Verify;
        FileStatus root = default, ours = default;
        result = Kernel.StatusAt(C.AT_FDCWD, "/"u8.Pointer, 0, &root);
        if (result >= 0)
            result = Kernel.Status(s->Root, &ours);
        if (result < 0)
            return result;
        bool same = root.Inode == ours.Inode && root.DeviceMajor == ours.DeviceMajor && root.DeviceMinor == ours.DeviceMinor;
        return same ? Trusted.Check(s) : -C.ESTALE;
    }

    public static nint ChangeRoot(State* s)
    {
        if (s->Root < 0)
            PlanView.Malformed(s, "there is no root"u8.Pointer);
        Kernel.Close(&s->RootDirectory);
        return ChangeRootHere(s);
    }

    public static nint SetPropagation(State* s, SetRootPropagation* operands)
    {
        s->Step = Step.SetPropagation;
        ulong flags = operands->Propagation | (operands->Recursive != 0 ? C.MS_REC : 0);
        return Kernel.Call(Nr.Mount, 0, (nint)"/"u8.Pointer, 0, (nint)flags, 0);
    }

    private static nint Exchange(State* s)
    {
        byte* here = "."u8.Pointer;
        s->Step = Step.Open;
        nint old = Kernel.OpenAt(C.AT_FDCWD, "/"u8.Pointer, C.O_PATH | C.O_DIRECTORY);
        if (old < 0)
            return old;
        s->Step = Step.Pivot;
        nint result = Kernel.Call(Nr.FChDir, s->Root);
        // pivot_root(2): with the same directory for both, the old root comes to lie on top of the new one.
        if (result >= 0)
            result = Kernel.Call(Nr.PivotRoot, (nint)here, (nint)here);
        if (result < 0)
            return result;

        s->Step = Step.Unmount;
        result = Kernel.Call(Nr.FChDir, old);
        // A slave passes no unmount on to the host.
        if (result >= 0)
            result = Kernel.Call(Nr.Mount, 0, (nint)here, 0, (nint)(C.MS_SLAVE | C.MS_REC), 0);
        if (result >= 0)
            result = Kernel.Call(Nr.Umount2, (nint)here, C.MNT_DETACH);
        Kernel.Close(old);
        if (result < 0)
            return result;
        s->Step = Step.Chdir;
        return Kernel.Call(Nr.ChDir, (nint)"/"u8.Pointer);
    }

    /// <summary>
    /// Without pivot_root the host's tree stays below; what of it would matter most if the container ever got there is
    /// taken away first.
    /// </summary>
    private static nint MoveOver(State* s)
    {
        nint result = HostMounts.Hide(s);
        if (result < 0)
            return result;
        s->Step = Step.Pivot;
        result = Kernel.Call(Nr.FChDir, s->Root);
        if (result >= 0)
            result = Kernel.Call(Nr.Mount, (nint)"."u8.Pointer, (nint)"/"u8.Pointer, 0, (nint)C.MS_MOVE, 0);
        return result < 0 ? result : ChangeRootHere(s);
    }

    private static nint ChangeRootHere(State* s)
    {
        s->Step = Step.Chroot;
        nint result = Kernel.Call(Nr.FChDir, s->Root);
        if (result >= 0)
            result = Kernel.Call(Nr.ChRoot, (nint)"."u8.Pointer);
        if (result < 0)
            return result;
        s->Step = Step.Chdir;
        return Kernel.Call(Nr.ChDir, (nint)"/"u8.Pointer);
    }
}
