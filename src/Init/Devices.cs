using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Directories, device nodes and links in the root file system.</summary>
internal static unsafe class Devices
{
    private const uint Permissions = 0xFFF;

    public static nint MakeDirectory(State* s, MakeDirectory* operands)
    {
        nint directory = Rootfs.MakeDirectories(s, PlanView.String(s, operands->Path));
        if (directory < 0)
            return directory;
        nint result = 0;
        if (s->Made)
            result = SetOwnerAndMode(s, directory, operands->Mode, operands->Uid, operands->Gid);
        Kernel.Close(directory);
        return result;
    }

    public static nint MakeDevice(State* s, MakeDevice* operands)
    {
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        nint parent = Rootfs.MakeParent(s, PlanView.String(s, operands->Path), name);
        if (parent < 0)
            return parent;
        s->Step = Step.Make;
        nint result = Kernel.Call(Nr.MkNodAt, parent, (nint)name, (nint)operands->Mode, (nint)Number(operands->Major, operands->Minor));
        if (result == -C.EPERM && operands->BindIfRefused != 0)
        {
            Kernel.Close(parent);
            return BindDevice(s, operands);
        }
        if (result < 0 && result != -C.EEXIST)
            return result;
        bool made = result == 0;

        s->Step = Step.ReadBack;
        nint node = Kernel.OpenAt(parent, name, C.O_PATH | C.O_NOFOLLOW);
        Kernel.Close(parent);
        if (node < 0)
            return node;
        FileStatus status;
        result = Kernel.Status(node, &status);
        if (result < 0)
            return result;
        uint type = operands->Mode & C.S_IFMT;
        bool same = type == C.S_IFIFO ? status.Type == type : status.IsDevice(type, operands->Major, operands->Minor);
        if (!same)
        {
            s->Step = Step.Verify;
            return -C.EEXIST;
        }
        bool right = status.Uid == operands->Uid && status.Gid == operands->Gid && (status.Mode & Permissions) == (operands->Mode & Permissions);
        if (!right && (made || IsOfRootfs(s, &status)))
            result = SetOwnerAndMode(s, node, operands->Mode, operands->Uid, operands->Gid);
        Kernel.Close(node);
        return result;
    }

    /// <summary>
    /// Binds the host's node of the same path: whoever runs us lets us use devices, but make none. It keeps the host's
    /// owner and mode.
    /// </summary>
    private static nint BindDevice(State* s, MakeDevice* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        s->Missing |= KernelFeature.DeviceNodes;
        s->Step = Step.OpenTree;
        Messages.SetText(s, path);
        nint tree = Kernel.Call(Nr.OpenTree, C.AT_FDCWD, (nint)path, C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_SYMLINK_NOFOLLOW);
        // What there is to tell is that the node may not be made.
        if (tree is -C.ENOENT or -C.ENOTDIR)
        {
            s->Step = Step.Make;
            return -C.EPERM;
        }
        if (tree < 0)
            return tree;
        s->Step = Step.Device;
        FileStatus status;
        nint result = Kernel.Status(tree, &status);
        if (result < 0)
            return result;
        if (!status.IsDevice(operands->Mode & C.S_IFMT, operands->Major, operands->Minor))
            return -C.ENODEV;
        nint target = Rootfs.MakeFile(s, path);
        if (target < 0)
            return target;
        s->Step = Step.MoveMount;
        result = Attributes.Attach(tree, target);
        Kernel.Close(target);
        Kernel.Close(tree);
        return result;
    }

    public static nint MakeSymlink(State* s, MakeSymlink* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        byte* target = PlanView.String(s, operands->Target);
        if ((operands->Flags & MakeSymlinkFlags.IfTargetExists) != 0)
        {
            nint result = Rootfs.Open(s, target);
            if (result is -C.ENOENT or -C.ENOTDIR)
                return 0;
            // ELOOP: it is a magic link (/proc/self/fd/0), which is there but never followed.
            if (result < 0 && result != -C.ELOOP)
                return result;
            if (result >= 0)
                Kernel.Close(result);
        }

        return Link(s, path, target, operands->Flags);
    }

    /// <summary>Makes a symbolic link in the root file system.</summary>
    public static nint Link(State* s, byte* path, byte* target, MakeSymlinkFlags flags)
    {
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        nint parent = Rootfs.MakeParent(s, path, name);
        if (parent < 0)
            return parent;
        s->Step = Step.Make;
        nint result = Kernel.Call(Nr.SymlinkAt, (nint)target, parent, (nint)name);
        if (result == -C.EEXIST && (flags & MakeSymlinkFlags.KeepExisting) != 0)
            result = 0;
        if (result == -C.EEXIST)
        {
            byte* found = stackalloc byte[C.PATH_MAX];
            nint length = Kernel.Call(Nr.ReadLinkAt, parent, (nint)name, (nint)found, C.PATH_MAX - 1);
            if (length >= 0)
                found[length] = 0;
            if (length >= 0 && Text.Equal(found, target))
            {
                result = 0;
            }
            else if ((flags & MakeSymlinkFlags.Replace) != 0)
            {
                result = Kernel.Call(Nr.UnlinkAt, parent, (nint)name, 0);
                if (result >= 0)
                    result = Kernel.Call(Nr.SymlinkAt, (nint)target, parent, (nint)name);
            }
        }
        Kernel.Close(parent);
        return result;
    }

    /// <summary>
    /// Whether a file that was there belongs to the image. In any other mount it may be the host's, bound by the
    /// config, whose owner and mode are not ours to change. Kernels that do not tell mounts apart (&lt; 5.8): no.
    /// </summary>
    private static bool IsOfRootfs(State* s, FileStatus* file)
    {
        FileStatus root;
        return Kernel.Status(Rootfs.Root(s), &root) >= 0 && (root.Mask & file->Mask & C.STATX_MNT_ID) != 0 && root.MountId == file->MountId;
    }

    private static nint SetOwnerAndMode(State* s, nint file, uint mode, uint uid, uint gid)
    {
        s->Step = Step.Owner;
        nint result = Kernel.ChangeOwner(file, uid, gid);
        if (result < 0)
            return result;
        result = Kernel.Call(Nr.FChModAt2, file, (nint)"\0"u8.Pointer, (nint)(mode & Permissions), C.AT_EMPTY_PATH);
        // < 6.6, and filters that do not know it: by the name that procfs has for the descriptor.
        if (result is not (-C.ENOSYS or -C.EPERM))
            return result;
        s->Missing |= KernelFeature.FChModAt2;
        nint proc = Procfs.Root(s);
        if (proc < 0)
            return proc;
        s->Step = Step.Owner;
        byte* path = stackalloc byte[32];
        Text.Copy(path, "self/fd/"u8.Pointer, 8);
        Text.Number(path + 8, (ulong)file, 10);
        return Kernel.Call(Nr.FChModAt, proc, (nint)path, (nint)(mode & Permissions));
    }

    /// <summary>makedev(3).</summary>
    public static ulong Number(uint major, uint minor) => (minor & 0xFF) | (ulong)(major & 0xFFF) << 8 | (ulong)(minor & ~0xFFu) << 12;
}
