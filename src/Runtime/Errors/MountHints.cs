using Csrun.Linux;
using Csrun.Plan;

namespace Csrun.Runtime;

/// <summary>What an errno of the mount system calls means, where its own text does not tell.</summary>
internal static class MountHints
{
    /// <summary>Of an instruction that mounts.</summary>
    /// <param name="opcode">The instruction.</param>
    /// <param name="step">Where in it.</param>
    /// <param name="errno">Why.</param>
    /// <param name="text">What Init was at: a type, a parameter.</param>
    public static string? For(Opcode opcode, Step step, int errno, string text) => (opcode, step, errno) switch
    {
        (Opcode.MountFilesystem, Step.FsOpen or Step.Mount, Errno.ENODEV) => "the kernel does not know this file system type",
        // mount_too_revealing() of the kernel.
        (Opcode.MountFilesystem, Step.FsMount, Errno.EPERM) when text.StartsWith("proc", System.StringComparison.Ordinal)
            || text.StartsWith("sysfs", System.StringComparison.Ordinal) =>
            "the kernel lets a user namespace mount it only where a whole one is visible, and here parts of it are covered, as in a "
            + "container: run that one with nothing masked (Docker: --security-opt systempaths=unconfined; Kubernetes: procMount: Unmasked), "
            + "or bind the directory",
        (Opcode.MountFilesystem, Step.FsCreate or Step.Mount, Errno.EPERM) =>
            "a user namespace may mount few types of file systems, and only those of namespaces (pid, network, ipc) that it owns",
        (Opcode.MountFilesystem, Step.FsConfig, Errno.EINVAL) when text.StartsWith("gid=", System.StringComparison.Ordinal)
            || text.StartsWith("uid=", System.StringComparison.Ordinal) => "the id may have no mapping in the container's user namespace",
        (Opcode.MountFilesystem, Step.FsConfig, Errno.ENAMETOOLONG) =>
            "the kernel takes at most 255 bytes of a parameter and 4095 of all; only layers of overlay can be more together",
        (Opcode.MountFilesystem, Step.FsConfig, Errno.EINVAL) when text.StartsWith("lowerdir+=", System.StringComparison.Ordinal) =>
            "layers of more than 4095 bytes together take Linux 6.7",
        (_, Step.IdMap, _) => IdMap(errno),
        (_, Step.Device, Errno.ENODEV) => "nodes cannot be made here, so the host's is bound, and at this path it has another device or a file",
        (Opcode.MountBind or Opcode.Remount or Opcode.MountFilesystem, Step.SetAttributes, Errno.EPERM) =>
            "an option would clear a flag of the mount that is locked, as it comes from a more privileged user namespace: "
            + "leave out dev, exec, suid, rw and options about access times",
        (Opcode.MountBind or Opcode.Remount or Opcode.MountFilesystem, Step.SetAttributes, Errno.ENOSYS) => "nosymfollow takes Linux 5.10",
        (_, Step.MoveMount, Errno.EINVAL) => "mounts in a container without a mount namespace of its own take Linux 6.15",
        (Opcode.OpenSource or Opcode.OpenRootfs or Opcode.MountBind, Step.OpenTree, _) => Tree(errno),
        _ => null,
    };

    /// <summary>Of open_tree(2) with OPEN_TREE_CLONE.</summary>
    public static string? Tree(int errno) => errno == Errno.EINVAL
        ? "it is unbindable, or has mounts below it that are locked to it in a user namespace: use rbind"
        : null;

    /// <summary>Of mount_setattr(2) with MOUNT_ATTR_IDMAP.</summary>
    public static string? IdMap(int errno) => errno switch
    {
        Errno.EINVAL => "this type of file system cannot have its ids mapped by this kernel, or they are mapped already, or a mount below is of such a type",
        Errno.EPERM => "mapping ids takes the rights of root over the file system, which a user namespace has only over its own",
        Errno.ENOSYS => "mapped ids take Linux 5.12",
        _ => null,
    };
}
