using System;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary><c>events</c>: what a container uses, again and again, and when it runs out of memory.</summary>
internal static class Events
{
    /// <summary>One measurement, as a line of JSON.</summary>
    public static byte[] Once(RuntimeOptions options, string id)
    {
        using var container = Find(options, id);
        return EventJson.Stats(id, CgroupDrivers.For(container.State.Cgroup).Measure());
    }

    /// <summary>Tells until the container stops, or the teller does not want to hear more.</summary>
    /// <param name="options">Where the container is.</param>
    /// <param name="id">The container.</param>
    /// <param name="interval">Milliseconds between two measurements.</param>
    /// <param name="tell">Gets a line of JSON; false ends it.</param>
    public static void Run(RuntimeOptions options, string id, long interval, Func<byte[], bool> tell)
    {
        using var container = Find(options, id);
        using var process = Kill.OpenProcess(container.State) ?? throw NotRunning(id);
        var cgroup = CgroupDrivers.For(container.State.Cgroup);
        using var oom = cgroup.WatchOom();
        PollFd[] fds = [new(process.Number, PollFd.In), oom?.Poll ?? new(-1, 0)];
        long next = Environment.TickCount64 + interval;
        while (true)
        {
            int ready = Syscalls.Poll(fds, (int)Math.Clamp(next - Environment.TickCount64, 0, int.MaxValue));
            if (ready < 0 && ready != -Errno.EINTR)
                throw new LinuxException("wait for events", null, -ready);
            bool ended = ready > 0 && fds[0].Returned != 0;
            // Its end may be what the lack of memory led to.
            if (ready > 0 && oom?.Take() == true && !tell(EventJson.Oom(id)))
                return;
            if (ended)
                return;
            if (Environment.TickCount64 < next)
                continue;
            if (!tell(EventJson.Stats(id, cgroup.Measure())))
                return;
            next += interval;
        }
    }

    private static OpenContainer Find(RuntimeOptions options, string id)
    {
        var container = OpenContainer.Find(options, id);
        if (container.Status is not (ContainerStatus.Stopped or ContainerStatus.Creating))
            return container;
        container.Dispose();
        throw NotRunning(id);
    }

    private static CsrunException NotRunning(string id) =>
        new(ErrorCodes.ContainerNotRunning, $"container with id {id} is not running");
}
