using System.Runtime.InteropServices;

namespace Csrun.Plan;

/// <summary>
/// All messages between the runtime and Init. They go as one packet each over a SOCK_SEQPACKET socket; an end of file
/// means that the other side is gone: Init then exits at once, the runtime reports a failure.
/// </summary>
/// <remarks>
/// <code>
/// message       sender   when                                     descriptor   answer
/// Forked        Init     once, by a process that went on as another  -         -
/// IdMapWanted   Init     before anything that needs ids            -           IdMapDone
/// NetDevicesDue Init     once, in its network namespace            rtnetlink    NetDevicesDone
/// SourceWanted  Init     before AttachRootfs                       -           Source
/// HooksDue      Init     once, all mounts made, before the pivot   -           HooksDone
/// HookOutput    Init     after each hook that it ran               its stdout   -
/// HookEnded     Init     next, on the start connection from Go on  its stderr   -
/// Console       Init     once, before Ready                        pty master  -
/// Warning       Init     any time before Ready                     -           -
/// Listener      Init     once, before Ready                        (in Value)   ListenerTaken
/// Ready         Init     once, all is set up                       -           Commit
/// Error         Init     any time; it exits next                   -           -
/// CgroupsMade   Runtime  once, if the plan has JoinCgroups          -           -
/// Source        Runtime  after SourceWanted                        the tree    -
/// Go            start    after Commit, on a connection of its own  -           end of file (exec succeeded) or Error
/// </code>
/// </remarks>
public enum MessageKind : uint
{
    Invalid = 0,

    // From Init
    Forked = 1,
    IdMapWanted = 2,
    SourceWanted = 3,
    HooksDue = 4,
    Console = 5,
    Warning = 6,
    Ready = 7,
    Error = 8,
    NetDevicesDue = 9,
    HookOutput = 10,
    HookEnded = 11,
    Listener = 12,

    // From the runtime
    IdMapDone = 16,
    Source = 17,
    HooksDone = 18,
    Commit = 19,
    Go = 20,
    NetDevicesDone = 21,
    ListenerTaken = 22,
    CgroupsMade = 23,
}

/// <summary>
/// The fixed part of every message. <see cref="TextLength"/> bytes of text may follow it in the same packet.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct Message
{
    /// <summary>Most bytes of text in one message.</summary>
    public const int MaxText = 1024;

    public MessageKind Kind;

    /// <summary>Index of the instruction it is about, counted from 0.</summary>
    public uint Instruction;

    /// <summary>Error: which step of the instruction failed.</summary>
    public Step Step;

    /// <summary>Error: the (positive) errno; 0 if it is not a system call that failed.</summary>
    public int Errno;

    /// <summary>
    /// Forked: the process id as Init sees it. SourceWanted: the slot. Listener: its number among Init's descriptors.
    /// Warning: bits, see the step. HookEnded: the wait status in the lower half, milliseconds in the upper.
    /// </summary>
    public ulong Value;

    public uint TextLength;
    public uint Reserved;
}

/// <summary>Where inside an instruction Init was. The runtime has a text for each.</summary>
public enum Step : uint
{
    None = 0,

    /// <summary>The plan itself is malformed: a defect of ours, never of the config.</summary>
    Plan,
    Resolve,
    Open,
    MakeParent,
    Make,
    ReadBack,
    OpenTree,
    FsOpen,

    /// <summary>One parameter of a file system was refused; the text is the parameter.</summary>
    FsConfig,
    FsCreate,
    FsMount,
    SetAttributes,
    SetPropagation,
    MoveMount,
    Unmount,
    Chdir,
    Chroot,
    Pivot,
    Write,
    Read,

    /// <summary>The destination is not what it must be (a symbolic link, a file of another kind, outside the rootfs).</summary>
    Verify,
    Namespace,
    Clone,
    Keyring,
    Socket,
    Terminal,
    Owner,
    Capabilities,
    Groups,
    Gid,
    Uid,
    Ambient,
    NoNewPrivileges,
    Limit,
    Find,
    Exec,

    /// <summary>A hook ended with a status other than 0; HookEnded said which.</summary>
    HookStatus,

    /// <summary>A hook did not end in its time and was killed.</summary>
    HookTimeout,

    /// <summary>The other side closed the socket.</summary>
    PeerGone,

    /// <summary>Warning: bits of Value are capabilities that could not be granted.</summary>
    CapabilitiesDropped,

    /// <summary>Warning: bits of Value are <see cref="KernelFeature"/> that were missed; what was done instead did.</summary>
    Fallbacks,

    /// <summary>mount(2).</summary>
    Mount,

    /// <summary>The copy of what a tmpfs covers; the text is the name of the file.</summary>
    CopyUp,

    /// <summary>An extended attribute.</summary>
    Label,

    /// <summary>mount_setattr(2) with MOUNT_ATTR_IDMAP; the text is the type of the file system.</summary>
    IdMap,

    /// <summary>What is to be bound is not the device that it must be.</summary>
    Device,
    Scheduler,
    IoPriority,
    MemoryPolicy,
    Personality,
    Filter,
}
