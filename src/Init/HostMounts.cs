using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// Takes the host's proc and sysfs mounts out of this mount namespace, for a container that does not pivot: whoever got
/// out of its root directory would find the kernel's controls there.
/// </summary>
internal static unsafe class HostMounts
{
    private const int MostBytes = 64 << 20;

    public static nint Hide(State* s)
    {
        nint proc = Procfs.Root(s);
        if (proc < 0)
            return proc;
        s->Step = Step.Read;
        Messages.SetText(s, "mountinfo"u8.Pointer);
        nint size = 1 << 16;
        while (true)
        {
            nint buffer = Kernel.Map(size);
            if (buffer < 0)
                return buffer;
            nint length = ReadAll(proc, (byte*)buffer, size);
            if (length < 0)
                return length;
            if (length < size)
            {
                nint result = HideAll(s, (byte*)buffer, length);
                Kernel.Unmap((void*)buffer, size);
                return result;
            }
            Kernel.Unmap((void*)buffer, size);
            size *= 4;
            if (size > MostBytes)
                return -C.EIO;
        }
    }

    private static nint ReadAll(nint proc, byte* buffer, nint size)
    {
        nint file = Kernel.OpenAt(proc, "self/mountinfo"u8.Pointer, C.O_RDONLY);
        if (file < 0)
            return file;
        nint length = 0;
        while (length < size)
        {
            nint count = Kernel.Read(file, buffer + length, size - length);
            if (count <= 0)
            {
                if (count < 0)
                    length = count;
                break;
            }
            length += count;
        }
        Kernel.Close(file);
        return length;
    }

    /// <summary>From the last line to the first: what lies on top was mounted last.</summary>
    private static nint HideAll(State* s, byte* text, nint length)
    {
        nint end = length;
        while (end > 0)
        {
            text[end - 1] = 0;
            nint start = end - 1;
            while (start > 0 && text[start - 1] != '\n')
                start--;
            nint result = HideOne(s, text + start);
            if (result < 0)
                return result;
            end = start;
        }
        return 0;
    }

    /// <summary>proc_pid_mountinfo(5): the fifth field is the mount point, the first after " - " the type.</summary>
    private static nint HideOne(State* s, byte* line)
    {
        byte* point = line;
        for (int i = 0; i < 4; i++)
            point = Field(point);
        byte* type = point;
        while (*type != 0 && !Text.StartsWith(type, " - "u8.Pointer))
            type++;
        if (*type == 0)
            return 0;
        type += 3;
        if (!Text.StartsWith(type, "proc "u8.Pointer) && !Text.StartsWith(type, "sysfs "u8.Pointer))
            return 0;
        Unescape(point);
        if (IsBelow(point, s->RootPath))
            return 0;

        Messages.SetText(s, point);
        s->Step = Step.SetPropagation;
        nint result = Kernel.Call(Nr.Mount, 0, (nint)point, 0, (nint)(C.MS_SLAVE | C.MS_REC), 0);
        // Covered by another mount, which hides it: nothing is there any more to be reached.
        if (result is -C.EINVAL or -C.ENOENT)
            return 0;
        if (result < 0)
            return result;
        s->Step = Step.Unmount;
        result = Kernel.Call(Nr.Umount2, (nint)point, C.MNT_DETACH);
        if (result is not (-C.EINVAL or -C.EPERM))
            return result;
        // Locked by the namespace that we got it from: cover it.
        nint empty = Filesystems.CreateEmpty(s);
        if (empty < 0)
            return empty;
        s->Step = Step.MoveMount;
        nint target = Kernel.OpenAt(C.AT_FDCWD, point, C.O_PATH);
        result = target < 0 ? target : Attributes.Attach(empty, target);
        Kernel.Close(target);
        Kernel.Close(empty);
        return result;
    }

    private static byte* Field(byte* at)
    {
        while (*at is not (0 or (byte)' '))
            at++;
        return *at == 0 ? at : at + 1;
    }

    /// <summary>Ends the field and undoes its octal escapes, in place.</summary>
    private static void Unescape(byte* text)
    {
        byte* to = text;
        while (*text is not (0 or (byte)' '))
        {
            if (text[0] == '\\' && text[1] is >= (byte)'0' and <= (byte)'3' && text[2] != 0 && text[3] != 0)
            {
                *to++ = (byte)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
                text += 4;
                continue;
            }
            *to++ = *text++;
        }
        *to = 0;
    }

    private static bool IsBelow(byte* path, byte* directory)
    {
        int length = Text.Length(directory);
        return Text.StartsWith(path, directory) && path[length] is (0 or (byte)'/');
    }
}
