using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>What a cgroup that exists before its container must not be.</summary>
internal static class Unused
{
    /// <summary>Opens a cgroup that was there before, after checking that nobody is in it; null if there is none.</summary>
    public static Fd? OpenExisting(CgroupPlace place)
    {
        if (place.Path == "/")
        {
            throw new LinuxException("use cgroup", place.FullPath, 0, "the root of a hierarchy cannot be a container's cgroup");
        }
        Fd? directory = place.Path == place.Existing ? CgroupDirectory.Open(place) : null;
        if (directory is null)
        {
            return null;
        }
        SortedSet<int> processes = [];
        CgroupDirectory.CollectProcesses(directory.Number, processes);
        if (processes.Count == 0)
        {
            return directory;
        }
        directory.Dispose();
        throw new LinuxException("use cgroup", place.FullPath, 0, string.Create(
            CultureInfo.InvariantCulture, $"container's cgroup is not empty: {processes.Count} process(es) found"));
    }

    public static LinuxException Frozen(CgroupPlace place) =>
        new("use cgroup", place.FullPath, 0, "container's cgroup unexpectedly frozen");
}
