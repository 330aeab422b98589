using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// tmpcopyup: a new tmpfs gets what the directory that it covers holds, with modes, owners, attributes and times. That directory is
/// hostile: it is gone through by descriptor, no link in it is followed, and what is opened is looked at before it is
/// read.
/// </summary>
internal static unsafe class CopyUp
{
    /// <summary>Each level holds two descriptors and some of the stack.</summary>
    private const int MostLevels = 128;

    private const int BufferSize = 2048;
    private const uint Permissions = 0xFFF, WithoutSetId = 0x3FF;

    /// <summary>Whom files belong to that belong to nobody in our user namespace (/proc/sys/fs/overflowuid).</summary>
    private const uint Overflow = 65534;

    /// <param name="s">The state.</param>
    /// <param name="covered">The directory on which the file system will be mounted, O_PATH.</param>
    /// <param name="mount">The file system, not attached yet.</param>
    /// <param name="keepOwner">Its root gets the owner of the directory.</param>
    public static nint Copy(State* s, nint covered, nint mount, bool keepOwner)
    {
        s->Step = Step.CopyUp;
        Messages.SetText(s, "."u8.Pointer);
        nint from = Kernel.OpenAt(covered, "."u8.Pointer, C.O_RDONLY | C.O_DIRECTORY);
        if (from < 0)
            return from;
        nint to = Kernel.OpenAt(mount, "."u8.Pointer, C.O_RDONLY | C.O_DIRECTORY);
        if (to < 0)
            return to;
        nint result = CopyEntries(s, from, to, MostLevels);
        FileStatus status = default;
        if (result >= 0)
            result = Kernel.Status(from, &status);
        if (result >= 0 && keepOwner)
            result = Kernel.ChangeOwner(to, status.Uid, status.Gid) is var owner && owner is -C.EINVAL or -C.EPERM ? 0 : owner;
        if (result >= 0)
            result = ExtendedAttributes.Copy(from, to, !IsForeign(&status));
        if (result >= 0)
            result = SetTimes(to, &status);
        Kernel.Close(from);
        Kernel.Close(to);
        return result;
    }

    private static nint CopyEntries(State* s, nint from, nint to, int levels)
    {
        if (levels == 0)
            return -C.ELOOP;
        byte* buffer = stackalloc byte[BufferSize];
        while (true)
        {
            nint length = Kernel.Call(Nr.GetDEntries64, from, (nint)buffer, BufferSize);
            if (length <= 0)
                return length;
            for (nint at = 0; at < length;)
            {
                // struct linux_dirent64: inode, offset, length of the record, type, name.
                byte* entry = buffer + at;
                at += *(ushort*)(entry + 16);
                byte* name = entry + 19;
                if (Text.Equal(name, "."u8.Pointer) || Text.Equal(name, ".."u8.Pointer))
                    continue;
                nint result = CopyEntry(s, from, to, name, levels);
                if (result < 0)
                    return result;
            }
        }
    }

    private static nint CopyEntry(State* s, nint from, nint to, byte* name, int levels)
    {
        Messages.SetText(s, name);
        nint source = Kernel.OpenAt(from, name, C.O_PATH | C.O_NOFOLLOW);
        // Removed meanwhile by somebody who shares the directory.
        if (source == -C.ENOENT)
            return 0;
        if (source < 0)
            return source;
        FileStatus status;
        nint result = Kernel.Status(source, &status);
        if (result >= 0)
        {
            result = status.Type switch
            {
                C.S_IFDIR => CopyDirectory(s, source, to, name, &status, levels),
                C.S_IFREG => CopyFile(from, to, name, &status),
                C.S_IFLNK => CopyLink(source, to, name, &status),
                // A socket without who listens on it is of no use, and bind(2) would find its name taken.
                C.S_IFSOCK => 0,
                _ => CopyNode(to, name, &status),
            };
        }
        Kernel.Close(source);
        return result;
    }

    private static nint CopyDirectory(State* s, nint source, nint to, byte* name, FileStatus* status, int levels)
    {
        nint result = Kernel.Call(Nr.MkDirAt, to, (nint)name, 0x1C0 /* 0700 */);
        if (result < 0)
            return result;
        nint target = Kernel.OpenAt(to, name, C.O_RDONLY | C.O_DIRECTORY | C.O_NOFOLLOW);
        if (target < 0)
            return target;
        nint opened = Kernel.OpenAt(source, "."u8.Pointer, C.O_RDONLY | C.O_DIRECTORY);
        result = opened < 0 ? opened : CopyEntries(s, opened, target, levels - 1);
        if (result >= 0)
            result = SetOwnerAndMode(target, status);
        if (result >= 0)
            result = ExtendedAttributes.Copy(opened, target, !IsForeign(status));
        if (result >= 0)
            result = SetTimes(target, status);
        Kernel.Close(opened);
        Kernel.Close(target);
        return result;
    }

