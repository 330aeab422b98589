using System;
using System.Linq;
using System.Text;
using Csrun.Cgroups;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>linux.resources as files: which ones, with what, in which order. The values are those that runc 1.5 writes.</summary>
public sealed class LimitTests
{
    [Theory]
    [Checklist(325, 334, 335, 336, 337, 338, 339, 340, 341)]
    [InlineData("""{}""", "")]
    [InlineData("""{"memory": {}, "cpu": {}, "pids": {}, "blockIO": {}, "network": {}, "hugepageLimits": [], "rdma": {}, "unified": {}}""", "")]
    [InlineData("""{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0, "kernelTCP": 0, "disableOOMKiller": false}}""", "")]
    [InlineData("""{"memory": {"limit": 1048576}}""", "memory.limit_in_bytes=1048576")]
    [InlineData("""{"memory": {"limit": -1}}""", "memory.limit_in_bytes=-1 memory.memsw.limit_in_bytes=-1?")]
    [InlineData("""{"memory": {"limit": 1048576, "swap": 2097152}}""", "memory.limit_in_bytes=1048576 memory.memsw.limit_in_bytes=2097152")]
    [InlineData("""{"memory": {"limit": 1048576, "swap": -1}}""", "memory.limit_in_bytes=1048576 memory.memsw.limit_in_bytes=-1")]
    [InlineData("""{"memory": {"reservation": 5}}""", "memory.soft_limit_in_bytes=5")]
    [InlineData("""{"memory": {"reservation": -1}}""", "memory.soft_limit_in_bytes=-1")]
    [InlineData("""{"memory": {"kernel": 5, "kernelTCP": 6}}""", "memory.kmem.tcp.limit_in_bytes=6")]
    [InlineData("""{"memory": {"swappiness": 0}}""", "memory.swappiness=0")]
    [InlineData("""{"memory": {"swappiness": 100}}""", "memory.swappiness=100")]
    [InlineData("""{"memory": {"disableOOMKiller": true}}""", "memory.oom_control=1")]
    [InlineData("""{"memory": {"useHierarchy": true}}""", "memory.use_hierarchy=1?")]
    [InlineData("""{"memory": {"useHierarchy": false}}""", "memory.use_hierarchy=0")]
    public void Memory_on_v1(string resources, string written) => Assert.Equal(written, V1(resources));

    [Theory]
    [Checklist(343, 344, 345, 346, 347, 348, 349, 350, 351)]
    [InlineData("""{"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""}}""", "")]
    [InlineData("""{"cpu": {"shares": 1024}}""", "cpu.shares=1024")]
    [InlineData("""{"cpu": {"shares": 2}}""", "cpu.shares=2")]
    [InlineData("""{"cpu": {"quota": 50000, "period": 100000}}""", "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000")]
    [InlineData("""{"cpu": {"quota": -1}}""", "cpu.cfs_quota_us=-1")]
    [InlineData("""{"cpu": {"quota": -5}}""", "cpu.cfs_quota_us=-1")]
    [InlineData("""{"cpu": {"period": 1000}}""", "cpu.cfs_period_us=1000")]
    [InlineData("""{"cpu": {"quota": 2000, "burst": 1000}}""", "cpu.cfs_burst_us=1000 cpu.cfs_quota_us=2000")]
    [InlineData("""{"cpu": {"burst": 0}}""", "cpu.cfs_burst_us=0?")]
    [InlineData("""{"cpu": {"realtimeRuntime": 950000, "realtimePeriod": 1000000}}""", "cpu.rt_period_us=1000000 cpu.rt_runtime_us=950000")]
    [InlineData("""{"cpu": {"realtimeRuntime": -1}}""", "cpu.rt_runtime_us=-1")]
    [InlineData("""{"cpu": {"cpus": "0-1", "mems": "0"}}""", "cpuset.cpus=0-1 cpuset.mems=0")]
    [InlineData("""{"cpu": {"idle": 1, "shares": 512}}""", "cpu.shares=512 cpu.idle=1")]
    [InlineData("""{"cpu": {"idle": 0, "shares": 512}}""", "cpu.idle=0 cpu.shares=512")]
    public void Processors_on_v1(string resources, string written) => Assert.Equal(written, V1(resources));

