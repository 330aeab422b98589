using System;
using System.Collections.Generic;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>What <c>update</c> is given.</summary>
public sealed record UpdateRequest
{
    public required string Id { get; init; }

    public RuntimeOptions Options { get; init; } = new();

    /// <summary>The limits to change, valid; devices are ignored.</summary>
    public required Resources Resources { get; init; }

    /// <summary><c>--l3-cache-schema</c>: a line of the class of service's schemata.</summary>
    public string? L3CacheSchema { get; init; }

    /// <summary><c>--mem-bw-schema</c>: another.</summary>
    public string? MemBwSchema { get; init; }

    /// <summary>What the limits stand in, for messages: a file's name; null for the command line.</summary>
    public string? Document { get; init; }

    /// <summary>Where a limit was given, by its JSON path: "memory.limit" by "--memory".</summary>
    public Func<string, string> Where { get; init; } = static path => path;
}

/// <summary><c>update</c>: changes the limits of a container that is there.</summary>
internal static class Update
{
    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);

    public static void Run(UpdateRequest request)
    {
        using var container = OpenContainer.Find(request.Options, request.Id);
        // Two updates at once could put back each other's values.
        if (!container.Directory.TryLock(s_lockPatience))
            throw new CsrunException(ErrorCodes.ContainerBusy, "another command is at work on container", request.Id);
        if (container.Status is ContainerStatus.Stopped or ContainerStatus.Creating)
            throw new CsrunException(ErrorCodes.ContainerNotRunning, "container not running:", request.Id);
        // Before the others: these can be taken back.
        string? before = ResctrlGroup.Change(container.State.Resctrl, request.L3CacheSchema, request.MemBwSchema);
        try
        {
            Apply(request, container.State);
        }
        catch
        {
            if (before is not null)
                ResctrlGroup.Restore(container.State.Resctrl!, before);
            throw;
        }
    }

    private static void Apply(UpdateRequest request, State state)
    {
        try
        {
            Throw(request, CgroupDrivers.For(state.Cgroup).Update(request.Resources, ""));
        }
        catch (SettingException e)
        {
            throw new CsrunException(
                ErrorCodes.ResourceFailed, $"cannot write \"{e.Setting.Value}\" to", e.Setting.File, e.Errno,
                Place(request, e.Setting.Where), e.Hint);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.ResourceFailed);
        }
    }

    private static void Throw(UpdateRequest request, IReadOnlyList<Finding> found)
    {
        if (found.Count == 0)
            return;
        if (request.Document is not null)
            throw new ConfigException(request.Document, found);
        throw new CsrunException(found[0].Code, found[0].Message, where: Place(request, found[0].Path));
    }

    private static string Place(UpdateRequest request, string path) =>
        request.Document is null ? request.Where(path) : $"{request.Document}: {path}";
}
