using System.Collections.Generic;

namespace Csrun.Cgroups;

/// <summary>What a cgroup has used, in the units of <c>runc events</c>: nanoseconds and bytes. What is not known is 0 or empty.</summary>
public sealed class Statistics
{
    public CpuStatistics Cpu { get; } = new();

    public CpusetStatistics Cpuset { get; } = new();

    public MemoryStatistics Memory { get; } = new();

    /// <summary>Processes and threads now.</summary>
    public ulong Pids { get; set; }

    /// <summary>0 for no limit.</summary>
    public ulong PidsLimit { get; set; }

    public BlockIOStatistics BlockIO { get; } = new();

    /// <summary>By size: "2MB".</summary>
    public List<(string Size, ulong Usage, ulong Max, ulong Failures)> Hugepages { get; } = [];
}

public sealed class CpuStatistics
{
    public ulong Total { get; set; }

    public ulong Kernel { get; set; }

    public ulong User { get; set; }

    /// <summary>By processor; v1 alone, as the next two.</summary>
    public List<ulong> PerProcessor { get; } = [];

    public List<ulong> PerProcessorKernel { get; } = [];

    public List<ulong> PerProcessorUser { get; } = [];

    public ulong Periods { get; set; }

    public ulong ThrottledPeriods { get; set; }

    public ulong ThrottledTime { get; set; }

    public Pressure? Pressure { get; set; }
}

/// <summary>cpuset(7); v1 alone.</summary>
public sealed class CpusetStatistics
{
    public List<ulong> Cpus { get; } = [];

    public List<ulong> Mems { get; } = [];

    public ulong CpuExclusive { get; set; }

    public ulong MemHardwall { get; set; }

    public ulong MemExclusive { get; set; }

    public ulong MemoryMigrate { get; set; }

    public ulong MemorySpreadPage { get; set; }

    public ulong MemorySpreadSlab { get; set; }

    public ulong MemoryPressure { get; set; }

    public ulong SchedLoadBalance { get; set; }

    public long SchedRelaxDomainLevel { get; set; }
}

/// <summary>One counter of memory with its limit.</summary>
public readonly record struct MemoryCounter(ulong Limit, ulong Usage, ulong Max, ulong Failures);

public sealed class MemoryStatistics
{
    public ulong Cache { get; set; }

    public MemoryCounter Usage { get; set; }

    /// <summary>Memory and swap together, as v1 counts them.</summary>
    public MemoryCounter Swap { get; set; }

    public MemoryCounter Kernel { get; set; }

    public MemoryCounter KernelTcp { get; set; }

    /// <summary>memory.stat as it is.</summary>
    public List<(string Name, ulong Value)> Raw { get; } = [];

    public Pressure? Pressure { get; set; }
}

/// <summary>One line of the kernel's statistics of a block device.</summary>
public readonly record struct BlockIOEntry(ulong Major, ulong Minor, string Operation, ulong Value);

public sealed class BlockIOStatistics
{
    public List<BlockIOEntry> ServiceBytes { get; } = [];

    public List<BlockIOEntry> Serviced { get; } = [];

    public List<BlockIOEntry> Queued { get; } = [];

    public List<BlockIOEntry> ServiceTime { get; } = [];

    public List<BlockIOEntry> WaitTime { get; } = [];

    public List<BlockIOEntry> Merged { get; } = [];

    public List<BlockIOEntry> Time { get; } = [];

    public List<BlockIOEntry> Sectors { get; } = [];

    public Pressure? Pressure { get; set; }
}

/// <summary>Documentation/accounting/psi.rst; v2 alone.</summary>
public sealed record Pressure(PressureLine Some, PressureLine Full);

/// <summary>Shares of the last 10, 60 and 300 seconds in percent, and microseconds in all.</summary>
public readonly record struct PressureLine(double Average10, double Average60, double Average300, ulong Total);
