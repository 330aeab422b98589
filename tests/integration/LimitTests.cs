using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>linux.resources on real cgroups: what stands in the files of the container's cgroup after create.</summary>
public sealed class LimitTests : ContainerTest
{
    [Theory, Checklist(334, 335, 336, 339, 340, 524)]
    [InlineData("""{ "memory": { "limit": 104857600 } }""", "memory/memory.limit_in_bytes", "104857600")]
    [InlineData("""{ "memory": { "limit": -1 } }""", "memory/memory.limit_in_bytes", "9223372036854771712")]
    [InlineData("""{ "memory": { "limit": 104857600, "swap": 209715200 } }""", "memory/memory.memsw.limit_in_bytes", "209715200")]
    [InlineData("""{ "memory": { "limit": 104857600, "swap": 104857600 } }""", "memory/memory.memsw.limit_in_bytes", "104857600")]
    [InlineData("""{ "memory": { "reservation": 52428800 } }""", "memory/memory.soft_limit_in_bytes", "52428800")]
    [InlineData("""{ "memory": { "swappiness": 7 } }""", "memory/memory.swappiness", "7")]
    [InlineData("""{ "memory": { "disableOOMKiller": true } }""", "memory/memory.oom_control", "oom_kill_disable 1")]
    public void Memory_is_limited(string resources, string file, string value) => Has(resources, file, value);

    [Theory, Checklist(343, 344, 345, 346, 349, 350, 351)]
    [InlineData("""{ "cpu": { "shares": 512 } }""", "cpu/cpu.shares", "512")]
    [InlineData("""{ "cpu": { "quota": 50000, "period": 20000 } }""", "cpu/cpu.cfs_quota_us", "50000")]
    [InlineData("""{ "cpu": { "quota": 50000, "period": 20000 } }""", "cpu/cpu.cfs_period_us", "20000")]
    [InlineData("""{ "cpu": { "quota": -1 } }""", "cpu/cpu.cfs_quota_us", "-1")]
    [InlineData("""{ "cpu": { "quota": 50000, "burst": 30000 } }""", "cpu/cpu.cfs_burst_us", "30000")]
    [InlineData("""{ "cpu": { "idle": 1 } }""", "cpu/cpu.idle", "1")]
    [InlineData("""{ "cpu": { "idle": 1, "shares": 512 } }""", "cpu/cpu.idle", "1")]
    [InlineData("""{ "cpu": { "cpus": "0" } }""", "cpuset/cpuset.cpus", "0")]
    [InlineData("""{ "cpu": { "mems": "0" } }""", "cpuset/cpuset.mems", "0")]
    public void Processors_are_limited(string resources, string file, string value)
    {
        if (resources.Contains("idle", StringComparison.Ordinal) || resources.Contains("burst", StringComparison.Ordinal))
        {
            Known.PeersDeviate("these versions have neither");
        }

        Has(resources, file, value);
    }

    [Theory, Checklist(352, 366, 367)]
    [InlineData("""{ "pids": { "limit": 17 } }""", "pids/pids.max", "17")]
    [InlineData("""{ "pids": { "limit": -1 } }""", "pids/pids.max", "max")]
    [InlineData("""{ "blockIO": { "weight": 200 } }""", "blkio/blkio.bfq.weight", "200")]
    public void Processes_and_block_devices_are_limited(string resources, string file, string value) => Has(resources, file, value);

    [Theory, Checklist(358, 359, 360, 361)]
    [InlineData("throttleReadBpsDevice", "blkio.throttle.read_bps_device")]
    [InlineData("throttleWriteBpsDevice", "blkio.throttle.write_bps_device")]
    [InlineData("throttleReadIOPSDevice", "blkio.throttle.read_iops_device")]
    [InlineData("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device")]
    public void A_block_device_is_throttled(string member, string file)
    {
        var device = Host.Need(Directory.EnumerateDirectories("/sys/block").Select(static d => File.ReadAllText(d + "/dev").Trim()).FirstOrDefault(), "block device");
        var numbers = device.Split(':');
        Has($$"""{ "blockIO": { "{{member}}": [ { "major": {{numbers[0]}}, "minor": {{numbers[1]}}, "rate": 1048576 } ] } }""", "blkio/" + file, device + " 1048576");
    }

    [Fact, Checklist(367)]
    public void No_processes_is_a_limit()
    {
        Known.Deviates("crun", "takes it for unset");
        Has("""{ "pids": { "limit": 0 } }""", "pids/pids.max", "1");
    }

