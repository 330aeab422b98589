using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// A mount with all that is mounted below it, one by one: what AT_RECURSIVE of mount_setattr(2) is, on kernels before
/// 5.12. All of them are changed or it is an error.
/// </summary>
internal static unsafe class MountTree
{
    /// <summary>Sets and clears attributes of a mount that is attached, and of all below it.</summary>
    public static nint SetAttributes(State* s, nint mount, ulong set, ulong clear)
    {
        nint id = MountId(s, mount);
        if (id < 0)
            return id;
        nint length, size;
        nint text = MountInfo.Read(s, &length, &size);
        if (text < 0)
            return text;
        nint root = MountId(s, Rootfs.Root(s));
        nint result = root < 0 ? root : SetAll(s, (ulong)root, (ulong)id, (byte*)text, length, set, clear);
        Kernel.Unmap((void*)text, size);
        return result;
    }

    private static nint SetAll(State* s, ulong root, ulong top, byte* text, nint length, ulong set, ulong clear)
    {
        nint count = 0;
        for (nint i = 0; i < length; i++)
            count += text[i] == '\n' ? 1 : 0;
        nint size = count * sizeof(Entry);
        nint memory = Kernel.Map(size);
        if (memory < 0)
            return memory;
        var entries = (Entry*)memory;
        byte* line = text;
        nint prefix = 0;
        for (nint i = 0; i < count; i++)
        {
            byte* at = line;
            entries[i].Id = MountInfo.Number(&at);
            entries[i].Parent = MountInfo.Number(&at);
            entries[i].Point = MountInfo.Point(line);
            entries[i].Included = entries[i].Id == top;
            while (*line++ != '\n')
            {
                // To the next one.
            }
            line[-1] = 0;
            // Where the root file system is: what is below is opened from there, as its path may be closed to us.
            if (entries[i].Id == root)
                prefix = Field(entries[i].Point);
        }
        // A mount may stand before its parent, if that was moved.
        bool more = true;
        while (more)
        {
            more = false;
            for (nint i = 0; i < count; i++)
            {
                if (!entries[i].Included && Includes(entries, count, entries[i].Parent))
                    more = entries[i].Included = true;
            }
        }
        nint result = 0;
        for (nint i = 0; i < count && result >= 0; i++)
        {
            if (entries[i].Included)
                result = SetOne(s, entries, count, entries[i].Point + prefix, set, clear);
        }
        Kernel.Unmap((void*)memory, size);
        return result < 0 ? result : 0;
    }

    /// <summary>
    /// The path of the table leads through the root file system, whose names may change meanwhile: what it leads to is
    /// another of these mounts (one that covers it) at most, else nothing is done.
    /// </summary>
    private static nint SetOne(State* s, Entry* entries, nint count, byte* point, ulong set, ulong clear)
    {
        MountInfo.Unescape(point);
        Messages.SetText(s, point);
        while (*point == '/')
            point++;
        s->Step = Step.Open;
        nint mount = Kernel.OpenAt(Rootfs.Root(s), *point == 0 ? "."u8.Pointer : point, C.O_PATH | C.O_NOFOLLOW);
        if (mount < 0)
            return mount;
        nint id = MountId(s, mount);
        nint result = id;
        if (id >= 0)
        {
            s->Step = Step.Verify;
            result = Includes(entries, count, (ulong)id) ? 0 : -C.ESTALE;
        }
        if (result >= 0)
        {
            s->Step = Step.SetAttributes;
            result = Attributes.SetOne(s, mount, set, clear);
        }
        Kernel.Close(mount);
        return result;
    }

    /// <summary>Bytes of a mount point's path; none of "/".</summary>
    private static nint Field(byte* point)
    {
        nint length = 0;
        while (point[length] is not (0 or (byte)' '))
            length++;
        return length == 1 ? 0 : length;
    }

    private static bool Includes(Entry* entries, nint count, ulong id)
    {
        for (nint i = 0; i < count; i++)
        {
            if (entries[i].Id == id)
                return entries[i].Included;
        }
        return false;
    }

    /// <summary>The id of the mount that a descriptor is on, from its "fdinfo": statx(2) has it since 5.8 only.</summary>
    private static nint MountId(State* s, nint descriptor)
    {
        nint proc = Procfs.Root(s);
        if (proc < 0)
            return proc;
        s->Step = Step.Read;
        byte* path = stackalloc byte[48];
        byte* directory = "self/fdinfo/"u8.Pointer;
        int prefix = Text.Length(directory);
        Text.Copy(path, directory, prefix);
        Text.Number(path + prefix, (ulong)descriptor, 10);
        nint file = Kernel.OpenAt(proc, path, C.O_RDONLY);
        if (file < 0)
            return file;
        const int room = 1024;
        byte* text = stackalloc byte[room];
        nint length = Kernel.Read(file, text, room - 1);
        Kernel.Close(file);
        if (length < 0)
            return length;
        text[length] = 0;
        byte* key = "mnt_id:"u8.Pointer;
        for (byte* at = text; *at != 0; at++)
        {
            if (!Text.StartsWith(at, key))
                continue;
            at += Text.Length(key);
            while (*at is (byte)'\t' or (byte)' ')
                at++;
            return (nint)MountInfo.Number(&at);
        }
        return -C.EIO;
    }

    private struct Entry
    {
        public ulong Id;
        public ulong Parent;
        public byte* Point;
        public bool Included;
    }
}
