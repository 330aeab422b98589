using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>What create is going to do about the container's cgroup. Nothing is made before <see cref="MakeFor"/>.</summary>
internal sealed class CgroupPlan
{
    private const string At = "linux.resources.";
    private readonly ICgroupDriver _driver;
    private readonly string _configName;

    private CgroupPlan(CgroupHost host, ICgroupDriver driver, bool unprivileged, string configName)
    {
        Host = host;
        _driver = driver;
        IsUnprivileged = unprivileged;
        _configName = configName;
    }

    /// <summary>The hierarchies of this host.</summary>
    public CgroupHost Host { get; }

    /// <summary>We lack the rights of the host's root: what needs them is passed over where it can be.</summary>
    public bool IsUnprivileged { get; }

    /// <summary>For the state.</summary>
    public CgroupRecord Record => _driver.Record;

    /// <summary>Decides on the cgroup; checks that nobody is in it, unless it is not going to be made.</summary>
    public static CgroupPlan Decide(CreateRequest request, Bundle bundle, HostFacts facts, bool mustBeUnused = true)
    {
        string where = bundle.ConfigName + ": linux.cgroupsPath";
        bool unprivileged = request.Options.Rootless ?? (facts.Euid != 0 || facts.InUserNamespace);
        try
        {
            var host = CgroupHost.Detect();
            var driver = request.Options.CgroupManager switch
            {
                CgroupManager.Disabled => CgroupDrivers.For(CgroupRecord.Disabled),
                CgroupManager.Systemd => CgroupDrivers.PrepareSystemd(host, request.Id, bundle.Config, unprivileged),
                _ when mustBeUnused => CgroupDrivers.Prepare(host, request.Id, bundle.Config.Linux?.CgroupsPath, unprivileged),
                _ => CgroupDrivers.For(CgroupPaths.Decide(host, request.Id, bundle.Config.Linux?.CgroupsPath, unprivileged)),
            };
            if (mustBeUnused && request.Options.CgroupManager != CgroupManager.Disabled && bundle.Config.Linux?.Resources is { } resources)
                ThrowIfAny(bundle.ConfigName, driver.Check(resources, At));
            return new CgroupPlan(host, driver, unprivileged, bundle.ConfigName);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed, where);
        }
    }

    private static void ThrowIfAny(string document, IReadOnlyList<Finding> found)
    {
        if (found.Count > 0)
            throw new ConfigException(document, found);
    }

    /// <summary>Adds what the compiler has to know of the cgroups.</summary>
    public HostFacts AddTo(HostFacts facts) => facts with { Cgroups = Facts(), CgroupTasks = _driver.TaskPaths() };

    private List<CgroupFact> Facts()
    {
        var facts = new List<CgroupFact>(Host.Hierarchies.Count);
        foreach (var hierarchy in Host.Hierarchies)
        {
            var place = Record.Places.FirstOrDefault(p => p.Hierarchy == hierarchy.Name);
            string own = hierarchy.OwnPath == "/" ? hierarchy.MountPoint : hierarchy.MountPoint + hierarchy.OwnPath;
            facts.Add(new CgroupFact(
                hierarchy.MountPoint, place?.FullPath ?? own, hierarchy.Name.Split(','), hierarchy.IsUnified));
        }
        return facts;
    }

    /// <summary>Makes what the container's first process is born in, before the rest.</summary>
    public void MakeForClone() => Try(_driver.MakeForClone);

    /// <summary>
    /// The error for a container that could not be set up, if that was for want of memory; else the one that there was.
    /// </summary>
    public CsrunException Explain(CsrunException error)
    {
        bool died = error.Code == ErrorCodes.InitDied || error.Code == ErrorCodes.SpawnFailed;
        return died && _driver.RanOutOfMemory()
            ? new CsrunException(
                ErrorCodes.MemoryTooSmall, "the container cannot be set up within its memory limit",
                where: _configName + ": linux.resources.memory.limit", hint: "at least 256 KiB are needed, and what the program takes beside")
            : error;
    }

    /// <summary>It can be made only with the container's first process.</summary>
    public bool NeedsProcess => _driver.NeedsProcess;

    /// <summary>Makes it as the config says: with its limits and its owner.</summary>
    /// <param name="config">The container's config.</param>
    /// <param name="twoSteps">The first process makes the container's, so that for a moment there are two.</param>
    /// <param name="process">The first process, if <see cref="NeedsProcess"/>.</param>
    public void MakeFor(Config config, bool twoSteps, int process = 0)
    {
        Try(() => _driver.Make(process));
        var resources = config.Linux?.Resources;
        ApplyDevices(resources?.Devices);
        Apply(twoSteps && IsForOne(resources) ? resources!.WithPids(2) : resources);
        Delegate(config);
    }

    /// <summary>Comes after <see cref="MakeFor"/>, when the container's process is the only one.</summary>
    public void Complete(Config config, bool twoSteps)
    {
        if (twoSteps && IsForOne(config.Linux?.Resources))
            Apply(new Resources { Pids = config.Linux!.Resources!.Pids });
    }

    private static bool IsForOne(Resources? resources) => resources?.Pids?.Limit is 0 or 1;

    private void Try(Action make)
    {
        try
        {
            make();
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed, _configName + ": linux.cgroupsPath");
        }
    }

    /// <summary>Gives the cgroup to the container's user, where the config makes it his.</summary>
    private void Delegate(Config config)
    {
        if (CgroupOwner.Of(config) is not { } uid)
            return;
        try
        {
            _driver.Delegate(uid);
        }
        catch (LinuxException e) when (IsUnprivileged && e.Errno is Errno.EPERM)
        {
            // Of its ids, a user may give away nothing but what he gets through newuidmap; his own files are his already.
            Log.Debug(ErrorText.Of(e));
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed, _configName + ": linux.cgroupsPath");
        }
    }

    private void Apply(Resources? resources)
    {
        if (resources is null)
            return;
        try
        {
            _driver.Apply(resources, At);
        }
        catch (SettingException e)
        {
            throw new CsrunException(
                ErrorCodes.ResourceFailed, $"cannot write \"{e.Setting.Value}\" to", e.Setting.File, e.Errno,
                $"{_configName}: {e.Setting.Where}", e.Hint);
        }
    }

    // Root of a user namespace may not, and has none but the host's to use.
    private void ApplyDevices(DeviceCgroup[]? rules)
    {
        try
        {
            _driver.ApplyDevices(DeviceRules.From(rules));
        }
        catch (LinuxException e) when (IsUnprivileged && e.Errno is Errno.EPERM or Errno.EACCES)
        {
            Log.Debug(ErrorText.Of(e));
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed, _configName + ": linux.resources.devices");
        }
    }

    /// <summary>What the container's first process needs to be in the cgroup from its first instruction on.</summary>
    /// <param name="withTasks">It does not join those of v1 later.</param>
    public CgroupJoin OpenForChild(bool withTasks) => new(_driver.OpenForClone(), withTasks ? _driver.OpenTasks() : []);
}

/// <summary>The open files of <see cref="CgroupPlan.OpenForChild"/>.</summary>
internal sealed record CgroupJoin(Fd? Into, IReadOnlyList<Fd> Tasks) : IDisposable
{
    public void Dispose()
    {
        Into?.Dispose();
        foreach (var file in Tasks)
            file.Dispose();
    }
}
