using System;
using System.IO;
using System.Text;
using System.Text.Json.Nodes;
using Csrun.Cgroups;
using Csrun.Runtime.Containers;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>What is read from trees of plain files, as events prints it: the members and values are runc's.</summary>
public sealed class StatisticTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void V1_statistics_are_those_of_runc()
    {
        ICgroupDriver driver = Made(CgroupMode.V1, "cpu,cpuacct,cpuset,memory,pids,blkio",
            ("cpuacct.usage", "16445332\n"), ("cpuacct.stat", "user 3\nsystem 5\n"), ("cpuacct.usage_percpu", "13858576 2586756 \n"),
            ("cpuacct.usage_all", "cpu user system\n0 8000000 7939958\n1 0 2\n"),
            ("cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_time 99\nwait_sum 7\n"),
            ("cpuset.cpus", "0-1,4\n"), ("cpuset.mems", "0\n"), ("cpuset.sched_load_balance", "1\n"), ("cpuset.sched_relax_domain_level", "-1\n"),
            ("memory.stat", "cache 12288\nrss 49152\ntotal_cache 12288\n"),
            ("memory.usage_in_bytes", "737280\n"), ("memory.max_usage_in_bytes", "2514944\n"), ("memory.failcnt", "3\n"), ("memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory.memsw.usage_in_bytes", "737281\n"), ("memory.memsw.limit_in_bytes", "5\n"),
            ("pids.current", "2\n"), ("pids.max", "max\n"),
            ("blkio.bfq.io_serviced_recursive", "Total 0\n"),
            ("blkio.bfq.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Total 4096\n8:16 77\nTotal 4096\n"));
        Same("""
            {"cpu":{"usage":{"total":16445332,"percpu":[13858576,2586756],"percpu_kernel":[7939958,2],"percpu_user":[8000000,0],"kernel":50000000,"user":30000000},
              "throttling":{"periods":4,"throttledPeriods":1,"throttledTime":99}},
             "cpuset":{"cpus":[0,1,4],"cpu_exclusive":0,"mems":[0],"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,
              "memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":1,"sched_relax_domain_level":-1},
             "memory":{"cache":12288,"usage":{"limit":9223372036854771712,"usage":737280,"max":2514944,"failcnt":3},"swap":{"limit":5,"usage":737281,"failcnt":0},
              "raw":{"cache":12288,"rss":49152,"total_cache":12288}},
             "pids":{"current":2},
             "blkio":{"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":4096},{"major":8,"op":"Total","value":4096},{"major":8,"minor":16,"value":77}]},
             "hugetlb":{},"intel_rdt":{},"network_interfaces":null}
            """, driver);
    }

    [Fact]
    public void V2_statistics_are_those_of_runc()
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "",
            ("cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 1\nthrottled_usec 9\n"),
            ("cpu.pressure", "some avg10=0.00 avg60=1.50 avg300=0.07 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
            ("memory.stat", "anon 7\nfile 8\n"), ("memory.current", "100\n"), ("memory.max", "1000\n"), ("memory.peak", "200\n"),
            ("memory.swap.current", "10\n"), ("memory.swap.max", "500\n"),
            ("pids.current", "2\n"), ("pids.max", "20\n"),
            ("io.stat", "8:16 rbytes=1459200 wbytes=0 rios=192 wios=353 dbytes=0 dios=0\n254:0 \n"));
        Same("""
            {"cpu":{"usage":{"total":30000,"kernel":10000,"user":20000},"throttling":{"periods":4,"throttledPeriods":1,"throttledTime":9000},
              "psi":{"some":{"avg10":0,"avg60":1.5,"avg300":0.07,"total":12345}}},
             "cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,"memory_spread_slab":0,
              "memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},
             "memory":{"cache":8,"usage":{"limit":1000,"usage":100,"max":200,"failcnt":0},"swap":{"limit":1500,"usage":110,"failcnt":0},"raw":{"anon":7,"file":8}},
             "pids":{"current":2,"limit":20},
             "blkio":{"ioServiceBytesRecursive":[{"major":8,"minor":16,"op":"Read","value":1459200},{"major":8,"minor":16,"op":"Write"}],
              "ioServicedRecursive":[{"major":8,"minor":16,"op":"Read","value":192},{"major":8,"minor":16,"op":"Write","value":353}]},
             "hugetlb":{},"intel_rdt":{},"network_interfaces":null}
            """, driver);
    }

    [Fact]
    public void Without_limits_on_v2_there_are_none_in_the_numbers()
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "", ("memory.max", "max\n"), ("memory.swap.max", "max\n"), ("cgroup.procs", "1\n2\n"));
        JsonNode data = Data(driver);
        Assert.Equal(ulong.MaxValue, data["memory"]!["usage"]!["limit"]!.GetValue<ulong>());
        Assert.Equal(ulong.MaxValue, data["memory"]!["swap"]!["limit"]!.GetValue<ulong>());
        Assert.Equal(2, data["pids"]!["current"]!.GetValue<int>());
    }

    [Fact]
    public void A_cgroup_that_is_gone_has_used_nothing()
    {
        ICgroupDriver driver = Made(CgroupMode.V1, "memory");
        Directory.Delete(Path.Combine(_root.Path, "leaf"), recursive: true);
        Assert.Equal(0UL, driver.Measure().Memory.Usage.Usage);
        Assert.Null(driver.WatchOom());
    }

    [Fact]
    public void Running_out_of_memory_on_v2_is_told_once()
    {
        ICgroupDriver driver = Made(CgroupMode.V2, "", ("memory.events", "low 0\noom 1\noom_kill 1\n"));
        using OomWatch watch = driver.WatchOom()!;
        Assert.False(watch.Take());
        File.WriteAllText(Path.Combine(_root.Path, "leaf/memory.events"), "low 0\noom 3\noom_kill 3\n");
        Assert.True(watch.Take());
        Assert.False(watch.Take());
    }

    private static void Same(string expected, ICgroupDriver driver)
    {
        JsonNode data = Data(driver);
        // What this machine has of huge pages is not in the tree.
        Assert.DoesNotContain(data["hugetlb"]!.AsObject(), static size => size.Value!["failcnt"]!.GetValue<int>() != 0);
        data["hugetlb"] = new JsonObject();
        JsonNode wanted = JsonNode.Parse(expected)!;
        Assert.True(JsonNode.DeepEquals(wanted, data), $"expected {wanted.ToJsonString()}\nactual   {data.ToJsonString()}");
    }

    private static JsonNode Data(ICgroupDriver driver)
    {
        string line = Encoding.UTF8.GetString(EventJson.Stats("id", driver.Measure()));
        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
        JsonNode json = JsonNode.Parse(line)!;
        Assert.Equal(("stats", "id"), (json["type"]!.GetValue<string>(), json["id"]!.GetValue<string>()));
        return json["data"]!;
    }

    private ICgroupDriver Made(CgroupMode mode, string name, params (string Name, string Content)[] files)
    {
        ICgroupDriver driver = CgroupDrivers.Prepare(new(mode, [new(name, _root.Path, "/")]), "id", "/leaf", unprivileged: false);
        driver.Make();
        foreach ((string file, string content) in files)
        {
            File.WriteAllText(Path.Combine(_root.Path, "leaf", file), content);
        }
        return driver;
    }
}
