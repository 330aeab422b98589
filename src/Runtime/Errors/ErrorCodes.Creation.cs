using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode BundleInvalid = new(
        "bundle-invalid",
        "The bundle is not a directory that csrun can enter.",
        "A wrong `--bundle`, or a relative one from another working directory.",
        "Give the directory that holds config.json.");

    public static readonly ErrorCode ConfigMissing = new(
        "config-missing",
        "The bundle's configuration cannot be read.",
        "There is no config.json in the bundle, or `--config` names a file that is not there.",
        "`csrun spec` writes a config to start from.");

    public static readonly ErrorCode RootfsMissing = new(
        "rootfs-missing",
        "`root.path` is not a directory.",
        "The root file system was not unpacked or mounted, or the path is relative to another place than the bundle.",
        "Put the root file system where root.path says.");

    public static readonly ErrorCode TerminalOptions = new(
        "terminal-options",
        "The config's `process.terminal` and the options of the command do not go together.",
        "A detached container with a terminal needs `--console-socket`; without both, a console socket has no use.",
        "Give `--console-socket`, or set process.terminal to false, or run in the foreground.");

    public static readonly ErrorCode ConsoleSocket = new(
        "console-socket",
        "The terminal could not be handed over at the console socket.",
        "Nobody listens on the socket, or it is not a stream socket.",
        "Start the program that takes the terminal first.");

    public static readonly ErrorCode PidfdSocket = new(
        "pidfd-socket",
        "The container's pidfd could not be handed over at the pidfd socket.",
        "Nobody listens on the socket, or it is not a stream socket.",
        "Start the program that takes the pidfd first.");

    public static readonly ErrorCode PidFile = new(
        "pid-file",
        "The file with the container's process id could not be written.",
        "Its directory is missing or not writable.",
        "Give `--pid-file` a path in a directory that exists.");

    public static readonly ErrorCode NotifySocket = new(
        "notify-socket",
        "The service manager's notification socket could not be passed on.",
        "NOTIFY_SOCKET names a socket that is not there.",
        "Unset NOTIFY_SOCKET if csrun is not started by a service manager.");

    public static readonly ErrorCode HookFailed = new(
        "hook-failed",
        "A hook of the config did not end with status 0.",
        "The hook's program failed, as the end of its output in the message shows.",
        "Run the hook by hand with the container's state as JSON on its standard input.");

    public static readonly ErrorCode HookTimeout = new(
        "hook-timeout",
        "A hook ran for longer than its `timeout` and was killed with its process group.",
        "The hook waits for something, or its timeout is too short.",
        "Raise the timeout in the config, or look what the hook waits for.");

    public static readonly ErrorCode CgroupFailed = new(
        "cgroup-failed",
        "The container's cgroup could not be made, joined or removed.",
        "Missing rights, a `cgroupsPath` that is in use by others, or a hierarchy that is not mounted.",
        "Look at linux.cgroupsPath; as a user without rights, use `--cgroup-manager disabled` or a delegated cgroup.");

    public static readonly ErrorCode ResourceFailed = new(
        "resource-failed",
        "The kernel refused a limit of linux.resources, or of an update.",
        "The value does not fit the cgroups above, the machine (a processor or device that it does not have), or what the container uses already.",
        "The message names the cgroup's file and the value; look at the same file in the cgroups above.");

    public static readonly ErrorCode MemoryTooSmall = new(
        "memory-too-small",
        "The container's memory limit was reached while it was set up.",
        "The limit is below what a process needs to begin with, some 200 KiB, or hooks and a large environment take more than is left.",
        "Raise linux.resources.memory.limit (or `unified` memory.max); it is in bytes.");

    public static readonly ErrorCode IdMapFailed = new(
        "id-map-failed",
        "The ids of the container's user namespace could not be mapped.",
        "linux.uidMappings or gidMappings overlap, go beyond what the caller owns, or /etc/subuid and /etc/subgid do not allow them.",
        "Compare the mappings with /proc/self/uid_map, /etc/subuid and /etc/subgid; newuidmap and newgidmap must be installed for users without rights.");

    public static readonly ErrorCode SpawnFailed = new(
        "spawn-failed",
        "The container's first process could not be made.",
        "A limit on processes or namespaces (/proc/sys/user/max_*_namespaces), missing rights, or a policy that forbids it.",
        "Look at the errno: EPERM is a matter of rights, ENOSPC of namespace limits, EAGAIN of process limits.");

    public static readonly ErrorCode InitDied = new(
        "init-died",
        "The process that sets the container up ended without saying why.",
        "It was killed: by a person, or by the kernel because the cgroup's memory limit was too small.",
        "Look at the kernel log for an out-of-memory kill.");

    public static readonly ErrorCode InitTimeout = new(
        "init-timeout",
        "The process that sets the container up did not come to its next step in time.",
        "A mount or device that hangs (a network file system), or a machine under extreme load.",
        "Look what /proc/PID/stack of the named process says.");

    public static readonly ErrorCode InitProtocol = new(
        "init-protocol",
        "The process that sets the container up said something that makes no sense at that point.",
        "A defect of csrun, or someone who interferes with the process.",
        "Report it, with the output of the same command with `--debug`.");

    public static readonly ErrorCode NamespaceFailed = new(
        "namespace-failed",
        "A namespace could not be made or joined.",
        "The path is no namespace of that kind, its owner has ended, or the caller has no rights over it.",
        "Look at linux.namespaces in the config; `lsns` lists what there is.");

    public static readonly ErrorCode NetDeviceMissing = new(
        "net-device-missing",
        "The host has no network device of the name that linux.netDevices has.",
        "It has another name, was not made yet, or is in a container already: a physical one comes back when that is deleted.",
        "`ip link` lists the devices of the network namespace that csrun runs in.");

    public static readonly ErrorCode NetDeviceFailed = new(
        "net-device-failed",
        "A network device could not be moved into the container; those that were are back on the host.",
        "Its name is taken in the container, it is of a kind that cannot be moved, or the caller lacks CAP_NET_ADMIN on the host.",
        "Give it another name in linux.netDevices; `ethtool -k DEVICE | grep netns-local` says whether it can be moved.");

    public static readonly ErrorCode RdtMissing = new(
        "rdt-missing",
        "The config has linux.intelRdt, but the resctrl file system is not mounted.",
        "The processor or the kernel cannot divide caches and memory bandwidth, or nobody has mounted resctrl.",
        "`grep resctrl /proc/filesystems`, then `mount -t resctrl resctrl /sys/fs/resctrl`; or take linux.intelRdt out.");

    public static readonly ErrorCode RdtFailed = new(
        "rdt-failed",
        "The class of service of linux.intelRdt could not be made, joined, or is another than the config says.",
        "A schema that the hardware does not take, no class left, or a class of that name with other limits.",
        "Compare with the schemata file of the group below /sys/fs/resctrl, and see info/last_cmd_status there.");

    private static readonly ErrorCode[] s_creation =
    [
        BundleInvalid, ConfigMissing, RootfsMissing, TerminalOptions, ConsoleSocket, PidfdSocket, PidFile, NotifySocket,
        HookFailed, HookTimeout, CgroupFailed, ResourceFailed, MemoryTooSmall, IdMapFailed, SpawnFailed, InitDied, InitTimeout, InitProtocol,
        NamespaceFailed, NetDeviceMissing, NetDeviceFailed, RdtMissing, RdtFailed,
    ];
}
