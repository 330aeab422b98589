using System;
using System.Collections.Generic;
using Csrun.Cgroups.Systemd;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>A container's cgroup, whatever kind of host it is on. Failures are <see cref="LinuxException"/>.</summary>
public interface ICgroupDriver
{
    /// <summary>What to write down; <see cref="Make"/> drops the places that it had to leave out.</summary>
    CgroupRecord Record { get; }

    /// <summary>
    /// Refuses a cgroup that exists and has processes in it or is frozen: what else it holds would be limited, frozen
    /// and killed together with the container.
    /// </summary>
    void CheckUnused();

    /// <summary>
    /// What of these limits cannot be had here, because the host lacks the controller or the control: said before
    /// anything is made. Comes before <see cref="Make"/>.
    /// </summary>
    /// <param name="resources">The limits.</param>
    /// <param name="at">The JSON path that they are below: "linux.resources.".</param>
    IReadOnlyList<Finding> Check(Resources resources, string at);

    /// <summary>
    /// Whether <see cref="Make"/> needs the container's first process: systemd makes no scope without one. Else that
    /// process is made later, by whoever opens <see cref="OpenTasks"/> and <see cref="OpenForClone"/> for it.
    /// </summary>
    bool NeedsProcess { get; }

    /// <summary>Makes it; what <see cref="MakeForClone"/> has made is left out.</summary>
    /// <param name="process">The first process, which has not done anything yet, where <see cref="NeedsProcess"/> says so.</param>
    void Make(int process = 0);

    /// <summary>Moves a process of one thread into it.</summary>
    void Join(int process);

    /// <summary>The files that these limits come to; for a cgroup that is there, with what is in them now.</summary>
    Settings SettingsOf(Resources resources, string at);

    /// <summary>
    /// Gives it to a user, with what he needs to make cgroups below it: on v2 alone, for v1 cannot be delegated safely.
    /// Comes after <see cref="Make"/>.
    /// </summary>
    void Delegate(uint uid);

    /// <summary>
    /// Makes the part of it that a process is born in (<see cref="OpenForClone"/>), so that the process can be started
    /// before the rest is made.
    /// </summary>
    void MakeForClone();

    /// <summary>
    /// Sets all limits but those of devices. Comes after <see cref="Make"/>, before any process joins. What the kernel
    /// refuses is a <see cref="SettingException"/>.
    /// </summary>
    /// <inheritdoc cref="Check"/>
    void Apply(Resources resources, string at);

    /// <summary>
    /// Changes those limits of a cgroup in use that are given: all of them or, after a <see cref="SettingException"/>,
    /// none. Devices stay as they are.
    /// </summary>
    /// <returns>What cannot be had here; nothing was changed if there is any.</returns>
    /// <param name="resources">The limits.</param>
    /// <param name="at">The JSON path that they are below.</param>
    /// <param name="confirm">What else must succeed for the change to stay; called last.</param>
    IReadOnlyList<Finding> Update(Resources resources, string at, Action? confirm = null);

    /// <summary>
    /// Lets the container use only the devices that these rules allow; none leave the cgroup as it is. Comes after
    /// <see cref="Make"/>, before any process joins.
    /// </summary>
    void ApplyDevices(IReadOnlyList<DeviceRule> rules);

    /// <summary>
    /// The files that the container's first process, while it has one thread, writes "0" to in order to join: v1, and a
    /// cgroup of v2 that it cannot be born in.
    /// </summary>
    IReadOnlyList<Fd> OpenTasks();

    /// <summary>
    /// The paths of the same files, before they are there; empty if some of them may have to be left out.
    /// </summary>
    IReadOnlyList<string> TaskPaths();

    /// <summary>The directory of the unified hierarchy, for CLONE_INTO_CGROUP; null if there is none that may be used so.</summary>
    Fd? OpenForClone();

    /// <summary>The ids of all processes in it and below it, as this process's pid namespace has them.</summary>
    IReadOnlyCollection<int> Processes();

    /// <summary>Sends a signal to every process once; one that is gone meanwhile is no error.</summary>
    void SignalAll(int signal);

    /// <summary>Kills all processes, also ones that are made meanwhile, and waits until none is left.</summary>
    void KillAll(TimeSpan patience);

    /// <summary>What it has used until now.</summary>
    Statistics Measure();

    /// <summary>Whether its memory limit was ever reached.</summary>
    bool RanOutOfMemory();

    /// <summary>Watches for it to run out of memory; null if nobody can tell.</summary>
    OomWatch? WatchOom();

    /// <summary>Whether its processes are held: a paused container.</summary>
    bool IsFrozen();

    /// <summary>
    /// Holds its processes and waits until all are; if that takes too long, lets them go and throws. No error if they
    /// were held already.
    /// </summary>
    void Freeze(TimeSpan patience);

    /// <summary>Lets its processes go on; no error if they were not held.</summary>
    void Thaw();

    /// <summary>
    /// Removes it with all below it, after killing what is still in it, and the directories above that were made with
    /// it, if no one else uses them by now. What is gone already is no error.
    /// </summary>
    void Remove(TimeSpan patience);
}

/// <summary>Which driver goes with a record.</summary>
public static class CgroupDrivers
{
    /// <summary>
    /// Decides on a new container's cgroups and checks that they are unused, without making any. Only what passed this
    /// may be recorded: all that is found in a recorded cgroup later counts as the container's, and is killed with it.
    /// </summary>
    /// <inheritdoc cref="CgroupPaths.Decide"/>
    public static ICgroupDriver Prepare(CgroupHost host, string id, string? cgroupsPath, bool unprivileged)
    {
        ICgroupDriver driver = For(CgroupPaths.Decide(host, id, cgroupsPath, unprivileged));
        driver.CheckUnused();
        return driver;
    }

    /// <summary>The same for a container whose cgroup systemd makes.</summary>
    /// <param name="host">The host's hierarchies.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="config">The container's config.</param>
    /// <param name="user">Whether the user's manager is asked, not the system's: the caller lacks the rights of the host's root.</param>
    public static ICgroupDriver PrepareSystemd(CgroupHost host, string id, Config config, bool user)
    {
        UnitName name = UnitName.Parse(config.Linux?.CgroupsPath, id, user);
        if (Syscalls.Stat(At.Cwd, "/run/systemd/system", At.SymlinkNoFollow, out _) < 0)
        {
            throw new LinuxException("use systemd for cgroups", null, 0, "it does not run on this host (sd_booted(3))");
        }
        string bus = user ? BusAddress.User() : BusAddress.System();
        string top = "";
        if (user)
        {
            using SystemdManager manager = SystemdManager.Open(bus, TimeSpan.FromSeconds(30));
            top = manager.ControlGroup();
        }
        List<CgroupPlace> places = [];
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            string path = CgroupPaths.Clean(top + name.Path);
            // The slices are systemd's, whoever made them.
            places.Add(new(hierarchy.Name, hierarchy.MountPoint, path, CgroupPaths.Parent(path)));
        }
        CgroupRecord record = new(host.Mode, places, user) { Unit = new(name.Unit, bus, name.Path) };
        return new SystemdDriver(record, new(id, name.Slice, config.Linux?.Resources, config.Annotations));
    }

    /// <summary>The driver of a container that was recorded.</summary>
    public static ICgroupDriver For(CgroupRecord record) => record.Unit is not null ? new SystemdDriver(record) : record.Mode switch
    {
        CgroupMode.V1 or CgroupMode.Hybrid => new V1.V1Driver(record),
        CgroupMode.V2 => new V2.V2Driver(record),
        _ => new DisabledDriver(),
    };
}
