using Csrun.Spec;

namespace Csrun.Runtime;

/// <summary>What shows when a config that is right in itself is compiled for this container and this host.</summary>
public static partial class ErrorCodes
{
    public static readonly ErrorCode NamespaceNeeded = new(
        "namespace-needed",
        "A setting belongs to a namespace that the container would share with the host.",
        "The namespace is missing in linux.namespaces, for one because the engine was told to use the host's.",
        "Add the namespace, new or by path, or leave the setting out.");

    public static readonly ErrorCode MountForbidden = new(
        "mount-forbidden",
        "Nothing may be mounted at that place of the container.",
        "The destination is the root itself, or lies inside /proc, where a mount could fool later steps.",
        "Mount below the root; inside /proc only single files like /proc/cpuinfo can be replaced.");

    public static readonly ErrorCode MountTypeMissing = new(
        "mount-type-missing",
        "A mount has neither a type nor the option bind or rbind.",
        "The type was left out.",
        "Name a file system of /proc/filesystems, or add the option bind.");

    public static readonly ErrorCode BindOption = new(
        "bind-option",
        "A bind mount has an option that only a file system could take.",
        "It is misspelt, or was meant for the mount that the source is on.",
        "Look it up in config.md; put a file system's own options where that file system is mounted.");

    public static readonly ErrorCode SysctlNotNamespaced = new(
        "sysctl-not-namespaced",
        "A sysctl is the whole machine's, or not to be set this way.",
        "The kernel keeps one value for all containers, or the config has a property of its own for it.",
        "Set it on the host, or use hostname and domainname.");

    public static readonly ErrorCode IdNotMapped = new(
        "id-not-mapped",
        "A user or group id of the container has no id on the host.",
        "uidMappings or gidMappings do not cover it, or setgroups is denied in an unprivileged user namespace.",
        "Extend the mappings (that needs newuidmap, newgidmap and /etc/subuid), or use an id that they cover.");

    public static readonly ErrorCode DeviceInvalid = new(
        "device-invalid",
        "A device of the config is none that Linux can have.",
        "A number is missing or too large, or the path is the root.",
        "Compare with `stat` of the device on a host that has it.");

    private static readonly ErrorCode[] s_compiler =
    [
        NamespaceNeeded, MountForbidden, MountTypeMissing, BindOption, SysctlNotNamespaced, IdNotMapped, DeviceInvalid,
    ];
}
