namespace Csrun.Spec;

/// <content>The codes of single subjects: mounts, the process, Linux, resources, seccomp.</content>
public static partial class ConfigCodes
{
    public static ErrorCode MountDestinationRelative => new(
        "mount-destination-relative",
        "A mount's destination is relative; it is taken from the container's root (a warning, the form is deprecated).",
        "An old or hand-written config.",
        "Write the destination with a leading slash.");

    public static ErrorCode MountOnRoot => new(
        "mount-on-root",
        "A mount would cover the container's whole root file system.",
        "destination is / or resolves to it.",
        "Use root.path for the root file system, and a directory below / for the mount.");

    public static ErrorCode MountInProc => new(
        "mount-in-proc",
        "A mount would change what is seen in /proc, by which the runtime itself checks what it does.",
        "A volume was given a place under /proc; only a few files that LXCFS provides may be replaced there.",
        "Mount it elsewhere, or use linux.maskedPaths and linux.readonlyPaths to hide parts of /proc.");

    public static ErrorCode MountTypeMissing => new(
        "mount-type-missing",
        "A mount says neither which file system it is nor that it is a bind.",
        "type is absent, empty, none or bind, and options have neither bind nor rbind.",
        "Add bind or rbind to its options, or a file system's name as its type.");

    public static ErrorCode MountSourceEmpty => new(
        "mount-source-empty",
        "A bind mount has no source.",
        "source is absent or empty, often because a variable was not set.",
        "Give the file or directory on the host, absolute or relative to the bundle.");

    public static ErrorCode MountBindData => new(
        "mount-bind-data",
        "A bind mount has an option that is for the file system, which a bind cannot change.",
        "A typing error in an option's name, or options of a tmpfs or volume driver on a bind.",
        "Remove the option that the message shows, or correct its name. Sizes, modes and owners, as a tmpfs has them, are ignored with a warning.");

    public static ErrorCode MountOptionMisplaced => new(
        "mount-option-misplaced",
        "A mount has an option that is for another kind of mount.",
        "tmpcopyup on something else than a new tmpfs, copy-symlink without bind, or mapped ids on a remount.",
        "Remove the option, or correct the mount's type.");

    public static ErrorCode MountIdmapUnmapped => new(
        "mount-idmap-unmapped",
        "A mount is to be id-mapped, but there is nothing to take the mapping from.",
        "The options have idmap or ridmap, and neither the mount has mappings nor the container a user namespace.",
        "Add uidMappings and gidMappings to the mount, or a user namespace to the container.");

    public static ErrorCode ArgsMissing => new(
        "args-missing",
        "The process has no program to run.",
        "process.args is absent or empty: the image has neither entrypoint nor command, or none was given.",
        "Set process.args, the first entry being the program.");

    public static ErrorCode EnvInvalid => new(
        "env-invalid",
        "An environment variable does not have the form NAME=value.",
        "The = is missing, or there is nothing before it; a variable was meant to be passed through, which runtimes do not do.",
        "Write NAME=value, or remove the entry.");

    public static ErrorCode RlimitSoftAboveHard => new(
        "rlimit-soft-above-hard",
        "A resource limit's soft value is above its hard value, which the kernel refuses.",
        "soft and hard were exchanged, or only one of them was raised.",
        "Make soft at most hard.");

    public static ErrorCode SchedulerConflict => new(
        "scheduler-conflict",
        "The scheduler's settings contradict its policy, and the kernel would refuse them.",
        "priority without SCHED_FIFO or SCHED_RR, runtime, deadline or period without SCHED_DEADLINE, or not runtime <= deadline <= period.",
        "Set only what the policy takes; see sched(7).");

    public static ErrorCode ListInvalid => new(
        "list-invalid",
        "A list of CPUs or memory nodes is not in the kernel's form.",
        "A letter, an empty item, a range that runs backwards or a number beyond any machine.",
        "Write numbers and ranges with commas between them, such as 0-3,7.");

    public static ErrorCode SysctlInvalid => new(
        "sysctl-invalid",
        "A sysctl's name is not one: a part of it is empty, . or .. .",
        "A typing error, or an attempt to reach a file outside of the namespaced ones.",
        "Write it as sysctl(8) shows it, such as net.ipv4.ip_forward.");

    public static ErrorCode SysctlNotNamespaced => new(
        "sysctl-not-namespaced",
        "The sysctl belongs to the whole host, not to a namespace, so a container must not set it.",
        "A kernel setting for the host was put into a container or a pod.",
        "Set it on the host; containers may set net.*, fs.mqueue.*, user.*, kernel.domainname and the kernel.msg*, sem and shm* ones, each with its namespace.");

