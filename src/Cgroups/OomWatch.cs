using System;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>Tells when a cgroup runs out of memory.</summary>
/// <param name="fd">What becomes ready then.</param>
/// <param name="events">What to poll it for.</param>
/// <param name="happened">Whether it happened since the last time that this was asked.</param>
public sealed class OomWatch(Fd fd, short events, Func<bool> happened) : IDisposable
{
    /// <summary>For poll(2).</summary>
    public PollFd Poll => new(fd.Number, events);

    /// <summary>Whether it ran out of memory since the last time that this was asked.</summary>
    public bool Take() => happened();

    public void Dispose() => fd.Dispose();
}
