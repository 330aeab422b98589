using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The container's mounts, made and attached by descriptor: no path is resolved twice.</summary>
internal static unsafe class Mounts
{
    public static nint NewFilesystem(State* s, MountFilesystem* operands)
    {
        byte* destination = PlanView.String(s, operands->Destination);
        ulong resolve = (operands->Flags & MountFlags.NoSymlinks) != 0 ? C.RESOLVE_NO_SYMLINKS : 0;
        nint target = Rootfs.MakeDirectories(s, destination, resolve);
        if (target < 0)
            return target;

        Trusted.Forget(s, destination);
        nint mount = Filesystems.Create(s, operands, target);
        nint result;
        if ((operands->Flags & MountFlags.FallbackToBind) == 0 || mount is not (-C.EPERM or -C.EBUSY))
        {
            if (mount < 0)
                return mount;
            if ((operands->Flags & MountFlags.FallbackToBind) != 0)
                PlanView.CloseSlot(s, operands->FallbackSlot);
            result = Place(s, mount, target, 0, 0, 0, 0, operands->Propagation, operands->Flags);
        }
        else
        {
            mount = PlanView.TakeSlot(s, operands->FallbackSlot);
            // It must allow no more than what was asked for, below it too (CVE-2023-25809). Access times stay the host's.
            ulong attributes = operands->Attributes & ~(C.MOUNT_ATTR__ATIME | C.MOUNT_ATTR_NODIRATIME);
            result = Place(s, mount, target, 0, 0, attributes, 0, operands->Propagation,
                operands->Flags | MountFlags.RecursiveAttributes);
        }
        Kernel.Close(target);
        bool trusted = (operands->Flags & MountFlags.NoSymlinks) != 0;
        if (result >= 0 && trusted)
            result = Trusted.CheckPlace(s, mount, destination);
        if (!trusted || !Trusted.Keep(s, destination, mount))
            Kernel.Close(mount);
        return result;
    }

    public static nint Bind(State* s, MountBind* operands)
    {
        byte* destination = PlanView.String(s, operands->Destination);
        int mount = PlanView.Slot(s, operands->Slot);
        Trusted.Forget(s, destination);
        FileStatus source;
        s->Step = Step.Open;
        nint result = Kernel.Status(mount, &source);
        if (result < 0)
            return result;

        s->Step = Step.Verify;
        if ((operands->Flags & MountFlags.MustBeProcfs) != 0 && Kernel.FileSystem(mount) != C.PROC_SUPER_MAGIC)
            return -C.EINVAL;

        ulong resolve = (operands->Flags & MountFlags.NoSymlinks) != 0 ? C.RESOLVE_NO_SYMLINKS : 0;
        bool directory = source.Type == C.S_IFDIR;
        nint target = directory ? Rootfs.MakeDirectories(s, destination, resolve) : Rootfs.MakeFile(s, destination, resolve);
        if (target < 0)
            return target;
        if (!directory)
        {
            FileStatus status;
            s->Step = Step.Verify;
            result = Kernel.Status(target, &status);
            if (result < 0)
                return result;
            if (status.Type == C.S_IFDIR)
                return -C.EISDIR;
        }

        result = Place(s, mount, target, operands->Set, operands->Clear, operands->RecursiveSet, operands->RecursiveClear,
            operands->Propagation, operands->Flags);
        PlanView.CloseSlot(s, operands->Slot);
        Kernel.Close(target);
        return result;
    }

    public static nint Change(State* s, Remount* operands)
    {
        byte* destination = PlanView.String(s, operands->Destination);
        ulong resolve = (operands->Flags & MountFlags.NoSymlinks) != 0 ? C.RESOLVE_NO_SYMLINKS : 0;
        nint mount = Rootfs.Open(s, destination, 0, resolve);
        if (mount < 0)
            return mount;
        s->Step = Step.Verify;
        FileStatus status;
        nint result = Kernel.Status(mount, &status);
        if (result < 0)
            return result;
        // Not what mount(8) calls "not mounted" on kernels that can tell (5.8).
        if ((status.AttributesMask & C.STATX_ATTR_MOUNT_ROOT) != 0 && (status.Attributes & C.STATX_ATTR_MOUNT_ROOT) == 0)
            return -C.EINVAL;

        if (operands->Options.Length != 0)
        {
            result = Filesystems.Reconfigure(s, mount, operands->Options);
            if (result < 0)
                return result;
        }
        Messages.SetText(s, destination);
        bool recursive = (operands->Flags & MountFlags.RecursiveAttributes) != 0;
        if ((operands->Set | operands->Clear) != 0)
        {
            s->Step = Step.SetAttributes;
            result = Attributes.SetAttached(s, mount, operands->Set, operands->Clear, 0, recursive);
            if (result < 0)
                return result;
        }
        result = SetPropagation(s, mount, operands->Propagation, operands->Flags);
        Kernel.Close(mount);
        return result;
    }

    /// <summary>
    /// Sets a detached mount's attributes, attaches it, and sets its propagation: that comes last, because what is
    /// attached below a shared mount becomes shared.
    /// </summary>
    private static nint Place(
        State* s, nint mount, nint target, ulong set, ulong clear, ulong recursiveSet, ulong recursiveClear, ulong propagation, MountFlags flags)
    {
        bool recursive = (flags & MountFlags.RecursiveAttributes) != 0 && (recursiveSet | recursiveClear) != 0;
        bool late = false;
        s->Step = Step.SetAttributes;
        nint result = 0;
        if (recursive)
            result = Attributes.Set(s, mount, recursiveSet, recursiveClear, 0, recursive: true);
        if (result >= 0 && (set | clear) != 0)
            result = Attributes.Set(s, mount, set, clear, 0, recursive: false);
        if (result == -C.ENOSYS && !recursive)
            late = true;
        else if (result < 0)
            return result;

        s->Step = Step.MoveMount;
        result = Attributes.Attach(mount, target);
        if (result < 0)
            return result;
        if (late)
        {
            s->Step = Step.SetAttributes;
            result = Attributes.SetLate(s, mount, set, clear, 0, recursive: false);
            if (result < 0)
                return result;
        }
        return SetPropagation(s, mount, propagation, flags);
    }

    private static nint SetPropagation(State* s, nint mount, ulong propagation, MountFlags flags)
    {
        if (propagation == 0)
            return 0;
        s->Step = Step.SetPropagation;
        return Attributes.SetAttached(s, mount, 0, 0, propagation, (flags & MountFlags.RecursivePropagation) != 0);
    }
}
