using System;
using Csrun.Linux;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary><c>run</c>: create and start; in the foreground also stay until the end, and delete.</summary>
internal static class Run
{
    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);

    /// <returns>The exit code for the command.</returns>
    public static int Execute(RunRequest request)
    {
        if (!request.Detach && !request.NoSubreaper)
            Self.BecomeSubreaper();
        using var container = Create.Run(request.Create, foreground: !request.Detach, andStart: true);
        int code;
        try
        {
            using var foreground = request.Detach ? null : new Foreground(container.Process, container.Terminal);
            Start.Created(container);
            if (foreground is null)
                return 0;

            // Others may act on the container while it runs, and even delete it.
            container.Directory.Unlock();
            code = foreground.Wait();
        }
        catch
        {
            // None goes on that nobody waits for. A hook's failure has destroyed it already.
            if (container.Directory.TryLock(s_lockPatience) && container.Directory.IsLinked())
                Destruction.Destroy(container.Directory, container.State);
            throw;
        }
        Timing.Mark("run of the program");
        if (!request.Keep && container.Directory.TryLock(s_lockPatience) && container.Directory.IsLinked())
            Destruction.Destroy(container.Directory, container.State);
        Timing.Mark("delete");
        return code;
    }
}