    private static nint CopyFile(nint from, nint to, byte* name, FileStatus* status)
    {
        nint source = Kernel.OpenAt(from, name, C.O_RDONLY | C.O_NOFOLLOW | C.O_NONBLOCK | C.O_NOCTTY);
        if (source < 0)
            return source;
        // What is there now: a file, still, or nothing that is read.
        nint result = Kernel.Status(source, status);
        if (result < 0)
            return result;
        if (status->Type != C.S_IFREG)
            return -C.ESTALE;
        nint target = Kernel.Call(Nr.OpenAt, to, (nint)name, C.O_WRONLY | C.O_CREAT | C.O_EXCL | C.O_NOFOLLOW | C.O_CLOEXEC, 0x180 /* 0600 */);
        if (target < 0)
            return target;
        result = CopyBytes(source, target);
        if (result >= 0)
            result = SetOwnerAndMode(target, status);
        // After the owner: a change of that takes the capabilities away.
        if (result >= 0)
            result = ExtendedAttributes.Copy(source, target, !IsForeign(status));
        if (result >= 0)
            result = SetTimes(target, status);
        Kernel.Close(target);
        Kernel.Close(source);
        return result;
    }

    private static nint CopyBytes(nint source, nint target)
    {
        nint result;
        do
        {
            result = Kernel.Call(Nr.SendFile, target, source, 0, 1 << 30);
        }
        while (result is > 0 or -C.EINTR);
        if (result != -C.EINVAL)
            return result;
        // A file system that cannot do it by itself. Nothing was copied yet.
        byte* buffer = stackalloc byte[BufferSize];
        do
        {
            result = Kernel.Read(source, buffer, BufferSize);
            if (result > 0)
                result = Kernel.Write(target, buffer, result);
        }
        while (result > 0);
        return result;
    }

    private static nint CopyLink(nint source, nint to, byte* name, FileStatus* status)
    {
        byte* text = stackalloc byte[C.PATH_MAX];
        nint length = Kernel.Call(Nr.ReadLinkAt, source, (nint)"\0"u8.Pointer, (nint)text, C.PATH_MAX);
        if (length < 0)
            return length;
        if (length == C.PATH_MAX)
            return -C.ENAMETOOLONG;
        text[length] = 0;
        nint result = Kernel.Call(Nr.SymlinkAt, (nint)text, to, (nint)name);
        if (result < 0)
            return result;
        result = Kernel.Call(Nr.FChOwnAt, to, (nint)name, (nint)status->Uid, (nint)status->Gid, C.AT_SYMLINK_NOFOLLOW);
        return result is -C.EINVAL or -C.EPERM ? 0 : result;
    }

    /// <summary>A FIFO, or a device where they may be made.</summary>
    private static nint CopyNode(nint to, byte* name, FileStatus* status)
    {
        nint number = (nint)Devices.Number(status->RdevMajor, status->RdevMinor);
        nint result = Kernel.Call(Nr.MkNodAt, to, (nint)name, (nint)status->Mode, number);
        if (result < 0)
            return result;
        nint target = Kernel.OpenAt(to, name, C.O_PATH | C.O_NOFOLLOW);
        if (target < 0)
            return target;
        // The mode is right already: our umask is 0.
        result = Kernel.ChangeOwner(target, status->Uid, status->Gid);
        Kernel.Close(target);
        return result is -C.EINVAL or -C.EPERM ? 0 : result;
    }

    /// <summary>
    /// An owner whom our user namespace does not know cannot be had: then the file is somebody else's, and must not give
    /// their rights to who executes it.
    /// </summary>
    private static nint SetOwnerAndMode(nint file, FileStatus* status)
    {
        uint mode = status->Mode & Permissions;
        nint result = Kernel.ChangeOwner(file, status->Uid, status->Gid);
        if (result < 0 && result is not (-C.EINVAL or -C.EPERM))
            return result;
        if (result < 0 || IsForeign(status))
            mode &= WithoutSetId;
        return Kernel.Call(Nr.FChMod, file, (nint)mode);
    }

    private static bool IsForeign(FileStatus* status) => status->Uid == Overflow || status->Gid == Overflow;

    private static nint SetTimes(nint file, FileStatus* status)
    {
        TimeSpecification* times = stackalloc TimeSpecification[2];
        times[0].Seconds = (long)status->AccessSeconds;
        times[0].Nanoseconds = (uint)status->AccessRest;
        times[1].Seconds = (long)status->ModifySeconds;
        times[1].Nanoseconds = (uint)status->ModifyRest;
        // No path: the descriptor itself.
        return Kernel.Call(Nr.UTimeNsAt, file, 0, (nint)times, 0, 0);
    }
}
