using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Descriptors 0, 1 and 2 of a process without a terminal.</summary>
internal static unsafe class Stdio
{
    public static nint Prepare(State* s, PrepareStdio* operands)
    {
        for (int i = 0; i <= 2; i++)
        {
            FileStatus status;
            // One that the caller closed stays closed.
            if (Kernel.Status(i, &status) < 0)
                continue;
            nint result = 0;
            if (status.IsDevice(C.S_IFCHR, 1, 3))
                result = ReplaceNull(s, i);
            else if (status.Type is C.S_IFIFO or C.S_IFSOCK && status.Uid != operands->Uid)
                ChangeOwner(i, operands->Uid);
            if (result < 0)
                return result;
        }
        return 0;
    }

    /// <summary>
    /// The host's null device is a file of the host's /dev. The container's takes its place, where there is one; it is
    /// looked at before it is opened, since it may be anything.
    /// </summary>
    private static nint ReplaceNull(State* s, int descriptor)
    {
        byte* path = "/dev/null"u8.Pointer;
        nint found = Rootfs.Open(s, path, C.O_NOFOLLOW);
        if (found is -C.ENOENT or -C.ENOTDIR)
            return 0;
        if (found < 0)
            return found;
        FileStatus status;
        s->Step = Step.Verify;
        nint result = Kernel.Status(found, &status);
        if (result < 0)
            return result;
        Kernel.Close(found);
        if (!status.IsDevice(C.S_IFCHR, 1, 3))
            return -C.ENODEV;
        s->Step = Step.Open;
        nint opened = Kernel.OpenAt(Rootfs.Root(s), "dev/null"u8.Pointer, C.O_RDWR | C.O_NOFOLLOW | C.O_NONBLOCK | C.O_NOCTTY);
        if (opened < 0)
            return opened;
        s->Step = Step.Verify;
        result = Kernel.Status(opened, &status);
        if (result >= 0 && !status.IsDevice(C.S_IFCHR, 1, 3))
            result = -C.ENODEV;
        if (result >= 0)
            result = Kernel.Call(Nr.Dup3, opened, descriptor, 0);
        Kernel.Close(opened);
        return result;
    }

    /// <summary>
    /// Only what exists for this process: a FIFO with a name belongs to whoever made it. What cannot be changed (the
    /// other side of a user namespace) is as usable as before.
    /// </summary>
    private static void ChangeOwner(int descriptor, uint uid)
    {
        if (Kernel.FileSystem(descriptor) is C.PIPEFS_MAGIC or C.SOCKFS_MAGIC)
            Kernel.Call(Nr.FChOwn, descriptor, (nint)uid, -1);
    }
}