    [Theory]
    [Checklist(352, 353, 355, 356, 358, 359, 360, 361, 363, 364, 365, 366, 367, 368, 369)]
    [InlineData("""{"pids": {}}""", "")]
    [InlineData("""{"pids": {"limit": 10}}""", "pids.max=10")]
    [InlineData("""{"pids": {"limit": 0}}""", "pids.max=1")]
    [InlineData("""{"pids": {"limit": -1}}""", "pids.max=max")]
    [InlineData("""{"blockIO": {"weight": 0, "leafWeight": 0}}""", "")]
    [InlineData("""{"blockIO": {"weight": 10}}""", "blkio.weight=10|blkio.bfq.weight=10")]
    [InlineData("""{"blockIO": {"leafWeight": 1000}}""", "blkio.leaf_weight=1000")]
    [InlineData("""{"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}]}}""",
        "blkio.weight_device=8:0 500|blkio.bfq.weight_device=8:0 500 blkio.leaf_weight_device=8:0 300")]
    [InlineData("""{"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}]}}""", "blkio.throttle.read_bps_device=8:0 600")]
    [InlineData("""{"blockIO": {"throttleWriteBpsDevice": [{"major": 8, "minor": 1, "rate": 0}]}}""", "blkio.throttle.write_bps_device=8:1 0")]
    [InlineData("""{"blockIO": {"throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 1}, {"major": 9, "minor": 0, "rate": 2}]}}""",
        "blkio.throttle.read_iops_device=8:0 1 blkio.throttle.read_iops_device=9:0 2")]
    [InlineData("""{"blockIO": {"throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 1}]}}""", "blkio.throttle.write_iops_device=8:0 1")]
    [InlineData("""{"hugepageLimits": [{"pageSize": "2MB", "limit": 9}]}""", "hugetlb.2MB.limit_in_bytes=9 hugetlb.2MB.rsvd.limit_in_bytes=9?")]
    [InlineData("""{"network": {"classID": 0}}""", "")]
    [InlineData("""{"network": {"classID": 1048577}}""", "net_cls.classid=1048577")]
    [InlineData("""{"network": {"priorities": [{"name": "eth0", "priority": 500}]}}""", "net_prio.ifpriomap=eth0 500")]
    [InlineData("""{"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10}}}""", "rdma.max=mlx5_1 hca_handle=3 hca_object=10")]
    [InlineData("""{"rdma": {"mlx4_0": {"hcaObjects": 0}}}""", "rdma.max=mlx4_0 hca_object=0")]
    public void The_rest_on_v1(string resources, string written) => Assert.Equal(written, V1(resources));

    [Theory]
    [Checklist(334, 335, 336)]
    [InlineData("""{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 5, "disableOOMKiller": false}}""", "")]
    [InlineData("""{"memory": {"limit": 1048576}}""", "memory.max=1048576")]
    [InlineData("""{"memory": {"limit": -1}}""", "memory.swap.max=max? memory.max=max")]
    [InlineData("""{"memory": {"limit": 1048576, "swap": 2097152}}""", "memory.swap.max=1048576 memory.max=1048576")]
    [InlineData("""{"memory": {"limit": 1048576, "swap": 1048576}}""", "memory.swap.max=0? memory.max=1048576")]
    [InlineData("""{"memory": {"limit": 1048576, "swap": -1}}""", "memory.swap.max=max? memory.max=1048576")]
    [InlineData("""{"memory": {"limit": -1, "swap": 4096}}""", "memory.swap.max=4096 memory.max=max")]
    [InlineData("""{"memory": {"reservation": 4096}}""", "memory.low=4096")]
    [InlineData("""{"memory": {"reservation": -1}}""", "memory.low=max")]
    public void Memory_on_v2(string resources, string written) => Assert.Equal(written, V2(resources));

    [Theory]
    [Checklist(343, 344, 345, 346, 349, 350, 351, 352, 355, 358, 359, 360, 361, 363, 366, 371, 373, 376)]
    [InlineData("""{"cpu": {"shares": 1024}}""", "cpu.weight=100")]
    [InlineData("""{"cpu": {"shares": 1}}""", "cpu.weight=1")]
    [InlineData("""{"cpu": {"shares": 262144}}""", "cpu.weight=10000")]
    [InlineData("""{"cpu": {"shares": 9999999}}""", "cpu.weight=10000")]
    [InlineData("""{"cpu": {"quota": 50000}}""", "cpu.max=50000 100000")]
    [InlineData("""{"cpu": {"quota": -1}}""", "cpu.max=max 100000")]
    [InlineData("""{"cpu": {"period": 50000}}""", "cpu.max=max 50000")]
    [InlineData("""{"cpu": {"quota": 5000, "period": 20000, "burst": 1000}}""", "cpu.max.burst=1000 cpu.max=5000 20000")]
    [InlineData("""{"cpu": {"cpus": "0", "mems": "0"}}""", "cpuset.cpus=0 cpuset.mems=0")]
    [InlineData("""{"cpu": {"idle": 1, "shares": 512}}""", "cpu.weight=59 cpu.idle=1")]
    [InlineData("""{"cpu": {"idle": 0}}""", "cpu.idle=0")]
    [InlineData("""{"cpu": {"realtimeRuntime": 0, "realtimePeriod": 0}}""", "")]
    [InlineData("""{"pids": {"limit": 0}}""", "pids.max=1")]
    [InlineData("""{"pids": {"limit": -1}}""", "pids.max=max")]
    [InlineData("""{"blockIO": {"weight": 10}}""", "io.bfq.weight=10|io.weight=1")]
    [InlineData("""{"blockIO": {"weight": 1000}}""", "io.bfq.weight=1000|io.weight=10000")]
    [InlineData("""{"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 500}]}}""", "io.bfq.weight=8:0 500|io.weight=8:0 4950")]
    [InlineData("""{"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}], "throttleWriteBpsDevice": [{"major": 8, "minor": 0, "rate": 0}]}}""",
        "io.max=8:0 rbps=600 io.max=8:0 wbps=max")]
    [InlineData("""{"blockIO": {"throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 6}], "throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 7}]}}""",
        "io.max=8:0 riops=6 io.max=8:0 wiops=7")]
    [InlineData("""{"hugepageLimits": [{"pageSize": "1GB", "limit": 0}]}""", "hugetlb.1GB.max=0 hugetlb.1GB.rsvd.max=0?")]
    [InlineData("""{"rdma": {"mlx5_1": {"hcaHandles": 3}}}""", "rdma.max=mlx5_1 hca_handle=3")]
    [InlineData("""{"memory": {"limit": 4096}, "unified": {"memory.max": "8192", "foo.new": "x"}}""", "memory.max=4096 memory.max=8192 foo.new=x")]
    public void The_rest_on_v2(string resources, string written) => Assert.Equal(written, V2(resources));

