using System;

namespace Csrun.Spec;

public static partial class Validator
{
    private static void ValidateIdMappings(LinuxSection linux, User? user, Findings found)
    {
        MappingsNeedAUserNamespace(linux, found);
        MappingsAreComplete(linux, found);
        MappingsAreValid(linux.UidMappings, "linux.uidMappings", found);
        MappingsAreValid(linux.GidMappings, "linux.gidMappings", found);
        if (linux.Makes(NamespaceType.User))
        {
            RootIsMapped(linux, found);
            IdIsMapped(user?.Uid ?? 0, linux.UidMappings, "process.user.uid", found);
            IdIsMapped(user?.Gid ?? 0, linux.GidMappings, "process.user.gid", found);
        }
    }

    /// <summary>Whoever asks for mappings relies on shifted ids: not shifting them in silence would be dangerous.</summary>
    private static void MappingsNeedAUserNamespace(LinuxSection linux, Findings found)
    {
        if (linux.Has(NamespaceType.User))
            return;
        if (linux.UidMappings is { Length: > 0 })
            found.Error(ConfigCodes.IdMappingUnused, "linux.uidMappings", "needs a user namespace in linux.namespaces");
        if (linux.GidMappings is { Length: > 0 })
            found.Error(ConfigCodes.IdMappingUnused, "linux.gidMappings", "needs a user namespace in linux.namespaces");
    }

    /// <summary>Without both mappings nobody in a new user namespace has an id. One that is joined has them already.</summary>
    private static void MappingsAreComplete(LinuxSection linux, Findings found)
    {
        if (!linux.Makes(NamespaceType.User))
            return;
        if (linux.UidMappings is null or [])
            found.Error(ConfigCodes.IdMappingIncomplete, "linux.uidMappings", "is required for a new user namespace");
        if (linux.GidMappings is null or [])
            found.Error(ConfigCodes.IdMappingIncomplete, "linux.gidMappings", "is required for a new user namespace");
    }

    /// <summary>The container is set up by its own root, so that id 0 has to be somebody (runc asks for it too).</summary>
    private static void RootIsMapped(LinuxSection linux, Findings found)
    {
        if (linux.UidMappings is { Length: > 0 } uids && !Maps(uids, 0))
            found.Error(ConfigCodes.IdMappingIncomplete, "linux.uidMappings", "must map id 0 of the container");
        if (linux.GidMappings is { Length: > 0 } gids && !Maps(gids, 0))
            found.Error(ConfigCodes.IdMappingIncomplete, "linux.gidMappings", "must map id 0 of the container");
    }

    /// <summary>setresuid(2): an id that is not mapped cannot be taken.</summary>
    private static void IdIsMapped(uint id, IdMapping[]? mappings, Place path, Findings found)
    {
        if (id != 0 && mappings is { Length: > 0 } && !Maps(mappings, id))
            found.Error(ConfigCodes.IdNotMapped, path, FormattableString.Invariant($"{id} is not mapped in the container's user namespace"));
    }

    /// <summary>user_namespaces(7), "Defining user and group ID mappings": what the kernel refuses with EINVAL.</summary>
    private static void MappingsAreValid(IdMapping[]? mappings, Place list, Findings found)
    {
        const int Most = 340;
        if (mappings?.Length > Most)
        {
            found.Error(ConfigCodes.IdMappingInvalid, list, FormattableString.Invariant($"has {mappings.Length} entries, more than {Most}"));
            return;
        }
        for (int i = 0; i < mappings?.Length; i++)
        {
            IdMapping mapping = mappings[i];
            if (mapping.Size == 0)
                found.Error(ConfigCodes.IdMappingInvalid, list.At(i) + "size", "must be above 0");
            else if (!Fits(mapping.ContainerID, mapping.Size))
                found.Error(ConfigCodes.IdMappingInvalid, list.At(i) + "containerID", "with size goes beyond the last id, 4294967294");
            else if (!Fits(mapping.HostID, mapping.Size))
                found.Error(ConfigCodes.IdMappingInvalid, list.At(i) + "hostID", "with size goes beyond the last id, 4294967294");
            for (int other = 0; other < i; other++)
            {
                if (Overlap(mapping.ContainerID, mapping.Size, mappings[other].ContainerID, mappings[other].Size))
                    found.Error(ConfigCodes.IdMappingInvalid, list.At(i) + "containerID", $"overlaps {list.At(other)}");
                else if (Overlap(mapping.HostID, mapping.Size, mappings[other].HostID, mappings[other].Size))
                    found.Error(ConfigCodes.IdMappingInvalid, list.At(i) + "hostID", $"overlaps {list.At(other)}");
            }
        }
    }

    private static bool Fits(uint first, uint size) => (ulong)first + size <= uint.MaxValue;

    private static bool Overlap(uint first, uint size, uint otherFirst, uint otherSize) =>
        first < (ulong)otherFirst + otherSize && otherFirst < (ulong)first + size;

    private static bool Maps(IdMapping[] mappings, uint id)
    {
        foreach (IdMapping mapping in mappings)
        {
            if (id >= mapping.ContainerID && id - mapping.ContainerID < mapping.Size)
                return true;
        }
        return false;
    }
}
