using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// What is taken from the host, all before the container's processes or its root file system can interfere: detached
/// copies of mounts, which later steps attach by descriptor.
/// </summary>
internal static unsafe class Sources
{
    private const uint RootfsSlot = uint.MaxValue;

    public static nint Open(State* s, OpenSource* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        Messages.SetText(s, path);
        nint tree;
        if ((operands->Flags & OpenSourceFlags.FromRuntime) != 0)
        {
            tree = Messages.AskForSource(s, operands->Slot);
        }
        else
        {
            s->Step = Step.OpenTree;
            bool reference = (operands->Flags & OpenSourceFlags.Reference) != 0;
            int flags = reference ? C.O_CLOEXEC : C.OPEN_TREE_CLONE | C.O_CLOEXEC;
            if (!reference && (operands->Flags & OpenSourceFlags.Recursive) != 0)
                flags |= C.AT_RECURSIVE;
            if ((operands->Flags & OpenSourceFlags.NoFollow) != 0)
                flags |= C.AT_SYMLINK_NOFOLLOW;
            tree = Kernel.Call(Nr.OpenTree, C.AT_FDCWD, (nint)path, flags);
        }
        if (tree < 0)
            return tree;
        PlanView.SetSlot(s, operands->Slot, tree);
        return 0;
    }

    public static nint OpenNull(State* s, OpenNullDevice* operands)
    {
        s->Step = Step.OpenTree;
        Messages.SetText(s, "/dev/null"u8.Pointer);
        nint tree = Kernel.Call(Nr.OpenTree, C.AT_FDCWD, (nint)"/dev/null"u8.Pointer, C.OPEN_TREE_CLONE | C.O_CLOEXEC);
        if (tree < 0)
            return tree;
        s->Step = Step.Verify;
        FileStatus status;
        nint result = Kernel.Status(tree, &status);
        if (result < 0)
            return result;
        if (!status.IsDevice(C.S_IFCHR, 1, 3))
            return -C.ENODEV;
        PlanView.SetSlot(s, operands->Slot, tree);
        return 0;
    }

    public static nint OpenRootfs(State* s, OpenRootfs* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        if (s->Root >= 0)
            PlanView.Malformed(s, "a second root"u8.Pointer);
        s->RootPath = path;
        Messages.SetText(s, path);
        nint tree;
        s->Step = Step.Open;
        s->RootDirectory = (int)OpenDirectory(s, path);
        if (operands->FromRuntime != 0)
        {
            // Root of a user namespace may not reach the place. Then "/" is as good: the root directory of this
            // process stays the one below, and pivot_root finds the new one on top of it.
            if (s->RootDirectory < 0)
                s->RootDirectory = (int)Kernel.OpenAt(C.AT_FDCWD, "/"u8.Pointer, C.O_PATH | C.O_DIRECTORY);
            tree = Messages.AskForSource(s, RootfsSlot);
        }
        else
        {
            if (s->RootDirectory < 0)
                return s->RootDirectory;
            s->Step = Step.OpenTree;
            tree = Kernel.Call(Nr.OpenTree, s->RootDirectory, (nint)"\0"u8.Pointer,
                C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_EMPTY_PATH | C.AT_RECURSIVE);
        }
        if (tree < 0)
            return tree;
        s->Root = (int)tree;
        if (operands->Propagation == 0)
            return 0;
        s->Step = Step.SetPropagation;
        nint result = Attributes.Set(s, tree, 0, 0, operands->Propagation, recursive: true);
        if (result != -C.ENOSYS)
            return result;
        s->RootPropagation = operands->Propagation;
        return 0;
    }

    public static nint IsolateHost(State* s, IsolateHost* operands)
    {
        s->Step = Step.SetPropagation;
        Messages.SetText(s, "/"u8.Pointer);
        return Kernel.Call(Nr.Mount, 0, (nint)"/"u8.Pointer, 0, (nint)(operands->Propagation | C.MS_REC), 0);
    }

    public static nint AttachRootfs(State* s)
    {
        if (s->Root < 0 || s->RootDirectory < 0)
            PlanView.Malformed(s, "there is no root"u8.Pointer);
        s->Step = Step.MoveMount;
        Messages.SetText(s, s->RootPath);
        nint result = Attributes.Attach(s->Root, s->RootDirectory);
        if (result < 0 || s->RootPropagation == 0)
            return result;
        s->Step = Step.SetPropagation;
        return Attributes.SetLate(s, s->Root, 0, 0, s->RootPropagation, recursive: true);
    }

    /// <summary>A path of the host that has no symbolic link left in it.</summary>
    private static nint OpenDirectory(State* s, byte* path)
    {
        const int flags = C.O_PATH | C.O_DIRECTORY;
        nint directory = Rootfs.OpenAt2(s, C.AT_FDCWD, path, flags, C.RESOLVE_NO_SYMLINKS);
        return directory == -C.ENOSYS ? Kernel.OpenAt(C.AT_FDCWD, path, flags | C.O_NOFOLLOW) : directory;
    }
}
