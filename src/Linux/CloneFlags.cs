namespace Csrun.Linux;

/// <summary>CLONE_*: clone3(2), unshare(2), setns(2), namespaces(7).</summary>
public static class CloneFlags
{
    /// <summary>CLONE_NEWTIME. Only for unshare(2) and clone3(2): its bit is part of clone(2)'s exit signal.</summary>
    public const ulong NewTime = 0x0000_0080;

    /// <summary>CLONE_VM: parent and child share their memory.</summary>
    public const ulong Vm = 0x0000_0100;

    /// <summary>CLONE_PIDFD.</summary>
    public const ulong PidFd = 0x0000_1000;

    /// <summary>CLONE_VFORK: the parent waits until the child has executed another program or is gone.</summary>
    public const ulong Vfork = 0x0000_4000;

    /// <summary>CLONE_PARENT: the child is a child of the caller's parent.</summary>
    public const ulong Parent = 0x0000_8000;

    /// <summary>CLONE_NEWNS: a mount namespace.</summary>
    public const ulong NewNs = 0x0002_0000;

    /// <summary>CLONE_NEWCGROUP.</summary>
    public const ulong NewCgroup = 0x0200_0000;

    /// <summary>CLONE_NEWUTS.</summary>
    public const ulong NewUts = 0x0400_0000;

    /// <summary>CLONE_NEWIPC.</summary>
    public const ulong NewIpc = 0x0800_0000;

    /// <summary>CLONE_NEWUSER.</summary>
    public const ulong NewUser = 0x1000_0000;

    /// <summary>CLONE_NEWPID.</summary>
    public const ulong NewPid = 0x2000_0000;

    /// <summary>CLONE_NEWNET.</summary>
    public const ulong NewNet = 0x4000_0000;

    /// <summary>CLONE_INTO_CGROUP, clone3(2) alone, since Linux 5.7.</summary>
    public const ulong IntoCgroup = 0x2_0000_0000;

    /// <summary>All eight kinds of namespaces.</summary>
    public const ulong AllNamespaces = NewTime | NewNs | NewCgroup | NewUts | NewIpc | NewUser | NewPid | NewNet;
}
