using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// What a mount is like, changed by descriptor: mount_setattr(2), and before Linux 5.12 mount(2) on "self/fd/N" of a
/// procfs that we trust, for mounts that are attached.
/// </summary>
internal static unsafe class Attributes
{
    /// <summary>
    /// Sets and clears MOUNT_ATTR_* and sets the propagation (MS_*, 0 for none). ENOSYS where the kernel lacks
    /// mount_setattr: then <see cref="SetLate"/> once the mount is attached.
    /// </summary>
    public static nint Set(State* s, nint mount, ulong set, ulong clear, ulong propagation, bool recursive)
    {
        if ((s->Missing & KernelFeature.MountSetAttr) != 0)
            return -C.ENOSYS;
        MountAttributes attributes;
        attributes.Set = set;
        attributes.Clear = clear;
        attributes.Propagation = propagation;
        attributes.UserNamespace = 0;
        nint result = Kernel.Call(Nr.MountSetAttr, mount, (nint)"\0"u8.Pointer,
            C.AT_EMPTY_PATH | (recursive ? C.AT_RECURSIVE : 0), (nint)(&attributes), sizeof(MountAttributes));
        if (result == -C.ENOSYS || (result == -C.EPERM && IsForbidden(&attributes)))
        {
            s->Missing |= KernelFeature.MountSetAttr;
            return -C.ENOSYS;
        }
        return result;
    }

    /// <summary>
    /// Filters of containers say EPERM of what they do not know, and say so of a descriptor that is none, too; the
    /// kernel would say that there is none.
    /// </summary>
    private static bool IsForbidden(MountAttributes* attributes) => Kernel.Call(
        Nr.MountSetAttr, -1, (nint)"\0"u8.Pointer, C.AT_EMPTY_PATH, (nint)attributes, sizeof(MountAttributes)) == -C.EPERM;

    /// <summary>Sets attributes of an attached mount, in the way that this kernel has.</summary>
    public static nint SetAttached(State* s, nint mount, ulong set, ulong clear, ulong propagation, bool recursive)
    {
        nint result = Set(s, mount, set, clear, propagation, recursive);
        return result == -C.ENOSYS ? SetLate(s, mount, set, clear, propagation, recursive) : result;
    }

    /// <summary>The way before Linux 5.12, for mounts that are attached.</summary>
    public static nint SetLate(State* s, nint mount, ulong set, ulong clear, ulong propagation, bool recursive)
    {
        if ((set | clear) != 0)
        {
            nint result = recursive ? MountTree.SetAttributes(s, mount, set, clear) : SetOne(s, mount, set, clear);
            if (result < 0)
                return result;
        }
        return propagation == 0 ? 0 : MountOn(s, mount, propagation | (recursive ? C.MS_REC : 0));
    }

    /// <summary>Sets and clears attributes of one attached mount by a remount, and looks whether they are there.</summary>
    public static nint SetOne(State* s, nint mount, ulong set, ulong clear)
    {
        FileSystemStatus status;
        nint result = Kernel.Call(Nr.FStatFs, mount, (nint)(&status));
        if (result < 0)
            return result;
        ulong attributes = (FromStatus(status.Flags) & ~clear) | set;
        result = MountOn(s, mount, C.MS_REMOUNT | C.MS_BIND | ToMountFlags(attributes));
        if (result < 0)
            return result;
        // mount(2) ignores what it does not know: MS_NOSYMFOLLOW before 5.10.
        result = Kernel.Call(Nr.FStatFs, mount, (nint)(&status));
        if (result < 0)
            return result;
        return (set & ~FromStatus(status.Flags)) == 0 ? 0 : -C.ENOSYS;
    }

    /// <summary>Maps the ids of a detached mount by a user namespace. There was no such thing before Linux 5.12.</summary>
    public static nint MapIds(nint mount, int userNamespace)
    {
        MountAttributes attributes = default;
        attributes.Set = C.MOUNT_ATTR_IDMAP;
        attributes.UserNamespace = (ulong)userNamespace;
        return Kernel.Call(Nr.MountSetAttr, mount, (nint)"\0"u8.Pointer, C.AT_EMPTY_PATH, (nint)(&attributes), sizeof(MountAttributes));
    }

