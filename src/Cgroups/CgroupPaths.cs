using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>Where a container's cgroups are: the rules of runc, which engines rely on.</summary>
public static class CgroupPaths
{
    /// <summary>
    /// Decides the container's cgroups without making any: to be recorded before they are.
    /// </summary>
    /// <param name="host">The host's hierarchies.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="cgroupsPath">
    /// linux.cgroupsPath. Absolute: from the mount point. Relative, and the id where it is absent or empty: below this
    /// process's own cgroup on v1; beside it on v2, because a cgroup that has processes cannot give its children
    /// controllers.
    /// </param>
    /// <param name="unprivileged">Whether the caller lacks the rights of the host's root.</param>
    public static CgroupRecord Decide(CgroupHost host, string id, string? cgroupsPath, bool unprivileged)
    {
        bool named = !string.IsNullOrEmpty(cgroupsPath);
        bool lenient = unprivileged && !named;
        string inner = Clean(named ? cgroupsPath! : id);
        List<CgroupPlace> places = [];
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            string path = named && cgroupsPath![0] == '/' ? inner
                : Join(host.Mode == CgroupMode.V2 ? Parent(hierarchy.OwnPath) : hierarchy.OwnPath, inner);
            string existing = Existing(hierarchy.MountPoint, path);
            // Without privilege no hierarchy need be ours: the container stays where its caller is in this one.
            if (!lenient || Syscalls.MayMakeIn(hierarchy.MountPoint + existing) == 0)
            {
                places.Add(new(hierarchy.Name, hierarchy.MountPoint, path, existing));
            }
        }
        return new(host.Mode, places, lenient);
    }

    /// <summary>
    /// An absolute path without ".", ".." and empty components, which cannot lead out of the root.
    /// </summary>
    public static string Clean(string path)
    {
        Stack<string> parts = [];
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.TryPop(out _);
            }
            else if (part != ".")
            {
                parts.Push(part);
            }
        }
        return "/" + string.Join('/', parts.Reverse());
    }

    /// <summary>The path one level up; "/" stays.</summary>
    public static string Parent(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash <= 0 ? "/" : path[..slash];
    }

    private static string Join(string parent, string inner) => parent == "/" ? inner : inner == "/" ? parent : parent + inner;

    private static string Existing(string mountPoint, string path)
    {
        string existing = path;
        while (existing != "/" && Syscalls.Stat(At.Cwd, mountPoint + existing, At.SymlinkNoFollow, out _) == -Errno.ENOENT)
        {
            existing = Parent(existing);
        }
        return existing;
    }
}
