namespace Csrun.Plan;

/// <summary>
/// What Init can do. Each has a structure of operands of the same name in Instructions*.cs; Init executes them in the
/// order of the plan and stops at the first that fails.
/// </summary>
public enum Opcode : ushort
{
    Invalid = 0,

    // Namespaces and identity of the process as a whole
    JoinNamespace,
    Unshare,
    WriteTimeOffsets,
    Fork,
    AwaitIdMap,
    BecomeRoot,
    JoinCgroups,
    NewSession,
    SessionKeyring,
    BringLoopbackUp,
    SetHostname,
    SetDomainname,

    // The root file system
    OpenSource,
    OpenNullDevice,
    OpenRootfs,
    IsolateHost,
    AttachRootfs,
    MountFilesystem,
    MountBind,
    Remount,
    MakeDirectory,
    MakeDevice,
    MakeSymlink,
    MaskPath,
    ReadonlyPath,
    SetPathReadonly,
    WriteSysctl,
    PivotRoot,
    ChangeRoot,
    SetRootPropagation,

    // Hooks and the terminal
    RequestHooks,
    RunHook,
    OpenConsole,
    PrepareStdio,

    // The process
    SetRlimit,
    SetUmask,
    SetIdentity,
    ChangeDirectory,
    FindExecutable,
    Ready,
    AwaitStart,
    Execute,

    // What the scheduler, the memory allocator and the emulation know of the process
    SetScheduler,
    SetIoPriority,
    SetMemoryPolicy,
    SetPersonality,
    SetLabel,

    /// <summary>After the namespaces: what belongs to the network namespace and is the runtime's to bring.</summary>
    RequestNetDevices,

    // What the program may call
    InstallListener,
    SetFilter,
}
