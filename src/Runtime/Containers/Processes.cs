using System.Collections.Generic;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>The processes of a container: those of its cgroup and of all below it.</summary>
internal static class Processes
{
    public static IReadOnlyList<int> Of(RuntimeOptions options, string id)
    {
        using var container = OpenContainer.Find(options, id);
        try
        {
            List<int> found = [.. CgroupDrivers.For(container.State.Cgroup).Processes()];
            // Without a cgroup the first one is all that is known.
            if (container.State.Cgroup.Places.Count == 0 && container.Status is not ContainerStatus.Stopped)
                found.Add(container.State.Process.Pid);
            return found;
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed);
        }
    }
}
