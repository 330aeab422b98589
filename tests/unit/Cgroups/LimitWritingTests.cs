using System;
using System.IO;
using System.Linq;
using System.Text;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>Limits written into trees of plain files, and taken back.</summary>
public sealed class LimitWritingTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    [Checklist(352)]
    public void The_file_that_the_kernel_has_is_taken()
    {
        ICgroupDriver driver = Made(CgroupMode.V1, "blkio", ("blkio.bfq.weight", ""));
        driver.Apply(Read("""{"blockIO": {"weight": 200}}"""), "");
        Assert.Equal("200", Text("blkio.bfq.weight"));
        File.WriteAllText(At("blkio.weight"), "");
        driver.Apply(Read("""{"blockIO": {"weight": 300}}"""), "");
        Assert.Equal("300", Text("blkio.weight"));
        Assert.Equal("200", Text("blkio.bfq.weight"));
    }

    [Fact]
    [Checklist(336, 363)]
    public void Files_that_old_kernels_lack_are_left_out_where_that_changes_nothing()
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "memory hugetlb", ("memory.max", ""), ("hugetlb.2MB.max", ""));
        driver.Apply(Read("""{"memory": {"limit": 4096, "swap": 4096}, "hugepageLimits": [{"pageSize": "2MB", "limit": 3}]}"""), "");
        Assert.Equal("4096", Text("memory.max"));
        Assert.Equal("3", Text("hugetlb.2MB.max"));
        SettingException error = Assert.Throws<SettingException>(() =>
            driver.Apply(Read("""{"memory": {"limit": 4096, "swap": 8192}}"""), "linux.resources."));
        Assert.Equal(("linux.resources.memory.swap", Errno.ENOENT), (error.Setting.Where, error.Errno));
    }

    [Theory]
    [Checklist(374, 377)]
    [InlineData(CgroupMode.V1, """{"memory": {"limit": 4096, "swap": 4096}}""", "memory.limit memory.swap")]
    [InlineData(CgroupMode.V1, """{"cpu": {"cpus": "0"}, "pids": {"limit": 1}}""", "cpu.cpus pids.limit")]
    [InlineData(CgroupMode.V1, """{"network": {"classID": 1}, "hugepageLimits": [{"pageSize": "2MB", "limit": 3}]}""", "hugepageLimits[0] network.classID")]
    [InlineData(CgroupMode.V1, """{"unified": {"memory.high": "1"}}""", "unified")]
    [InlineData(CgroupMode.V2, """{"unified": {"foo.max": "1", "cgroup.max.depth": "1", "cpu.pressure": "some 1 1"}}""", "unified[\"foo.max\"]")]
    [InlineData(CgroupMode.V2, """{"memory": {"limit": 4096}, "pids": {"limit": 1}}""", "pids.limit memory.limit")]
    [InlineData(CgroupMode.V2, """{"memory": {}, "devices": []}""", "")]
    public void A_controller_that_is_not_there_is_named_before_anything_is_made(CgroupMode mode, string resources, string paths)
    {
        File.WriteAllText(Path.Combine(_root.Path, "cgroup.controllers"), "cpu io\n");
        ICgroupDriver driver = Prepare(mode, "cpu");
        Assert.Equal(paths, string.Join(' ', driver.Check(Read(resources), "").Select(static found => found.Path)));
        Assert.Equal(["cgroup.controllers"], Directory.GetFileSystemEntries(_root.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Without_a_cgroup_nothing_can_be_limited()
    {
        ICgroupDriver driver = CgroupDrivers.For(CgroupRecord.Disabled);
        Assert.Equal("pids.limit", Assert.Single(driver.Update(Read("""{"pids": {"limit": 1}}"""), "")).Path);
        Assert.Empty(driver.Update(Read("{}"), ""));
    }

    [Theory]
    [InlineData(CgroupMode.V1, "memory", """{"memory": {"limit": 5, "disableOOMKiller": true, "swappiness": 4}}""",
        "memory.limit_in_bytes=77;memory.oom_control=oom_kill_disable 0\nunder_oom 0")]
    [InlineData(CgroupMode.V1, "cpu", """{"cpu": {"shares": 5, "quota": 1000, "cpus": "9"}}""", "cpu.shares=1024;cpu.cfs_quota_us=-1")]
    [InlineData(CgroupMode.V2, "cpu memory", """{"cpu": {"shares": 5}, "memory": {"limit": 5, "swap": 7}}""", "cpu.weight=100;memory.max=max")]
    [InlineData(CgroupMode.V2, "io pids", """{"pids": {"limit": 5}, "blockIO": {"weight": 10, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 6}], "throttleWriteBpsDevice": [{"major": 9, "minor": 0, "rate": 6}]}, "unified": {"io.gone": "1"}}""",
        "pids.max=max;io.weight=default 100\n8:0 200;io.max=8:0 rbps=77 wbps=max")]
    public void A_failed_update_puts_back_what_was_there(CgroupMode mode, string controllers, string resources, string files)
    {
        (string Name, string Content)[] before = [.. files.Split(';').Select(static file => file.Split('=', 2)).Select(static pair => (pair[0], pair[1]))];
        ICgroupDriver driver = Made(mode, controllers, before);
        SettingException error = Assert.Throws<SettingException>(() => driver.Update(Read(resources), ""));
        Assert.Equal(Errno.ENOENT, error.Errno);
        foreach ((string name, string content) in before)
        {
            string value = name switch
            {
                "memory.oom_control" => "0",
                "io.weight" => "100",
                "io.max" => "8:0 rbps=77 wbps=max",
                _ => content,
            };
            Assert.StartsWith(value, Text(name), StringComparison.Ordinal);
        }
    }

    [Theory]
    [Checklist(336, 346)]
    [InlineData("""{"cpu": {"quota": 7000}}""", "cpu.max", "7000 20000")]
    [InlineData("""{"cpu": {"period": 30000}}""", "cpu.max", "5000 30000")]
    [InlineData("""{"memory": {"limit": 150}}""", "memory.swap.max", "50")]
    [InlineData("""{"memory": {"swap": 120}}""", "memory.swap.max", "20")]
    [InlineData("""{"memory": {"limit": -1}}""", "memory.swap.max", "max")]
    public void On_v2_what_is_not_given_stays(string resources, string file, string value)
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "cpu memory",
            ("cpu.max", "5000 20000\n"), ("memory.max", "100\n"), ("memory.swap.max", "100\n"));
        Assert.Empty(driver.Update(Read(resources), ""));
        Assert.StartsWith(value, Text(file), StringComparison.Ordinal);
    }

    [Theory]
    [Checklist(342)]
    [InlineData("""{"memory": {"limit": 201}}""", "memory.limit")]
    [InlineData("""{"memory": {"swap": 99}}""", "memory.swap")]
    [InlineData("""{"memory": {"limit": 49, "swap": 100, "checkBeforeUpdate": true}}""", "memory.limit")]
    [InlineData("""{"memory": {"limit": 55, "swap": 60, "checkBeforeUpdate": true}}""", "memory.swap")]
    public void On_v2_a_limit_that_does_not_fit_is_refused(string resources, string path)
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "memory",
            ("memory.max", "100\n"), ("memory.swap.max", "100\n"), ("memory.current", "50\n"), ("memory.swap.current", "20\n"));
        Assert.Equal(path, Assert.Single(driver.Update(Read(resources), "")).Path);
        Assert.Equal("100\n", Text("memory.max"));
    }

    private static Resources Read(string json) => ConfigReader.ReadResources(Encoding.UTF8.GetBytes(json), "resources");

    private ICgroupDriver Made(CgroupMode mode, string controllers, params (string Name, string Content)[] files)
    {
        if (mode == CgroupMode.V2)
        {
            File.WriteAllText(Path.Combine(_root.Path, "cgroup.controllers"), controllers + "\n");
        }
        ICgroupDriver driver = Prepare(mode, mode == CgroupMode.V2 ? "" : controllers + ",cpuset");
        driver.Make();
        File.WriteAllText(At("cgroup.controllers"), controllers + "\n");
        foreach ((string name, string content) in files)
        {
            File.WriteAllText(At(name), content);
        }
        return driver;
    }

    private ICgroupDriver Prepare(CgroupMode mode, string name) => CgroupDrivers.Prepare(
        new(mode, [new(mode == CgroupMode.V2 ? "" : name, _root.Path, "/")]), "id", "/leaf", unprivileged: false);

    private string At(string file) => Path.Combine(_root.Path, "leaf", file);

    // A plain file keeps its old end behind what is written, where the kernel's has a new value.
    private string Text(string file) => File.ReadAllText(At(file));
}
