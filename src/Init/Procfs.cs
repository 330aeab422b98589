using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// procfs that can be believed: a private instance which nobody can have mounted anything over, else the one on /proc,
/// checked to be the root of a procfs. State.Proc holds it while an instruction runs.
/// </summary>
internal static unsafe class Procfs
{
    /// <summary>The root of a procfs.</summary>
    public static nint Root(State* s)
    {
        if (s->Proc >= 0)
            return s->Proc;
        s->Step = Step.FsOpen;
        Messages.SetText(s, "proc"u8.Pointer);
        nint root = Private();
        if (root < 0)
        {
            // Refused in a user namespace whose procfs is partly covered, as in a container.
            s->Step = Step.Open;
            root = Kernel.OpenAt(C.AT_FDCWD, "/proc"u8.Pointer, C.O_PATH | C.O_DIRECTORY | C.O_NOFOLLOW);
            if (root < 0)
                return root;
        }
        s->Step = Step.Verify;
        FileStatus status;
        nint result = Kernel.Status(root, &status);
        if (result < 0)
            return result;
        if (Kernel.FileSystem(root) != C.PROC_SUPER_MAGIC || status.Inode != C.PROC_ROOT_INO)
            return -C.EPERM;
        s->Proc = (int)root;
        return root;
    }

    /// <summary>Writes a file below the root of procfs, which is reached through nothing but procfs.</summary>
    public static nint Write(State* s, byte* path, byte* value, uint length)
    {
        nint file = OpenVerified(s, path, C.O_WRONLY);
        if (file < 0)
            return file;
        s->Step = Step.Write;
        nint result = Kernel.Write(file, value, (nint)length);
        Kernel.Close(file);
        return result < 0 ? result : 0;
    }

    /// <summary>Reads the beginning of a file below the root of procfs.</summary>
    public static nint Read(State* s, byte* path, byte* buffer, nint length)
    {
        nint file = OpenVerified(s, path, C.O_RDONLY);
        if (file < 0)
            return file;
        s->Step = Step.Read;
        nint count = Kernel.Read(file, buffer, length);
        Kernel.Close(file);
        return count;
    }

    private static nint OpenVerified(State* s, byte* path, int flags)
    {
        nint root = Root(s);
        if (root < 0)
            return root;
        s->Step = Step.Open;
        Messages.SetText(s, path);
        nint file = Open(s, root, path, flags);
        if (file < 0)
            return file;
        s->Step = Step.Verify;
        return Kernel.FileSystem(file) == C.PROC_SUPER_MAGIC ? file : -C.EPERM;
    }

    private static nint Private()
    {
        nint context = Kernel.Call(Nr.FsOpen, (nint)"proc"u8.Pointer, C.FSOPEN_CLOEXEC);
        if (context < 0)
            return context;
        nint result = Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_CMD_CREATE, 0, 0, 0);
        if (result >= 0)
            result = Kernel.Call(Nr.FsMount, context, C.FSMOUNT_CLOEXEC, (nint)(C.MOUNT_ATTR_NOSUID | C.MOUNT_ATTR_NODEV | C.MOUNT_ATTR_NOEXEC));
        Kernel.Close(context);
        return result;
    }

    private static nint Open(State* s, nint root, byte* path, int flags)
    {
        nint file = Rootfs.OpenAt2(s, root, path, flags, C.RESOLVE_BENEATH | C.RESOLVE_NO_XDEV);
        if (file != -C.ENOSYS)
            return file;
        // Without openat2: each component by itself; the only links are "self" and "thread-self". No name is one of "." and "..".
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        nint directory = root;
        while (true)
        {
            int length = 0;
            while (path[length] is not (0 or (byte)'/'))
            {
                if (length == C.NAME_MAX)
                    return -C.ENAMETOOLONG;
                name[length] = path[length];
                length++;
            }
            name[length] = 0;
            if (length == 0 || Text.Equal(name, "."u8.Pointer) || Text.Equal(name, ".."u8.Pointer))
                return -C.EINVAL;
            bool last = path[length] == 0;
            nint next = Kernel.OpenAt(directory, name, last ? flags | C.O_NOFOLLOW : C.O_PATH | C.O_DIRECTORY);
            if (directory != root)
                Kernel.Close(directory);
            if (next < 0 || last)
                return next;
            directory = next;
            path += length + 1;
        }
    }
}
