using System;
using System.Collections.Generic;

namespace Csrun.Cgroups;

/// <summary>A container's cgroup in one hierarchy.</summary>
/// <param name="Hierarchy">"cpu,cpuacct", "name=systemd"; empty for the unified one.</param>
/// <param name="MountPoint">Where the hierarchy is mounted.</param>
/// <param name="Path">The cgroup, below the mount point; starts with "/".</param>
/// <param name="Existing">
/// The part of <paramref name="Path"/> that was there before: what is below it was made for the container, and goes
/// with it.
/// </param>
public sealed record CgroupPlace(string Hierarchy, string MountPoint, string Path, string Existing)
{
    public bool IsUnified => Hierarchy.Length == 0;

    /// <summary>For messages and for mounts.</summary>
    public string FullPath => Path == "/" ? MountPoint : MountPoint + Path;

    /// <summary>"cpu" and "cpuacct"; none for the unified hierarchy and for those that only have a name.</summary>
    public IReadOnlyList<string> Controllers =>
        IsUnified || Hierarchy.StartsWith("name=", StringComparison.Ordinal) ? [] : Hierarchy.Split(',');

    public bool Has(string controller) => Array.IndexOf([.. Controllers], controller) >= 0;
}

/// <summary>The unit of systemd that a container's cgroup is.</summary>
/// <param name="Name">"docker-0123.scope".</param>
/// <param name="Bus">The path of the bus's socket at which its manager is to be found.</param>
/// <param name="Below">Its path below the manager's own cgroup: "/system.slice/docker-0123.scope".</param>
public sealed record SystemdUnit(string Name, string Bus, string Below)
{
    public bool IsSlice => Name.EndsWith(".slice", StringComparison.Ordinal);
}

/// <summary>
/// All that later commands need to know of a container's cgroups; they are not told again which manager made them.
/// </summary>
/// <param name="Mode">Of the host, at creation; <see cref="CgroupMode.None"/>: the container has no cgroup of its own.</param>
/// <param name="Places">One in every hierarchy.</param>
/// <param name="Lenient">
/// Hierarchies that may not be written are left out. For those without privilege, unless they name a path.
/// </param>
public sealed record CgroupRecord(CgroupMode Mode, IReadOnlyList<CgroupPlace> Places, bool Lenient)
{
    /// <summary>The unit that it is; null if it was made without systemd.</summary>
    public SystemdUnit? Unit { get; init; }

    /// <summary>No cgroup is made, and none is touched: <c>--cgroup-manager disabled</c>.</summary>
    public static CgroupRecord Disabled { get; } = new(CgroupMode.None, [], Lenient: true);
}
