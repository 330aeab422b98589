using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Cgroups.V2;

/// <summary>A cgroup of the unified hierarchy: Documentation/admin-guide/cgroup-v2.rst.</summary>
internal sealed class V2Driver(CgroupRecord record) : ICgroupDriver
{
    public CgroupRecord Record { get; private set; } = record;

    public void CheckUnused()
    {
        foreach (CgroupPlace place in Record.Places)
        {
            using Fd? directory = Unused.OpenExisting(place);
            if (directory is not null && IsFrozen(directory.Number))
            {
                throw Unused.Frozen(place);
            }
        }
    }

    public IReadOnlyList<Finding> Check(Resources resources, string at)
    {
        Settings settings = Limits.From(resources, new(at));
        if (settings.All.Count == 0 || Record.Places is not [var place])
        {
            return Check(settings, []);
        }
        // What the nearest cgroup that is there has can be given to those that are made below it.
        using Fd? existing = CgroupDirectory.Open(place with { Path = place.Existing });
        return Check(settings, existing is null ? [] : Words(CgroupDirectory.Read(existing.Number, "cgroup.controllers")));
    }

    public void Apply(Resources resources, string at)
    {
        Settings settings = Limits.From(resources, new(at));
        if (settings.All.Count > 0)
        {
            using Fd directory = Open() ?? throw new SettingException(settings.All[0], Errno.ENOENT, "the container has no cgroup");
            new SettingWriter(Record.Places[0], directory.Number, undo: null).Write(settings.All);
        }
    }

