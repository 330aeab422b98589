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
        using var foreground = request.Detach ? null : new Foreground(container.Process, container.Terminal);
        try
        {
            Start.Created(container);
        }
        catch
        {
            // A hook's failure has destroyed it already.
            if (container.Directory.IsLinked())
                Destruction.Destroy(container.Directory, container.State);
            throw;
        }
        if (foreground is null)
            return 0;

        // Others may act on the container while it runs, and even delete it.
        container.Directory.Unlock();
        int code = foreground.Wait();
        Timing.Mark("run of the program");
        if (!request.Keep && container.Directory.TryLock(s_lockPatience) && container.Directory.IsLinked())
            Destruction.Destroy(container.Directory, container.State);
        Timing.Mark("delete");
        return code;
    }
}
