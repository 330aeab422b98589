using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Csrun.Cgroups;
using Csrun.Cgroups.Systemd;
using Csrun.Linux;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups.Systemd;

/// <summary>The driver against a bus of our own and a tree of plain files.</summary>
public sealed class DriverTests : IDisposable
{
    private const string Job = "/org/freedesktop/systemd1/job/5";
    private const string Unit = "p-n.scope";
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_unit_is_started_with_one_call_and_waited_for()
    {
        using FakeBus bus = new(Started);
        ICgroupDriver driver = Driver(bus, CgroupMode.V2, """{"memory": {"limit": 4096}, "pids": {"limit": 7}, "devices": [{"allow": false}]}""",
            new(StringComparer.Ordinal) { ["org.systemd.property.TimeoutStopSec"] = "2" });
        Assert.True(driver.NeedsProcess);
        driver.Make(4242);
        Assert.Equal("\0AUTH EXTERNAL\r\nDATA\r\n", bus.Greeting);
        Assert.Contains("member='JobRemoved',arg2='p-n.scope'", Assert.Single(bus.Matches), StringComparison.Ordinal);
        BusMessage call = Assert.Single(bus.Calls);
        Assert.Equal(("StartTransientUnit", "org.freedesktop.systemd1", "org.freedesktop.systemd1.Manager", Unit, "replace"),
            (call.Member!, call.Destination!, call.Interface!, (string)call.Body[0], (string)call.Body[1]));
        Dictionary<string, BusValue> properties = Properties(call.Body[2]);
        Assert.Equal(new BusValue("s", "system.slice"), properties["Slice"]);
        Assert.Equal(new BusValue("b", true), properties["Delegate"]);
        Assert.Equal([4242u], (object[])properties["PIDs"].Value);
        Assert.Equal(new BusValue("b", false), properties["DefaultDependencies"]);
        Assert.Equal(new BusValue("t", 4096UL), properties["MemoryMax"]);
        Assert.Equal(new BusValue("t", 7UL), properties["TasksMax"]);
        Assert.Equal(new BusValue("s", "strict"), properties["DevicePolicy"]);
        Assert.Equal(new BusValue("t", 2000000UL), properties["TimeoutStopUSec"]);
        Assert.True(Directory.Exists(Path.Combine(_root.Path, "system.slice/p-n.scope")));
    }

    [Fact]
    public void A_unit_that_failed_before_is_forgotten_and_its_name_used_again()
    {
        int tries = 0;
        using FakeBus bus = new(call => call.Member switch
        {
            "StartTransientUnit" when tries++ == 0 => [FakeBus.Error(call, "org.freedesktop.systemd1.UnitExists", "it exists")],
            "ResetFailedUnit" => [FakeBus.Return(call, "")],
            _ => Started(call),
        });
        Driver(bus, CgroupMode.V2, "{}").Make(1);
        Assert.Equal(["StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"], bus.Calls.Select(static call => call.Member));
    }

