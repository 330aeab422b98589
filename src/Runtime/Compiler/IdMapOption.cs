using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The mount option of crun's that Podman passes on: <c>idmap=uids=0-1000-10#10-5000-1;gids=@0-0-1</c>. Each range is an
/// id of the file system, the id that it becomes, and how many; with "@" that one is the container's and is looked up in
/// the mappings of its user namespace.
/// </summary>
internal static class IdMapOption
{
    /// <summary>Whether an option is one, and its text behind the first "=".</summary>
    public static bool Is(string option, out bool recursive, out string mappings)
    {
        recursive = option.StartsWith("ridmap=", StringComparison.Ordinal);
        mappings = recursive || option.StartsWith("idmap=", StringComparison.Ordinal) ? option[(option.IndexOf('=') + 1)..] : "";
        return recursive || mappings.Length > 0;
    }

    /// <summary>Reads the mappings; null, with what is wrong, if they are none. A kind that is left out is as the container has it.</summary>
    public static IdMap? Parse(string text, bool recursive, LinuxSection? linux, out string error)
    {
        IdMapping[]? uids = null, gids = null;
        error = "";
        foreach (string part in text.Split(';'))
        {
            bool isUids = part.StartsWith("uids=", StringComparison.Ordinal);
            if (!isUids && !part.StartsWith("gids=", StringComparison.Ordinal))
            {
                error = "must have uids= and gids=";
                return null;
            }
            var container = isUids ? linux?.UidMappings : linux?.GidMappings;
            if (ReadRanges(part["uids=".Length..], container ?? [], ref error) is not { } ranges)
                return null;
            if (isUids)
                uids = ranges;
            else
                gids = ranges;
        }
        uids ??= linux?.UidMappings;
        gids ??= linux?.GidMappings;
        if (uids is { Length: > 0 } && gids is { Length: > 0 })
            return new IdMap(uids, gids, recursive);
        error = "must have both uids= and gids=, as the container has no mappings";
        return null;
    }

    private static IdMapping[]? ReadRanges(string text, IdMapping[] container, ref string error)
    {
        var ranges = new List<IdMapping>();
        foreach (string range in text.Split('#'))
        {
            bool relative = range.StartsWith('@');
            string[] numbers = (relative ? range[1..] : range).Split('-');
            if (numbers.Length != 3 || !TryRead(numbers[0], out uint from) || !TryRead(numbers[1], out uint to)
                || !TryRead(numbers[2], out uint size) || size == 0)
            {
                error = $"{range} is not a range of ids, as 0-1000-1 is";
                return null;
            }
            if (relative && !TryTranslate(container, size, ref to))
            {
                error = $"{range} is not inside one of the container's mappings";
                return null;
            }
            ranges.Add(new IdMapping { ContainerID = from, HostID = to, Size = size });
        }
        return ranges.ToArray();
    }

    private static bool TryTranslate(IdMapping[] container, uint size, ref uint id)
    {
        foreach (var mapping in container)
        {
            if (id >= mapping.ContainerID && (ulong)id + size <= (ulong)mapping.ContainerID + mapping.Size)
            {
                id = mapping.HostID + (id - mapping.ContainerID);
                return true;
            }
        }
        return false;
    }

    private static bool TryRead(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue;
}
