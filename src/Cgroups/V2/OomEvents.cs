using System;
using Csrun.Linux;

namespace Csrun.Cgroups.V2;

/// <summary>cgroup-v2.rst, memory.events: the file is ready for POLLPRI when it changes; oom_kill counts who was killed.</summary>
internal static class OomEvents
{
    private const int Limit = 65536;

    /// <summary>Null if the cgroup has no memory controller.</summary>
    public static OomWatch? Watch(Fd directory)
    {
        int fd = Syscalls.OpenAt(directory.Number, "memory.events", OpenFlags.ReadOnly | OpenFlags.NoFollow);
        if (fd < 0)
        {
            return null;
        }
        Fd events = new(fd);
        ulong before = Count(events);
        return new(events, PollFd.Priority, () =>
        {
            ulong now = Count(events);
            (bool more, before) = (now > before, now);
            return more;
        });
    }

    private static ulong Count(Fd events)
    {
        if (Syscalls.Seek(events.Number, 0) < 0)
        {
            return 0;
        }
        try
        {
            return StatisticFiles.Named(Files.ReadAll(events.Number, Limit, "memory.events"), "oom_kill"u8);
        }
        catch (LinuxException)
        {
            // The cgroup is gone.
            return 0;
        }
    }
}
