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

    public static readonly ErrorCode BindOption = new(
        "bind-option",
        "A bind mount has an option that only a file system could take.",
        "It is misspelt, or was meant for the mount that the source is on.",
        "Look it up in config.md; put a file system's own options where that file system is mounted.");

    public static readonly ErrorCode DeviceInvalid = new(
        "device-invalid",
        "A device of the config is none that Linux can have.",
        "A number is missing or too large, or the path is the root.",
        "Compare with `stat` of the device on a host that has it.");

    private static readonly ErrorCode[] s_compiler =
    [
        NamespaceNeeded, MountForbidden, BindOption, DeviceInvalid,
    ];
}
