using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// <c>exec</c>: a further process in a container that is there. It takes no lock: nothing of the container's is changed,
/// and a hundred of them at once are as good as one.
/// </summary>
internal sealed class Exec(ExecRequest request, OpenContainer container, Fd init, ExecConfig config)
{
    private HostFacts _facts = new();
    private SpawnedProcess? _process;
    private Fd? _terminal;

    private State State => container.State;

    /// <returns>The exit code for the command.</returns>
    public static int Run(ExecRequest request)
    {
        // First of all, so that no descriptor of ours gets one of these numbers.
        var preserved = PreservedFds.Take(request.PreserveFds);
        string? pidFile = PidFile.PathOf(request.PidFile);
        using var container = OpenContainer.Find(request.Options, request.Id);
        using var init = OpenInit(container, request.IgnorePaused);
        var config = ExecConfig.Read(request, container);
        Create.CheckTerminal(
            config.Process.Terminal, request.ConsoleSocket, !request.Detach,
            request.ProcessFile is null ? "--tty" : config.Name + ": terminal");
        Timing.Mark("read the config");
        return new Exec(request, container, init, config).Run(preserved, pidFile);
    }

    private int Run(PreservedFds preserved, string? pidFile)
    {
        using var consoleSocket = DescriptorSocket.Connect(request.ConsoleSocket, "--console-socket", ErrorCodes.ConsoleSocket);
        using var pidfdSocket = DescriptorSocket.Connect(request.PidfdSocket, "--pidfd-socket", ErrorCodes.PidfdSocket);
        try
        {
            _facts = ReadFacts(out ulong kinds);
            var namespaces = NamespaceSet.OfProcess(kinds, State.Process.Pid);
            try
            {
                return Run(Compile(namespaces, preserved), consoleSocket, pidfdSocket, pidFile);
            }
            catch (CsrunException e) when (e.Code == ErrorCodes.NamespaceFailed && e.Errno == Errno.EINVAL)
            {
                // < 5.8: setns takes no pidfd. It was the first instruction, so nothing has happened.
                Discard();
                namespaces = NamespaceSet.OfFiles(kinds, State.Process.Pid, _facts);
                return Run(Compile(namespaces, preserved), consoleSocket, pidfdSocket, pidFile);
            }
        }
        catch (Exception e) when (e is CsrunException or LinuxException)
        {
            Discard();
            // Whatever it was that could not be done in a container that ends.
            if (HasEnded())
                throw Stopped();
            if (e is LinuxException failure)
                throw ErrorText.FromLinux(failure, ErrorCodes.SpawnFailed);
            throw;
        }
        finally
        {
            _terminal?.Dispose();
            _process?.Dispose();
        }
    }

