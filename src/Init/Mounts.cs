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
            result = Prepare(s, operands, mount, target);
            if (result < 0)
                return result;
            // The one attribute that fsmount(2) may not have known.
            ulong set = (s->Missing & KernelFeature.NoSymFollow) != 0 ? operands->Attributes & C.MOUNT_ATTR_NOSYMFOLLOW : 0;
            result = Place(s, mount, target, set, 0, 0, 0, operands->EarlierPropagation, operands->Propagation, operands->Flags);
        }
        else
        {
            mount = PlanView.TakeSlot(s, operands->FallbackSlot);
            // It must allow no more than what was asked for, below it too (CVE-2023-25809). Access times stay the host's.
            ulong attributes = operands->Attributes & ~(C.MOUNT_ATTR__ATIME | C.MOUNT_ATTR_NODIRATIME);
            result = Place(s, mount, target, 0, 0, attributes, 0, operands->EarlierPropagation, operands->Propagation,
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

        if (operands->DeviceType != 0 && !source.IsDevice(operands->DeviceType, operands->DeviceMajor, operands->DeviceMinor))
        {
            s->Step = Step.Device;
            return -C.ENODEV;
        }
        if ((operands->Flags & MountFlags.CopySymlink) != 0 && source.Type == C.S_IFLNK)
            return CopySymlink(s, destination, operands->Slot);

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

        nint copy = Copy(s, mount, operands->Flags);
        if (copy < 0)
            return copy;
        result = Place(s, copy, target, operands->Set, operands->Clear, operands->RecursiveSet, operands->RecursiveClear,
            operands->EarlierPropagation, operands->Propagation, operands->Flags);
        if (copy != mount)
            Kernel.Close(copy);
        PlanView.CloseSlot(s, operands->Slot);
        Kernel.Close(target);
        return result;
    }

    /// <summary>What is to be attached of what a slot holds: that itself, or a copy of it.</summary>
    private static nint Copy(State* s, nint source, MountFlags flags)
    {
        if ((flags & (MountFlags.CopySource | MountFlags.CopyAgain)) == 0)
            return source;
        s->Step = Step.OpenTree;
        bool again = (flags & MountFlags.CopyAgain) != 0;
        int recursive = again || (flags & MountFlags.CopyTree) != 0 ? C.AT_RECURSIVE : 0;
        nint copy = Kernel.Call(Nr.OpenTree, source, (nint)"\0"u8.Pointer, C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_EMPTY_PATH | recursive);
        return copy == -C.EINVAL && again ? source : copy;
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
        s->Step = Step.SetAttributes;
        if ((operands->Flags & MountFlags.RecursiveAttributes) != 0)
            result = Attributes.SetAttached(s, mount, operands->RecursiveSet, operands->RecursiveClear, 0, recursive: true);
        if (result >= 0 && (operands->Set | operands->Clear) != 0)
            result = Attributes.SetAttached(s, mount, operands->Set, operands->Clear, 0, recursive: false);
        if (result >= 0)
            result = SetPropagation(s, mount, operands->EarlierPropagation, operands->Propagation, operands->Flags);
        Kernel.Close(mount);
        return result;
    }

    /// <summary>What is done to a new file system before anybody can see it.</summary>
    private static nint Prepare(State* s, MountFilesystem* operands, nint mount, nint target)
    {
        nint result = 0;
        byte* label = PlanView.OptionalString(s, operands->RootLabel);
        if (label != null)
            result = Filesystems.Label(s, mount, label);
        if (result >= 0 && (operands->Flags & MountFlags.CopyUp) != 0)
            result = CopyUp.Copy(s, target, mount, (operands->Flags & MountFlags.KeepOwner) != 0);
        if (result >= 0 && (operands->Flags & MountFlags.IdMap) != 0)
        {
            s->Step = Step.IdMap;
            Messages.SetText(s, PlanView.String(s, operands->Type));
            result = Attributes.MapIds(mount, PlanView.Slot(s, operands->IdMapSlot));
            PlanView.CloseSlot(s, operands->IdMapSlot);
        }
        return result;
    }

    /// <summary>copy-symlink: the source is a link, which is made anew. One that says the same already is accepted.</summary>
    private static nint CopySymlink(State* s, byte* destination, uint slot)
    {
        byte* text = stackalloc byte[C.PATH_MAX];
        s->Step = Step.Read;
        nint length = Kernel.Call(Nr.ReadLinkAt, PlanView.Slot(s, slot), (nint)"\0"u8.Pointer, (nint)text, C.PATH_MAX);
        if (length < 0)
            return length;
        if (length == C.PATH_MAX)
            return -C.ENAMETOOLONG;
        text[length] = 0;
        PlanView.CloseSlot(s, slot);
        return Devices.Link(s, destination, text, MakeSymlinkFlags.None);
    }

    /// <summary>
    /// Sets a detached mount's attributes and attaches it. Its propagation comes last, because what is attached below a
    /// shared mount becomes shared.
    /// </summary>
    private static nint Place(State* s, nint mount, nint target, ulong set, ulong clear, ulong recursiveSet, ulong recursiveClear,
        PlanRef earlier, ulong propagation, MountFlags flags)
    {
        nint result = 0;
        bool first = (flags & MountFlags.PropagationFirst) != 0;
        if (first)
            result = SetPropagation(s, mount, earlier, propagation, flags);
        if (result >= 0)
            result = PlaceWithAttributes(s, mount, target, set, clear, recursiveSet, recursiveClear, flags);
        return result < 0 || first ? result : SetPropagation(s, mount, earlier, propagation, flags);
    }

    private static nint PlaceWithAttributes(
        State* s, nint mount, nint target, ulong set, ulong clear, ulong recursiveSet, ulong recursiveClear, MountFlags flags)
    {
        bool recursive = (flags & MountFlags.RecursiveAttributes) != 0 && (recursiveSet | recursiveClear) != 0;
        bool own = (set | clear) != 0;
        s->Step = Step.SetAttributes;
        nint result = 0;
        if (recursive)
            result = Attributes.Set(s, mount, recursiveSet, recursiveClear, 0, recursive: true);
        if (result >= 0 && own)
            result = Attributes.Set(s, mount, set, clear, 0, recursive: false);
        // < 5.12, or one that it does not know yet (< 5.14, which says EINVAL): once it is attached.
        bool late = result == -C.ENOSYS || (result == -C.EINVAL && ((set | recursiveSet) & C.MOUNT_ATTR_NOSYMFOLLOW) != 0);
        if (result < 0 && !late)
            return result;

        s->Step = Step.MoveMount;
        result = Attributes.Attach(mount, target);
        if (result < 0 || !late)
            return result;
        s->Step = Step.SetAttributes;
        if (recursive)
            result = Attributes.SetLate(s, mount, recursiveSet, recursiveClear, 0, recursive: true);
        if (result >= 0 && own)
        {
            s->Step = Step.SetAttributes;
            result = Attributes.SetLate(s, mount, set, clear, 0, recursive: false);
        }
        return result;
    }

    private static nint SetPropagation(State* s, nint mount, PlanRef earlier, ulong propagation, MountFlags flags)
    {
        uint count;
        var steps = (ulong*)PlanView.Items(s, earlier, sizeof(ulong), &count);
        s->Step = Step.SetPropagation;
        for (uint i = 0; i < count; i++)
        {
            nint result = Attributes.SetAttached(s, mount, 0, 0, steps[i] & ~C.MS_REC, (steps[i] & C.MS_REC) != 0);
            if (result < 0)
                return result;
        }
        return propagation == 0
            ? 0
            : Attributes.SetAttached(s, mount, 0, 0, propagation, (flags & MountFlags.RecursivePropagation) != 0);
    }
}
