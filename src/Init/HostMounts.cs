using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// Takes the host's proc and sysfs mounts out of this mount namespace, for a container that does not pivot: whoever got
/// out of its root directory would find the kernel's controls there.
/// </summary>
internal static unsafe class HostMounts
{
    public static nint Hide(State* s)
    {
        nint length, size;
        nint text = MountInfo.Read(s, &length, &size);
        if (text < 0)
            return text;
        nint result = HideAll(s, (byte*)text, length);
        Kernel.Unmap((void*)text, size);
        return result;
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

    /// <summary>The first field after " - " is the type.</summary>
    private static nint HideOne(State* s, byte* line)
    {
        byte* point = MountInfo.Point(line);
        byte* type = point;
        while (*type != 0 && !Text.StartsWith(type, " - "u8.Pointer))
            type++;
        if (*type == 0)
            return 0;
        type += 3;
        if (!Text.StartsWith(type, "proc "u8.Pointer) && !Text.StartsWith(type, "sysfs "u8.Pointer))
            return 0;
        MountInfo.Unescape(point);
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

    private static bool IsBelow(byte* path, byte* directory)
    {
        int length = Text.Length(directory);
        return Text.StartsWith(path, directory) && path[length] is (0 or (byte)'/');
    }
}
