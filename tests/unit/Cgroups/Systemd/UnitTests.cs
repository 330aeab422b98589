using System;
using System.Linq;
using System.Text;
using Csrun.Cgroups;
using Csrun.Cgroups.Systemd;
using Csrun.Linux;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups.Systemd;

/// <summary>Names of units, and limits and devices as their properties.</summary>
public class UnitTests
{
    [Theory]
    [InlineData(null, false, "system.slice", "csrun-id.scope", "/system.slice/csrun-id.scope")]
    [InlineData("", true, "user.slice", "csrun-id.scope", "/user.slice/csrun-id.scope")]
    [InlineData("system.slice:docker:0123", false, "system.slice", "docker-0123.scope", "/system.slice/docker-0123.scope")]
    [InlineData(":docker:0123", true, "user.slice", "docker-0123.scope", "/user.slice/docker-0123.scope")]
    [InlineData("a-b-c.slice:p:n", false, "a-b-c.slice", "p-n.scope", "/a.slice/a-b.slice/a-b-c.slice/p-n.scope")]
    [InlineData("-.slice:p:n", false, "-.slice", "p-n.scope", "/p-n.scope")]
    [InlineData("a.slice::n", false, "a.slice", "n.scope", "/a.slice/n.scope")]
    [InlineData("a.slice:p:b-c.slice", false, "a.slice", "b-c.slice", "/a.slice/b-c.slice")]
    public void A_path_of_three_parts_names_a_unit(string? cgroupsPath, bool user, string slice, string unit, string path)
    {
        UnitName name = UnitName.Parse(cgroupsPath, "id", user);
        Assert.Equal((slice, unit, path), (name.Slice, name.Unit, name.Path));
    }

    [Theory]
    [Checklist(313)]
    [InlineData("/absolute")]
    [InlineData("a:b")]
    [InlineData("a.slice:b:c:d")]
    [InlineData("a.slice:b:")]
    [InlineData("noslice:b:c")]
    [InlineData(".slice:b:c")]
    [InlineData("a--b.slice:b:c")]
    [InlineData("-a.slice:b:c")]
    [InlineData("a-.slice:b:c")]
    [InlineData("a/b.slice:b:c")]
    [InlineData("a.slice:b:c'd")]
    [InlineData("a.slice:b:c d")]
    [InlineData("a.slice:b:c/d")]
    [InlineData("a.slice:b:x--y.slice")]
    public void What_names_no_unit_is_refused(string cgroupsPath) =>
        Assert.Throws<LinuxException>(() => UnitName.Parse(cgroupsPath, "id", user: false));

    [Theory]
    [InlineData("""{"memory": {"limit": 1048576, "swap": 2097152, "reservation": 4096}}""", "MemorySwapMax=1048576 MemoryMax=1048576 MemoryLow=4096")]
    [InlineData("""{"memory": {"limit": -1}}""", "MemorySwapMax=max MemoryMax=max")]
    [InlineData("""{"cpu": {"shares": 1024, "quota": 50000, "period": 100000}}""", "CPUWeight=100 CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=500000")]
    [InlineData("""{"cpu": {"quota": 33333}}""", "CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=340000")]
    [InlineData("""{"cpu": {"quota": -1}}""", "CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=max")]
    [InlineData("""{"cpu": {"idle": 1, "shares": 512}}""", "CPUWeight=0")]
    [InlineData("""{"cpu": {"idle": 0, "shares": 512}}""", "CPUWeight=59")]
    [InlineData("""{"cpu": {"cpus": "0-2,9", "mems": "0"}}""", "AllowedCPUs=7,2 AllowedMemoryNodes=1")]
    [InlineData("""{"pids": {"limit": 0}}""", "TasksMax=1")]
    [InlineData("""{"pids": {"limit": -1}}""", "TasksMax=max")]
    [InlineData("""{"blockIO": {"weight": 1000, "weightDevice": [{"major": 8, "minor": 0, "weight": 10}, {"major": 9, "minor": 0, "weight": 1000}]}}""",
        "IOWeight=10000 IODeviceWeight=/dev/block/8:0,1,/dev/block/9:0,10000")]
    [InlineData("""{"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 5}], "throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 0}]}}""",
        "IOReadBandwidthMax=/dev/block/8:0,5 IOWriteIOPSMax=/dev/block/8:0,max")]
    [InlineData("""{"hugepageLimits": [{"pageSize": "2MB", "limit": 3}], "rdma": {"x": {"hcaHandles": 1}}}""", "")]
    [InlineData("""{"memory": {"limit": 4096}, "unified": {"memory.max": "8192", "memory.high": "max", "memory.min": "5", "io.max": "8:0 rbps=7 wiops=8", "cpu.weight": "77", "foo.x": "1"}}""",
        "MemoryMax=8192 MemoryHigh=max MemoryMin=5 IOReadBandwidthMax=/dev/block/8:0,7 IOWriteIOPSMax=/dev/block/8:0,8 CPUWeight=77")]
    public void Limits_of_v2_are_properties(string resources, string properties) =>
        Assert.Equal(properties, Text(UnitProperties.FromV2(Csrun.Cgroups.V2.Limits.From(Read(resources), new("")).All, static () => 252)));

