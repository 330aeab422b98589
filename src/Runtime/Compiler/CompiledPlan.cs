using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>A plan for Init, and what the runtime has to do beside it.</summary>
internal sealed class CompiledPlan
{
    /// <summary>The plan's bytes, as Init reads them.</summary>
    public required ReadOnlyMemory<byte> Plan { get; init; }

    /// <summary>
    /// CLONE_NEW* for the first clone3. With CLONE_NEWUSER, the runtime writes the id maps before it lets the child
    /// go on; a user namespace that comes later is asked for by <see cref="Csrun.Plan.MessageKind.IdMapWanted"/>.
    /// </summary>
    public required ulong CloneFlags { get; init; }

    /// <summary>The plan has a Fork: the container's process is not the one that was started first.</summary>
    public required bool TwoStep { get; init; }

    /// <summary>Init waits for the runtime to say that the cgroups are made, and joins the v1 cgroups itself.</summary>
    public bool JoinsCgroups { get; init; }

    /// <summary>Write "deny" to /proc/PID/setgroups before gid_map: the kernel demands it of an unprivileged writer.</summary>
    public required bool DenySetgroups { get; init; }

    /// <summary>The namespaces to join: the n-th is the n-th inherited descriptor after the sockets.</summary>
    public required NamespaceToJoin[] Joins { get; init; }

    /// <summary>
    /// By slot: what <see cref="Csrun.Plan.MessageKind.SourceWanted"/> asks for; null where Init opens it itself, or
    /// where the slot is for something else.
    /// </summary>
    public required Source?[] Sources { get; init; }

    /// <summary>By instruction: where it comes from.</summary>
    public required Origin[] Origins { get; init; }

    /// <summary>To be logged; they change nothing.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Descriptors from 3 on that the container's process keeps: LISTEN_FDS and --preserve-fds.</summary>
    public required uint PreservedFds { get; init; }
}

/// <summary>A namespace given by path.</summary>
/// <param name="JsonPath">Where the config says so: <c>linux.namespaces[2].path</c>.</param>
/// <param name="Kind">CLONE_NEW* of its type.</param>
/// <param name="Path">The file on the host.</param>
/// <param name="IsProcess">Not a file, but a process, whose namespaces of these kinds are joined.</param>
internal sealed record NamespaceToJoin(string JsonPath, ulong Kind, string Path, bool IsProcess = false);

/// <summary>What the runtime opens for Init.</summary>
/// <param name="JsonPath">Where the config says so.</param>
/// <param name="Path">The source of a bind mount; null if only the user namespace of <paramref name="IdMap"/> is wanted.</param>
/// <param name="Recursive">With all mounts below it.</param>
/// <param name="NoFollow">A symbolic link is not followed.</param>
/// <param name="IdMap">What its ids are mapped by; null if they stay as they are.</param>
internal sealed record Source(string JsonPath, string? Path, bool Recursive, bool NoFollow = false, IdMap? IdMap = null);

/// <summary>How the ids of a mount are mapped, as the maps of a user namespace are written.</summary>
/// <param name="Uids">Null, with <paramref name="Gids"/>: as the container's user namespace has them.</param>
/// <param name="Gids">See <paramref name="Uids"/>.</param>
/// <param name="Recursive">Those of all mounts below, too.</param>
internal sealed record IdMap(IdMapping[]? Uids, IdMapping[]? Gids, bool Recursive)
{
    /// <summary>"uid 0:100000:65536 gid 0:100000:65536".</summary>
    public override string ToString() => Uids is null ? "the container's" : string.Concat("uid", Ranges(Uids), " gid", Ranges(Gids ?? []));

    private static string Ranges(IdMapping[] mappings)
    {
        string text = "";
        foreach (var range in mappings)
            text += string.Create(CultureInfo.InvariantCulture, $" {range.ContainerID}:{range.HostID}:{range.Size}");
        return text;
    }
}

/// <summary>What an instruction is for, as an error about it says: "JSONPATH: cannot OPERATION OBJECT: ...".</summary>
/// <param name="JsonPath">The part of the config that asked for it; empty if nothing in particular did.</param>
/// <param name="Operation">In words: <c>mount proc on</c>.</param>
/// <param name="Object">On what: <c>/proc</c>; null if the operation says all.</param>
internal readonly record struct Origin(string JsonPath, string Operation, string? Object);
