using System;
using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>The statistics of v1 controllers: Documentation/admin-guide/cgroup-v1.</summary>
internal static class Measurement
{
    /// <summary>USER_HZ is 100 on all architectures that matter: clock ticks of 10 ms.</summary>
    private const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>Adds what the controllers of one hierarchy know.</summary>
    public static void Add(CgroupPlace place, Statistics to)
    {
        using Fd? directory = CgroupDirectory.Open(place);
        if (directory is null)
        {
            return;
        }
        StatisticFiles files = new(directory.Number);
        foreach (string controller in place.Controllers)
        {
            switch (controller)
            {
                case "cpuacct": AddUsage(files, to.Cpu); break;
                case "cpu": AddThrottling(files, to.Cpu); break;
                case "cpuset": AddCpuset(files, to.Cpuset); break;
                case "memory": AddMemory(files, to.Memory); break;
                case "pids": AddPids(files, to); break;
                case "blkio": AddBlockIO(files, to.BlockIO); break;
                case "hugetlb": AddHugepages(files, to); break;
                default: break;
            }
        }
    }

    private static void AddUsage(StatisticFiles files, CpuStatistics to)
    {
        to.Total = files.Number("cpuacct.usage");
        ReadOnlySpan<byte> stat = files.Read("cpuacct.stat");
        to.User = StatisticFiles.Named(stat, "user"u8) * NanosecondsPerTick;
        to.Kernel = StatisticFiles.Named(stat, "system"u8) * NanosecondsPerTick;
        StatisticFiles.AddNumbers(files.Read("cpuacct.usage_percpu"), to.PerProcessor);
        // "cpu user system", then a line for each processor.
        ReadOnlySpan<byte> all = files.Read("cpuacct.usage_all");
        _ = StatisticFiles.NextLine(ref all, out _);
        while (StatisticFiles.NextLine(ref all, out ReadOnlySpan<byte> line))
        {
            _ = StatisticFiles.NextWord(ref line, out _);
            _ = StatisticFiles.NextWord(ref line, out ReadOnlySpan<byte> user);
            _ = StatisticFiles.NextWord(ref line, out ReadOnlySpan<byte> kernel);
            to.PerProcessorUser.Add(StatisticFiles.NumberIn(user));
            to.PerProcessorKernel.Add(StatisticFiles.NumberIn(kernel));
        }
    }

    private static void AddThrottling(StatisticFiles files, CpuStatistics to)
    {
        ReadOnlySpan<byte> stat = files.Read("cpu.stat");
        to.Periods = StatisticFiles.Named(stat, "nr_periods"u8);
        to.ThrottledPeriods = StatisticFiles.Named(stat, "nr_throttled"u8);
        to.ThrottledTime = StatisticFiles.Named(stat, "throttled_time"u8);
    }

    private static void AddCpuset(StatisticFiles files, CpusetStatistics to)
    {
        files.AddList("cpuset.cpus", to.Cpus);
        files.AddList("cpuset.mems", to.Mems);
        to.CpuExclusive = files.Number("cpuset.cpu_exclusive");
        to.MemHardwall = files.Number("cpuset.mem_hardwall");
        to.MemExclusive = files.Number("cpuset.mem_exclusive");
        to.MemoryMigrate = files.Number("cpuset.memory_migrate");
        to.MemorySpreadPage = files.Number("cpuset.memory_spread_page");
        to.MemorySpreadSlab = files.Number("cpuset.memory_spread_slab");
        to.MemoryPressure = files.Number("cpuset.memory_pressure");
        to.SchedLoadBalance = files.Number("cpuset.sched_load_balance");
        ReadOnlySpan<byte> level = files.Read("cpuset.sched_relax_domain_level");
        to.SchedRelaxDomainLevel = System.Buffers.Text.Utf8Parser.TryParse(level, out long value, out _) ? value : 0;
    }

    private static void AddMemory(StatisticFiles files, MemoryStatistics to)
    {
        ReadOnlySpan<byte> stat = files.Read("memory.stat");
        to.Cache = StatisticFiles.Named(stat, "cache"u8);
        StatisticFiles.AddNamed(stat, to.Raw);
        to.Usage = Counter(files, "memory");
        to.Swap = Counter(files, "memory.memsw");
        to.Kernel = Counter(files, "memory.kmem");
        to.KernelTcp = Counter(files, "memory.kmem.tcp");
    }

    private static MemoryCounter Counter(StatisticFiles files, string name) => new(
        files.Number(name + ".limit_in_bytes"), files.Number(name + ".usage_in_bytes"),
        files.Number(name + ".max_usage_in_bytes"), files.Number(name + ".failcnt"));

    private static void AddPids(StatisticFiles files, Statistics to)
    {
        to.Pids = files.Number("pids.current");
        ulong limit = files.Number("pids.max");
        to.PidsLimit = limit == ulong.MaxValue ? 0 : limit;
    }

    /// <summary>
    /// The scheduler's own files, which count what below it is too; else those of throttling, which every kernel has.
    /// With BFQ, most are there only in a kernel that was built for debugging it.
    /// </summary>
    private static void AddBlockIO(StatisticFiles files, BlockIOStatistics to)
    {
        foreach (string scheduler in (ReadOnlySpan<string>)["blkio.bfq.", "blkio."])
        {
            if (!files.AddDevices(scheduler + "io_serviced_recursive", to.Serviced))
            {
                continue;
            }
            _ = files.AddDevices(scheduler + "io_service_bytes_recursive", to.ServiceBytes);
            _ = files.AddDevices(scheduler + "sectors_recursive", to.Sectors);
            _ = files.AddDevices(scheduler + "io_service_time_recursive", to.ServiceTime);
            _ = files.AddDevices(scheduler + "io_wait_time_recursive", to.WaitTime);
            _ = files.AddDevices(scheduler + "io_merged_recursive", to.Merged);
            _ = files.AddDevices(scheduler + "io_queued_recursive", to.Queued);
            _ = files.AddDevices(scheduler + "time_recursive", to.Time);
            return;
        }
        string suffix = files.Has("blkio.throttle.io_serviced_recursive") ? "_recursive" : "";
        _ = files.AddDevices("blkio.throttle.io_serviced" + suffix, to.Serviced);
        _ = files.AddDevices("blkio.throttle.io_service_bytes" + suffix, to.ServiceBytes);
    }

    private static void AddHugepages(StatisticFiles files, Statistics to)
    {
        foreach (string size in StatisticFiles.HugepageSizes())
        {
            string name = "hugetlb." + size;
            if (files.Has(name + ".rsvd.usage_in_bytes"))
            {
                name += ".rsvd";
            }
            to.Hugepages.Add((size, files.Number(name + ".usage_in_bytes"), files.Number(name + ".max_usage_in_bytes"), files.Number(name + ".failcnt")));
        }
    }
}
