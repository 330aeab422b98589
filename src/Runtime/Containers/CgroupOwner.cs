using System;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>config-linux.md#cgroup-ownership: to whom the container's cgroup on v2 is delegated.</summary>
internal static class CgroupOwner
{
    /// <summary>
    /// The host's id of the process's user, if the container has a cgroup namespace of its own, so that it sees nothing
    /// above, and mounts the cgroup file system for writing; else null: the files stay as they are.
    /// </summary>
    public static uint? Of(Config config)
    {
        if (!config.Linux.Makes(NamespaceType.Cgroup) || !MountsForWriting(config.Mounts))
            return null;
        uint uid = config.Process?.User?.Uid ?? 0;
        var user = config.Linux.Find(NamespaceType.User);
        if (user is null)
            return uid;
        // Of one that is joined we do not know the map.
        if (user.IsJoined())
            return null;
        foreach (var mapping in config.Linux?.UidMappings ?? [])
        {
            if (uid >= mapping.ContainerID && uid - mapping.ContainerID < mapping.Size)
                return mapping.HostID + (uid - mapping.ContainerID);
        }
        return null;
    }

    private static bool MountsForWriting(Mount[]? mounts)
    {
        foreach (var mount in mounts ?? [])
        {
            if (mount.Source is "cgroup" && mount.Destination.TrimEnd('/') is "/sys/fs/cgroup"
                && Array.IndexOf(mount.Options ?? [], "ro") < 0)
            {
                return true;
            }
        }
        return false;
    }
}
