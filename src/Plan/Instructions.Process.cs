using System.Runtime.InteropServices;

namespace Csrun.Plan;

// Operands, as in Instructions.cs: hooks, the terminal, and the process up to its execution.

/// <summary>Lets the runtime run its hooks of this point and waits: <see cref="MessageKind.HooksDue"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RequestHooks
{
    public ulong Reserved;
}

/// <summary>
/// Runs a hook in the container's namespaces and waits for it: createContainer before the pivot (its path is the
/// host's), startContainer after <see cref="AwaitStart"/>. Its standard streams: 0 a pipe with
/// <see cref="State"/>, 1 and 2 a file of ours each, sent when it has ended: <see cref="MessageKind.HookOutput"/> and
/// <see cref="MessageKind.HookEnded"/>.
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

    /// <summary>
    /// CAP_SYS_ADMIN stays permitted, if it is, but not effective: the filter that comes last needs it. Executing a
    /// program takes it away: what a process is permitted after execve(2) does not depend on what it was before.
    /// </summary>
    KeepSysAdmin = 4,
}

/// <summary>
/// Enters the working directory, which is made first if need be (mode 0755, owned by the process's user), and reads it
/// back: one that is not below the root is refused (CVE-2024-21626).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ChangeDirectory
{
    public PlanRef Path;

    /// <summary>1: make it where it is missing.</summary>
    public uint Create;
    public uint Uid;
    public uint Gid;

    /// <summary>1: it comes before SetIdentity, and again after it; one that may not be entered yet is left to the second.</summary>
    public uint Again;
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
