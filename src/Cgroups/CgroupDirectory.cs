using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>
/// Directories of a cgroup file system by descriptor. A container may have made cgroups below its own, with any names
/// and as deep as it likes: walking holds a fixed number of descriptors and does not recurse.
/// </summary>
internal static class CgroupDirectory
{
    private const int FileLimit = 4 << 20;
    private static readonly int s_directory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;

    /// <summary>Opens a cgroup: the descriptor, or -errno.</summary>
    public static int TryOpen(string mountPoint, string path)
    {
        int mount = Syscalls.OpenAt(At.Cwd, mountPoint, s_directory);
        if (mount < 0 || path == "/")
        {
            return mount;
        }
        int result = Syscalls.OpenAt2(mount, path[1..], s_directory, Resolve.Beneath | Resolve.NoSymlinks);
        if (result is not (-Errno.ENOSYS or -Errno.EPERM))
        {
            _ = Syscalls.Close(mount);
            return result;
        }
        // < 5.6, or a seccomp profile that refuses it: one component after the other.
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            result = Syscalls.OpenAt(mount, part, s_directory);
            _ = Syscalls.Close(mount);
            if (result < 0)
            {
                return result;
            }
            mount = result;
        }
        return mount;
    }

    /// <summary>Opens a cgroup that must be there; null if it is gone.</summary>
    public static Fd? Open(CgroupPlace place)
    {
        int result = TryOpen(place.MountPoint, place.Path);
        return result is -Errno.ENOENT or -Errno.ENODEV ? null : Fd.Own(result, "open cgroup", place.FullPath);
    }

    /// <summary>
    /// Makes the cgroups of a path that are missing.
    /// </summary>
    /// <param name="place">The last one of them.</param>
    /// <param name="entered">Called with every cgroup from the mount point down, and whether it is the last.</param>
    public static Fd Make(CgroupPlace place, Action<int, bool> entered)
    {
        const int attempts = 8;
        for (int attempt = 1; ; attempt++)
        {
            Fd? made = TryMake(place, entered, last: attempt == attempts);
            if (made is not null)
            {
                return made;
            }
        }
    }

    /// <summary>
    /// Makes the cgroups of a path that are missing, by their paths: a cgroup file system has no symbolic links.
    /// </summary>
    /// <param name="place">The last one of them.</param>
    /// <param name="made">
    /// Called for every cgroup below the ones that were there before, from above: whether it was made now. False: it is gone.
    /// </param>
    public static void MakeByPath(CgroupPlace place, Func<string, bool, bool> made)
    {
        const uint mode = 0x1ED; // 0755, as the kernel's own
        const int attempts = 8;
        string existing = place.Existing == "/" ? place.MountPoint : place.MountPoint + place.Existing;
        string path = place.FullPath;
        int end = existing.Length;
        for (int attempt = 1; end < path.Length;)
        {
            int slash = path.IndexOf('/', end + 1);
            end = slash < 0 ? path.Length : slash;
            string level = path[..end];
            int result = Syscalls.MkdirAt(At.Cwd, level, mode);
            if (result is 0 or -Errno.EEXIST && !made(level, result == 0))
            {
                result = -Errno.ENOENT;
            }
            if (result == -Errno.ENOENT && attempt++ < attempts)
            {
                // Removed under our feet by the deletion of the last container that was in it: start again.
                end = place.MountPoint.Length;
                continue;
            }
            if (result is not (0 or -Errno.EEXIST))
            {
                throw new LinuxException("make cgroup", path, -result);
            }
        }
    }

    /// <summary>Ids in cgroup.procs of this cgroup and all below it. Those that this pid namespace lacks are 0, and left out.</summary>
    public static void CollectProcesses(int top, ISet<int> into) =>
        Walk(top, directory => CollectOwn(directory, into), remove: false);

    /// <summary>Removes all cgroups below this one that can be: those with processes stay.</summary>
    public static void RemoveBelow(int top) => Walk(top, static _ => { }, remove: true);

    /// <summary>Calls back with this cgroup and all below it.</summary>
    public static void ForEach(int top, Action<int> visit) => Walk(top, visit, remove: false);

    /// <summary>
    /// Removes the cgroup itself and the ones above it that were made with it: 0, or -errno of the cgroup itself (EBUSY:
    /// it has processes or cgroups below it).
    /// </summary>
    public static int Remove(CgroupPlace place)
    {
        string path = place.Path;
        int result = 0;
        for (bool own = true; path != place.Existing && path != "/"; own = false)
        {
            int removed = Syscalls.UnlinkAt(At.Cwd, place.MountPoint + path, At.RemoveDir);
            bool gone = removed is 0 or -Errno.ENOENT;
            if (own)
            {
                result = gone ? 0 : removed;
            }
            if (!gone)
            {
                // Of those above: another container is in it by now, and removes it when it goes.
                break;
            }
            path = CgroupPaths.Parent(path);
        }
        return result;
    }

    /// <summary>A file's text, without the line feed at its end; null if it is not there or can't be read.</summary>
    public static string? Read(int directory, string file)
    {
        int fd = Syscalls.OpenAt(directory, file, OpenFlags.ReadOnly | OpenFlags.NoFollow);
        if (fd < 0)
        {
            return null;
        }
        using Fd owned = new(fd);
        try
        {
            return Encoding.UTF8.GetString(Files.ReadAll(fd, FileLimit, file)).TrimEnd('\n');
        }
        catch (LinuxException)
        {
            // The cgroup was removed meanwhile (ENODEV), or is a threaded one (EOPNOTSUPP).
            return null;
        }
    }

    /// <summary>Writes a value: 0, or -errno.</summary>
    public static int Write(int directory, string file, string value) =>
        Files.WriteOnce(directory, file, Encoding.UTF8.GetBytes(value));

    private static Fd? TryMake(CgroupPlace place, Action<int, bool> entered, bool last)
    {
        Fd current = Fd.Own(Syscalls.OpenAt(At.Cwd, place.MountPoint, s_directory), "open", place.MountPoint);
        try
        {
            string[] parts = place.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            entered(current.Number, parts.Length == 0);
            for (int i = 0; i < parts.Length; i++)
            {
                const uint mode = 0x1ED; // 0755, as the kernel's own
                int made = Syscalls.MkdirAt(current.Number, parts[i], mode);
                int next = made is 0 or -Errno.EEXIST or -Errno.EROFS ? Syscalls.OpenAt(current.Number, parts[i], s_directory) : made;
                if (next == -Errno.EROFS || (made == -Errno.EROFS && next == -Errno.ENOENT))
                {
                    throw new LinuxException("make cgroup", place.FullPath, Errno.EROFS);
                }
                // Removed under our feet by the deletion of the last container that was in it: start again.
                if (next is -Errno.ENOENT or -Errno.ENODEV && !last)
                {
                    current.Dispose();
                    return null;
                }
                Fd child = Fd.Own(next, "make cgroup", place.FullPath);
                current.Dispose();
                current = child;
                entered(current.Number, i == parts.Length - 1);
            }
            return current;
        }
        catch
        {
            current.Dispose();
            throw;
        }
    }

    private static void CollectOwn(int directory, ISet<int> into)
    {
        int fd = Syscalls.OpenAt(directory, "cgroup.procs", OpenFlags.ReadOnly | OpenFlags.NoFollow);
        if (fd < 0)
        {
            return;
        }
        using Fd owned = new(fd);
        ReadOnlySpan<byte> text;
        try
        {
            text = Files.ReadAll(fd, FileLimit, "cgroup.procs");
        }
        catch (LinuxException error) when (error.Errno is Errno.ENODEV or Errno.EOPNOTSUPP)
        {
            // Removed meanwhile; or a threaded cgroup, whose processes its domain lists.
            return;
        }
        while (Utf8Parser.TryParse(text, out int pid, out int used))
        {
            if (pid > 0)
            {
                into.Add(pid);
            }
            text = text[Math.Min(used + 1, text.Length)..];
        }
    }

    private static unsafe void Walk(int top, Action<int> visit, bool remove)
    {
        Stack<(List<DirectoryEntry> Children, int Next)> levels = [];
        int current = Fd.Own(Syscalls.OpenAt(top, ".", s_directory), "open cgroup", null).Release();
        visit(current);
        levels.Push((ChildrenOf(current), 0));
        while (true)
        {
            (List<DirectoryEntry> children, int next) = levels.Pop();
            if (next < children.Count)
            {
                levels.Push((children, next + 1));
                int child;
                fixed (byte* name = children[next].NulTerminated)
                {
                    child = Syscalls.OpenAt(current, name, s_directory);
                }
                if (child >= 0)
                {
                    _ = Syscalls.Close(current);
                    current = child;
                    visit(current);
                    levels.Push((ChildrenOf(current), 0));
                }
                continue;
            }
            int parent = levels.Count == 0 ? -1 : Syscalls.OpenAt(current, "..", s_directory);
            _ = Syscalls.Close(current);
            if (parent < 0)
            {
                return;
            }
            current = parent;
            if (remove)
            {
                (List<DirectoryEntry> siblings, int after) = levels.Peek();
                fixed (byte* name = siblings[after - 1].NulTerminated)
                {
                    _ = Syscalls.UnlinkAt(current, name, At.RemoveDir);
                }
            }
        }
    }

    private static List<DirectoryEntry> ChildrenOf(int directory)
    {
        try
        {
            List<DirectoryEntry> entries = Directories.List(directory, "cgroup");
            entries.RemoveAll(static entry => !entry.IsDirectory);
            return entries;
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOENT or Errno.ENODEV)
        {
            // Removed meanwhile.
            return [];
        }
    }
}
