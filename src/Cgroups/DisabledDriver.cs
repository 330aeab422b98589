using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>No cgroup: the container stays where its caller is.</summary>
internal sealed class DisabledDriver : ICgroupDriver
{
    public CgroupRecord Record => CgroupRecord.Disabled;

    public void CheckUnused()
    {
        // There is nothing to check.
    }

    public IReadOnlyList<Finding> Check(Resources resources, string at)
    {
        List<Finding> found = [];
        foreach (Setting setting in V1.Limits.From(resources, new(at)).All)
        {
            found.Add(new(ConfigCodes.ResourceUnavailable, setting.Where, "needs a cgroup, and the container has none"));
        }
        return found;
    }

    public void Apply(Resources resources, string at)
    {
        // Whoever disables cgroups does without their limits.
    }

    public IReadOnlyList<Finding> Update(Resources resources, string at, Action? confirm = null) => Check(resources, at);

    public bool NeedsProcess => false;

    public void Join(int process)
    {
        // There is nothing to join.
    }

    public Settings SettingsOf(Resources resources, string at) => new();

    public void Make(int process = 0)
    {
        // There is nothing to make.
    }

    public void ApplyDevices(IReadOnlyList<DeviceRule> rules)
    {
        // Whoever disables cgroups does without their limits.
    }

    public void MakeForClone()
    {
        // There is nothing to make.
    }

    public IReadOnlyList<Fd> OpenTasks() => [];

    public IReadOnlyList<string> TaskPaths() => [];

    public Fd? OpenForClone() => null;

    public IReadOnlyCollection<int> Processes() => [];

    public void SignalAll(int signal)
    {
        // The caller signals the container's first process; no others are known.
    }

    public void KillAll(TimeSpan patience)
    {
        // As above.
    }

    public void Delegate(uint uid)
    {
        // There is nothing to give.
    }

    public Statistics Measure() => new();

    public bool RanOutOfMemory() => false;

    public OomWatch? WatchOom() => null;

    public bool IsFrozen() => false;

    public void Freeze(TimeSpan patience) =>
        throw new LinuxException("freeze", null, 0, "the container has no cgroup");

    public void Thaw()
    {
        // Nothing is held.
    }

    public void Remove(TimeSpan patience)
    {
        // Nothing was made.
    }
}
