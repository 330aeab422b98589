using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands of each opcode. Field order keeps 64-bit fields aligned; there is no implicit padding: unused bytes are
// named `Reserved` and are 0. "Path in the rootfs" means: resolved by Init below the root descriptor, symbolic links
// taken relative to it, magic links refused; what is missing is made where the comment says so.

/// <summary>Joins the namespace behind an inherited descriptor: setns(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct JoinNamespace
{
    /// <summary>Index of the inherited descriptor.</summary>
    public uint Inherited;

    /// <summary>CLONE_NEW* of the kind it must be.</summary>
    public uint Kind;
}

/// <summary>Leaves namespaces without a new process: unshare(2), for the cgroup and the time namespace.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Unshare
{
    public uint Flags;
    public uint Reserved;
}

/// <summary>Writes time_namespaces(7) offsets for the time namespace just unshared, before anyone is in it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WriteTimeOffsets
{
    /// <summary>Lines "monotonic SECS NANOSECS\n" and "boottime ...", as /proc/PID/timens_offsets takes them.</summary>
    public PlanRef Text;
}

/// <summary>
/// Goes on in a new process that is a child of Init's parent (clone3 with CLONE_PARENT and <see cref="Flags"/>); the
/// one that called it reports <see cref="MessageKind.Forked"/> with the new process's id and exits with 0.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct Fork
{
    /// <summary>CLONE_NEW* for the new process; CLONE_PARENT is implied.</summary>
    public ulong Flags;
}

/// <summary>Asks the runtime to write this process's id maps and waits: <see cref="MessageKind.IdMapWanted"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AwaitIdMap
{
    /// <summary>
    /// 1: be dumpable meanwhile, so that an unprivileged runtime may open our /proc files. Set only where no process
    /// that could trace us is in the namespaces joined so far.
    /// </summary>
    public uint Dumpable;
    public uint Reserved;
}

/// <summary>Takes uid and gid 0 of the user namespace (all of real, effective, saved), as its new owner.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BecomeRoot
{
    /// <summary>1: also drop all supplementary groups. 0 where setgroups is denied.</summary>
    public uint ClearGroups;
    public uint Reserved;
}

/// <summary>setsid(2): the container's process leads its session and process group.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NewSession
{
    public ulong Reserved;
}

/// <summary>Joins a new session keyring (keyctl(2) JOIN_SESSION_KEYRING) and lets its possessor's user search it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SessionKeyring
{
    public PlanRef Name;
}

/// <summary>Sets IFF_UP on "lo" of the new network namespace.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BringLoopbackUp
{
    public ulong Reserved;
}

/// <summary>sethostname(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetHostname
{
    public PlanRef Name;
}

/// <summary>setdomainname(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetDomainname
{
    public PlanRef Name;
}

/// <summary>
/// Opens the source of a bind mount on the host, before anything of the container can interfere, as a detached copy
/// of the mount (open_tree(2) with OPEN_TREE_CLONE), and keeps it in a slot. Symbolic links are followed, once.
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

    /// <summary>tmpfs: take over mode of the directory that it covers, where the options say none.</summary>
    KeepMode = 16,

    /// <summary>A bind whose source must be procfs: what stands on /proc is believed by programs and by us.</summary>
    MustBeProcfs = 32,
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

    /// <summary>MOUNT_ATTR_* to set. Read-only that must come last is an instruction of its own.</summary>
    public ulong Attributes;

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0 for none.</summary>
    public ulong Propagation;
    public MountFlags Flags;
    public uint FallbackSlot;
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
    public uint Slot;
    public MountFlags Flags;
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
    public ulong Propagation;
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
/// exists is accepted only if type and number are the same.
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
    public uint Reserved;
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

/// <summary>Lets the runtime run its hooks of this point and waits: <see cref="MessageKind.HooksDue"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RequestHooks
{
    public ulong Reserved;
}

/// <summary>
/// Runs a hook in the container's namespaces and waits for it: createContainer before the pivot (its path is the
/// host's), startContainer after <see cref="AwaitStart"/>. Its standard streams: 0 a pipe with
/// <see cref="State"/>, 1 and 2 a file of ours whose end is sent with the error.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct RunHook
{
    public PlanRef Path;

    /// <summary>Array of <see cref="PlanRef"/>: argv, at least one.</summary>
    public PlanRef Arguments;

    /// <summary>Array of <see cref="PlanRef"/>: the whole environment.</summary>
    public PlanRef Environment;

    /// <summary>
    /// The OCI state as JSON, with ten spaces where the container's process id in its own namespace goes
    /// (at <see cref="PidOffset"/> in it); JSON allows the spaces that are left over.
    /// </summary>
    public PlanRef State;
    public uint PidOffset;

    /// <summary>Seconds after which the hook and its process group are killed; 0 for no limit.</summary>
    public uint Timeout;
}

