using System;

namespace Csrun.Runtime.Containers;

/// <summary>A container that exists, found by its id.</summary>
internal sealed record OpenContainer(StateRoot Root, StateDirectory Directory, State State) : IDisposable
{
    /// <summary>Its status now.</summary>
    public ContainerStatus Status => Containers.Status.Of(Directory, State);

    public static OpenContainer Find(RuntimeOptions options, string id)
    {
        ContainerId.Check(id);
        var root = StateRoot.TryOpen(options) ?? throw Views.NotFound(id);
        StateDirectory? directory = null;
        try
        {
            directory = StateDirectory.TryOpen(root, id) ?? throw Views.NotFound(id);
            return new OpenContainer(root, directory, directory.ReadState() ?? throw Views.NotFound(id));
        }
        catch
        {
            directory?.Dispose();
            root.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Directory.Dispose();
        Root.Dispose();
    }
}