    [Theory]
    [Checklist(339, 340, 347, 348, 353, 364, 365, 375, 377)]
    [InlineData("""{"memory": {"swappiness": 60}}""", "memory.swappiness")]
    [InlineData("""{"memory": {"disableOOMKiller": true}}""", "memory.disableOOMKiller")]
    [InlineData("""{"memory": {"swap": 4096}}""", "memory.swap")]
    [InlineData("""{"memory": {"limit": 4096, "swap": 2048}}""", "memory.swap")]
    [InlineData("""{"cpu": {"realtimeRuntime": 1}}""", "cpu.realtimeRuntime")]
    [InlineData("""{"cpu": {"realtimePeriod": 1}}""", "cpu.realtimePeriod")]
    [InlineData("""{"blockIO": {"leafWeight": 10}}""", "blockIO.leafWeight")]
    [InlineData("""{"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "leafWeight": 10}]}}""", "blockIO.weightDevice[0].leafWeight")]
    [InlineData("""{"network": {"classID": 1}}""", "network.classID")]
    [InlineData("""{"network": {"priorities": [{"name": "lo", "priority": 1}]}}""", "network.priorities")]
    [InlineData("""{"unified": {"nodot": "1"}}""", "unified[\"nodot\"]")]
    [InlineData("""{"unified": {".x": "1"}}""", "unified[\".x\"]")]
    [InlineData("""{"unified": {"memory.x/../../y": "1"}}""", "unified[\"memory.x/../../y\"]")]
    public void What_v2_has_no_like_of_is_refused(string resources, string path) =>
        Assert.Equal(path, Assert.Single(Csrun.Cgroups.V2.Limits.From(Read(resources), new(""))
            .Refused).Path);

    [Theory]
    [Checklist(374)]
    [InlineData("""{"unified": {"memory.max": "1"}}""", "unified")]
    [InlineData("""{"cpu": {"shares": 1}}""", "cpu.shares")]
    [InlineData("""{"cpu": {"shares": 262145}}""", "cpu.shares")]
    public void What_v1_has_no_like_of_is_refused(string resources, string path) =>
        Assert.Equal(path, Assert.Single(Csrun.Cgroups.V1.Limits.From(Read(resources), new("")).Refused).Path);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(100, 17)]
    [InlineData(512, 59)]
    [InlineData(1024, 100)]
    [InlineData(2048, 174)]
    [InlineData(8192, 532)]
    [InlineData(65536, 3023)]
    [InlineData(262143, 10000)]
    public void Shares_become_weights_by_the_current_formula(ulong shares, ulong weight) =>
        Assert.Equal(weight, Csrun.Cgroups.V2.Limits.Weight(shares));

    [Fact]
    public void Every_share_has_a_weight_and_more_shares_no_less()
    {
        ulong before = 1;
        for (ulong shares = 0; shares <= 262200; shares++)
        {
            ulong weight = Csrun.Cgroups.V2.Limits.Weight(shares);
            Assert.InRange(weight, before, 10000UL);
            before = weight;
        }
    }

    private static Resources Read(string json) => ConfigReader.ReadResources(Encoding.UTF8.GetBytes(json), "resources");

    private static string V1(string json) => Text(Csrun.Cgroups.V1.Limits.From(Read(json), new("linux.resources.")));

    private static string V2(string json) => Text(Csrun.Cgroups.V2.Limits.From(Read(json), new("linux.resources.")));

    private static string Text(Settings settings)
    {
        Assert.Empty(settings.Refused);
        Assert.All(settings.All, static setting => Assert.StartsWith("linux.resources.", setting.Where, StringComparison.Ordinal));
        return string.Join(' ', settings.All.Select(static setting => $"{setting.File}={setting.Value}"
            + (setting.Optional ? "?" : "") + (setting.Otherwise is { } other ? $"|{other.File}={other.Value}" : "")));
    }
}
