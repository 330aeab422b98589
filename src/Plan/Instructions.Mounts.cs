using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands, as in Instructions.cs: the file systems, from the host's to the container's.

/// <summary>
/// Opens the source of a bind mount on the host, before anything of the container can interfere, as a detached copy
/// of the mount (open_tree(2) with OPEN_TREE_CLONE), and keeps it in a slot. Symbolic links are followed, once.
/// A copy made before <see cref="IsolateHost"/> keeps its peers on the host; where none are wanted, it is only opened.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenSource
{
    public uint Slot;
    public OpenSourceFlags Flags;
    public PlanRef Path;
}

public enum OpenSourceFlags : uint
{
    None = 0,

    /// <summary>With all mounts below it (rbind): AT_RECURSIVE.</summary>
    Recursive = 1,

    /// <summary>
    /// The runtime opens it, with the rights that it has on the host, and sends the descriptor:
    /// <see cref="MessageKind.SourceWanted"/>. For user namespaces, whose root may not reach the path.
    /// </summary>
    FromRuntime = 2,

    /// <summary>The last component is not followed if it is a symbolic link.</summary>
    NoFollow = 4,

    /// <summary>The runtime maps the ids of the copy (MOUNT_ATTR_IDMAP); goes with <see cref="FromRuntime"/>.</summary>
    IdMap = 8,

    /// <summary>The ids of all mounts below it, too.</summary>
    RecursiveIdMap = 16,

    /// <summary>
    /// It is no mount but a user namespace of the runtime's making, for <see cref="MountFlags.IdMap"/>; the path is
    /// what is written into its maps. Goes with <see cref="FromRuntime"/>.
    /// </summary>
    UserNamespace = 32,

    /// <summary>It is only opened; the bind copies it: <see cref="MountFlags.CopySource"/>.</summary>
    Reference = 64,
}

/// <summary>
/// Opens the host's /dev/null as a detached bind mount, checks that it is the character device 1:3, and keeps it in a
/// slot, for masking files.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenNullDevice
{
    public uint Slot;
    public uint Reserved;
}

/// <summary>Opens the root file system's directory on the host and makes a detached recursive copy of its mount.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenRootfs
{
    /// <summary>Absolute, with no symbolic link left in it.</summary>
    public PlanRef Path;

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE for the copy, recursively; 0 leaves it as it is.</summary>
    public ulong Propagation;

    /// <summary>1: <see cref="MessageKind.SourceWanted"/> with slot 0xFFFFFFFF, see <see cref="OpenSourceFlags.FromRuntime"/>.</summary>
    public uint FromRuntime;
    public uint Reserved;
}

/// <summary>
/// Cuts this mount namespace off from the host's: sets the propagation of all its mounts. From here on no mount of
/// ours can reach the host; copies opened before keep their peers.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct IsolateHost
{
    /// <summary>MS_SLAVE or MS_PRIVATE, applied recursively to "/".</summary>
    public ulong Propagation;
}

/// <summary>Attaches the copy that OpenRootfs made over its own directory; it is the root descriptor from here on.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AttachRootfs
{
    public ulong Reserved;
}

/// <summary>What a mount gets beside its attributes.</summary>
public enum MountFlags : uint
{
    None = 0,

    /// <summary>Attributes (<c>rro</c>, <c>rnosuid</c>, ...) hold for all mounts below too: the Recursive* fields.</summary>
    RecursiveAttributes = 1,

    /// <summary>The propagation holds for all mounts below too.</summary>
    RecursivePropagation = 2,

    /// <summary>
    /// No component of the destination may be a symbolic link: for proc and sysfs, whose place later steps rely on.
    /// </summary>
    NoSymlinks = 4,

    /// <summary>
    /// If the file system type may not be mounted (EPERM, or EBUSY), bind the host's mount of the same path instead,
    /// from the slot in <see cref="MountFilesystem.FallbackSlot"/>.
    /// </summary>
    FallbackToBind = 8,

    /// <summary>
    /// tmpfs: take over the mode of the directory that it covers, where the options say none. On a directory made for
    /// the mount it keeps its own, 1777, as with runc: engines' `--tmpfs` must be writable for every user.
    /// </summary>
    KeepMode = 16,

