using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// <c>create</c>. First everything is read, checked and compiled, which changes nothing; then the state directory is
/// made and what is going to be made is written into it; then it is made. Whatever fails after that is undone.
/// </summary>
internal static class Create
{
    /// <param name="request">What to make.</param>
    /// <param name="foreground">A terminal is kept for <see cref="CreatedContainer.Terminal"/> instead of given away.</param>
    /// <param name="andStart">
    /// It is to be started at once, where nothing has to happen before (<see cref="CreatedContainer.Session"/>).
    /// </param>
    public static CreatedContainer Run(CreateRequest request, bool foreground, bool andStart = false)
    {
        ContainerId.Check(request.Id);
        // First of all, so that no descriptor of ours gets one of these numbers.
        var preserved = PreservedFds.Take(request.PreserveFds);
        string? pidFile = PidFile.PathOf(request.PidFile);
        var bundle = Bundle.Read(request.Bundle, request.Config);
        CheckTerminal(request, bundle, foreground);
        Claim.Vacate(request.Options, request.Id);
        using var consoleSocket = DescriptorSocket.Connect(request.ConsoleSocket, "--console-socket", ErrorCodes.ConsoleSocket);
        using var pidfdSocket = DescriptorSocket.Connect(request.PidfdSocket, "--pidfd-socket", ErrorCodes.PidfdSocket);

        var root = StateRoot.OpenOrMake(request.Options);
        try
        {
            var facts = HostFactsReader.Read(bundle.Config);
            var cgroup = CgroupPlan.Decide(request, bundle, facts);
            facts = cgroup.AddTo(facts);
            Timing.Mark("look at the host");
            bool notify = NotifySocket.IsWanted;
            // startContainer hooks belong to a container that was created and waits.
            bool atOnce = andStart && bundle.Config is { Process: not null, Hooks: null or { StartContainer: null or { Length: 0 } } };
            var plan = Compile(request, bundle, preserved, facts, notify ? root : null, atOnce);
            var resctrl = ResctrlGroup.Decide(bundle.Config, request.Id, bundle.ConfigName);
            using var devices = NetDevices.Prepare(bundle.Config, bundle.ConfigName);
            using var agent = SeccompAgent.Connect(bundle.Config.Linux?.Seccomp, bundle.ConfigName);
            using var joins = NamespaceFiles.Open(plan.Joins, bundle.ConfigName);
            Timing.Mark("compile the plan");

            var directory = Claim.Take(root, request.Id);
            try
            {
                var setup = new Setup(request, bundle, plan, directory, cgroup)
                {
                    ConsoleSocket = consoleSocket,
                    PidfdSocket = pidfdSocket,
                    Agent = agent,
                    NetDevices = devices,
                    Resctrl = resctrl,
                    PidFile = pidFile,
                    Notify = notify,
                    StartsAtOnce = atOnce,
                };
                var (state, process, terminal, session) = setup.Run(joins);
                return new CreatedContainer(root, directory, state, process, terminal, session);
            }
            catch
            {
                directory.RemoveIfEmpty();
                directory.Dispose();
                throw;
            }
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    private static CompiledPlan Compile(
        CreateRequest request, Bundle bundle, PreservedFds preserved, HostFacts facts, StateRoot? notifyRoot,
        bool atOnce)
    {
        var options = new CompileOptions
        {
            Id = request.Id,
            Bundle = bundle.Path,
            RootfsPath = bundle.Rootfs,
            ConfigName = bundle.ConfigName,
            NoPivot = request.NoPivot,
            StartsAtOnce = atOnce,
            NoNewKeyring = request.NoNewKeyring,
            PreservedFds = (uint)(preserved.Count - preserved.ListenFds),
            ListenFds = (uint)preserved.ListenFds,
            ListenNames = preserved.ListenNames,
            NotifySocketPath = notifyRoot is null ? null : NotifySocket.PathOf(notifyRoot, request.Id),
        };
        var plan = PlanCompiler.Compile(bundle.Config, options, facts);
        foreach (string warning in plan.Warnings)
            Log.Warning(warning);
        return plan;
    }

    /// <inheritdoc cref="CheckTerminal(bool, string?, bool, string)"/>
    public static void CheckTerminal(CreateRequest request, Bundle bundle, bool foreground) =>
        CheckTerminal(bundle.Config.Process?.Terminal == true, request.ConsoleSocket, foreground, bundle.ConfigName + ": process.terminal");

    /// <summary>Whether the process's terminal and the command's options go together. The texts are runc's but for the name.</summary>
    /// <param name="terminal">The process has one.</param>
    /// <param name="consoleSocket"><c>--console-socket</c>.</param>
    /// <param name="foreground">The command stays until the process ends.</param>
    /// <param name="where">What asks for the terminal.</param>
    public static void CheckTerminal(bool terminal, string? consoleSocket, bool foreground, string where)
    {
        if (terminal && !foreground && consoleSocket is null)
        {
            throw new CsrunException(
                ErrorCodes.TerminalOptions, "cannot allocate tty if csrun will detach without setting console socket", where: where);
        }
        if (consoleSocket is not null && (!terminal || foreground))
        {
            throw new CsrunException(
                ErrorCodes.TerminalOptions, "cannot use console socket if csrun will not detach or allocate tty",
                where: "--console-socket");
        }
    }
}