    [Fact, Checklist(366)]
    public void What_goes_beyond_the_limit_of_processes_fails()
    {
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "pids": { "limit": 2 } }""");
        Bundle.Args("spawn", "5", "true", ",", "true");
        var result = RunContainer();
        Assert.True(result.ExitCode != 0, result.ToString());
    }

    [Fact, Checklist(366)]
    public void One_process_is_enough_where_the_container_is_made_in_two_steps()
    {
        Known.PeersDeviate("need more themselves");
        Assert.SkipUnless(File.Exists("/proc/self/ns/time"), "this kernel has no time namespaces");
        Bundle.Namespace("time");
        Bundle.Linux["timeOffsets"] = JsonNode.Parse("""{ "boottime": { "secs": 1000 } }""");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "pids": { "limit": 1 } }""");
        Created();
        var file = Host.CgroupMounts.Select(m => Path.Combine(m, Host.CgroupParent, Mark, "pids.max")).First(File.Exists);
        Assert.Equal("1\n", File.ReadAllText(file));
        Succeeds("start", Id);
    }

    [Theory, Checklist(364, 365, 370, 374, 377)]
    [InlineData("""{ "network": { "classID": 1048577 } }""", "net_cls", "linux.resources.network.classID")]
    [InlineData("""{ "network": { "priorities": [ { "name": "lo", "priority": 1 } ] } }""", "net_prio", "linux.resources.network.priorities[0]")]
    [InlineData("""{ "hugepageLimits": [ { "pageSize": "2MB", "limit": 4194304 } ] }""", "hugetlb", "linux.resources.hugepageLimits[0]")]
    [InlineData("""{ "rdma": { "mlx5_0": { "hcaHandles": 3 } } }""", "rdma", "linux.resources.rdma.mlx5_0")]
    public void A_controller_that_is_not_there_is_refused(string resources, string controller, string path)
    {
        Known.PeersDeviate("say less, or ignore it");
        Assert.SkipWhen(!Host.HasCgroupV1 || Directory.Exists("/sys/fs/cgroup/" + controller), $"this machine has {controller}, or no cgroup v1");
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        var result = RunFails($"needs the {controller} controller");
        Assert.Contains(path, result.Error);
    }

    [Fact, Checklist(374)]
    public void Unified_limits_need_cgroup_v2()
    {
        Assert.SkipUnless(Host.HasCgroupV1, "this machine has cgroup v2 alone");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "unified": { "memory.high": "1000000" } }""");
        RunFails("linux.resources.unified: needs a host with cgroup v2");
    }

    [Theory, Checklist(3, 349, 350, 352, 358)]
    [InlineData("""{ "cpu": { "cpus": "4095" } }""", "linux.resources.cpu.cpus: cannot write \"4095\" to cpuset.cpus")]
    [InlineData("""{ "cpu": { "mems": "511" } }""", "linux.resources.cpu.mems: cannot write \"511\" to cpuset.mems")]
    [InlineData("""{ "blockIO": { "throttleReadBpsDevice": [ { "major": 4000, "minor": 1, "rate": 1 } ] } }""", "linux.resources.blockIO.throttleReadBpsDevice[0]")]
    [InlineData("""{ "blockIO": { "leafWeight": 100 } }""", "linux.resources.blockIO.leafWeight")]
    public void What_the_kernel_refuses_is_named_and_leaves_nothing(string resources, string text)
    {
        Assert.SkipUnless(Host.HasCgroupV1, "this machine has cgroup v2 alone");
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        RunFails(text);
    }

    [Theory, Checklist(334)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void A_limit_that_nothing_can_start_within_is_named(int limit)
    {
        Known.PeersDeviate("have other texts");
        Bundle.Linux["resources"] = JsonNode.Parse($$"""{ "memory": { "limit": {{limit}}, "swap": {{limit}} } }""");
        RunFails("linux.resources.memory.limit: the container cannot be set up within its memory limit: at least 256 KiB are needed");
    }

    [Fact, Checklist(325)]
    public void Without_limits_nothing_is_touched()
    {
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": {}, "cpu": { "shares": 0, "cpus": "" }, "pids": {}, "blockIO": { "weight": 0 }, "network": {} }""");
        Created();
        foreach (var file in new[] { "memory/memory.limit_in_bytes", "cpu/cpu.shares", "pids/pids.max", "cpu/cpu.cfs_quota_us" })
        {
            var slash = file.IndexOf('/', StringComparison.Ordinal);
            var mount = Host.Need(Host.CgroupMounts.FirstOrDefault(m => m.EndsWith("/" + file[..slash], StringComparison.Ordinal)), file[..slash] + " hierarchy of cgroup v1");
            Assert.Equal(File.ReadAllText(Path.Combine(mount, Host.CgroupParent, file[(slash + 1)..])), File.ReadAllText(Path.Combine(mount, Host.CgroupParent, Mark, file[(slash + 1)..])));
        }
    }

    private void Has(string resources, string file, string value)
    {
        var slash = file.IndexOf('/', StringComparison.Ordinal);
        var mount = Host.Need(Host.CgroupMounts.FirstOrDefault(m => m.EndsWith("/" + file[..slash], StringComparison.Ordinal)), file[..slash] + " hierarchy of cgroup v1");
        Bundle.Linux["resources"] = JsonNode.Parse(resources);
        Created();
        var path = Path.Combine(mount, Host.CgroupParent, Mark, file[(slash + 1)..]);
        Assert.SkipUnless(File.Exists(path), $"this kernel has no {file}");
        Assert.StartsWith(value, File.ReadAllText(path), StringComparison.Ordinal);
    }
}