    [Fact]
    public void What_an_old_systemd_does_not_know_is_left_to_the_files()
    {
        var settings = Csrun.Cgroups.V2.Limits.From(Read("""{"cpu": {"idle": 1, "cpus": "0", "mems": "0"}, "pids": {"limit": 5}}"""), new("")).All;
        Assert.Equal("TasksMax=5", Text(UnitProperties.FromV2(settings, static () => 239)));
    }

    [Theory]
    [InlineData("""{"memory": {"limit": 1048576, "swap": 2097152, "swappiness": 5}}""", "MemoryLimit=1048576")]
    [InlineData("""{"cpu": {"shares": 512, "quota": 20000, "period": 40000}}""", "CPUShares=512 CPUQuotaPeriodUSec=40000 CPUQuotaPerSecUSec=500000")]
    [InlineData("""{"cpu": {"quota": 20000}}""", "CPUQuotaPeriodUSec=50000 CPUQuotaPerSecUSec=400000")]
    [InlineData("""{"cpu": {"period": 40000}}""", "CPUQuotaPeriodUSec=40000 CPUQuotaPerSecUSec=max")]
    [InlineData("""{"pids": {"limit": -1}, "blockIO": {"weight": 300}}""", "TasksMax=max BlockIOWeight=300")]
    public void Limits_of_v1_are_properties(string resources, string properties) => Assert.Equal(properties,
        Text(UnitProperties.FromV1(Csrun.Cgroups.V1.Limits.From(Read(resources), new("")).All, static file => file == "cpu.cfs_period_us" ? "50000" : "-1")));

    [Theory]
    [InlineData(50000, 100000, 50000)]
    [InlineData(33333, 100000, 34000)]
    [InlineData(1, 100000, 1000)]
    [InlineData(-1, 100000, -1)]
    [InlineData(5000, 20000, 5000)]
    [InlineData(5001, 20000, 5200)]
    public void A_quota_is_rounded_up_to_whole_percents(long quota, ulong period, long rounded) =>
        Assert.Equal(rounded, UnitProperties.RoundQuota(quota, period));

    [Theory]
    [Checklist(333)]
    [InlineData("""[]""", "")]
    [InlineData("""[{"allow": true}]""", "DevicePolicy=auto DeviceAllow=")]
    [InlineData("""[{"allow": false}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}, {"allow": true, "type": "b", "major": 8, "access": "r"}]""",
        "DevicePolicy=strict DeviceAllow=/dev/char/10:229,rw,block-8,r,char-*,m,block-*,m")]
    [InlineData("""[{"allow": false}, {"allow": true, "type": "c", "major": 1, "minor": 1}, {"allow": false, "type": "c", "major": 1, "minor": 1}, {"allow": true, "type": "c", "minor": 3}]""",
        "DevicePolicy=strict DeviceAllow=char-*,m,block-*,m")]
    public void Device_rules_are_what_systemd_allows_again_when_it_reloads(string rules, string properties)
    {
        string text = Text(DeviceProperties.From(DeviceRules.From(Read($$"""{"devices": {{rules}}}""").Devices)));
        const string Always = ",/dev/char/1:3,rwm,/dev/char/1:5,rwm,/dev/char/1:7,rwm,/dev/char/1:8,rwm,/dev/char/1:9,rwm,/dev/char/5:0,rwm,/dev/char/5:2,rwm,char-136,rwm,/dev/char/10:200,rwm";
        Assert.Equal(properties.Contains("strict", StringComparison.Ordinal) ? properties + Always : properties, text);
    }

    private static Resources Read(string json) => ConfigReader.ReadResources(Encoding.UTF8.GetBytes(json), "resources");

    private static string Text(System.Collections.Generic.List<(string Name, BusValue Value)> properties)
    {
        foreach ((_, BusValue value) in properties)
        {
            new BusWriter().Value(value.Signature, value.Value);
        }
        return string.Join(' ', properties.Select(static property => $"{property.Name}={Text(property.Value.Value)}"));
    }

    private static string Text(object value) => value switch
    {
        object[] items => string.Join(',', items.Select(Text)),
        ulong.MaxValue => "max",
        _ => $"{value}",
    };
}