    private int Run(CompiledPlan plan, DescriptorSocket? consoleSocket, DescriptorSocket? pidfdSocket, string? pidFile)
    {
        using var agent = SeccompAgent.Connect(config.Config.Linux?.Seccomp, StateDirectory.ConfigName);
        Timing.Mark("compile the plan");
        using var session = Launch(plan);
        Timing.Mark("clone to Init's exec");
        var conversation = new Conversation(session, config.AsBundle(State), plan, _process!)
        {
            ConsoleSocket = consoleSocket,
            OpenRoot = OpenRoot,
            ListenerMade = agent is null ? null : (pid, listener) => agent.Send(pid, listener, Views.Of(State, container.Status)),
            // A process that joins a paused container goes on when that does.
            Patience = request.IgnorePaused ? -1 : Conversation.UsualPatience,
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

        ExecAffinity.Finally(config.Process.ExecCPUAffinity, config.Name, _process.Pid);
        OomScore.Set(_process.Pid, config.Process, config.Name, unprivileged: _facts.Euid != 0 || _facts.InUserNamespace);
        if (State.Resctrl is { } resctrl)
            ResctrlGroup.Join(resctrl, _process.Pid);
        pidfdSocket?.Send("pidfd"u8, _process.PidFd);
        using var foreground = request.Detach ? null : new Foreground(_process, _terminal);
        if (!session.TrySend(MessageKind.Commit))
            throw new CsrunException(ErrorCodes.InitDied, "the container's process ended before it was committed");
        new ProgramStart(_process.Pid, _process.PidFd, Conversation.StepsAfterReady(plan, config.Config), configName: "").Await(session.Number);
        // Not before the program runs: conmon takes a missing file for our failure, and any other end for the program's.
        if (pidFile is not null)
            PidFile.Write(pidFile, _process.Pid);
        Timing.Mark("go to exec");
        if (foreground is null)
            return 0;
        int code = foreground.Wait();
        Timing.Mark("run of the program");
        return code;
    }

    private InitSession Launch(CompiledPlan plan)
    {
        bool byFiles = plan.Joins is not ([] or [{ IsProcess: true }]);
        using var files = byFiles ? NamespaceFiles.OfProcess(State.Process.Pid, plan.Joins) : null;
        // What was opened by its number is the container's, if that has not ended by now.
        if (byFiles && HasEnded())
            throw Stopped();
        IReadOnlyList<Fd> joins = files?.Files ?? (plan.Joins is [] ? [] : [init]);
        var affinity = config.Process.ExecCPUAffinity;
        return ExecAffinity.Initially(affinity, config.Name, () => ExecCgroup.Join(State, request.Cgroups, cgroup =>
            InitSession.Launch(plan.Plan.Span, container.Directory.Number, (image, sync) => _process = Spawn.Start(new SpawnRequest
            {
                Image = image,
                Inherited = [sync, .. joins],
                PreservedFds = (int)plan.PreservedFds,
                KeepAffinity = affinity is not null,
                IntoCgroup = cgroup.Into,
                CgroupTasks = cgroup.Tasks,
            }))));
    }

    private CompiledPlan Compile(NamespaceSet namespaces, PreservedFds preserved)
    {
        var options = new CompileOptions
        {
            Id = State.Id,
            Bundle = State.Bundle,
            RootfsPath = State.Rootfs,
            ConfigName = config.Name,
            StartsAtOnce = true,
            JoinsContainer = true,
            NoNewKeyring = State.NoNewKeyring,
            AddedEnv = request.Env,
            PreservedFds = (uint)(preserved.Count - preserved.ListenFds),
            ListenFds = (uint)preserved.ListenFds,
            ListenNames = preserved.ListenNames,
        };
        var plan = PlanCompiler.CompileExec(config.Config, options, _facts, namespaces);
        foreach (string warning in plan.Warnings)
            Log.Warning(warning);
        foreach (ref var origin in plan.Origins.AsSpan())
            origin = origin with { JsonPath = config.PlaceOf(request, origin.JsonPath) };
        return plan;
    }

    /// <summary>Gathers what the compiler has to know.</summary>
    /// <param name="kinds">CLONE_NEW* of the namespaces to join.</param>
    private HostFacts ReadFacts(out ulong kinds)
    {
        var facts = HostFactsReader.Read(config.Config);
        kinds = NamespaceSet.KindsOf(config.Config);
        if ((kinds & CloneFlags.NewUser) == 0)
            return facts;
        int pid = State.Process.Pid;
        // Nobody can join the user namespace that he is in.
        if (Syscalls.Stat(At.Cwd, FormattableString.Invariant($"/proc/{pid}/ns/user"), 0, out var theirs) >= 0
            && Syscalls.Stat(At.Cwd, "/proc/self/ns/user", 0, out var ours) >= 0 && theirs.IsSameFile(ours))
        {
            kinds &= ~CloneFlags.NewUser;
            return facts;
        }
        string? setgroups = Files.TryReadText(At.Cwd, FormattableString.Invariant($"/proc/{pid}/setgroups"), 64);
        return facts with { SetgroupsDenied = setgroups?.StartsWith("deny", StringComparison.Ordinal) == true };
    }

    private void Discard()
    {
        _terminal?.Dispose();
        _terminal = null;
        _process?.Kill();
        _process?.Dispose();
        _process = null;
    }

    /// <summary>The root directory of the container's process, where that alone says which it is.</summary>
    private Fd OpenRoot()
    {
        var root = Files.Open(At.Cwd, FormattableString.Invariant($"/proc/{State.Process.Pid}/root"), OpenFlags.Path | OpenFlags.Directory);
        // What was opened by its number is the container's, if that has not ended by now.
        if (!HasEnded())
            return root;
        root.Dispose();
        throw Stopped();
    }

    private bool HasEnded() =>
        PidFd.WaitForEnd(init.Number, 0) || ProcessStat.Read(State.Process.Pid) is not { IsEnding: false };

    private static Fd OpenInit(OpenContainer container, bool ignorePaused)
    {
        if (!container.State.IsComplete && container.Status == ContainerStatus.Creating)
            throw new CsrunException(ErrorCodes.ContainerNotRunning, "cannot exec in a container that is still being created");
        var init = Kill.OpenProcess(container.State) ?? throw Stopped();
        if (ignorePaused || !Cgroups.CgroupDrivers.For(container.State.Cgroup).IsFrozen())
            return init;
        init.Dispose();
        throw new CsrunException(ErrorCodes.ContainerPaused, "cannot exec in a paused container (use --ignore-paused to override)");
    }

    private static CsrunException Stopped() =>
        new(ErrorCodes.ContainerNotRunning, "cannot exec in a stopped container", hint: "container not running");
}
