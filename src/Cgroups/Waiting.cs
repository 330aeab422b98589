using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>Waits with an end: for what has no event, short ones that grow.</summary>
internal sealed class Waiting(TimeSpan patience)
{
    private const int Longest = 50;
    private const int NamedProcesses = 5;
    private readonly long _end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
    private int _next = 1;

    public bool IsOver => Environment.TickCount64 >= _end;

    /// <summary>Waits a little; until a file of a cgroup changes, if there is one that says so.</summary>
    public void Pause(int eventsFile = -1)
    {
        Span<PollFd> fds = [new(eventsFile, PollFd.Priority)];
        _ = Syscalls.Poll(fds, (int)Math.Clamp(_end - Environment.TickCount64, 1, _next));
        _next = Math.Min(_next * 2, Longest);
    }

    /// <summary>What is said when it is over.</summary>
    public static LinuxException GivenUp(string operation, string cgroup, IReadOnlyCollection<int> processes) => new(
        operation, cgroup, Errno.EBUSY,
        processes.Count == 0
            ? "waited for cgroups below it to go"
            : string.Create(CultureInfo.InvariantCulture,
                $"waited for {processes.Count} process(es) in it to end: {string.Join(", ", processes.Take(NamedProcesses))}"));
}