/// <summary>
/// Makes the terminal: opens /dev/pts/ptmx of the rootfs (checked: devpts, device 5:2), takes its peer (TIOCGPTPEER),
/// binds it on /dev/console, makes it the controlling terminal and descriptors 0, 1 and 2, and sends the master:
/// <see cref="MessageKind.Console"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenConsole
{
    /// <summary>Rows and columns (TIOCSWINSZ); 0, 0 leaves what the kernel has.</summary>
    public ushort Height;
    public ushort Width;

    /// <summary>1: bind the terminal on /dev/console too (create and run; not exec).</summary>
    public uint BindConsole;

    /// <summary>Owner of the terminal: the process's user.</summary>
    public uint Uid;
    public uint Reserved;
}

/// <summary>
/// Readies descriptors 0, 1 and 2 without a terminal: the host's null device is replaced by the container's (checked:
/// character device 1:3), and pipes and sockets get the process's user as owner, so that /dev/stdout can be re-opened.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct PrepareStdio
{
    public uint Uid;
    public uint Reserved;
}

/// <summary>prlimit64(2) on this process.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetRlimit
{
    public ulong Soft;
    public ulong Hard;

    /// <summary>RLIMIT_*.</summary>
    public uint Resource;
    public uint Reserved;
}

/// <summary>umask(2), for the process: Init's own is 0 until it executes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetUmask
{
    public uint Mask;
    public uint Reserved;
}

/// <summary>
/// Becomes the process's user with exactly these capabilities, in the only order that works (bounding set, keepcaps,
/// groups, gid, uid, capset, ambient, no_new_privs), and reads everything back: a difference is EPERM.
/// Bits that the kernel or the namespace cannot grant were taken out by the compiler or are dropped with a
/// <see cref="MessageKind.Warning"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetIdentity
{
    /// <summary>Sets of bits, bit n for capability number n.</summary>
    public ulong Bounding;
    public ulong Effective;
    public ulong Permitted;
    public ulong Inheritable;
    public ulong Ambient;

    /// <summary>Array of uint: the supplementary groups, all of them.</summary>
    public PlanRef Groups;
    public uint Uid;
    public uint Gid;

    public SetIdentityFlags Flags;
    public uint Reserved;
}

public enum SetIdentityFlags : uint
{
    None = 0,
    NoNewPrivileges = 1,

    /// <summary>setgroups is denied in this user namespace and no groups were asked for: leave them.</summary>
    KeepGroups = 2,
}

/// <summary>
/// Makes the working directory if it is missing (mode 0755, owned by the process's user), enters it, and reads it back:
/// one that is not below the root is refused (CVE-2024-21626).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ChangeDirectory
{
    public PlanRef Path;

    /// <summary>1: make it. Comes before SetIdentity; a second one without, after it.</summary>
    public uint Create;
    public uint Uid;
    public uint Gid;
    public uint Reserved;
}

/// <summary>
/// Finds the program among the candidates, as execvp(3) would: the first that is a regular file which we may execute.
/// None: EACCES if one was there but may not be executed, else ENOENT.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct FindExecutable
{
    /// <summary>Array of <see cref="PlanRef"/>: paths to try, in order.</summary>
    public PlanRef Candidates;
}

/// <summary>Reports <see cref="MessageKind.Ready"/> and waits for <see cref="MessageKind.Commit"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Ready
{
    public ulong Reserved;
}

/// <summary>
/// Waits on the start socket for a connection that says <see cref="MessageKind.Go"/>; that connection is where errors
/// go from here on. A connection that closes without it is ignored (state looks whether we still listen).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct AwaitStart
{
    public ulong Reserved;
}

/// <summary>Closes everything but 0, 1, 2 and the preserved descriptors, resets signals, and becomes the program.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Execute
{
    /// <summary>Array of <see cref="PlanRef"/>: argv.</summary>
    public PlanRef Arguments;

    /// <summary>Array of <see cref="PlanRef"/>: "NAME=value".</summary>
    public PlanRef Environment;

    /// <summary>
    /// 1: add HOME from the rootfs's /etc/passwd by <see cref="Uid"/> ("/" if it is not there). The environment then
    /// has no HOME, or an empty one that is replaced.
    /// </summary>
    public uint AddHome;
    public uint Uid;
}
