using System;
using System.IO;
using System.Linq;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>The v2 driver on the kernel's own unified tree: a hybrid host has one too.</summary>
public sealed class UnifiedHostTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly string _name = $"csrun-unit-{Guid.NewGuid():N}";
    private readonly CgroupHost _host;
    private readonly string _mountPoint;
    private readonly ICgroupDriver _driver;
    private readonly string[] _given = [];

    public UnifiedHostTests()
    {
        Assert.SkipUnless(Syscalls.GetEffectiveUid() == 0, "needs root");
        CgroupHierarchy? unified = CgroupHost.Detect().Hierarchies.FirstOrDefault(static h => h.IsUnified);
        Assert.SkipWhen(unified is null, "no cgroup2 is mounted");
        _host = new(CgroupMode.V2, [unified]);
        _mountPoint = unified.MountPoint;
        _given = Given();
        _driver = CgroupDrivers.Prepare(_host, "id", $"/{_name}/leaf", unprivileged: false);
    }

    public void Dispose()
    {
        _driver?.Remove(s_patience);
        Assert.False(Directory.Exists($"{_mountPoint}/{_name}"));
        // The driver gives controllers down the path, and nobody takes them back: others may use them by then.
        foreach (string controller in Given().Except(_given))
            File.WriteAllText($"{_mountPoint}/cgroup.subtree_control", "-" + controller);
    }

    private string[] Given() =>
        File.ReadAllText($"{_mountPoint}/cgroup.subtree_control").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void A_process_is_born_in_it()
    {
        _driver.Make();
        using SpawnedProcess process = Start(_driver);
        Assert.Equal($"0::/{_name}/leaf", File.ReadAllLines($"/proc/{process.Pid}/cgroup")[^1]);
        Assert.Equal([process.Pid], _driver.Processes());
        _driver.KillAll(s_patience);
        Assert.Equal(128 + Signals.Kill, process.Wait(5000)!.Value.ExitCode);
    }

    [Fact]
    public void Removal_kills_what_is_frozen_in_cgroups_below()
    {
        _driver.Make();
        using SpawnedProcess process = Start(_driver);
        string below = $"{_mountPoint}/{_name}/leaf/a/b";
        Directory.CreateDirectory(below);
        File.WriteAllText(below + "/cgroup.procs", FormattableString.Invariant($"{process.Pid}"));
        File.WriteAllText($"{_mountPoint}/{_name}/leaf/cgroup.freeze", "1");
        Assert.True(_driver.IsFrozen());
        _driver.Thaw();
        Assert.False(_driver.IsFrozen());
        File.WriteAllText($"{_mountPoint}/{_name}/leaf/cgroup.freeze", "1");
        _driver.Remove(s_patience);
        Assert.Equal(128 + Signals.Kill, process.Wait(5000)!.Value.ExitCode);
    }

    [Fact]
    public void A_parent_with_processes_of_its_own_is_no_obstacle_without_limits()
    {
        ICgroupDriver parent = CgroupDrivers.Prepare(_host, "id", $"/{_name}", unprivileged: false);
        parent.Make();
        using SpawnedProcess inParent = Start(parent);
        _driver.Make();
        using SpawnedProcess process = Start(_driver);
        Assert.Equal([process.Pid], _driver.Processes());
        _driver.Remove(s_patience);
        Assert.Equal(128 + Signals.Kill, process.Wait(5000)!.Value.ExitCode);
        Assert.Equal([inParent.Pid], parent.Processes());
        parent.Remove(s_patience);
        Assert.Equal(128 + Signals.Kill, inParent.Wait(5000)!.Value.ExitCode);
    }

    [Fact]
    public void A_cgroup_below_a_threaded_one_is_refused()
    {
        string parent = Directory.CreateDirectory($"{_mountPoint}/{_name}").FullName;
        try
        {
            string threaded = Directory.CreateDirectory(parent + "/threaded").FullName;
            File.WriteAllText(threaded + "/cgroup.type", "threaded");
            ICgroupDriver driver = CgroupDrivers.Prepare(_host, "id", $"/{_name}/threaded/leaf", unprivileged: false);
            LinuxException error = Assert.Throws<LinuxException>(() => driver.Make());
            Assert.Contains("threaded subtree", error.Message, StringComparison.Ordinal);
            driver.Remove(s_patience);
            Directory.Delete(threaded);
        }
        finally
        {
            Directory.Delete(parent);
        }
    }

    [Fact]
    [Checklist(333)]
    public void Its_device_program_is_in_force()
    {
        _driver.Make();
        _driver.ApplyDevices(DeviceRules.From([new() { Allow = false, Access = "rwm" }]));
        // Dash ends with 2 when it cannot open what it is redirected from.
        Assert.Equal(0, RunInside("exec 3</dev/zero"));
        Assert.Equal(2, RunInside("exec 3</dev/loop-control"));
    }

    private int RunInside(string command)
    {
        Assert.SkipUnless(File.Exists("/dev/loop-control"), "there is no /dev/loop-control to try");
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"echo $$ >{_mountPoint}/{_name}/leaf/cgroup.procs; {command}"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Assert.True(shell.WaitForExit(10_000));
        return shell.ExitCode;
    }

    private static SpawnedProcess Start(ICgroupDriver driver)
    {
        using Fd image = TinyProgram.ThatWaits();
        using Fd? directory = driver.OpenForClone();
        Assert.NotNull(directory);
        return Spawn.Start(new() { Image = image, IntoCgroup = directory });
    }
}
