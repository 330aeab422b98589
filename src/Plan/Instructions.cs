using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands of each opcode. Field order keeps 64-bit fields aligned; there is no implicit padding: unused bytes are
// named `Reserved` and are 0. "Path in the rootfs" means: resolved by Init below the root descriptor, symbolic links
// taken relative to it, magic links refused; what is missing is made where the comment says so.

/// <summary>
/// Joins the namespace behind an inherited descriptor, or those of the process that a pidfd is of, all or none: setns(2).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct JoinNamespace
{
    /// <summary>Index of the inherited descriptor.</summary>
    public uint Inherited;

    /// <summary>CLONE_NEW* of the kind that the namespace must be; of a process: of all kinds to join.</summary>
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
/// Goes on in a new process that is a child of Init's parent (clone(2) with CLONE_PARENT and <see cref="Flags"/>); the
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

/// <summary>
/// Waits until the runtime has made the cgroups (<see cref="MessageKind.CgroupsMade"/>) and joins those of v1. On v2 the
/// process is born in its cgroup.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct JoinCgroups
{
    /// <summary>Strings: the host's paths of the tasks files. A thread that writes itself into one waits for nobody.</summary>
    public PlanRef Tasks;
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

/// <summary>
/// Lets the runtime move network devices of the host's into this process's network namespace, and waits:
/// <see cref="MessageKind.NetDevicesDue"/>, with an rtnetlink(7) socket of this namespace.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct RequestNetDevices
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
