using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// The mounts of proc and sysfs, held by descriptor until the container is ready: what is masked in them is masked in
/// these, wherever a path may lead by then. Whoever shares the root file system with us can rename the directory that
/// they lie on, and put another in its place (CVE-2019-19921, CVE-2023-28642).
/// </summary>
internal static unsafe class Trusted
{
    public const int Most = 4;

    /// <summary>Takes over a mount that was just attached; false if there is no room.</summary>
    public static bool Keep(State* s, byte* path, nint mount)
    {
        for (int i = 0; i < Most; i++)
        {
            TrustedMount* entry = At(s, i);
            if (entry->Path == null)
            {
                entry->Path = path;
                entry->Mount = (int)mount;
                return true;
            }
        }
        return false;
    }

    /// <summary>The plan itself mounts something else there, or above it.</summary>
    public static void Forget(State* s, byte* path)
    {
        int length = Text.Length(path);
        for (int i = 0; i < Most; i++)
        {
            TrustedMount* entry = At(s, i);
            if (entry->Path != null && Text.StartsWith(entry->Path, path) && entry->Path[length] is (0 or (byte)'/'))
                Close(entry);
        }
    }

    /// <summary>
    /// Opens a path as <see cref="Rootfs.Open"/> does, but what lies in one of these mounts in that mount.
    /// </summary>
    public static nint Open(State* s, byte* path)
    {
        for (int i = 0; i < Most; i++)
        {
            TrustedMount* entry = At(s, i);
            if (entry->Path == null || !Text.StartsWith(path, entry->Path))
                continue;
            byte* rest = path + Text.Length(entry->Path);
            if (*rest != '/')
                continue;
            while (*rest == '/')
                rest++;
            if (*rest == 0)
                continue;
            s->Step = Step.Resolve;
            Messages.SetText(s, path);
            nint found = Rootfs.OpenAt2(s, entry->Mount, rest, C.O_PATH, C.RESOLVE_IN_ROOT);
            // Without openat2: nobody but the kernel makes names or links in these file systems.
            return found == -C.ENOSYS ? Kernel.OpenAt(entry->Mount, rest, C.O_PATH | C.O_NOFOLLOW) : found;
        }
        return Rootfs.Open(s, path);
    }

    /// <summary>Whether each path still leads to its mount.</summary>
    public static nint Check(State* s)
    {
        for (int i = 0; i < Most; i++)
        {
            TrustedMount* entry = At(s, i);
            nint result = entry->Path == null ? 0 : CheckPlace(s, entry->Mount, entry->Path);
            if (result < 0)
                return result;
        }
        return 0;
    }

    /// <summary>Whether a path leads to a mount, and through no link.</summary>
    public static nint CheckPlace(State* s, nint mount, byte* path)
    {
        nint found = Rootfs.Open(s, path, 0, C.RESOLVE_NO_SYMLINKS);
        if (found < 0)
            return found;
        s->Step = Step.Verify;
        FileStatus ours = default, theirs = default;
        nint result = Kernel.Status(mount, &ours);
        if (result >= 0)
            result = Kernel.Status(found, &theirs);
        Kernel.Close(found);
        if (result < 0)
            return result;
        bool same = ours.Inode == theirs.Inode && ours.DeviceMajor == theirs.DeviceMajor && ours.DeviceMinor == theirs.DeviceMinor;
        // < 5.8: no mount id.
        if (same && (ours.Mask & theirs.Mask & C.STATX_MNT_ID) != 0)
            same = ours.MountId == theirs.MountId;
        return same ? 0 : -C.ESTALE;
    }

    public static void CloseAll(State* s)
    {
        for (int i = 0; i < Most; i++)
        {
            if (At(s, i)->Path != null)
                Close(At(s, i));
        }
    }

    private static void Close(TrustedMount* entry)
    {
        Kernel.Close(entry->Mount);
        entry->Path = null;
    }

    private static TrustedMount* At(State* s, int index) => &s->Trusted0 + index;
}

/// <summary>A mount, and the path that it was attached at.</summary>
internal unsafe struct TrustedMount
{
    public byte* Path;
    public int Mount;
}
