using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>What the command line and the bundle's place say, beside the config.</summary>
internal sealed record CompileOptions
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>The bundle directory, absolute.</summary>
    public required string Bundle { get; init; }

    /// <summary>The root file system's directory on the host, absolute, with no symbolic link left in it.</summary>
    public required string RootfsPath { get; init; }

    /// <summary>The config's name in messages.</summary>
    public string ConfigName { get; init; } = "config.json";

    /// <summary><c>--no-pivot</c>.</summary>
    public bool NoPivot { get; init; }

    /// <summary>
    /// The program is executed as soon as the container is set up (<c>run</c>): nobody can start it, so there is no socket
    /// to start it on.
    /// </summary>
    public bool StartsAtOnce { get; init; }

    /// <summary>
    /// The process goes into a container that is there (<c>exec</c>): what the container shares is left as it is.
    /// </summary>
    public bool JoinsContainer { get; init; }

    /// <summary>What comes after <c>process.env</c>: <c>exec --env</c>.</summary>
    public string[] AddedEnv { get; init; } = [];

    /// <summary><c>--no-new-keyring</c>.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary><c>--preserve-fds</c>: how many descriptors from 3 on the container's process keeps.</summary>
    public uint PreservedFds { get; init; }

    /// <summary>LISTEN_FDS, if LISTEN_PID was ours: as many descriptors more, before the preserved ones.</summary>
    public uint ListenFds { get; init; }

    /// <summary>LISTEN_FDNAMES as it was given to us.</summary>
    public string? ListenNames { get; init; }

    /// <summary>
    /// The socket on the host that stands for the service manager's (NOTIFY_SOCKET): its directory is bound on
    /// /run/notify. It must have that directory for itself.
    /// </summary>
    public string? NotifySocketPath { get; init; }
}

/// <summary>What the compiler has to know of the machine and of ourselves. Gathered elsewhere: compiling is pure.</summary>
internal sealed record HostFacts
{
    /// <summary>Our effective user, as our own user namespace has it.</summary>
    public uint Euid { get; init; }

    public uint Egid { get; init; }

    /// <summary>We are in a user namespace other than the first: device nodes can't be made.</summary>
    public bool InUserNamespace { get; init; }

    /// <summary>/proc/self/setgroups says "deny", which all user namespaces below inherit.</summary>
    public bool SetgroupsDenied { get; init; }

    /// <summary>Our bounding set: what no process of ours can ever have, but in a new user namespace.</summary>
    public ulong CapabilityBounding { get; init; } = ulong.MaxValue;

    /// <summary>/proc/sys/kernel/cap_last_cap.</summary>
    public int LastCapability { get; init; } = Csrun.Linux.Capabilities.Last;

    /// <summary>What AppArmor is on this host, and to us.</summary>
    public AppArmorState AppArmor { get; init; }

    /// <summary>SELinux is on.</summary>
    public bool SelinuxEnabled { get; init; }

    /// <summary>Those of <c>linux.seccomp.flags</c> that the kernel does not know.</summary>
    public SeccompFlag[] UnknownSeccompFlags { get; init; } = [];

    /// <summary>
    /// The tasks files of the container's v1 cgroups, for a process that joins them itself; empty where it is born in
    /// its cgroups, or some may have to be left out.
    /// </summary>
    public IReadOnlyList<string> CgroupTasks { get; init; } = [];

    /// <summary>The mounted cgroup hierarchies, in the order of mountinfo; empty if there are none.</summary>
    public IReadOnlyList<CgroupFact> Cgroups { get; init; } = [];
}

/// <summary>See <see cref="HostFacts.AppArmor"/>.</summary>
internal enum AppArmorState
{
    Off,

    /// <summary>On, and no profile holds for us.</summary>
    Unconfined,

    /// <summary>On, and we have a profile ourselves, as in a container.</summary>
    Confined,
}

/// <summary>One mounted cgroup hierarchy.</summary>
/// <param name="MountPoint">Where it is mounted: <c>/sys/fs/cgroup/cpu,cpuacct</c>.</param>
/// <param name="ContainerPath">The container's cgroup in it, as a path of the host; the mount point itself if it has none.</param>
/// <param name="Controllers">
/// v1: what it was mounted with, as cgroupfs takes it: <c>cpu</c> and <c>cpuacct</c>, or <c>name=systemd</c>.
/// </param>
/// <param name="Unified">It is the cgroup v2 hierarchy.</param>
internal sealed record CgroupFact(string MountPoint, string ContainerPath, string[] Controllers, bool Unified);
