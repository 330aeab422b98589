using System;

namespace Csrun.Runtime.Containers;

/// <summary>Takes an id for a new container: makes and locks its directory.</summary>
internal static class Claim
{
    /// <summary>How long another that is at work on the directory is waited for, before the id counts as in use.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

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
                // Before the lock: who asks for the id of a container that is being started need not wait.
                if (directory.ReadState() is { IsComplete: true } || !directory.TryLock(s_patience))
                    throw InUse(id);
                if (!directory.IsLinked())
                {
                    // A delete was faster.
                    directory.Dispose();
                    continue;
                }
                if (directory.ReadState() is { } state)
                {
                    if (state.IsComplete)
                        throw InUse(id);
                    // We have the lock, so whoever wrote this is gone, and did not finish.
                    Destruction.Destroy(directory, state);
                    directory.Dispose();
                    continue;
                }
                directory.Clear();
                return directory;
            }
            catch
            {
                directory.Dispose();
                throw;
            }
        }
    }

    private static CsrunException InUse(string id) =>
        new(ErrorCodes.ContainerExists, "container with given ID already exists:", id);
}
