using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Cgroups.V1;

/// <summary>
/// A cgroup of the same name in every mounted v1 hierarchy: Documentation/admin-guide/cgroup-v1. In hybrid mode the
/// unified tree is one more of them: a place to be in, without limits.
/// </summary>
internal sealed class V1Driver(CgroupRecord record) : ICgroupDriver
{
    private readonly HashSet<CgroupPlace> _made = [];

    public CgroupRecord Record { get; private set; } = record;

    public void CheckUnused()
    {
        foreach (CgroupPlace place in Record.Places)
        {
            using Fd? directory = Unused.OpenExisting(place);
            if (directory is not null && place.Has("freezer") && Freezer.IsFrozen(directory.Number))
            {
                throw Unused.Frozen(place);
            }
        }
    }

    public IReadOnlyList<Finding> Check(Resources resources, string at) => Check(Limits.From(resources, new(at)));

    public void Apply(Resources resources, string at) => Write(Limits.From(resources, new(at)).All, undo: null);

    public IReadOnlyList<Finding> Update(Resources resources, string at, Action? confirm = null)
    {
        Settings settings = Limits.From(resources, new(at, Current: 0));
        IReadOnlyList<Finding> refused = Check(settings);
        if (refused.Count > 0)
        {
            return refused;
        }
        SettingUndo undo = new();
        try
        {
            Write(settings.All, undo);
            confirm?.Invoke();
        }
        catch (Exception e) when (e is SettingException or LinuxException)
        {
            undo.PutBack();
            throw;
        }
        return [];
    }

    public void Delegate(uint uid)
    {
        // Never on v1: a container that owned its cgroup could reach others through it (release_agent, devices).
    }

    public bool NeedsProcess => false;

    public void Join(int process)
    {
        foreach (CgroupPlace place in Record.Places)
        {
            using Fd directory = OpenMade(place);
            string file = place.IsUnified ? "cgroup.procs" : "tasks";
            LinuxException.Check(CgroupDirectory.Write(directory.Number, file, FormattableString.Invariant($"{process}")), "join", $"{place.FullPath}/{file}");
        }
    }

    public Settings SettingsOf(Resources resources, string at) => Limits.From(resources, new(at));

    public void Make(int process = 0) => Make(static _ => true);

    public void MakeForClone() => Make(static place => place.IsUnified);

    private void Make(Predicate<CgroupPlace> wanted)
    {
        List<CgroupPlace> made = [];
        foreach (CgroupPlace place in Record.Places)
        {
            if (_made.Contains(place) || !wanted(place))
            {
                made.Add(place);
                continue;
            }
            try
            {
                if (place.Has("cpuset"))
                {
                    Cpuset.Make(place);
                }
                else
                {
                    CgroupDirectory.MakeByPath(place, static (_, _) => true);
                }
                made.Add(place);
                _made.Add(place);
            }
            catch (LinuxException error) when (Record.Lenient && error.Errno is Errno.EACCES or Errno.EPERM or Errno.EROFS)
            {
                // Without privilege no hierarchy need be ours: the container stays where its caller is in this one.
            }
        }
        Record = Record with { Places = made };
    }

    public void ApplyDevices(IReadOnlyList<DeviceRule> rules)
    {
        foreach (CgroupPlace place in Record.Places)
        {
            if (place.Has("devices") && rules.Count > 0)
            {
                using Fd directory = OpenMade(place);
                Devices.Apply(directory.Number, rules, Record.Lenient);
            }
        }
    }

    public IReadOnlyList<Fd> OpenTasks()
    {
        // Not cgroup.procs: moving a whole process takes a lock that all forks of the machine respect, at the price of
        // an RCU grace period (7 to 14 ms measured), of which a thread that moves itself is spared since Linux 5.5.
        List<Fd> tasks = [];
        foreach (CgroupPlace place in Record.Places)
        {
            if (!place.IsUnified)
            {
                using Fd directory = OpenMade(place);
                tasks.Add(Fd.Own(Syscalls.OpenAt(directory.Number, "tasks", OpenFlags.WriteOnly | OpenFlags.NoFollow),
                    "open", place.FullPath + "/tasks"));
            }
        }
        return tasks;
    }

