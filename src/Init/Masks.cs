using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Paths that the container must not see or not write.</summary>
internal static unsafe class Masks
{
    public static nint Mask(State* s, MaskPath* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        nint target = Trusted.Open(s, path);
        if (target is -C.ENOENT or -C.ENOTDIR)
            return 0;
        if (target < 0)
            return target;
        FileStatus status;
        nint result = Kernel.Status(target, &status);
        if (result < 0)
            return result;
        int cover;
        bool* attached;
        if (status.Type == C.S_IFDIR)
        {
            if (s->MaskDirectory < 0)
            {
                nint empty = Filesystems.CreateEmpty(s);
                if (empty < 0)
                    return empty;
                s->MaskDirectory = (int)empty;
                Messages.SetText(s, path);
            }
            cover = s->MaskDirectory;
            attached = &s->MaskDirectoryAttached;
        }
        else
        {
            cover = PlanView.Slot(s, operands->NullSlot);
            attached = &s->NullDeviceAttached;
        }
        s->Step = Step.MoveMount;
        result = Attributes.AttachOnceMore(cover, target, attached);
        Kernel.Close(target);
        return result;
    }

    public static nint MakeReadonly(State* s, ReadonlyPath* operands)
    {
        nint target = Trusted.Open(s, PlanView.String(s, operands->Path));
        if (target is -C.ENOENT or -C.ENOTDIR)
            return 0;
        if (target < 0)
            return target;
        // One resolution: what is copied, made read-only and covered is the same.
        s->Step = Step.OpenTree;
        nint tree = Kernel.Call(Nr.OpenTree, target, (nint)"\0"u8.Pointer,
            C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_EMPTY_PATH | C.AT_RECURSIVE);
        if (tree < 0)
            return tree;
        s->Step = Step.SetAttributes;
        nint early = Attributes.Set(s, tree, C.MOUNT_ATTR_RDONLY, 0, 0, recursive: true);
        if (early < 0 && early != -C.ENOSYS)
            return early;
        s->Step = Step.MoveMount;
        nint result = Attributes.Attach(tree, target);
        if (result >= 0 && early < 0)
        {
            s->Step = Step.SetAttributes;
            result = Attributes.SetLate(s, tree, C.MOUNT_ATTR_RDONLY, 0, 0, recursive: true);
        }
        Kernel.Close(tree);
        Kernel.Close(target);
        return result;
    }

    public static nint SetReadonly(State* s, SetPathReadonly* operands)
    {
        nint mount = Rootfs.Open(s, PlanView.String(s, operands->Path));
        if (mount < 0)
            return mount;
        s->Step = Step.SetAttributes;
        nint result = Attributes.SetAttached(s, mount, C.MOUNT_ATTR_RDONLY, 0, 0, recursive: false);
        Kernel.Close(mount);
        return result;
    }
}
