using System;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary><c>pause</c> and <c>resume</c>: the container's cgroup is frozen and let go.</summary>
internal static class Pause
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static void Run(RuntimeOptions options, string id)
    {
        using var container = OpenContainer.Find(options, id);
        var status = container.Status;
        // The words are runc's, and engines look for them.
        if (status is not (ContainerStatus.Created or ContainerStatus.Running))
            throw new CsrunException(ErrorCodes.ContainerNotRunning, "container not running:", $"{id} is {ContainerView.Word(status)}");
        try
        {
            CgroupDrivers.For(container.State.Cgroup).Freeze(s_patience);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.PauseFailed);
        }
    }

    public static void Resume(RuntimeOptions options, string id)
    {
        using var container = OpenContainer.Find(options, id);
        var status = container.Status;
        if (status is not ContainerStatus.Paused)
            throw new CsrunException(ErrorCodes.ContainerNotPaused, "container not paused:", $"{id} is {ContainerView.Word(status)}");
        CgroupDrivers.For(container.State.Cgroup).Thaw();
    }
}
