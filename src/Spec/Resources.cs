using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>Limits of the container's cgroup (config-linux.md#control-groups).</summary>
public sealed class Resources
{
    public DeviceCgroup[]? Devices { get; set; }

    public Memory? Memory { get; set; }

    public Cpu? Cpu { get; set; }

    public Pids? Pids { get; set; }

    public BlockIO? BlockIO { get; set; }

    public HugepageLimit[]? HugepageLimits { get; set; }

    public Network? Network { get; set; }

    /// <summary>The key is the device's name.</summary>
    public Dictionary<string, Rdma>? Rdma { get; set; }

    /// <summary>Files of the cgroup v2 directory, and what is written to them.</summary>
    public Dictionary<string, string>? Unified { get; set; }

    /// <summary>The same with another <c>cpu.quota</c>.</summary>
    public Resources WithQuota(long quota)
    {
        var copy = (Resources)MemberwiseClone();
        copy.Cpu = Cpu?.WithQuota(quota);
        return copy;
    }

    /// <summary>The same with another <c>pids.limit</c>.</summary>
    public Resources WithPids(long limit)
    {
        var copy = (Resources)MemberwiseClone();
        copy.Pids = new Pids { Limit = limit };
        return copy;
    }
}

/// <summary>A rule of the device cgroup (config-linux.md#allowed-device-list).</summary>
public sealed class DeviceCgroup
{
    public bool Allow { get; set; }

    /// <summary>Null is all.</summary>
    public DeviceCgroupType? Type { get; set; }

    /// <summary>Null or -1 is all, as for <see cref="Minor"/>.</summary>
    public long? Major { get; set; }

    public long? Minor { get; set; }

    /// <summary>Of the letters r, w and m.</summary>
    public string? Access { get; set; }
}

/// <summary>config-linux.md#memory; bytes, -1 for no limit.</summary>
public sealed class Memory
{
    public long? Limit { get; set; }

    public long? Reservation { get; set; }

    /// <summary>Memory and swap together.</summary>
    public long? Swap { get; set; }

    public long? Kernel { get; set; }

    public long? KernelTCP { get; set; }

    /// <summary>0 to 100.</summary>
    public ulong? Swappiness { get; set; }

    public bool? DisableOOMKiller { get; set; }

    public bool? UseHierarchy { get; set; }

    public bool? CheckBeforeUpdate { get; set; }
}

/// <summary>config-linux.md#cpu; times in microseconds.</summary>
public sealed class Cpu
{
    public ulong? Shares { get; set; }

    /// <summary>Negative for no limit.</summary>
    public long? Quota { get; set; }

    public ulong? Burst { get; set; }

    public ulong? Period { get; set; }

    public long? RealtimeRuntime { get; set; }

    public ulong? RealtimePeriod { get; set; }

    public string? Cpus { get; set; }

    public string? Mems { get; set; }

    /// <summary>0 or 1.</summary>
    public long? Idle { get; set; }

    /// <summary>The same with another <see cref="Quota"/>.</summary>
    public Cpu WithQuota(long quota)
    {
        var copy = (Cpu)MemberwiseClone();
        copy.Quota = quota;
        return copy;
    }
}

/// <summary>config-linux.md#pids.</summary>
public sealed class Pids
{
    /// <summary>-1 for no limit; 0 is a limit; null leaves it alone.</summary>
    public long? Limit { get; set; }
}

/// <summary>config-linux.md#block-io.</summary>
public sealed class BlockIO
{
    public ushort? Weight { get; set; }

    public ushort? LeafWeight { get; set; }

    public WeightDevice[]? WeightDevice { get; set; }

    public ThrottleDevice[]? ThrottleReadBpsDevice { get; set; }

    public ThrottleDevice[]? ThrottleWriteBpsDevice { get; set; }

    public ThrottleDevice[]? ThrottleReadIOPSDevice { get; set; }

    public ThrottleDevice[]? ThrottleWriteIOPSDevice { get; set; }
}

public sealed class WeightDevice
{
    public long Major { get; set; }

    public long Minor { get; set; }

    public ushort? Weight { get; set; }

    public ushort? LeafWeight { get; set; }
}

public sealed class ThrottleDevice
{
    public long Major { get; set; }

    public long Minor { get; set; }

    /// <summary>Bytes or operations a second.</summary>
    public ulong Rate { get; set; }
}

/// <summary>config-linux.md#huge-page-limits.</summary>
public sealed class HugepageLimit
{
    /// <summary><c>2MB</c>, <c>1GB</c>: as in the name of the control file.</summary>
    public string PageSize { get; set; } = "";

    public ulong Limit { get; set; }
}

/// <summary>config-linux.md#network.</summary>
public sealed class Network
{
    public uint? ClassID { get; set; }

    public InterfacePriority[]? Priorities { get; set; }
}

public sealed class InterfacePriority
{
    public string Name { get; set; } = "";

    public uint Priority { get; set; }
}

/// <summary>config-linux.md#rdma.</summary>
public sealed class Rdma
{
    public uint? HcaHandles { get; set; }

    public uint? HcaObjects { get; set; }
}
