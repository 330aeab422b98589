using System;

namespace Csrun.Runtime.Containers;

/// <summary>What may be a container's id. It becomes the name of a directory, of a socket's directory and of cgroups.</summary>
public static class ContainerId
{
    private const int MaxLength = 255;

    /// <summary>Throws if it is none: empty, "." or "..", or with other characters than letters, digits, "_+-.".</summary>
    public static void Check(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length == 0)
            throw new CsrunException(ErrorCodes.ContainerIdInvalid, "container id cannot be empty");
        if (id is "." or ".." || id.Length > MaxLength || !HasOnlyAllowed(id))
            throw new CsrunException(ErrorCodes.ContainerIdInvalid, "invalid container ID format:", id);
    }

    private static bool HasOnlyAllowed(string id)
    {
        foreach (char c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '+' or '-' or '.'))
                return false;
        }
        return true;
    }
}
