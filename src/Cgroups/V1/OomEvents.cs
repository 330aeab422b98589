using System;
using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>memory.rst, "OOM Control": an eventfd that is given to the cgroup.</summary>
internal static class OomEvents
{
    public static OomWatch? Watch(CgroupPlace memory)
    {
        using Fd? directory = CgroupDirectory.Open(memory);
        if (directory is null)
        {
            return null;
        }
        using Fd control = Files.Open(directory.Number, "memory.oom_control", OpenFlags.ReadOnly | OpenFlags.NoFollow);
        Fd events = Fd.Own(Syscalls.EventFd(), "make an eventfd", null);
        int written = CgroupDirectory.Write(directory.Number, "cgroup.event_control", FormattableString.Invariant($"{events.Number} {control.Number}"));
        if (written < 0)
        {
            events.Dispose();
            throw new LinuxException("watch memory.oom_control of", memory.FullPath, -written);
        }
        return new(events, PollFd.In, () => Take(events, memory));
    }

    private static bool Take(Fd events, CgroupPlace memory)
    {
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        if (Syscalls.Read(events.Number, count) != count.Length)
        {
            return false;
        }
        // The removal of the cgroup is told in the same way.
        using Fd? directory = CgroupDirectory.Open(memory);
        return directory is not null;
    }
}
