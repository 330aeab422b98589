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

/// <summary>
/// The part of create that changes something: from the first state file to the point where the container waits for
/// start. What fails on the way is undone here.
/// </summary>
internal sealed class Setup(
    CreateRequest request, Bundle bundle, CompiledPlan plan, StateDirectory directory, CgroupPlan cgroup)
{
    private State _state = null!;
    private SpawnedProcess? _process;
    private Fd? _terminal;
    private PendingFile? _prepared;

    public DescriptorSocket? ConsoleSocket { get; init; }

    public DescriptorSocket? PidfdSocket { get; init; }

    /// <summary>Decides what calls of the container's may do; null if none are asked about.</summary>
    public SeccompAgent? Agent { get; init; }

    /// <summary>The host's network devices that the container gets; null if there are none.</summary>
    public NetDevices? NetDevices { get; init; }

    /// <summary>The container's class of service; null if the config has none.</summary>
    public ResctrlGroup? Resctrl { get; init; }

    /// <summary>Absolute, or null.</summary>
    public string? PidFile { get; init; }

    /// <summary>The container gets a notification socket.</summary>
    public bool Notify { get; init; }

    /// <summary>Init executes the program when it is told to commit, which is left to the caller.</summary>
    public bool StartsAtOnce { get; init; }

    /// <param name="joins">The open namespaces of the plan's joins.</param>
    /// <returns>
    /// The state as written, the container's process, its terminal where nobody else got it, and the conversation where
    /// the caller has to end it.
    /// </returns>
    public (State State, SpawnedProcess Process, Fd? Terminal, InitSession? Session) Run(NamespaceFiles joins)
    {
        _state = Intent();
        InitSession? session = null;
        try
        {
            directory.WriteState(_state);
            directory.WriteConfig(bundle.ConfigBytes);
            if (Notify)
                NotifySocket.MakeDirectory(directory);
            Resctrl?.Make();
            Resctrl?.Configure();
            Timing.Mark("make the state");
            session = plan.JoinsCgroups ? LaunchFirst(joins) : LaunchLast(joins);
            // While Init works.
            if (!plan.TwoStep)
                PrepareState();
            var conversation = new Conversation(session, bundle, plan, _process!)
            {
                ConsoleSocket = ConsoleSocket,
                HooksDue = RunHooks,
                ListenerMade = Agent is null ? null : (pid, listener) =>
                    Agent.Send(pid, listener, Views.Of(_state, ContainerStatus.Creating) with { Pid = pid }),
                NetDevices = NetDevices,
                HookEnded = directory.AppendHook,
            };
            try
            {
                conversation.UntilReady();
            }
            finally
            {
                // It may be another by now: the first made it and is gone.
                _process = conversation.Process;
                _terminal = conversation.Terminal;
            }
            Timing.Mark("exec of Init to ready");
            cgroup.Complete(bundle.Config, plan.TwoStep);
            Commit(session);
            Timing.Mark("commit");
            if (StartsAtOnce)
                return (_state, _process, _terminal, session);
            session.Dispose();
            return (_state, _process, _terminal, null);
        }
        catch (CsrunException e)
        {
            var explained = cgroup.Explain(e);
            Undo();
            if (ReferenceEquals(explained, e))
                throw;
            throw explained;
        }
        catch
        {
            session?.Dispose();
            _prepared?.Dispose();
            Undo();
            throw;
        }
    }

    private State Intent() => new()
    {
        Id = request.Id,
        Bundle = bundle.Path,
        Rootfs = bundle.Rootfs,
        Created = DateTimeOffset.UtcNow,
        Owner = Syscalls.GetEffectiveUid(),
        BootId = Status.BootId(),
        Creator = Identify(Syscalls.GetPid()),
        PrivatePids = HasPrivatePids(bundle.Config),
        HasProcess = bundle.Config.Process is not null,
        Notify = Notify,
        NoNewKeyring = request.NoNewKeyring,
        Cgroup = cgroup.Record,
        Resctrl = Resctrl?.Record,
        Annotations = bundle.Config.Annotations,
        Poststart = bundle.Config.Hooks?.Poststart ?? [],
        Poststop = bundle.Config.Hooks?.Poststop ?? [],
        StartSteps = Conversation.StepsAfterReady(plan, bundle.Config),
    };

    private InitSession LaunchLast(NamespaceFiles joins)
    {
        if (!cgroup.NeedsProcess)
            cgroup.MakeFor(bundle.Config, plan.TwoStep);
        Timing.Mark("make the cgroup");
        var session = Launch(joins);
        Timing.Mark("clone to Init's exec");
        return session;
    }

    // v1: Init makes namespaces while we make the cgroups, and then joins them.
    private InitSession LaunchFirst(NamespaceFiles joins)
    {
        cgroup.MakeForClone();
        var session = Launch(joins);
        Timing.Mark("clone to Init's exec");
        try
        {
            cgroup.MakeFor(bundle.Config, plan.TwoStep);
            // If it is gone, the conversation finds out why.
            session.TrySend(MessageKind.CgroupsMade);
        }
        catch
        {
            session.Dispose();
            throw;
        }
        Timing.Mark("make the cgroups");
        return session;
    }

    private InitSession Launch(NamespaceFiles joins)
    {
        try
        {
            using var start = StartsAtOnce ? null : UnixSocket.Listen(directory.Number, StateDirectory.StartSocketName, SocketKind.SeqPacket);
            using var join = cgroup.OpenForChild(withTasks: !plan.JoinsCgroups);
            return InitSession.Launch(plan.Plan.Span, directory.Number, (image, sync) => _process = Spawn.Start(new SpawnRequest
            {
                Image = image,
                CloneFlags = plan.CloneFlags,
                Inherited = start is null ? [sync, .. joins.Files] : [sync, start, .. joins.Files],
                PreservedFds = (int)plan.PreservedFds,
                IntoCgroup = join.Into,
                CgroupTasks = join.Tasks,
                WhileWaiting = cgroup.NeedsProcess ? pid => cgroup.MakeFor(bundle.Config, plan.TwoStep, pid) : null,
                WriteIdMaps = pid => Conversation.WriteIdMaps(pid, bundle),
            }));
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.SpawnFailed);
        }
    }

    private void RunHooks(int pid)
    {
        // On disk before the first hook runs: from here on poststop hooks are due, whatever becomes of us.
        _state = _state with { HooksReached = true, Process = default };
        _prepared?.Dispose();
        _prepared = null;
        directory.WriteState(_state);
        var hooks = bundle.Config.Hooks!;
        if (hooks is not ({ Prestart.Length: > 0 } or { CreateRuntime.Length: > 0 }))
            return;
        // The runtime's environment exists by now (step 2 of the lifecycle): the specification's validation suite wants prestart
        // hooks, which are older than the word "creating", to read "created".
        HookRunner.RunAll("prestart", hooks.Prestart ?? [], StateFor(ContainerStatus.Created), bundle.Path, directory.AppendHook);
        HookRunner.RunAll("createRuntime", hooks.CreateRuntime ?? [], StateFor(ContainerStatus.Creating), bundle.Path, directory.AppendHook);

        byte[] StateFor(ContainerStatus status) => (Views.Of(_state, status) with { Pid = pid }).ToJson();
    }

    private void PrepareState()
    {
        _prepared?.Dispose();
        _state = _state with { Process = Identify(_process!.Pid), Cgroup = cgroup.Record };
        _prepared = directory.PrepareState(_state);
    }

    // The order matters: Init must not wait for start unless the state on disk says that it does, and nobody may find a
    // pid-file of a container that failed.
    private void Commit(InitSession session)
    {
        int pid = _process!.Pid;
        OomScore.Set(pid, bundle.Config.Process, bundle.ConfigName, cgroup.IsUnprivileged);
        Resctrl?.Join(pid);
        if (_prepared is null)
            PrepareState();
        _prepared!.Commit();
        PidfdSocket?.Send("pidfd"u8, _process.PidFd);
        if (!StartsAtOnce && !session.TrySend(MessageKind.Commit))
            throw new CsrunException(ErrorCodes.InitDied, "the container's process ended before it was committed");
        if (PidFile is not null)
            Containers.PidFile.Write(PidFile, pid);
    }

    // What fails here is told of, but must not hide why create failed.
    private void Undo()
    {
        try
        {
            _terminal?.Dispose();
            NetDevices?.PutBack();
            _process?.Kill();
            _process?.Dispose();
            Destruction.Destroy(directory, _state with { Process = default });
        }
        catch (Exception e) when (e is CsrunException or LinuxException)
        {
            Log.Warning(ErrorText.Of(e));
        }
    }

    private static ProcessIdentity Identify(int pid) =>
        new(pid, (ProcessStat.Read(pid) ?? throw new LinuxException("find process", FormattableString.Invariant($"{pid}"), Errno.ESRCH)).StartTime);

    private static bool HasPrivatePids(Config config)
    {
        foreach (var ns in config.Linux?.Namespaces ?? [])
        {
            if (ns.Type == NamespaceType.Pid)
                return string.IsNullOrEmpty(ns.Path);
        }
        return false;
    }
}
