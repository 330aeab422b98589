using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode MountSourceMissing = new(
        "mount-source-missing",
        "The source of a bind mount does not exist on the host.",
        "A misspelt path, or one relative to another place than the bundle.",
        "Make the source, or correct mounts[].source.");

    public static readonly ErrorCode MountSource = new(
        "mount-source",
        "The source of a mount cannot be opened.",
        "Missing rights on the host, or a file system that does not answer.",
        "Look at mounts[].source as the user who runs csrun.");

    public static readonly ErrorCode MountDestination = new(
        "mount-destination",
        "The place in the container where something is to be mounted cannot be made or is not what it must be.",
        "A file where a directory is needed or the other way round, a symbolic link where none may be, a read-only root file system without the directory.",
        "Look at that path in the container's root file system.");

    public static readonly ErrorCode MountOption = new(
        "mount-option",
        "The file system does not take one of its options.",
        "A misspelt option, or one of another file system or a newer kernel.",
        "Look at mounts[].options; the kernel's own message is in the text where it gives one.");

    public static readonly ErrorCode MountIdMap = new(
        "mount-idmap",
        "The ids of a mount cannot be mapped.",
        "The file system (or one mounted below it, with ridmap) does not support it, the kernel is older than 5.12, or csrun runs without root's rights over the file system.",
        "Leave out idmap, ridmap and the mount's mappings, or use a file system that the kernel can map.");

    public static readonly ErrorCode MountFailed = new(
        "mount-failed",
        "The kernel refused a mount.",
        "Missing rights (in a user namespace many file systems may not be mounted), an unknown file system type, or attributes that may not be cleared.",
        "Compare with `mount -t TYPE` by hand in the same kind of namespace.");

    public static readonly ErrorCode RootfsFailed = new(
        "rootfs-failed",
        "The container's root file system could not be set up.",
        "The root is on a file system that pivot_root does not take (an initramfs), or was taken away meanwhile.",
        "On an initramfs use `--no-pivot`.");

    public static readonly ErrorCode DeviceFailed = new(
        "device-failed",
        "A device could not be made in the container.",
        "A file of another kind is at its path, or the file system or user namespace does not allow devices.",
        "Look at linux.devices and at the image's /dev.");

    public static readonly ErrorCode PathProtection = new(
        "path-protection",
        "A path of maskedPaths or readonlyPaths exists, but could not be protected; the container is not started without.",
        "A path that is not what it seems, or missing rights.",
        "Look at that path in the container's root file system.");

    public static readonly ErrorCode SysctlFailed = new(
        "sysctl-failed",
        "A sysctl could not be set.",
        "It does not exist in this kernel, is not namespaced, or does not take the value.",
        "Try `sysctl -w` in a namespace made by `unshare`.");

    private static readonly ErrorCode[] s_rootfs =
    [
        MountSourceMissing, MountSource, MountDestination, MountOption, MountIdMap, MountFailed, RootfsFailed, DeviceFailed,
        PathProtection, SysctlFailed,
    ];
}
