using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// The only way into the root file system, all of which is hostile and may change while we look: every path is resolved
/// inside the root descriptor, and what comes back is a descriptor, on which all that follows is done.
/// </summary>
internal static unsafe class Rootfs
{
    private const int MostRetries = 128;

    /// <summary>The root descriptor. In a plan that joins a container it is the root directory of the process.</summary>
    public static nint Root(State* s)
    {
        if (s->Root < 0)
            s->Root = (int)Kernel.OpenAt(C.AT_FDCWD, "/"u8.Pointer, C.O_PATH | C.O_DIRECTORY);
        return s->Root;
    }

    /// <summary>
    /// Opens what is at a path, O_PATH. Symbolic links are taken relative to the root, those of procfs that lead
    /// anywhere are refused. <paramref name="resolve"/>: RESOLVE_NO_SYMLINKS, too, for instance.
    /// </summary>
    public static nint Open(State* s, byte* path, int flags = 0, ulong resolve = 0)
    {
        s->Step = Step.Resolve;
        Messages.SetText(s, path);
        nint descriptor = OpenAt2(s, Root(s), path, flags | C.O_PATH, resolve | C.RESOLVE_IN_ROOT);
        if (descriptor != -C.ENOSYS)
            return descriptor;
        descriptor = Walker.Walk(s, path, resolve, Walker.Missing.IsError);
        if (descriptor < 0 || (flags & C.O_DIRECTORY) == 0)
            return descriptor;
        FileStatus status;
        nint result = Kernel.Status(descriptor, &status);
        if (result < 0)
            return result;
        return status.Type == C.S_IFDIR ? descriptor : -C.ENOTDIR;
    }

    /// <summary>openat2(2) below a descriptor, tried again while somebody renames; ENOSYS where it is refused.</summary>
    public static nint OpenAt2(State* s, nint directory, byte* path, int flags, ulong resolve)
    {
        if ((s->Missing & KernelFeature.OpenAt2) != 0)
            return -C.ENOSYS;
        OpenHow how;
        how.Flags = (uint)(flags | C.O_CLOEXEC);
        how.Mode = 0;
        how.Resolve = resolve | C.RESOLVE_NO_MAGICLINKS;
        nint descriptor = 0;
        for (int i = 0; i < MostRetries; i++)
        {
            descriptor = Kernel.Call(Nr.OpenAt2, directory, (nint)path, (nint)(&how), sizeof(OpenHow));
            if (descriptor != -C.EAGAIN && descriptor != -C.EINTR)
                break;
        }
        // < 5.6, or a seccomp filter around us that does not know it.
        if (descriptor == -C.ENOSYS || (descriptor == -C.EPERM && (flags & C.O_PATH) != 0))
        {
            s->Missing |= KernelFeature.OpenAt2;
            return -C.ENOSYS;
        }
        return descriptor;
    }

    /// <summary>Opens a directory; it and those above it are made, 0755, where they are missing.</summary>
    public static nint MakeDirectories(State* s, byte* path, ulong resolve = 0)
    {
        s->Made = false;
        nint descriptor = Open(s, path, C.O_DIRECTORY, resolve);
        if (descriptor != -C.ENOENT)
            return descriptor;
        return Walker.Walk(s, path, resolve, Walker.Missing.IsDirectory);
    }

    /// <summary>Opens a file of whatever kind for a mount; an empty one is made, 0644, where there is none.</summary>
    public static nint MakeFile(State* s, byte* path, ulong resolve = 0)
    {
        s->Made = false;
        nint descriptor = Open(s, path, 0, resolve);
        if (descriptor != -C.ENOENT)
            return descriptor;
        return Walker.Walk(s, path, resolve, Walker.Missing.IsFile);
    }

    /// <summary>
    /// Opens the directory that a path's last name is in, makes it where it is missing, and copies that name, of at
    /// most NAME_MAX bytes. The name is nothing that leads elsewhere.
    /// </summary>
    public static nint MakeParent(State* s, byte* path, byte* name)
    {
        int end = Text.Length(path);
        while (end > 0 && path[end - 1] == '/')
            end--;
        int start = end;
        while (start > 0 && path[start - 1] != '/')
            start--;
        int length = end - start;
        s->Step = Step.Resolve;
        Messages.SetText(s, path);
        bool dots = (length == 1 && path[start] == '.') || (length == 2 && path[start] == '.' && path[start + 1] == '.');
        if (length == 0 || dots)
            return -C.EINVAL;
        if (length > C.NAME_MAX || start >= C.PATH_MAX)
            return -C.ENAMETOOLONG;
        Text.Copy(name, path + start, length);
        name[length] = 0;

        byte* parent = stackalloc byte[C.PATH_MAX + 1];
        Text.Copy(parent, path, start);
        parent[start] = 0;
        if (start == 0)
        {
            parent[0] = (byte)'/';
            parent[1] = 0;
        }
        return MakeDirectories(s, parent);
    }
}