    public IReadOnlyList<Finding> Update(Resources resources, string at, Action? confirm = null)
    {
        using Fd? directory = Open();
        Settings settings = Limits.From(resources, new(at, directory?.Number ?? -1));
        IReadOnlyList<Finding> refused =
            Check(settings, directory is null ? [] : Words(CgroupDirectory.Read(directory.Number, "cgroup.controllers")));
        if (refused.Count > 0 || directory is null)
        {
            return refused;
        }
        SettingUndo undo = new();
        try
        {
            new SettingWriter(Record.Places[0], directory.Number, undo).Write(settings.All);
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
        using Fd? directory = Open();
        if (directory is not null)
        {
            Delegation.Give(directory.Number, Record.Places[0].FullPath, uid);
        }
    }

    public bool NeedsProcess => false;

    public void Join(int process)
    {
        using Fd? directory = Open();
        if (directory is not null)
        {
            LinuxException.Check(CgroupDirectory.Write(directory.Number, "cgroup.procs", FormattableString.Invariant($"{process}")),
                "join", Record.Places[0].FullPath + "/cgroup.procs");
        }
    }

    public Settings SettingsOf(Resources resources, string at)
    {
        using Fd? directory = Open();
        return Limits.From(resources, new(at, directory?.Number ?? -1));
    }

    public void Make(int process = 0)
    {
        foreach (CgroupPlace place in Record.Places)
        {
            try
            {
                using Fd directory = CgroupDirectory.Make(place, EnableControllers);
                CheckType(place, directory.Number);
            }
            catch (LinuxException error) when (Record.Lenient && error.Errno is Errno.EACCES or Errno.EPERM or Errno.EROFS)
            {
                // Without privilege and without delegation: the container stays where its caller is.
                Record = Record with { Places = [] };
            }
        }
    }

    public void ApplyDevices(IReadOnlyList<DeviceRule> rules)
    {
        using Fd? directory = rules.Count == 0 ? null : Open();
        if (directory is not null)
        {
            Devices.Apply(directory.Number, rules, Record.Lenient, isNew: !WasThere(Record.Places[0]));
        }
    }

    public void MakeForClone() => Make();

    public IReadOnlyList<Fd> OpenTasks()
    {
        if (Record.Places is not [var place] || !WasThere(place))
        {
            return [];
        }
        using Fd directory = Open() ?? throw new LinuxException("open cgroup", place.FullPath, Errno.ENOENT);
        return [Fd.Own(Syscalls.OpenAt(directory.Number, "cgroup.procs", OpenFlags.WriteOnly | OpenFlags.NoFollow), "open", place.FullPath + "/cgroup.procs")];
    }

    public IReadOnlyList<string> TaskPaths() => [];

    public Fd? OpenForClone() =>
        Record.Places is [var place] && !WasThere(place)
            ? CgroupDirectory.Open(place) ?? throw new LinuxException("open cgroup", place.FullPath, Errno.ENOENT)
            : null;

    public IReadOnlyCollection<int> Processes()
    {
        SortedSet<int> processes = [];
        using Fd? directory = Open();
        if (directory is not null)
        {
            CgroupDirectory.CollectProcesses(directory.Number, processes);
        }
        return processes;
    }

    public void SignalAll(int signal)
    {
        using Fd? directory = Open();
        if (directory is null)
        {
            return;
        }
        // Held meanwhile, so that none is made behind our back; who is paused stays so.
        bool hold = !IsFrozen(directory.Number);
        if (hold)
        {
            _ = CgroupDirectory.Write(directory.Number, "cgroup.freeze", "1");
        }
        foreach (int pid in Processes())
        {
            _ = Syscalls.Kill(pid, signal);
        }
        if (hold)
        {
            _ = CgroupDirectory.Write(directory.Number, "cgroup.freeze", "0");
        }
    }

    public void KillAll(TimeSpan patience)
    {
        using Fd? directory = Open();
        if (directory is null)
        {
            return;
        }
        Waiting waiting = new(patience);
        int open = Syscalls.OpenAt(directory.Number, "cgroup.events", OpenFlags.ReadOnly | OpenFlags.NoFollow);
        using Fd? events = open < 0 ? null : new(open);
        while (true)
        {
            Kill(directory.Number);
            IReadOnlyCollection<int> processes = Processes();
            // Not told apart by the list alone: processes of a pid namespace above ours are not in it.
            if (processes.Count == 0 && !IsPopulated(directory.Number))
            {
                return;
            }
            if (waiting.IsOver)
            {
                throw Waiting.GivenUp("kill all processes in cgroup", Record.Places[0].FullPath, processes);
            }
            waiting.Pause(events?.Number ?? -1);
        }
    }

    public Statistics Measure()
    {
        using Fd? directory = Open();
        return directory is null ? new() : Measurement.Read(directory);
    }

    public bool RanOutOfMemory()
    {
        using Fd? directory = Open();
        return directory is not null && StatisticFiles.Named(new StatisticFiles(directory.Number).Read("memory.events"), "max"u8) > 0;
    }

    public OomWatch? WatchOom()
    {
        using Fd? directory = Open();
        return directory is null ? null : OomEvents.Watch(directory);
    }

    public bool IsFrozen()
    {
        using Fd? directory = Open();
        return directory is not null && IsFrozen(directory.Number);
    }

    public void Freeze(TimeSpan patience)
    {
        using Fd directory = Open() ?? throw new LinuxException("freeze", null, 0, "the container has no cgroup");
        string cgroup = Record.Places[0].FullPath;
        Waiting waiting = new(patience);
        LinuxException.Check(CgroupDirectory.Write(directory.Number, "cgroup.freeze", "1"), "freeze", cgroup);
        int open = Syscalls.OpenAt(directory.Number, "cgroup.events", OpenFlags.ReadOnly | OpenFlags.NoFollow);
        using Fd? events = open < 0 ? null : new(open);
        while (!HasEvent(directory.Number, "frozen 1"))
        {
            if (waiting.IsOver)
            {
                Thaw();
                throw Waiting.GivenUp("freeze", cgroup, Processes());
            }
            waiting.Pause(events?.Number ?? -1);
        }
    }

    public void Thaw()
    {
        using Fd? directory = Open();
        if (directory is not null)
        {
            _ = CgroupDirectory.Write(directory.Number, "cgroup.freeze", "0");
        }
    }

    public void Remove(TimeSpan patience)
    {
        if (Record.Places is not [var place])
        {
            return;
        }
        Waiting waiting = new(patience);
        bool mine = place.Path != place.Existing;
        while (true)
        {
            int removed = mine ? CgroupDirectory.Remove(place) : -Errno.EBUSY;
            if (removed == 0)
            {
                return;
            }
            if (removed is not (-Errno.EBUSY or -Errno.ENOTEMPTY))
            {
                throw new LinuxException("remove cgroup", place.FullPath, -removed);
            }
            KillAll(patience);
            using (Fd? directory = Open())
            {
                if (directory is null)
                {
                    return;
                }
                CgroupDirectory.RemoveBelow(directory.Number);
            }
            if (!mine)
            {
                // It was there before the container, and stays.
                return;
            }
            if (waiting.IsOver && CgroupDirectory.Remove(place) != 0)
            {
                throw Waiting.GivenUp("remove cgroup", place.FullPath, Processes());
            }
            waiting.Pause();
        }
    }

    /// <summary>
    /// Whether it was there before the container. What is cloned into a cgroup is killed at once by kernels that take it
    /// for forked in another one whose processes were killed through cgroup.kill more or less often (6.1.192 of Debian):
    /// into one with a past it goes by itself.
    /// </summary>
    private static bool WasThere(CgroupPlace place) => place.Path == place.Existing;

    /// <summary>
    /// Gives the next level down all controllers that this one has. What can't be given is passed over here: a limit
    /// that needs it says so.
    /// </summary>
    private static void EnableControllers(int directory, bool last)
    {
        if (last)
        {
            return;
        }
        HashSet<string> missing = Words(CgroupDirectory.Read(directory, "cgroup.controllers"));
        missing.ExceptWith(Words(CgroupDirectory.Read(directory, "cgroup.subtree_control")));
        if (missing.Count == 0 || HasProcesses(directory) || CgroupDirectory.Write(directory, "cgroup.subtree_control", "+" + string.Join(" +", missing)) == 0)
        {
            return;
        }
        foreach (string controller in missing)
        {
            _ = CgroupDirectory.Write(directory, "cgroup.subtree_control", "+" + controller);
        }
    }

    /// <summary>
    /// Whether it has processes of its own, which forbids to give controllers, but for the threaded ones, and these make
    /// of it the root of a threaded subtree, in which no container can be (cgroup-v2.rst, "No Internal Process
    /// Constraint"). The hierarchy's root is free of this, and has no cgroup.type.
    /// </summary>
    private static bool HasProcesses(int directory) =>
        CgroupDirectory.Read(directory, "cgroup.type") is not null && CgroupDirectory.Read(directory, "cgroup.procs") is { Length: > 0 };

    /// <summary>What of these settings needs a controller that is not there. The core's files have none, nor has pressure.</summary>
    private static List<Finding> Check(Settings settings, HashSet<string> controllers)
    {
        List<Finding> found = [.. settings.Refused];
        foreach (Setting setting in settings.All)
        {
            bool has = setting.Controller == "cgroup" || controllers.Contains(setting.Controller)
                || setting.File.EndsWith(".pressure", StringComparison.Ordinal);
            if (!has && (found.Count == 0 || found[^1].Path != setting.Where))
            {
                found.Add(new(ConfigCodes.ResourceUnavailable, setting.Where,
                    $"needs the {setting.Controller} controller of cgroup v2, which is not available in the cgroup above"));
            }
        }
        return found;
    }

    private static HashSet<string> Words(string? text) =>
        new((text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);

    private static void CheckType(CgroupPlace place, int directory)
    {
        string? type = CgroupDirectory.Read(directory, "cgroup.type");
        if (type is "domain invalid" or "threaded")
        {
            throw new LinuxException("use cgroup", place.FullPath, 0,
                $"it is in a threaded subtree (cgroup.type is \"{type}\"), which takes no processes; choose a linux.cgroupsPath outside of it");
        }
    }

    private static void Kill(int directory)
    {
        int killed = CgroupDirectory.Write(directory, "cgroup.kill", "1");
        if (killed is 0 or -Errno.ENODEV)
        {
            return;
        }
        // < 5.14: held, so that none forks away; a held process dies without being let go.
        _ = CgroupDirectory.Write(directory, "cgroup.freeze", "1");
        SortedSet<int> processes = [];
        CgroupDirectory.CollectProcesses(directory, processes);
        foreach (int pid in processes)
        {
            _ = Syscalls.Kill(pid, Signals.Kill);
        }
        _ = CgroupDirectory.Write(directory, "cgroup.freeze", "0");
    }

    private static bool IsPopulated(int directory) => HasEvent(directory, "populated 1");

    /// <summary>Asked for, not yet reached included: its processes will be held whenever they could run.</summary>
    private static bool IsFrozen(int directory) =>
        CgroupDirectory.Read(directory, "cgroup.freeze") is "1" || HasEvent(directory, "frozen 1");

    private static bool HasEvent(int directory, string line) =>
        Array.IndexOf((CgroupDirectory.Read(directory, "cgroup.events") ?? "").Split('\n'), line) >= 0;

    private Fd? Open() => Record.Places is [var place] ? CgroupDirectory.Open(place) : null;
}
