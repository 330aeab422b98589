using System;
using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>What <c>state</c> and <c>list</c> show.</summary>
internal static class Views
{
    /// <summary>One container.</summary>
    public static ContainerView One(RuntimeOptions options, string id)
    {
        ContainerId.Check(id);
        using var root = StateRoot.TryOpen(options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, id);
        return directory?.ReadState() is { } state
            ? Of(state, Status.Of(directory, state), Users.Name(state.Owner))
            : throw NotFound(id);
    }

    /// <summary>
    /// All containers by id. A directory that another command is making or removing, or that holds no state of ours, is
    /// left out: one broken container must not hide the others.
    /// </summary>
    public static List<ContainerView> All(RuntimeOptions options)
    {
        List<ContainerView> views = [];
        using var root = StateRoot.TryOpen(options);
        if (root is null)
            return views;
        var users = new Dictionary<uint, string>();
        foreach (var entry in Directories.List(root.Number, root.Path))
        {
            try
            {
                using var directory = StateDirectory.TryOpen(root, entry.Name);
                if (directory?.ReadState() is not { } state)
                    continue;
                if (!users.TryGetValue(state.Owner, out string? owner))
                    users[state.Owner] = owner = Users.Name(state.Owner);
                views.Add(Of(state, Status.Of(directory, state), owner));
            }
            catch (Exception e) when (e is CsrunException or LinuxException)
            {
                Log.Debug("list: " + ErrorText.Of(e));
            }
        }
        views.Sort((a, b) => string.CompareOrdinal(a.Id, b.Id));
        return views;
    }

    /// <summary>A container as others see it, with a status that was just derived.</summary>
    public static ContainerView Of(State state, ContainerStatus status, string owner = "") => new()
    {
        Id = state.Id,
        Status = status,
        Pid = status == ContainerStatus.Stopped ? 0 : state.Process.Pid,
        Bundle = state.Bundle,
        Rootfs = state.Rootfs,
        Created = state.Created,
        Annotations = state.Annotations,
        Owner = owner,
    };

    public static CsrunException NotFound(string id) =>
        new(ErrorCodes.ContainerNotFound, "container does not exist:", id);
}
