using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>Answers Init until it is ready: id maps, sources, hooks, the terminal (see <see cref="MessageKind"/>).</summary>
internal sealed class Conversation(InitSession session, Bundle bundle, CompiledPlan plan, SpawnedProcess first)
{
    /// <summary>Longest silence of Init while it does nothing but system calls. A mount may hang for a while.</summary>
    public const int UsualPatience = 120_000;
    private const uint RootfsSlot = uint.MaxValue;

    private readonly InitHooks _hooks = new();
    private int _patience = UsualPatience;
    private string _waitingFor = "to begin";
    private readonly SourceOpener _sources = new(bundle.ConfigName);

    /// <summary>The container's process: the first one, or the one that it made in its place.</summary>
    public SpawnedProcess Process { get; private set; } = first;

    /// <summary>The terminal's master side, where no console socket took it.</summary>
    public Fd? Terminal { get; private set; }

    /// <summary>Longest silence in milliseconds; negative for ever.</summary>
    public int Patience
    {
        init => _patience = value;
    }

    /// <summary>Who takes the terminal.</summary>
    public DescriptorSocket? ConsoleSocket { get; init; }

    /// <summary>Opens the root file system that Init asks for; null where it is the bundle's.</summary>
    public Func<Fd>? OpenRoot { get; init; }

    /// <summary>Gets the listener of the seccomp filter of the process of this id; null where no plan asks for it.</summary>
    public Action<int, Fd>? ListenerMade { get; init; }

    /// <summary>Runs the runtime's hooks, for the process of this id; null where no plan asks for it.</summary>
    public Action<int>? HooksDue { get; init; }

    /// <summary>Gets the record of each hook that Init ran; null where no plan has hooks.</summary>
    public Action<HookRecord>? HookEnded { get; init; }

    /// <summary>Moves the network devices; null where the config has none.</summary>
    public NetDevices? NetDevices { get; init; }

    /// <summary>Answers until Init is ready; any end but that is thrown.</summary>
    public void UntilReady()
    {
        using var sources = _sources;
        while (true)
        {
            var message = session.Receive(_patience, _waitingFor) ?? throw Died();
            switch (message.Kind)
            {
                case MessageKind.Forked:
                    FollowFork(message.Value);
                    break;
                case MessageKind.IdMapWanted:
                    WriteIdMaps(Process.Pid, bundle);
                    Answer(MessageKind.IdMapDone, "after the id maps");
                    break;
                case MessageKind.SourceWanted:
                    SendSource(message.Value);
                    break;
                case MessageKind.NetDevicesDue when NetDevices is not null:
                    NetDevices.Move(message.Fd!, Process.Pid);
                    Answer(MessageKind.NetDevicesDone, "after the network devices");
                    break;
                case MessageKind.HooksDue when HooksDue is not null:
                    HooksDue(Process.Pid);
                    ExpectContainerHooks();
                    Answer(MessageKind.HooksDone, "after the hooks");
                    break;
                case MessageKind.HookOutput when HookEnded is not null:
                    _hooks.TakeOutput(message.Fd!);
                    break;
                case MessageKind.HookEnded when HookEnded is not null:
                    HookEnded(_hooks.TakeEnd(message.Value, message.Step, message.Fd!, StepAt(plan, bundle.Config, message.Instruction)));
                    break;
                case MessageKind.Console:
                    TakeTerminal(message.Fd!);
                    break;
                case MessageKind.Listener:
                    TakeListener(message.Value);
                    break;
                case MessageKind.Warning when message.Step == Step.Fallbacks:
                    KernelFallbacks.Log((KernelFeature)message.Value);
                    break;
                case MessageKind.Warning:
                    Log.Warning(Describe(message));
                    break;
                case MessageKind.Ready:
                    return;
                case MessageKind.Error:
                    throw Failure(message);
                default:
                    throw new CsrunException(ErrorCodes.InitProtocol, "Init asked for what is not in its plan:", message.Kind.ToString());
            }
        }
    }

