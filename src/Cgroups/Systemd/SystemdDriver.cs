using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Cgroups.Systemd;

/// <summary>What a new unit is for.</summary>
/// <param name="Id">The container's id.</param>
/// <param name="Slice">The slice that it goes into.</param>
/// <param name="Resources">The container's limits; null for none.</param>
/// <param name="Annotations">The config's annotations.</param>
internal sealed record UnitRequest(
    string Id, string Slice, Resources? Resources, IReadOnlyDictionary<string, string>? Annotations);

/// <summary>
/// A cgroup that is a transient unit of systemd (systemd.scope(5)). systemd makes it, with the container's first process
/// in it, and is told all limits that it knows; what it does not know, and all that is not about making and removing, is
/// done on the files, by the driver for their kind.
/// </summary>
internal sealed class SystemdDriver(CgroupRecord record, UnitRequest? request = null) : ICgroupDriver
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly SystemdUnit _unit = record.Unit!;
    private readonly ICgroupDriver _files = CgroupDrivers.For(record with { Unit = null });

    public CgroupRecord Record => _files.Record with { Unit = _unit };

    public bool NeedsProcess => true;

    private bool IsV2 => record.Mode == CgroupMode.V2;

    public void CheckUnused() => _files.CheckUnused();

    public IReadOnlyList<Finding> Check(Resources resources, string at)
    {
        // What the manager's own cgroup has it can give to all its units; the slices between need not be there yet.
        List<CgroupPlace> tops = [];
        foreach (CgroupPlace place in record.Places)
        {
            tops.Add(place with { Existing = place.Path[..(place.Path.Length - _unit.Below.Length)] is { Length: > 0 } top ? top : "/" });
        }
        return CgroupDrivers.For(record with { Unit = null, Places = tops }).Check(resources, at);
    }

    public void Make(int process = 0)
    {
        using (SystemdManager manager = SystemdManager.Open(_unit.Bus, s_patience))
        {
            manager.StartTransientUnit(_unit.Name, Properties(process, () => manager.Version));
        }
        _files.Make();
        // Of v1 systemd knows a few hierarchies only, and it puts no process into a slice.
        if (!IsV2 || _unit.IsSlice)
        {
            _files.Join(process);
        }
    }

    public void Join(int process) => _files.Join(process);

    public void Delegate(uint uid) => _files.Delegate(uid);

    public Settings SettingsOf(Resources resources, string at) => _files.SettingsOf(resources, at);

    public void Apply(Resources resources, string at) => _files.Apply(Rounded(resources), at);

    public IReadOnlyList<Finding> Update(Resources resources, string at, Action? confirm = null)
    {
        Resources rounded = Rounded(resources);
        return _files.Update(rounded, at, () =>
        {
            using SystemdManager manager = SystemdManager.Open(_unit.Bus, s_patience);
            var properties = Limits(rounded, at, () => manager.Version);
            if (properties.Count > 0)
            {
                manager.SetUnitProperties(_unit.Name, properties);
            }
            confirm?.Invoke();
        });
    }

    public void ApplyDevices(IReadOnlyList<DeviceRule> rules) => _files.ApplyDevices(rules);

    public void MakeForClone()
    {
        // systemd makes all of it, with the process in it.
    }

    // systemd has put the process there already.
    public IReadOnlyList<Fd> OpenTasks() => [];

    public IReadOnlyList<string> TaskPaths() => [];

    public Fd? OpenForClone() => null;

    public IReadOnlyCollection<int> Processes() => _files.Processes();

    public void SignalAll(int signal) => _files.SignalAll(signal);

    public void KillAll(TimeSpan patience) => _files.KillAll(patience);

    public Statistics Measure() => _files.Measure();

    public bool RanOutOfMemory() => _files.RanOutOfMemory();

    public OomWatch? WatchOom() => _files.WatchOom();

    public bool IsFrozen() => _files.IsFrozen();

    public void Freeze(TimeSpan patience) => _files.Freeze(patience);

    public void Thaw() => _files.Thaw();

    public void Remove(TimeSpan patience)
    {
        // systemd would ask them kindly first, for a minute and a half.
        if (_files.Processes().Count > 0)
        {
            _files.KillAll(patience);
        }
        try
        {
            using SystemdManager manager = SystemdManager.Open(_unit.Bus, s_patience);
            manager.StopUnit(_unit.Name);
        }
        catch (LinuxException)
        {
            // A unit ends when its cgroup is gone, also if nobody can be asked to end it; that it goes is seen to below.
        }
        _files.Remove(patience);
    }

    private List<(string Name, BusValue Value)> Properties(int process, Func<int> version)
    {
        UnitRequest made = request!;
        List<(string Name, BusValue Value)> properties = [("Description", new("s", "csrun container " + made.Id))];
        if (_unit.IsSlice)
        {
            properties.Add(("Wants", new("as", new object[] { made.Slice })));
        }
        else
        {
            properties.Add(("Slice", new("s", made.Slice)));
            properties.Add(("Delegate", new("b", true)));
            properties.Add(("PIDs", new("au", new object[] { (uint)process })));
            // A unit that failed (its process was killed for want of memory) does not stay to block its name.
            properties.Add(("CollectMode", new("s", "inactive-or-failed")));
        }
        foreach (string accounting in (ReadOnlySpan<string>)["MemoryAccounting", "CPUAccounting", "TasksAccounting", IsV2 ? "IOAccounting" : "BlockIOAccounting"])
        {
            properties.Add((accounting, new("b", true)));
        }
        properties.Add(("DefaultDependencies", new("b", false)));
        properties.AddRange(AnnotatedProperties.From(made.Annotations));
        if (made.Resources is { } resources)
        {
            properties.AddRange(DeviceProperties.From(DeviceRules.From(resources.Devices)));
            properties.AddRange(Limits(Rounded(resources), "", version));
            // Of a unit that runs it cannot be changed any more.
            if (resources.Unified?.GetValueOrDefault("memory.oom.group")?.Trim() is "0" or "1" && version() >= 253)
            {
                properties.Add(("OOMPolicy", new("s", resources.Unified["memory.oom.group"].Trim() == "1" ? "kill" : "continue")));
            }
        }
        return properties;
    }

    private List<(string Name, BusValue Value)> Limits(Resources resources, string at, Func<int> version)
    {
        IReadOnlyList<Setting> settings = _files.SettingsOf(resources, at).All;
        return IsV2 ? UnitProperties.FromV2(settings, version) : UnitProperties.FromV1(settings, OfCpu);
    }

    private string? OfCpu(string file)
    {
        foreach (CgroupPlace place in record.Places)
        {
            using Fd? directory = place.Has("cpu") ? CgroupDirectory.Open(place) : null;
            if (directory is not null)
            {
                return CgroupDirectory.Read(directory.Number, file);
            }
        }
        return null;
    }

    /// <summary>With a quota that systemd can say, so that it does not change it when it reloads.</summary>
    private static Resources Rounded(Resources resources)
    {
        const ulong defaultPeriod = 100_000;
        if (resources.Cpu is not { Quota: > 0 } cpu)
        {
            return resources;
        }
        long rounded = UnitProperties.RoundQuota(cpu.Quota.Value, cpu.Period is { } period and not 0 ? period : defaultPeriod);
        return rounded == cpu.Quota ? resources : resources.WithQuota(rounded);
    }
}
