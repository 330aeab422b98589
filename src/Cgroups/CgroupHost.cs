using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>How this host's cgroups are laid out: cgroups(7).</summary>
public enum CgroupMode
{
    /// <summary>No cgroup file system is mounted.</summary>
    None,

    /// <summary>Hierarchies of controllers.</summary>
    V1,

    /// <summary>Hierarchies of controllers, and the unified one beside them.</summary>
    Hybrid,

    /// <summary>The unified hierarchy alone.</summary>
    V2,
}

/// <summary>One mounted hierarchy.</summary>
/// <param name="Name">"cpu,cpuacct", "name=systemd"; empty for the unified one.</param>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="OwnPath">This process's cgroup, as a path below the mount point that starts with "/".</param>
public sealed record CgroupHierarchy(string Name, string MountPoint, string OwnPath)
{
    public bool IsUnified => Name.Length == 0;
}

/// <summary>The cgroup file systems that are mounted, and where this process is in them.</summary>
public sealed record CgroupHost(CgroupMode Mode, IReadOnlyList<CgroupHierarchy> Hierarchies)
{
    /// <summary>Where all of Linux mounts them; what is mounted elsewhere is a tool's own business.</summary>
    private const string StandardPlace = "/sys/fs/cgroup";
    private const int Limit = 1 << 20;

    /// <summary>Looks at this process's mounts and cgroups.</summary>
    public static CgroupHost Detect() =>
        From(MountInfo.ReadSelf(), Encoding.UTF8.GetString(Files.ReadAll(At.Cwd, "/proc/self/cgroup", Limit)), StandardPlace);

    /// <summary>Works it out from the two files of proc(5).</summary>
    /// <param name="mounts">/proc/self/mountinfo.</param>
    /// <param name="ownCgroups">/proc/self/cgroup: lines "ID:CONTROLLERS:PATH".</param>
    /// <param name="place">The directory that the file systems are mounted at or below.</param>
    public static CgroupHost From(IReadOnlyList<MountInfo> mounts, string ownCgroups, string place)
    {
        Dictionary<string, string> own = ParseOwn(ownCgroups);
        List<CgroupHierarchy> hierarchies = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (MountInfo mount in mounts)
        {
            bool below = mount.MountPoint.StartsWith(place + "/", StringComparison.Ordinal);
            if (mount.Type == "cgroup2" && mount.MountPoint == place)
            {
                return new(CgroupMode.V2, [new("", place, Below(mount.Root, own.GetValueOrDefault("", "/")))]);
            }
            if (!below || mount.Type is not ("cgroup" or "cgroup2"))
            {
                continue;
            }
            string? name = mount.Type == "cgroup2" ? "" : FindName(own.Keys, mount.SuperOptions);
            // The same hierarchy may be mounted several times; the first one serves.
            if (name is not null && seen.Add(name))
            {
                hierarchies.Add(new(name, mount.MountPoint, Below(mount.Root, own.GetValueOrDefault(name, "/"))));
            }
        }
        bool unified = seen.Contains("");
        CgroupMode mode = hierarchies.Count == 0 ? CgroupMode.None
            : !unified ? CgroupMode.V1
            : hierarchies.Count == 1 ? CgroupMode.V2
            : CgroupMode.Hybrid;
        return new(mode, hierarchies);
    }

    private static Dictionary<string, string> ParseOwn(string text)
    {
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3)
            {
                own[fields[1]] = fields[2];
            }
        }
        return own;
    }

    /// <summary>
    /// The hierarchy that a v1 mount shows, by the name that /proc/self/cgroup has for it: all of its controllers stand
    /// among the mount's options, between options of other meaning.
    /// </summary>
    private static string? FindName(IEnumerable<string> names, string options)
    {
        string[] set = options.Split(',');
        foreach (string name in names)
        {
            if (name.Length > 0 && Array.TrueForAll(name.Split(','), controller => Array.IndexOf(set, controller) >= 0))
            {
                return name;
            }
        }
        return null;
    }

    /// <summary>
    /// A path of the hierarchy as one below the mount point: the mount may show only a part of the hierarchy. "/" where
    /// the path lies outside of it, as it does for one who entered a cgroup namespace from elsewhere ("/..").
    /// </summary>
    private static string Below(string mountRoot, string path)
    {
        if (path.StartsWith("/..", StringComparison.Ordinal))
        {
            return "/";
        }
        if (mountRoot is "/" || mountRoot.StartsWith("/..", StringComparison.Ordinal))
        {
            return path;
        }
        return path.StartsWith(mountRoot + "/", StringComparison.Ordinal) ? path[mountRoot.Length..] : "/";
    }
}