    /// <summary>A bind whose source must be procfs: what stands on /proc is believed by programs and by us.</summary>
    MustBeProcfs = 32,

    /// <summary>tmpfs: fill it with a copy of the directory that it covers.</summary>
    CopyUp = 64,

    /// <summary>tmpfs with <see cref="CopyUp"/>: take over the owner of the directory that it covers, too.</summary>
    KeepOwner = 128,

    /// <summary>Map the ids of the new file system, by the user namespace in <see cref="MountFilesystem.IdMapSlot"/>.</summary>
    IdMap = 256,

    /// <summary>A bind whose source is a symbolic link: make the same link in place of the bind.</summary>
    CopySymlink = 512,

    /// <summary>
    /// Set the propagation before it is attached: in a root file system that stays detached, nothing that is attached can be
    /// changed.
    /// </summary>
    PropagationFirst = 1024,

    /// <summary>
    /// A bind: what the slot holds is only opened (<see cref="OpenSourceFlags.Reference"/>), and copied when it is attached.
    /// The kernel lists mounts in the order in which they were made (since 6.8): this way it is that of the config.
    /// </summary>
    CopySource = 2048,

    /// <summary>With <see cref="CopySource"/>: all mounts below it, too.</summary>
    CopyTree = 4096,

    /// <summary>A bind: what the slot holds is a copy already; a copy of that is attached, where the kernel can make one (6.15).</summary>
    CopyAgain = 8192,
}

/// <summary>Makes a new file system instance and attaches it: fsopen(2), fsconfig(2), fsmount(2), move_mount(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountFilesystem
{
    /// <summary>Path in the rootfs; directories that are missing are made with mode 0755.</summary>
    public PlanRef Destination;
    public PlanRef Type;

    /// <summary>The "source" parameter; absent for none.</summary>
    public PlanRef Source;

    /// <summary>Array of <see cref="PlanPair"/>: superblock parameters, in order.</summary>
    public PlanRef Options;

    /// <summary>
    /// The same parameters as mount(2) takes them, if one is too long for fsconfig(2): then that is how the instance is
    /// made, on a place of its own. Absent if none is.
    /// </summary>
    public PlanRef Data;

    /// <summary>MS_* of the superblock that go with <see cref="Data"/>.</summary>
    public ulong DataFlags;

    /// <summary>What SELinux is to call the root of the instance (mqueue, which has no option for it); absent for nothing.</summary>
    public PlanRef RootLabel;

    /// <summary>MOUNT_ATTR_* to set. Read-only that must come last is an instruction of its own.</summary>
    public ulong Attributes;

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0 for none.</summary>
    public ulong Propagation;

    /// <summary>Array of ulong: MS_*, with MS_REC, to be set one after the other before <see cref="Propagation"/>.</summary>
    public PlanRef EarlierPropagation;
    public MountFlags Flags;
    public uint FallbackSlot;

    /// <summary>With <see cref="MountFlags.IdMap"/>.</summary>
    public uint IdMapSlot;
    public uint Reserved;
}

/// <summary>Attaches a source opened before, with its attributes: mount_setattr(2) on the detached tree, move_mount(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountBind
{
    /// <summary>
    /// Path in the rootfs. What is missing is made: directories with mode 0755, and an empty file with mode 0644 (0600
    /// in no case executable) if the source is not a directory.
    /// </summary>
    public PlanRef Destination;

    /// <summary>Attributes of the top mount alone: MOUNT_ATTR_* to set and to clear.</summary>
    public ulong Set;
    public ulong Clear;

    /// <summary>
    /// Attributes of all mounts of the tree, with <see cref="MountFlags.RecursiveAttributes"/>; applied before those of
    /// the top mount alone.
    /// </summary>
    public ulong RecursiveSet;
    public ulong RecursiveClear;
    public ulong Propagation;

    /// <summary>See <see cref="MountFilesystem.EarlierPropagation"/>.</summary>
    public PlanRef EarlierPropagation;
    public uint Slot;
    public MountFlags Flags;

    /// <summary>S_IFCHR or S_IFBLK: the source must be this device; 0 if it may be anything.</summary>
    public uint DeviceType;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public uint Reserved;
}