    /// <summary>Writes the id maps of a process that waits for them.</summary>
    public static void WriteIdMaps(int pid, Bundle bundle)
    {
        try
        {
            IdMaps.Write(pid, bundle.Config.Linux?.UidMappings ?? [], bundle.Config.Linux?.GidMappings ?? []);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.IdMapFailed, bundle.ConfigName + ": linux.uidMappings");
        }
    }

    /// <summary>What an instruction is about.</summary>
    public static StartStep StepAt(CompiledPlan plan, Config config, uint index)
    {
        if (index >= plan.Origins.Length)
            return new StartStep(index, Opcode.Invalid, "", "set up the container", null);
        var opcode = new PlanReader(plan.Plan).OpcodeAt((int)index);
        var origin = plan.Origins[index];
        // The texts that engines match name the program as the config does.
        string? target = opcode is Opcode.FindExecutable or Opcode.Execute
            ? config.Process?.Args is { Length: > 0 } args ? args[0] : null
            : origin.Object;
        return new StartStep(index, opcode, origin.JsonPath ?? "", origin.Operation ?? "", target);
    }

    /// <summary>What errors of Init can be about once it is told to go on: everything behind AwaitStart, or behind Ready.</summary>
    public static List<StartStep> StepsAfterReady(CompiledPlan plan, Config config)
    {
        List<StartStep> steps = [];
        var reader = new PlanReader(plan.Plan);
        for (int index = reader.Count - 1; index >= 0 && reader.OpcodeAt(index) is not (Opcode.AwaitStart or Opcode.Ready); index--)
            steps.Add(StepAt(plan, config, (uint)index));
        return steps;
    }

    private void FollowFork(ulong value)
    {
        int pid = checked((int)value);
        if (!plan.TwoStep || !Syscalls.IsChild(pid))
            throw new CsrunException(ErrorCodes.InitProtocol, "Init went on as a process that is none of ours");
        // A child of ours, not reaped: its id cannot be another's.
        var next = new SpawnedProcess(
            pid, Fd.Own(Syscalls.PidfdOpen(pid), "open process", pid.ToString(CultureInfo.InvariantCulture)));
        var previous = Process;
        Process = next;
        if (previous.Wait(UsualPatience) is null)
            previous.Kill();
        previous.Dispose();
        _waitingFor = "to go on in its namespaces";
    }

    private void SendSource(ulong slot)
    {
        if (slot == RootfsSlot && OpenRoot is not null)
        {
            using var root = OpenRoot();
            Answer(MessageKind.Source, "after the root directory", root);
            return;
        }
        Source? source;
        if (slot == RootfsSlot)
            source = new Source("root.path", bundle.Rootfs, Recursive: true);
        else
            source = slot < (ulong)plan.Sources.Length ? plan.Sources[slot] : null;
        if (source is null)
            throw new CsrunException(ErrorCodes.InitProtocol, "Init asked for a source that the plan does not name");
        using var fd = slot == RootfsSlot
            ? _sources.OpenTree(source, ErrorCodes.RootfsMissing, ErrorCodes.RootfsMissing)
            : _sources.Open(source, Process.Pid);
        Answer(MessageKind.Source, "after the source " + (source.Path ?? "of mapped ids"), fd);
    }

    private void TakeListener(ulong number)
    {
        if (ListenerMade is null || number > int.MaxValue)
            throw new CsrunException(ErrorCodes.InitProtocol, "Init has a listener that nobody asked for");
        int result = Syscalls.PidfdGetfd(Process.PidFd.Number, (int)number);
        if (result < 0)
        {
            throw new CsrunException(ErrorCodes.SeccompAgent, "cannot take the listener out of the container's process", errno: -result,
                where: InitErrors.Place(bundle.ConfigName, "linux.seccomp.listenerPath"));
        }
        using var listener = new Fd(result);
        ListenerMade(Process.Pid, listener);
        Answer(MessageKind.ListenerTaken, "after its seccomp filter was given to the agent");
    }

    private void TakeTerminal(Fd master)
    {
        Terminal = master;
        if (ConsoleSocket is null)
            return;
        ConsoleSocket.Send(Encoding.ASCII.GetBytes(Csrun.Linux.Terminal.NameOf(master.Number)), master);
        master.Dispose();
        Terminal = null;
    }

    private void Answer(MessageKind kind, string waitingFor, Fd? fd = null)
    {
        _waitingFor = waitingFor;
        if (!session.TrySend(kind, fd))
            throw Died();
    }

    // Init waits for these itself. One without a time-out may take as long as it likes.
    private void ExpectContainerHooks()
    {
        long seconds = 0;
        foreach (var hook in bundle.Config.Hooks?.CreateContainer ?? [])
        {
            if (hook.Timeout is not int timeout)
            {
                _patience = -1;
                return;
            }
            seconds += timeout;
        }
        _patience = (int)Math.Min(int.MaxValue, UsualPatience + (seconds * 1000));
    }

    private CsrunException Died()
    {
        string end = Process.Wait(1000) is { } status
            ? status.Code == 1
                ? string.Create(CultureInfo.InvariantCulture, $"exit status {status.Value}")
                : "signal " + Signals.Name(status.Value)
            : "no exit status yet";
        return new CsrunException(
            ErrorCodes.InitDied, "the container's first process ended while it was set up", $"({_waitingFor}; {end})");
    }

    private CsrunException Failure(in InitMessage message)
    {
        var step = StepAt(plan, bundle.Config, message.Instruction);
        string text = step.Opcode == Opcode.RunHook ? _hooks.Words() : message.Text;
        return InitErrors.From(step.ToInitStep(), message.Step, message.Errno, message.Value, text, bundle.ConfigName);
    }

    private string Describe(in InitMessage message)
    {
        var step = StepAt(plan, bundle.Config, message.Instruction);
        if (message.Step != Step.CapabilitiesDropped)
            return Failure(message).Message;
        var names = new StringBuilder();
        for (int i = 0; i < 64; i++)
        {
            if ((message.Value & (1UL << i)) != 0)
                names.Append(names.Length == 0 ? "" : ", ").Append(i < Csrun.Linux.Capabilities.Names.Length ? Csrun.Linux.Capabilities.Names[i] : FormattableString.Invariant($"{i}"));
        }
        return $"{InitErrors.Place(bundle.ConfigName, step.JsonPath)}: capabilities that could not be granted: {names}";
    }
}
