using Csrun.Plan;

namespace Csrun.Init;

/// <summary>All that Init knows. It lies on the stack of Main; every function gets its address.</summary>
internal unsafe struct State
{
    /// <summary>The plan as the kernel mapped it, and how many bytes of it there are.</summary>
    public byte* Plan;
    public ulong PlanLength;
    public PlanHeader* Header;

    /// <summary>Where Init is, for <see cref="MessageKind.Error"/>: instruction, step, and a text that says which.</summary>
    public uint Instruction;
    public Step Step;
    public ulong Value;
    public int TextLength;
    public fixed byte Text[Message.MaxText];

    /// <summary>Sockets: to the runtime, to be started on, and the one on which errors are reported. -1: closed.</summary>
    public int Sync;
    public int Start;
    public int Peer;

    /// <summary>The root descriptor: before AttachRootfs its detached copy. -1: not opened.</summary>
    public int Root;

    /// <summary>The directory on the host that the root is attached over, and its path; for the no-pivot way.</summary>
    public int RootDirectory;
    public byte* RootPath;

    /// <summary>Propagation that OpenRootfs could not set on the detached copy (Linux &lt; 5.12).</summary>
    public ulong RootPropagation;

    /// <summary>A private instance of procfs, for as long as one instruction (or a row of sysctls) needs it. -1: none.</summary>
    public int Proc;

    /// <summary>The read-only tmpfs that hides directories. -1: none was needed yet.</summary>
    public int MaskDirectory;

    /// <summary>Whether what hides directories, and the null device that hides files, are attached somewhere already.</summary>
    public bool MaskDirectoryAttached;
    public bool NullDeviceAttached;

    /// <summary>See <see cref="Trusted"/>: as many as its Most, in a row.</summary>
    public TrustedMount Trusted0, Trusted1, Trusted2, Trusted3;

    /// <summary>Descriptors that instructions hand on, each plus 1, so that fresh memory is "none".</summary>
    public int* Slots;

    /// <summary>What FindExecutable found.</summary>
    public byte* Executable;

    /// <summary>What SetFilter wants before the program is executed, and where in the plan it says so.</summary>
    public SetFilter* Filter;
    public uint FilterInstruction;

    /// <summary>Limits of the process that are too little for Init itself, until exec.</summary>
    public Limit OpenFiles;
    public Limit Stack;
    public bool OpenFilesPending;
    public bool StackPending;

    /// <summary>The process's umask. Ours is 0, so that modes are exact.</summary>
    public uint Umask;

    /// <summary>The working directory was entered once already, with the rights of before SetIdentity.</summary>
    public bool EnteredDirectory;

    /// <summary>Whether the last path that was made was not there before.</summary>
    public bool Made;

    /// <summary>What this kernel, or a filter around us, refuses.</summary>
    public KernelFeature Missing;
}