    [Fact]
    public void What_systemd_refuses_and_how_a_job_failed_is_told()
    {
        using (FakeBus bus = new(static call => [FakeBus.Error(call, "org.freedesktop.DBus.Error.PropertyReadOnly", "no such thing")]))
        {
            LinuxException error = Assert.Throws<LinuxException>(() => Driver(bus, CgroupMode.V2, "{}").Make(1));
            Assert.Contains("no such thing", error.Message, StringComparison.Ordinal);
        }
        using (FakeBus bus = new(static call => call.Member == "StartTransientUnit"
            ? [FakeBus.JobRemoved("/another", "x.scope", "done"), FakeBus.Return(call, "o", Job), FakeBus.JobRemoved(Job, Unit, "failed")]
            : []))
        {
            LinuxException error = Assert.Throws<LinuxException>(() => Driver(bus, CgroupMode.V2, "{}").Make(1));
            Assert.Contains("ended with \"failed\"", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nobody_is_waited_for_for_ever()
    {
        using FakeBus bus = new(static call => [FakeBus.Return(call, "o", Job)]);
        using SystemdManager manager = SystemdManager.Open(bus.Address, TimeSpan.FromMilliseconds(100));
        LinuxException error = Assert.Throws<LinuxException>(() => manager.StartTransientUnit(Unit, []));
        Assert.Equal((Errno.ETIMEDOUT, "systemd to start unit p-n.scope"), (error.Errno, error.Target));
    }

    [Fact]
    public void On_v1_the_process_is_moved_into_all_hierarchies()
    {
        using FakeBus bus = new(Started);
        Directory.CreateDirectory(Path.Combine(_root.Path, "system.slice/p-n.scope"));
        File.WriteAllText(Path.Combine(_root.Path, "system.slice/p-n.scope/tasks"), "");
        Driver(bus, CgroupMode.V1, """{"cpu": {"shares": 5}}""").Make(4242);
        Assert.Equal("4242", File.ReadAllText(Path.Combine(_root.Path, "system.slice/p-n.scope/tasks")));
        Assert.Equal(new BusValue("t", 5UL), Properties(bus.Calls[0].Body[2])["CPUShares"]);
        Assert.True(Properties(bus.Calls[0].Body[2]).ContainsKey("BlockIOAccounting"));
    }

    [Fact]
    public void An_update_changes_files_and_unit_or_neither()
    {
        bool refuse = false;
        using FakeBus bus = new(call => call.Member == "SetUnitProperties"
            ? [refuse ? FakeBus.Error(call, "x.y", "not today") : FakeBus.Return(call, "")]
            : Started(call));
        ICgroupDriver driver = Driver(bus, CgroupMode.V2, "{}");
        driver.Make(1);
        string file = Path.Combine(_root.Path, "system.slice/p-n.scope/pids.max");
        File.WriteAllText(file, "1");
        File.WriteAllText(Path.Combine(_root.Path, "system.slice/p-n.scope/cgroup.controllers"), "pids cpu");
        Assert.Empty(driver.Update(Read("""{"pids": {"limit": 5}}"""), ""));
        Assert.Equal("5", File.ReadAllText(file));
        BusMessage call = bus.Calls[^1];
        Assert.Equal((Unit, true, new BusValue("t", 5UL)), ((string)call.Body[0], (bool)call.Body[1], Properties(call.Body[2])["TasksMax"]));
        refuse = true;
        Assert.Contains("not today", Assert.Throws<LinuxException>(() => driver.Update(Read("""{"pids": {"limit": 9}}"""), "")).Message, StringComparison.Ordinal);
        Assert.Equal("5", File.ReadAllText(file));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_unit_is_stopped_and_forgotten_and_one_that_is_gone_is_no_error(bool gone)
    {
        using FakeBus bus = new(call => call.Member switch
        {
            "StopUnit" when gone => [FakeBus.Error(call, "org.freedesktop.systemd1.NoSuchUnit", "gone")],
            "StopUnit" => [FakeBus.JobRemoved(Job, Unit, "done"), FakeBus.Return(call, "o", Job)],
            "ResetFailedUnit" => [],
            _ => Started(call),
        });
        ICgroupDriver driver = Driver(bus, CgroupMode.V2, "{}");
        driver.Make(1);
        driver.Remove(TimeSpan.FromSeconds(5));
        Assert.False(Directory.Exists(Path.Combine(_root.Path, "system.slice/p-n.scope")));
        Assert.True(Directory.Exists(Path.Combine(_root.Path, "system.slice")));
        Assert.Contains("StopUnit", bus.Calls.Select(static call => call.Member));
    }

    [Fact]
    public void Without_a_bus_the_cgroup_is_removed_all_the_same()
    {
        CgroupRecord record = Record("/nonexistent/bus", CgroupMode.V2);
        Directory.CreateDirectory(Path.Combine(_root.Path, "system.slice/p-n.scope"));
        CgroupDrivers.For(record).Remove(TimeSpan.FromSeconds(1));
        Assert.False(Directory.Exists(Path.Combine(_root.Path, "system.slice/p-n.scope")));
    }

    [Theory]
    [InlineData("unix:path=/run/user/1000/bus", "/run/user/1000/bus")]
    [InlineData("unix:guid=01,path=/a%20b;unix:path=/c", "/a b")]
    [InlineData("tcp:host=x;unix:path=/c", "/c")]
    [InlineData("unix:abstract=x", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_path_is_found_in_a_buss_address(string? address, string? path) => Assert.Equal(path, BusAddress.FromList(address));

    private static IEnumerable<BusMessage> Started(BusMessage call) =>
        call.Member == "StartTransientUnit" ? [FakeBus.Return(call, "o", Job), FakeBus.JobRemoved(Job, Unit, "done")] : [];

    private static Dictionary<string, BusValue> Properties(object list) =>
        ((object[])list).Cast<object[]>().ToDictionary(static pair => (string)pair[0], static pair => (BusValue)pair[1], StringComparer.Ordinal);

    private static Resources Read(string json) => ConfigReader.ReadResources(Encoding.UTF8.GetBytes(json), "resources");

    private CgroupRecord Record(string bus, CgroupMode mode) => new(
        mode, [new(mode == CgroupMode.V2 ? "" : "cpu", _root.Path, "/system.slice/" + Unit, "/system.slice")], Lenient: false)
    {
        Unit = new(Unit, bus, "/system.slice/" + Unit),
    };

    private SystemdDriver Driver(FakeBus bus, CgroupMode mode, string resources, Dictionary<string, string>? annotations = null) =>
        new(Record(bus.Address, mode), new("id", "system.slice", Read(resources), annotations));
}
