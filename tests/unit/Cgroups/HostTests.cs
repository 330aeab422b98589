using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>The drivers on this machine's own cgroups, whatever kind it has.</summary>
public class HostTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly string _name = $"csrun-unit-{Guid.NewGuid():N}";

    [Fact]
    public void A_process_born_in_it_is_found_killed_and_forgotten()
    {
        Assert.SkipUnless(Syscalls.GetEffectiveUid() == 0, "needs root");
        CgroupHost host = CgroupHost.Detect();
        Assert.SkipWhen(host.Mode == CgroupMode.None, "no cgroup file system is mounted");
        ICgroupDriver driver = CgroupDrivers.Prepare(host, "id", $"/{_name}/leaf", unprivileged: false);
        driver.Make();
        try
        {
            using SpawnedProcess process = Start(driver);
            Assert.Equal([process.Pid], driver.Processes());
            foreach (string line in File.ReadAllLines($"/proc/{process.Pid}/cgroup"))
            {
                string hierarchy = line.Split(':')[1];
                if (driver.Record.Places.Any(place => place.Hierarchy == hierarchy))
                    Assert.EndsWith($":/{_name}/leaf", line, StringComparison.Ordinal);
            }
            Assert.False(driver.IsFrozen());

            LinuxException error = Assert.Throws<LinuxException>(() => CgroupDrivers.Prepare(host, "id", $"/{_name}/leaf", unprivileged: false));
            Assert.Contains("container's cgroup is not empty: 1 process(es) found", error.Message, StringComparison.Ordinal);

            driver.KillAll(s_patience);
            Assert.Equal(128 + Signals.Kill, process.Wait()!.Value.ExitCode);
            Assert.Empty(driver.Processes());
        }
        finally
        {
            driver.Remove(s_patience);
        }
        Assert.All(host.Hierarchies, hierarchy => Assert.False(Directory.Exists($"{hierarchy.MountPoint}/{_name}")));
    }

    [Fact]
    public void Removal_kills_what_is_left_in_it_and_below_it_frozen_too()
    {
        Assert.SkipUnless(Syscalls.GetEffectiveUid() == 0, "needs root");
        CgroupHost host = CgroupHost.Detect();
        CgroupPlace? freezer = CgroupPaths.Decide(host, _name, null, unprivileged: false).Places.FirstOrDefault(static p => p.Has("freezer"));
        Assert.SkipWhen(freezer is null, "no v1 freezer here");
        ICgroupDriver driver = CgroupDrivers.Prepare(host, "id", $"/{_name}", unprivileged: false);
        driver.Make();
        using SpawnedProcess process = Start(driver);
        try
        {
            string below = $"{freezer.MountPoint}/{_name}/below";
            Directory.CreateDirectory(below);
            File.WriteAllText(below + "/cgroup.procs", process.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
            File.WriteAllText($"{freezer.MountPoint}/{_name}/freezer.state", "FROZEN");
            Assert.True(driver.IsFrozen());
        }
        finally
        {
            driver.Remove(s_patience);
        }
        Assert.Equal(128 + Signals.Kill, process.Wait(5000)!.Value.ExitCode);
        Assert.All(host.Hierarchies, hierarchy => Assert.False(Directory.Exists($"{hierarchy.MountPoint}/{_name}")));
    }

    private static SpawnedProcess Start(ICgroupDriver driver)
    {
        using Fd image = TinyProgram.ThatWaits();
        IReadOnlyList<Fd> tasks = driver.OpenTasks();
        using Fd? directory = driver.OpenForClone();
        try
        {
            return Spawn.Start(new() { Image = image, CgroupTasks = tasks, IntoCgroup = directory });
        }
        finally
        {
            foreach (Fd fd in tasks)
                fd.Dispose();
        }
    }
}
