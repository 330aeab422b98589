namespace Csrun.Spec;

/// <summary>What the namespaces of a config amount to.</summary>
public static class NamespaceQueries
{
    /// <summary>Its entry for a type of namespace; null if the runtime's own is used.</summary>
    public static Namespace? Find(this LinuxSection? linux, NamespaceType type)
    {
        foreach (Namespace item in linux?.Namespaces ?? [])
        {
            if (item.Type == type)
                return item;
        }
        return null;
    }

    /// <summary>Whether the container has a namespace of this type for itself, be it new or joined.</summary>
    public static bool Has(this LinuxSection? linux, NamespaceType type) => linux.Find(type) is not null;

    /// <summary>Whether a namespace of this type is to be made.</summary>
    public static bool Makes(this LinuxSection? linux, NamespaceType type) => linux.Find(type) is { } item && !item.IsJoined();

    /// <summary>Whether it exists already; an empty path is the same as none (config-linux.md#namespaces).</summary>
    public static bool IsJoined(this Namespace item) => !string.IsNullOrEmpty(item?.Path);
}