    /// <summary>Attaches a mount to what a descriptor stands for.</summary>
    public static nint Attach(nint mount, nint target) => Kernel.Call(Nr.MoveMount, mount, (nint)"\0"u8.Pointer, target,
        (nint)"\0"u8.Pointer, C.MOVE_MOUNT_F_EMPTY_PATH | C.MOVE_MOUNT_T_EMPTY_PATH);

    /// <summary>
    /// A mount that is used several times: first itself, from then on copies of it. What is detached cannot be copied
    /// before 6.15; and where it can, closing one that was never attached waits for all processors (an RCU grace
    /// period, up to a millisecond).
    /// </summary>
    public static nint AttachOnceMore(nint mount, nint target, bool* attached)
    {
        nint result;
        if (!*attached)
        {
            result = Attach(mount, target);
            *attached = result >= 0;
            return result;
        }
        nint copy = Kernel.Call(Nr.OpenTree, mount, (nint)"\0"u8.Pointer, C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_EMPTY_PATH);
        if (copy < 0)
            return copy;
        result = Attach(copy, target);
        Kernel.Close(copy);
        return result;
    }

    private static nint MountOn(State* s, nint mount, ulong flags)
    {
        Step step = s->Step;
        nint proc = Procfs.Root(s);
        if (proc < 0)
            return proc;
        s->Step = step;
        // mount(2) takes no descriptor: relative to the procfs the name is one that nobody can redirect.
        nint here = Kernel.OpenAt(C.AT_FDCWD, "."u8.Pointer, C.O_PATH | C.O_DIRECTORY);
        if (here < 0)
            return here;
        byte* path = stackalloc byte[32];
        Text.Copy(path, "self/fd/"u8.Pointer, 8);
        Text.Number(path + 8, (ulong)mount, 10);
        nint result = Kernel.Call(Nr.FChDir, proc);
        if (result >= 0)
            result = Kernel.Call(Nr.Mount, 0, (nint)path, 0, (nint)flags, 0);
        nint back = Kernel.Call(Nr.FChDir, here);
        Kernel.Close(here);
        return result < 0 ? result : back;
    }

    private static ulong FromStatus(ulong flags)
    {
        ulong attributes = flags & (C.ST_RDONLY | C.ST_NOSUID | C.ST_NODEV | C.ST_NOEXEC);
        if ((flags & C.ST_NOATIME) != 0)
            attributes |= C.MOUNT_ATTR_NOATIME;
        else if ((flags & C.ST_RELATIME) == 0)
            attributes |= C.MOUNT_ATTR_STRICTATIME;
        if ((flags & C.ST_NODIRATIME) != 0)
            attributes |= C.MOUNT_ATTR_NODIRATIME;
        if ((flags & C.ST_NOSYMFOLLOW) != 0)
            attributes |= C.MOUNT_ATTR_NOSYMFOLLOW;
        return attributes;
    }

    /// <summary>MS_* for MOUNT_ATTR_*.</summary>
    public static ulong ToMountFlags(ulong attributes)
    {
        // The first four are the same numbers in all three worlds.
        ulong flags = attributes & (C.MS_RDONLY | C.MS_NOSUID | C.MS_NODEV | C.MS_NOEXEC);
        flags |= (attributes & C.MOUNT_ATTR__ATIME) switch
        {
            C.MOUNT_ATTR_NOATIME => C.MS_NOATIME,
            C.MOUNT_ATTR_STRICTATIME => C.MS_STRICTATIME,
            _ => C.MS_RELATIME,
        };
        if ((attributes & C.MOUNT_ATTR_NODIRATIME) != 0)
            flags |= C.MS_NODIRATIME;
        if ((attributes & C.MOUNT_ATTR_NOSYMFOLLOW) != 0)
            flags |= C.MS_NOSYMFOLLOW;
        return flags;
    }
}