    public static ErrorCode SysctlConflict => new(
        "sysctl-conflict",
        "kernel.hostname is set by the config's hostname member, not as a sysctl.",
        "Both were given, or the sysctl was used in place of the member.",
        "Use hostname.");

    public static ErrorCode DeviceRepeated => new(
        "device-repeated",
        "The same device is listed more than once under different paths (a warning).",
        "A device was added by hand that a privileged container has already.",
        "Remove one, unless both paths are wanted.");

    public static ErrorCode DeviceAccessInvalid => new(
        "device-access-invalid",
        "A device rule's access has other letters than r, w and m.",
        "A typing error, or permissions were written as a number or as rwx.",
        "Compose it of r (read), w (write) and m (mknod).");

    public static ErrorCode NetDeviceNameInvalid => new(
        "net-device-name-invalid",
        "A network device's name is not one that the kernel takes.",
        "It is empty, longer than 15 bytes, . or .. , lo, or has a slash, colon, blank or a % that is not %d.",
        "Choose a name such as eth0, or eth%d to let the kernel number it.");

    public static ErrorCode RdtInvalid => new(
        "rdt-invalid",
        "A setting of linux.intelRdt is malformed.",
        "closID is no plain directory name, or a schema has a line break or the wrong beginning.",
        "Use a name without slashes (or / alone), and one schema a line starting with L3: or MB:.");

    public static ErrorCode MemoryPolicyConflict => new(
        "memory-policy-conflict",
        "The memory policy's mode, nodes and flags contradict each other, and the kernel would refuse them.",
        "A mode that needs nodes has none, MPOL_DEFAULT or MPOL_LOCAL has some, or both STATIC and RELATIVE nodes are asked for.",
        "See set_mempolicy(2) for what the mode takes.");

    public static ErrorCode PersonalityFlag => new(
        "personality-flag",
        "linux.personality.flags has a value, but the spec defines none.",
        "The config is for a runtime with flags of its own.",
        "Remove the flags.");

    public static ErrorCode MemorySwapInvalid => new(
        "memory-swap-invalid",
        "resources.memory.swap is memory and swap together, so it needs a limit and cannot be below it.",
        "swap was taken as the swap alone, or limit was left out.",
        "Set swap to limit plus the swap wanted, or to -1 for no limit.");

    public static ErrorCode MemoryKernelIgnored => new(
        "memory-kernel-ignored",
        "Limits of kernel memory are not applied (a warning): kernels no longer have them.",
        "kernel or kernelTCP come from an old config.",
        "Remove them; kernel memory counts into limit.");

    public static ErrorCode CpuConflict => new(
        "cpu-conflict",
        "Two CPU limits contradict each other.",
        "burst is above quota, or realtimeRuntime above realtimePeriod.",
        "Lower the one or raise the other.");

    public static ErrorCode HugepageSizeInvalid => new(
        "hugepage-size-invalid",
        "A huge page size is not written like a size of the kernel.",
        "The unit's B is missing, it has a blank, a fraction or a leading zero.",
        "Write 64KB, 2MB or 1GB, as in the names under /sys/kernel/mm/hugepages.");

    public static ErrorCode LimitEmpty => new(
        "limit-empty",
        "An entry names a device but no limit for it.",
        "Both of its limits were left out.",
        "Give one of the two that the message names, or remove the entry.");

    public static ErrorCode UnifiedKeyInvalid => new(
        "unified-key-invalid",
        "A key of resources.unified is not the name of a file in the container's cgroup.",
        "It has a slash, or is empty, . or .. .",
        "Use the plain file name, such as memory.high.");

    public static ErrorCode ResourceUnavailable => new(
        "resource-unavailable",
        "A limit is asked for that cannot be had on this host; nothing was changed.",
        "The cgroup controller is not mounted or not enabled in the cgroup above, the limit exists only in the other version of cgroups, or the value does not fit what is there.",
        "Compare with /proc/self/cgroup and, on cgroup v2, the file cgroup.controllers of the cgroup above; leave out the limit, or enable its controller.");

    public static ErrorCode SeccompErrnoUnused => new(
        "seccomp-errno-unused",
        "An errno is given for a seccomp action that returns none.",
        "errnoRet stands with SCMP_ACT_ALLOW, KILL, TRAP, LOG or NOTIFY.",
        "Remove it, or use SCMP_ACT_ERRNO or SCMP_ACT_TRACE.");

    public static ErrorCode SeccompNotifyInvalid => new(
        "seccomp-notify-invalid",
        "SCMP_ACT_NOTIFY is used where it cannot work, or its socket's settings are incomplete.",
        "It is the default action or on write (the runtime would wait for itself), listenerPath is missing, or its settings are there without it.",
        "Give listenerPath, and notify only on calls other than write.");
}