/// <summary>Changes the mount that is at a path already: the "remount" option.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Remount
{
    public PlanRef Destination;

    /// <summary>Array of <see cref="PlanPair"/>: parameters to reconfigure the superblock with; absent for none.</summary>
    public PlanRef Options;
    public ulong Set;
    public ulong Clear;

    /// <summary>Attributes of all mounts below too, with <see cref="MountFlags.RecursiveAttributes"/>.</summary>
    public ulong RecursiveSet;
    public ulong RecursiveClear;
    public ulong Propagation;

    /// <summary>See <see cref="MountFilesystem.EarlierPropagation"/>.</summary>
    public PlanRef EarlierPropagation;
    public MountFlags Flags;
    public uint Reserved;
}

/// <summary>Makes a directory and those above it in the rootfs; one that exists is left alone.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MakeDirectory
{
    public PlanRef Path;

    /// <summary>Permission bits of what is made.</summary>
    public uint Mode;
    public uint Uid;
    public uint Gid;
    public uint Reserved;
}

/// <summary>
/// Makes a device node or FIFO in the rootfs (mknodat(2)), with the directories above it, and reads it back. One that
/// exists is accepted only if type and number are the same; its owner and mode are set only if it is the image's own, not
/// if it is in another mount, which may be the host's.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct MakeDevice
{
    public PlanRef Path;

    /// <summary>S_IFCHR, S_IFBLK or S_IFIFO, and the permission bits, exact whatever the umask.</summary>
    public uint Mode;
    public uint Uid;
    public uint Gid;
    public uint Major;
    public uint Minor;

    /// <summary>
    /// 1: where nodes may not be made (EPERM), bind the one that the host has at the same path, if it is that device.
    /// </summary>
    public uint BindIfRefused;
}

/// <summary>Makes a symbolic link in the rootfs. A link that exists with the same target is accepted.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MakeSymlink
{
    public PlanRef Path;
    public PlanRef Target;

    public MakeSymlinkFlags Flags;
    public uint Reserved;
}

public enum MakeSymlinkFlags : uint
{
    None = 0,

    /// <summary>Only if the target can be resolved in the rootfs now.</summary>
    IfTargetExists = 1,

    /// <summary>Replace a file that is there (the ptmx node of an image's /dev); never a directory.</summary>
    Replace = 2,

    /// <summary>Leave alone whatever is there: the links of /dev, where the image or a volume brings its own.</summary>
    KeepExisting = 4,
}

/// <summary>
/// Hides a path: a file under the null device of <see cref="NullSlot"/>, a directory under an empty read-only tmpfs
/// that all masks share. A path that is missing is skipped; one that cannot be hidden is an error.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct MaskPath
{
    public PlanRef Path;
    public uint NullSlot;
    public uint Reserved;
}

/// <summary>Makes a path read-only, with all below it, keeping its other attributes. A path that is missing is skipped.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReadonlyPath
{
    public PlanRef Path;
}

/// <summary>
/// Sets MOUNT_ATTR_RDONLY on the mount at a path: for mounts that had to be writable until all was made in them (tmpfs
/// on /dev), and with "/" for a read-only root.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetPathReadonly
{
    public PlanRef Path;
}

/// <summary>Writes one sysctl through a private instance of procfs that is closed again before hooks or the payload run.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WriteSysctl
{
    /// <summary>Path below /proc/sys: "net/ipv4/ip_forward".</summary>
    public PlanRef Name;
    public PlanRef Value;
}

/// <summary>Enters the root descriptor with pivot_root(2) and detaches the host's tree.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PivotRoot
{
    /// <summary>
    /// 1: the root is an initramfs, which pivot_root refuses (--no-pivot): move the mount to "/" and chroot, after all
    /// of the host's proc and sysfs mounts were hidden.
    /// </summary>
    public uint NoPivot;
    public uint Reserved;
}

/// <summary>chroot(2) to the root descriptor: for a container that shares the mount namespace of its caller.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ChangeRoot
{
    public ulong Reserved;
}

/// <summary>Sets the propagation of the container's root mount, after the pivot.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetRootPropagation
{
    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE.</summary>
    public ulong Propagation;
    public uint Recursive;
    public uint Reserved;
}