    public IReadOnlyList<string> TaskPaths()
    {
        List<string> paths = [];
        foreach (CgroupPlace place in Record.Places)
        {
            if (!place.IsUnified && !Record.Lenient)
            {
                paths.Add(place.FullPath + "/tasks");
            }
        }
        return paths;
    }

    public Fd? OpenForClone()
    {
        foreach (CgroupPlace place in Record.Places)
        {
            if (place.IsUnified)
            {
                return OpenMade(place);
            }
        }
        return null;
    }

    public IReadOnlyCollection<int> Processes()
    {
        SortedSet<int> processes = [];
        foreach (CgroupPlace place in Record.Places)
        {
            using Fd? directory = CgroupDirectory.Open(place);
            if (directory is not null)
            {
                CgroupDirectory.CollectProcesses(directory.Number, processes);
            }
        }
        return processes;
    }

    public void SignalAll(int signal)
    {
        // Held meanwhile, so that none is made behind our back; who is paused stays so.
        using Fd? freezer = OpenFreezer();
        bool hold = freezer is not null && !Freezer.IsFrozen(freezer.Number);
        if (hold)
        {
            Freezer.Freeze(freezer!.Number);
        }
        foreach (int pid in Processes())
        {
            _ = Syscalls.Kill(pid, signal);
        }
        if (hold)
        {
            Freezer.Thaw(freezer!.Number);
        }
    }

    public void KillAll(TimeSpan patience)
    {
        Waiting waiting = new(patience);
        using Fd? freezer = OpenFreezer();
        // The first round kills as it goes, which nearly always is enough. A process that forks faster than it is
        // killed is held for the next ones.
        for (bool hold = false; ; hold = true)
        {
            if (hold && freezer is not null)
            {
                Freezer.Freeze(freezer.Number);
            }
            KillUnified();
            IReadOnlyCollection<int> processes = Processes();
            foreach (int pid in processes)
            {
                _ = Syscalls.Kill(pid, Signals.Kill);
            }
            // A frozen process dies only when it is let go; cgroups below may be frozen on their own.
            if (freezer is not null && (hold || processes.Count > 0))
            {
                CgroupDirectory.ForEach(freezer.Number, Freezer.Thaw);
            }
            if (processes.Count == 0)
            {
                return;
            }
            if (waiting.IsOver)
            {
                throw Waiting.GivenUp("kill all processes in cgroup", Record.Places[0].FullPath, processes);
            }
            waiting.Pause();
        }
    }

    public Statistics Measure()
    {
        Statistics measured = new();
        foreach (CgroupPlace place in Record.Places)
        {
            Measurement.Add(place, measured);
        }
        return measured;
    }

    public bool RanOutOfMemory()
    {
        using Fd? directory = PlaceOf("memory") is { } place ? CgroupDirectory.Open(place) : null;
        if (directory is null)
        {
            return false;
        }
        // memory.failcnt does not count what the newer kernels refuse.
        StatisticFiles files = new(directory.Number);
        return files.Number("memory.max_usage_in_bytes") is > 0 and var most && most >= files.Number("memory.limit_in_bytes");
    }

    public OomWatch? WatchOom() => PlaceOf("memory") is { } place ? OomEvents.Watch(place) : null;

    public bool IsFrozen()
    {
        using Fd? freezer = OpenFreezer();
        return freezer is not null && Freezer.IsFrozen(freezer.Number);
    }

    public void Freeze(TimeSpan patience)
    {
        using Fd freezer = OpenFreezer() ?? throw new LinuxException("freeze", null, 0, "the container has no cgroup with a freezer");
        Freezer.Freeze(freezer.Number, PlaceOf("freezer")!.FullPath, patience);
    }

    public void Thaw()
    {
        using Fd? freezer = OpenFreezer();
        if (freezer is not null)
        {
            Freezer.Thaw(freezer.Number);
        }
    }

