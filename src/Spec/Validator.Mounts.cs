using System;

namespace Csrun.Spec;

public static partial class Validator
{
    /// <summary>What LXCFS and engines lay over procfs, the only mounts that are let into it (as runc does).</summary>
    private static readonly string[] _replaceableInProc =
    [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
        "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ];

    private static void ValidateMounts(Mount[] mounts, Config config, Findings found)
    {
        for (int i = 0; i < mounts.Length; i++)
        {
            Mount mount = mounts[i];
            Place at = Place.Item("mounts", i);
            bool bind = mount.IsBind();
            MountHasDestination(mount, at, found);
            MountIsNotOnRoot(mount, at, found);
            MountStaysOutOfProc(mount, bind, at, found);
            MountHasType(mount, bind, at, found);
            if (bind)
            {
                BindHasSource(mount, at, found);
                BindHasNoData(mount, i, found);
            }
            MountOptionsFit(mount, bind, i, found);
            MountMappingsAreComplete(mount, at, found);
            MountIdmapHasMappings(mount, at, config.Linux, found);
            MappingsAreValid(mount.UidMappings, at + "uidMappings", found);
            MappingsAreValid(mount.GidMappings, at + "gidMappings", found);
        }
    }

    /// <summary>Whether it is a bind mount: only options decide that (config.md#mounts).</summary>
    public static bool IsBind(this Mount mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        return HasOption(mount, "bind") || HasOption(mount, "rbind");
    }

    /// <summary>config.md#mounts: present; a relative one is deprecated.</summary>
    private static void MountHasDestination(Mount mount, Place at, Findings found)
    {
        if (mount.Destination.Length == 0)
            found.Error(ConfigCodes.EmptyValue, at + "destination", "must not be empty");
        else if (!ContainerPath.IsAbsolute(mount.Destination))
        {
            found.Warn(ConfigCodes.MountDestinationRelative, at + "destination",
                $"is relative, which is deprecated; {ContainerPath.Clean(mount.Destination)} is used");
        }
    }

    /// <summary>A mount on the root would hide the root file system, its read-only state and every mount before.</summary>
    private static void MountIsNotOnRoot(Mount mount, Place at, Findings found)
    {
        if (mount.Destination.Length != 0 && ContainerPath.Clean(mount.Destination) == "/")
            found.Error(ConfigCodes.MountOnRoot, at + "destination", "must not be the container's root");
    }

    /// <summary>Nothing may stand in for procfs or parts of it, by which labels and identities are set (CVE-2019-16884, CVE-2019-19921).</summary>
    private static void MountStaysOutOfProc(Mount mount, bool bind, Place at, Findings found)
    {
        string destination = ContainerPath.Clean(mount.Destination);
        if (destination == "/proc")
        {
            // What a bind brings is known only when it is opened: then it is checked to be a procfs.
            if (!bind && mount.Type is not "proc")
                found.Error(ConfigCodes.MountInProc, at + "destination", "only a procfs may be mounted on /proc");
        }
        else if (destination.StartsWith("/proc/", StringComparison.Ordinal) && Array.IndexOf(_replaceableInProc, destination) < 0)
            found.Error(ConfigCodes.MountInProc, at + "destination", $"{Show.Quoted(destination)} is inside of /proc");
    }

    /// <summary>config.md#mounts: a type named "bind" alone makes no bind.</summary>
    private static void MountHasType(Mount mount, bool bind, Place at, Findings found)
    {
        if (!bind && mount.Type is null or "" or "none" or "bind" && !HasOption(mount, "remount"))
            found.Error(ConfigCodes.MountTypeMissing, at + "type", "must name a file system, or options must have bind or rbind");
    }

    /// <summary>config.md#mounts.</summary>
    private static void BindHasSource(Mount mount, Place at, Findings found)
    {
        // A remount changes what is there: no source is looked at.
        if (string.IsNullOrEmpty(mount.Source) && !HasOption(mount, "remount"))
            found.Error(ConfigCodes.MountSourceEmpty, at + "source", "is required for a bind mount");
    }

    /// <summary>
    /// The kernel ignores data of a bind, so a misspelt flag, or a label, would silently not be there. What a tmpfs has is
    /// written by tools that give all mounts the same options, and protects nothing on another mount.
    /// </summary>
    private static void BindHasNoData(Mount mount, int index, Findings found)
    {
        for (int i = 0; i < mount.Options?.Length; i++)
        {
            string option = mount.Options[i];
            if (!MountOptionNames.IsData(option))
                continue;
            var at = (Place.Item("mounts", index) + "options").At(i);
            if (MountOptionNames.IsOfTmpfs(option))
                found.Warn(ConfigCodes.MountBindData, at, $"{Show.Quoted(option)} has no effect on a bind mount");
            else
                found.Error(ConfigCodes.MountBindData, at, $"{Show.Quoted(option)} is an option for a file system, which a bind mount cannot have");
        }
    }

    /// <summary>Options that mean something for one kind of mount alone, and would be lost on others.</summary>
    private static void MountOptionsFit(Mount mount, bool bind, int index, Findings found)
    {
        bool remount = HasOption(mount, "remount");
        if (remount && mount.UidMappings?.Length > 0)
            found.Error(ConfigCodes.MountOptionMisplaced, Place.Item("mounts", index) + "uidMappings", "the ids of a mount that is there already cannot be mapped");
        for (int i = 0; i < mount.Options?.Length; i++)
        {
            string? why = mount.Options[i] switch
            {
                "tmpcopyup" when bind || remount || mount.Type is not "tmpfs" => "is for a new tmpfs",
                "copy-symlink" when !bind || remount => "is for a bind mount",
                { } option when remount && (option is "idmap" or "ridmap" || option.StartsWith("idmap=", StringComparison.Ordinal)
                    || option.StartsWith("ridmap=", StringComparison.Ordinal)) => "cannot change a mount that is there already",
                _ => null,
            };
            if (why is not null)
                found.Error(ConfigCodes.MountOptionMisplaced, (Place.Item("mounts", index) + "options").At(i), $"{Show.Quoted(mount.Options[i])} {why}");
        }
    }

    /// <summary>config.md#posix-platform-mounts: both lists or none.</summary>
    private static void MountMappingsAreComplete(Mount mount, Place at, Findings found)
    {
        bool uid = mount.UidMappings?.Length > 0;
        bool gid = mount.GidMappings?.Length > 0;
        if (uid != gid)
            found.Error(ConfigCodes.IdMappingIncomplete, at + (uid ? "gidMappings" : "uidMappings"), "is required with the other mappings");
    }

    /// <summary>config.md#linux-mount-options: idmap takes the mount's mappings, else those of the container.</summary>
    private static void MountIdmapHasMappings(Mount mount, Place at, LinuxSection? linux, Findings found)
    {
        bool asked = HasOption(mount, "idmap") || HasOption(mount, "ridmap");
        if (asked && !(mount.UidMappings?.Length > 0) && !linux.Has(NamespaceType.User))
            found.Error(ConfigCodes.MountIdmapUnmapped, at + "options", "idmap needs mappings of the mount or a user namespace");
    }

    private static bool HasOption(Mount mount, string option) => mount.Options is { } options && Array.IndexOf(options, option) >= 0;
}
