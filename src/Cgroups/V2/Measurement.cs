using System;
using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Cgroups.V2;

/// <summary>The statistics of cgroup v2, in the terms of v1 where both have them: cgroup-v2.rst.</summary>
internal static class Measurement
{
    private const ulong NanosecondsPerMicrosecond = 1000;

    public static Statistics Read(Fd directory)
    {
        StatisticFiles files = new(directory.Number);
        Statistics to = new();
        AddCpu(files, to.Cpu);
        AddMemory(files, to.Memory);
        AddPids(files, to, directory);
        AddBlockIO(files, to.BlockIO);
        AddHugepages(files, to);
        return to;
    }

    private static void AddCpu(StatisticFiles files, CpuStatistics to)
    {
        ReadOnlySpan<byte> stat = files.Read("cpu.stat");
        to.Total = StatisticFiles.Named(stat, "usage_usec"u8) * NanosecondsPerMicrosecond;
        to.User = StatisticFiles.Named(stat, "user_usec"u8) * NanosecondsPerMicrosecond;
        to.Kernel = StatisticFiles.Named(stat, "system_usec"u8) * NanosecondsPerMicrosecond;
        to.Periods = StatisticFiles.Named(stat, "nr_periods"u8);
        to.ThrottledPeriods = StatisticFiles.Named(stat, "nr_throttled"u8);
        to.ThrottledTime = StatisticFiles.Named(stat, "throttled_usec"u8) * NanosecondsPerMicrosecond;
        to.Pressure = files.Pressure("cpu.pressure");
    }

    private static void AddMemory(StatisticFiles files, MemoryStatistics to)
    {
        ReadOnlySpan<byte> stat = files.Read("memory.stat");
        to.Cache = StatisticFiles.Named(stat, "file"u8);
        StatisticFiles.AddNamed(stat, to.Raw);
        // memory.peak: 5.19, memory.swap.peak: 6.5
        to.Usage = new(files.Number("memory.max"), files.Number("memory.current"), files.Number("memory.peak"), 0);
        ulong swapLimit = files.Number("memory.swap.max");
        // The peaks of both need not have been at the same time, so there is none of their sum.
        to.Swap = new(
            swapLimit == ulong.MaxValue || to.Usage.Limit == ulong.MaxValue ? ulong.MaxValue : swapLimit + to.Usage.Limit,
            files.Number("memory.swap.current") + to.Usage.Usage, 0, 0);
        to.Pressure = files.Pressure("memory.pressure");
    }

    private static void AddPids(StatisticFiles files, Statistics to, Fd directory)
    {
        if (!files.Has("pids.current"))
        {
            SortedSet<int> processes = [];
            CgroupDirectory.CollectProcesses(directory.Number, processes);
            to.Pids = (ulong)processes.Count;
            return;
        }
        to.Pids = files.Number("pids.current");
        ulong limit = files.Number("pids.max");
        to.PidsLimit = limit == ulong.MaxValue ? 0 : limit;
    }

    /// <summary>Lines "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0".</summary>
    private static void AddBlockIO(StatisticFiles files, BlockIOStatistics to)
    {
        ReadOnlySpan<byte> text = files.Read("io.stat");
        while (StatisticFiles.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (!StatisticFiles.TryDevice(ref line, out ulong major, out ulong minor))
            {
                continue;
            }
            while (StatisticFiles.NextWord(ref line, out ReadOnlySpan<byte> word))
            {
                int equals = word.IndexOf((byte)'=');
                ulong value = StatisticFiles.NumberIn(word[(equals + 1)..]);
                ReadOnlySpan<byte> name = word[..Math.Max(equals, 0)];
                if (name.SequenceEqual("rbytes"u8))
                {
                    to.ServiceBytes.Add(new(major, minor, "Read", value));
                }
                else if (name.SequenceEqual("wbytes"u8))
                {
                    to.ServiceBytes.Add(new(major, minor, "Write", value));
                }
                else if (name.SequenceEqual("rios"u8))
                {
                    to.Serviced.Add(new(major, minor, "Read", value));
                }
                else if (name.SequenceEqual("wios"u8))
                {
                    to.Serviced.Add(new(major, minor, "Write", value));
                }
            }
        }
        to.Pressure = files.Pressure("io.pressure");
    }

    private static void AddHugepages(StatisticFiles files, Statistics to)
    {
        foreach (string size in StatisticFiles.HugepageSizes())
        {
            string name = "hugetlb." + size;
            if (files.Has(name + ".current"))
            {
                ulong usage = files.Number(files.Has(name + ".rsvd.current") ? name + ".rsvd.current" : name + ".current");
                to.Hugepages.Add((size, usage, 0, StatisticFiles.Named(files.Read(name + ".events"), "max"u8)));
            }
        }
    }
}