    public void Remove(TimeSpan patience)
    {
        Waiting waiting = new(patience);
        foreach (CgroupPlace place in Record.Places)
        {
            while (!TryRemove(place, out int errno))
            {
                if (errno != Errno.EBUSY && errno != Errno.ENOTEMPTY)
                {
                    throw new LinuxException("remove cgroup", place.FullPath, errno);
                }
                if (waiting.IsOver)
                {
                    throw Waiting.GivenUp("remove cgroup", place.FullPath, ProcessesOf(place));
                }
                KillAll(patience);
                // A process that has just died leaves its cgroup a moment later, and nothing says when.
                waiting.Pause();
            }
        }
    }

    private List<Finding> Check(Settings settings)
    {
        List<Finding> found = [.. settings.Refused];
        foreach (Setting setting in settings.All)
        {
            if (PlaceOf(setting.Controller) is null && (found.Count == 0 || found[^1].Path != setting.Where))
            {
                string why = Record.Lenient ? "the caller may not use" : "is not mounted on this host";
                found.Add(new(ConfigCodes.ResourceUnavailable, setting.Where, $"needs the {setting.Controller} controller of cgroup v1, which {why}"));
            }
        }
        return found;
    }

    /// <summary>Writes them, with one opening of the directory for all of a controller: they stand together.</summary>
    private void Write(IReadOnlyList<Setting> settings, SettingUndo? undo)
    {
        for (int i = 0, next; i < settings.Count; i = next)
        {
            List<Setting> together = [];
            for (next = i; next < settings.Count && settings[next].Controller == settings[i].Controller; next++)
            {
                together.Add(settings[next]);
            }
            CgroupPlace? place = PlaceOf(settings[i].Controller);
            using Fd directory = (place is null ? null : CgroupDirectory.Open(place))
                ?? throw new SettingException(settings[i], Errno.ENOENT, "the container has no cgroup in that hierarchy");
            new SettingWriter(place!, directory.Number, undo).Write(together);
        }
    }

    private CgroupPlace? PlaceOf(string controller)
    {
        foreach (CgroupPlace place in Record.Places)
        {
            if (place.Has(controller))
            {
                return place;
            }
        }
        return null;
    }

    /// <summary>Hybrid: cgroup.kill reaches all at once, also what forks meanwhile (5.14 and newer).</summary>
    private void KillUnified()
    {
        foreach (CgroupPlace place in Record.Places)
        {
            // Not in one that stays: see V2Driver.WasThere.
            using Fd? directory = place.IsUnified && place.Path != place.Existing ? CgroupDirectory.Open(place) : null;
            if (directory is not null)
            {
                _ = CgroupDirectory.Write(directory.Number, "cgroup.kill", "1");
            }
        }
    }

    private static Fd OpenMade(CgroupPlace place) =>
        CgroupDirectory.Open(place) ?? throw new LinuxException("open cgroup", place.FullPath, Errno.ENOENT);

    private static bool TryRemove(CgroupPlace place, out int errno)
    {
        errno = 0;
        // Nearly always it is empty, and this is all.
        if (place.Path != place.Existing)
        {
            errno = -CgroupDirectory.Remove(place);
            if (errno == 0)
            {
                return true;
            }
        }
        using (Fd? directory = CgroupDirectory.Open(place))
        {
            if (directory is null)
            {
                return true;
            }
            CgroupDirectory.RemoveBelow(directory.Number);
        }
        if (place.Path != place.Existing)
        {
            return (errno = -CgroupDirectory.Remove(place)) == 0;
        }
        // It was there before the container and stays; only what is in it is the container's.
        errno = ProcessesOf(place).Count == 0 ? 0 : Errno.EBUSY;
        return errno == 0;
    }

    private static SortedSet<int> ProcessesOf(CgroupPlace place)
    {
        SortedSet<int> processes = [];
        using Fd? directory = CgroupDirectory.Open(place);
        if (directory is not null)
        {
            CgroupDirectory.CollectProcesses(directory.Number, processes);
        }
        return processes;
    }

    private Fd? OpenFreezer() => PlaceOf("freezer") is { } place ? CgroupDirectory.Open(place) : null;
}
