using System;

namespace Csrun.Spec;

/// <summary>config-linux.md#namespaces; the order of <see cref="Names.NamespaceTypes"/>.</summary>
public enum NamespaceType
{
    Pid,
    Network,
    Mount,
    Ipc,
    Uts,
    User,
    Cgroup,
    Time,
}

/// <summary>config-linux.md#devices.</summary>
public enum DeviceType
{
    Character,
    Block,

    /// <summary>Unbuffered character device: the same as <see cref="Character"/> for Linux.</summary>
    Unbuffered,
    Fifo,
}

/// <summary>config-linux.md#allowed-device-list.</summary>
public enum DeviceCgroupType
{
    All,
    Character,
    Block,
}

/// <summary>The values are the kernel's resource numbers, getrlimit(2).</summary>
public enum RlimitType
{
    Cpu,
    Fsize,
    Data,
    Stack,
    Core,
    Rss,
    Nproc,
    Nofile,
    Memlock,
    As,
    Locks,
    Sigpending,
    Msgqueue,
    Nice,
    Rtprio,
    Rttime,
}

/// <summary>sched(7).</summary>
public enum SchedulerPolicy
{
    Other,
    Fifo,
    Rr,
    Batch,

    /// <summary>Reserved in the kernel, never implemented.</summary>
    Iso,
    Idle,
    Deadline,
}

/// <summary>sched_setattr(2); the n-th is the kernel's bit n.</summary>
public enum SchedulerFlag
{
    ResetOnFork,
    Reclaim,
    DeadlineOverrun,
    KeepPolicy,
    KeepParams,
    UtilClampMin,
    UtilClampMax,
}

/// <summary>ioprio_set(2); the kernel's numbers are one higher (0 is "none").</summary>
public enum IoPriorityClass
{
    Realtime,
    BestEffort,
    Idle,
}

/// <summary>set_mempolicy(2); the values are the kernel's.</summary>
public enum MemoryPolicyMode
{
    Default,
    Preferred,
    Bind,
    Interleave,
    Local,
    PreferredMany,
    WeightedInterleave,
}

/// <summary>set_mempolicy(2): bits 13, 14 and 15 of the mode.</summary>
public enum MemoryPolicyFlag
{
    NumaBalancing,
    RelativeNodes,
    StaticNodes,
}

/// <summary>config-linux.md#personality.</summary>
public enum PersonalityDomain
{
    Linux,
    Linux32,
}

/// <summary>config-linux.md#rootfs-mount-propagation, and the recursive forms that runc takes.</summary>
public enum RootfsPropagation
{
    Shared,
    Slave,
    Private,
    Unbindable,
    RecursiveShared,
    RecursiveSlave,
    RecursivePrivate,
    RecursiveUnbindable,
}

/// <summary>config-linux.md#seccomp.</summary>
public enum SeccompAction
{
    /// <summary>Alias of <see cref="KillThread"/>.</summary>
    Kill,
    KillProcess,
    KillThread,
    Trap,
    Errno,
    Trace,
    Allow,
    Log,
    Notify,
}

/// <summary>config-linux.md#seccomp.</summary>
public enum SeccompOperator
{
    NotEqual,
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
    MaskedEqual,
}

/// <summary>config-linux.md#seccomp.</summary>
public enum SeccompFlag
{
    Tsync,
    Log,
    SpecAllow,
    WaitKillableRecv,
}

/// <summary>The architectures of libseccomp 2.6.</summary>
public enum SeccompArchitecture
{
    X86,
    X8664,
    X32,
    Arm,
    Aarch64,
    Mips,
    Mips64,
    Mips64N32,
    Mipsel,
    Mipsel64,
    Mipsel64N32,
    Ppc,
    Ppc64,
    Ppc64Le,
    S390,
    S390X,
    Parisc,
    Parisc64,
    Riscv64,
    Loongarch64,
    M68K,
    Sh,
    Sheb,
}

/// <summary>
/// The spelling of every enumeration in the config: the n-th name is the value n. The reader, the texts of errors and
/// <c>features</c> take them from here.
/// </summary>
public static class Names
{
    public static ReadOnlySpan<string> NamespaceTypes => _namespaceTypes;

    public static ReadOnlySpan<string> DeviceTypes => _deviceTypes;

    public static ReadOnlySpan<string> DeviceCgroupTypes => _deviceCgroupTypes;

    public static ReadOnlySpan<string> RlimitTypes => _rlimitTypes;

    public static ReadOnlySpan<string> SchedulerPolicies => _schedulerPolicies;

    public static ReadOnlySpan<string> SchedulerFlags => _schedulerFlags;

    public static ReadOnlySpan<string> IoPriorityClasses => _ioPriorityClasses;

    public static ReadOnlySpan<string> MemoryPolicyModes => _memoryPolicyModes;

    public static ReadOnlySpan<string> MemoryPolicyFlags => _memoryPolicyFlags;

    public static ReadOnlySpan<string> PersonalityDomains => _personalityDomains;

    public static ReadOnlySpan<string> RootfsPropagations => _rootfsPropagations;

    public static ReadOnlySpan<string> SeccompActions => _seccompActions;

    public static ReadOnlySpan<string> SeccompOperators => _seccompOperators;

    public static ReadOnlySpan<string> SeccompFlags => _seccompFlags;

    public static ReadOnlySpan<string> SeccompArchitectures => _seccompArchitectures;

    private static readonly string[] _namespaceTypes = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"];

    private static readonly string[] _deviceTypes = ["c", "b", "u", "p"];

    private static readonly string[] _deviceCgroupTypes = ["a", "c", "b"];

    private static readonly string[] _rlimitTypes =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ];

    private static readonly string[] _schedulerPolicies =
        ["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"];

    private static readonly string[] _schedulerFlags =
    [
        "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",
    ];

    private static readonly string[] _ioPriorityClasses = ["IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"];

    private static readonly string[] _memoryPolicyModes =
    [
        "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY",
        "MPOL_WEIGHTED_INTERLEAVE",
    ];

    private static readonly string[] _memoryPolicyFlags = ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"];

    private static readonly string[] _personalityDomains = ["LINUX", "LINUX32"];

    private static readonly string[] _rootfsPropagations =
        ["shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"];

    private static readonly string[] _seccompActions =
    [
        "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE",
        "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
    ];

    private static readonly string[] _seccompOperators =
    [
        "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
    ];

    private static readonly string[] _seccompFlags =
    [
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ];

    private static readonly string[] _seccompArchitectures =
    [
        "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",
        "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
        "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_PARISC",
        "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
    ];
}
