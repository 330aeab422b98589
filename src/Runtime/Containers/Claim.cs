using System;

namespace Csrun.Runtime.Containers;

/// <summary>Takes an id for a new container: makes and locks its directory.</summary>
internal static class Claim
{
    /// <summary>How long another that is at work on the directory is waited for, before the id counts as in use.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Sees to it that nothing of that id is there: an existing container is an error, and what a create that was
    /// killed left behind is cleaned up. Before anything is decided on: its cgroup would be found in use.
    /// </summary>
    public static void Vacate(RuntimeOptions options, string id)
    {
        using var root = StateRoot.TryOpen(options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, id);
        if (directory is null)
            return;
        if (Lock(directory, id) && directory.ReadState() is { } state)
            Destruction.Destroy(directory, state);
    }

    /// <summary>
    /// The directory, locked and empty. An existing container is not touched: the id is in use then. What a create
    /// that was killed left behind is cleaned up first.
    /// </summary>
    public static StateDirectory Take(StateRoot root, string id)
    {
        while (true)
        {
            var directory = StateDirectory.Make(root, id, out _);
            try
            {
                if (!Lock(directory, id))
                {
                    directory.Dispose();
                    continue;
                }
                if (directory.ReadState() is { } state)
                {
                    Destruction.Destroy(directory, state);
                    directory.Dispose();
                    continue;
                }
                directory.Clear();
                return directory;
            }
            catch
            {
                directory.RemoveIfEmpty();
                directory.Dispose();
                throw;
            }
        }
    }

    /// <summary>
    /// Locks a directory in which there is no complete container: whoever wrote into it is gone, and did not finish.
    /// False: it was deleted meanwhile.
    /// </summary>
    private static bool Lock(StateDirectory directory, string id)
    {
        // Before the lock: who asks for the id of a container that is being started need not wait.
        if (directory.ReadState() is { IsComplete: true } || !directory.TryLock(s_patience))
            throw InUse(id);
        if (!directory.IsLinked())
            return false;
        return directory.ReadState() is { IsComplete: true } ? throw InUse(id) : true;
    }

    public static CsrunException InUse(string id) =>
        new(ErrorCodes.ContainerExists, "container with given ID already exists:", id);
}
