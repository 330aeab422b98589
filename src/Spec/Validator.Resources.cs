using System;
using System.Collections.Generic;

namespace Csrun.Spec;

public static partial class Validator
{
    /// <summary>Checks limits whose members have paths that start with <paramref name="at"/>.</summary>
    private static void ValidateResources(Resources resources, Place at, Findings found)
    {
        string devices = (at + "devices").ToString();
        for (int i = 0; i < resources.Devices?.Length; i++)
        {
            DeviceRuleNumbersAreNumbers(resources.Devices[i], Place.Item(devices, i), found);
            DeviceRuleAccessIsLetters(resources.Devices[i], Place.Item(devices, i), found);
        }
        if (resources.Memory is { } memory)
            ValidateMemory(memory, at + "memory.", found);
        if (resources.Cpu is { } cpu)
            ValidateCpu(cpu, at + "cpu.", found);
        if (resources.BlockIO is { } io)
            ValidateBlockIO(io, at + "blockIO.", found);
        HugepageSizesAreSizes(resources, at, found);
        PriorityNamesAreNotEmpty(resources, at, found);
        RdmaHasALimit(resources, at, found);
        UnifiedKeysAreFiles(resources, at, found);
    }

    /// <summary>config-linux.md#allowed-device-list: -1 is all.</summary>
    private static void DeviceRuleNumbersAreNumbers(DeviceCgroup rule, Place at, Findings found)
    {
        MustBeWithin(-1, uint.MaxValue, at + "major", rule.Major, found);
        MustBeWithin(-1, uint.MaxValue, at + "minor", rule.Minor, found);
    }

    /// <summary>config-linux.md#allowed-device-list; absent or empty is all three.</summary>
    private static void DeviceRuleAccessIsLetters(DeviceCgroup rule, Place at, Findings found)
    {
        if (rule.Access.AsSpan().ContainsAnyExcept("rwm"))
            found.Error(ConfigCodes.DeviceAccessInvalid, at + "access", $"must be of the letters r, w and m, but is {Show.Quoted(rule.Access!)}");
    }

    private static void ValidateMemory(Memory memory, Place at, Findings found)
    {
        MemoryLimitsAreBytes(memory, at, found);
        MemorySwapFitsTheLimit(memory, at, found);
        SwappinessIsAPercentage(memory, at, found);
        KernelMemoryIsIgnored(memory, at, found);
    }

    /// <summary>config-linux.md#memory: -1 is the only negative value with a meaning.</summary>
    private static void MemoryLimitsAreBytes(Memory memory, Place at, Findings found)
    {
        MustBeWithin(-1, long.MaxValue, at + "limit", memory.Limit, found);
        MustBeWithin(-1, long.MaxValue, at + "reservation", memory.Reservation, found);
        MustBeWithin(-1, long.MaxValue, at + "swap", memory.Swap, found);
    }

    /// <summary>config-linux.md#memory: swap counts memory too. 0 is unset for engines.</summary>
    private static void MemorySwapFitsTheLimit(Memory memory, Place at, Findings found)
    {
        if (memory.Swap is not > 0)
            return;
        if (memory.Limit is null or 0 or -1)
            found.Error(ConfigCodes.MemorySwapInvalid, at + "swap", "needs a memory limit");
        else if (memory.Swap < memory.Limit)
        {
            found.Error(ConfigCodes.MemorySwapInvalid, at + "swap",
                FormattableString.Invariant($"is memory and swap together, so at least limit ({memory.Limit}), but is {memory.Swap}"));
        }
    }

    /// <summary>config-linux.md#memory.</summary>
    private static void SwappinessIsAPercentage(Memory memory, Place at, Findings found)
    {
        if (memory.Swappiness > 100)
            MustBeWithin(0, 100, at + "swappiness", (long)Math.Min(memory.Swappiness.Value, long.MaxValue), found);
    }

    /// <summary>config-linux.md#memory: not recommended; gone from Linux 5.16 on.</summary>
    private static void KernelMemoryIsIgnored(Memory memory, Place at, Findings found)
    {
        if (memory.Kernel is { } kernel and not 0)
            found.Warn(ConfigCodes.MemoryKernelIgnored, at + "kernel", FormattableString.Invariant($"({kernel}) is ignored"));
        if (memory.KernelTCP is { } tcp and not 0)
            found.Warn(ConfigCodes.MemoryKernelIgnored, at + "kernelTCP", FormattableString.Invariant($"({tcp}) is ignored on cgroup v2"));
    }

    private static void ValidateCpu(Cpu cpu, Place at, Findings found)
    {
        CpuTimesAreInRange(cpu, at, found);
        CpuLimitsAgree(cpu, at, found);
        CpuIdleIsASwitch(cpu, at, found);
        MustBeAList(at + "cpus", cpu.Cpus, found);
        MustBeAList(at + "mems", cpu.Mems, found);
    }

    /// <summary>sched-bwc.rst: a period of 1 ms to 1 s, a quota of at least 1 ms. 0 is unset, a negative quota no limit.</summary>
    private static void CpuTimesAreInRange(Cpu cpu, Place at, Findings found)
    {
        const long Least = 1000;
        if (cpu.Period is { } period and not 0)
            MustBeWithin(Least, 1_000_000, at + "period", (long)Math.Min(period, long.MaxValue), found);
        if (cpu.Quota > 0)
            MustBeWithin(Least, long.MaxValue, at + "quota", cpu.Quota, found);
    }

    /// <summary>config-linux.md#cpu.</summary>
    private static void CpuLimitsAgree(Cpu cpu, Place at, Findings found)
    {
        if (cpu.Quota > 0 && cpu.Burst > (ulong)cpu.Quota)
        {
            found.Error(ConfigCodes.CpuConflict, at + "burst",
                FormattableString.Invariant($"must not be above quota ({cpu.Quota}), but is {cpu.Burst}"));
        }
        if (cpu.RealtimeRuntime > 0 && cpu.RealtimePeriod > 0 && (ulong)cpu.RealtimeRuntime > cpu.RealtimePeriod)
        {
            found.Error(ConfigCodes.CpuConflict, at + "realtimeRuntime",
                FormattableString.Invariant($"must not be above realtimePeriod ({cpu.RealtimePeriod}), but is {cpu.RealtimeRuntime}"));
        }
    }

    /// <summary>config-linux.md#cpu.</summary>
    private static void CpuIdleIsASwitch(Cpu cpu, Place at, Findings found) => MustBeWithin(0, 1, at + "idle", cpu.Idle, found);

    private static void ValidateBlockIO(BlockIO io, Place at, Findings found)
    {
        WeightIsInRange(io.Weight, at + "weight", found);
        WeightIsInRange(io.LeafWeight, at + "leafWeight", found);
        for (int i = 0; i < io.WeightDevice?.Length; i++)
        {
            WeightDevice device = io.WeightDevice[i];
            Place item = (at + "weightDevice").At(i);
            WeightDeviceHasAWeight(device, item, found);
            WeightIsInRange(device.Weight, item + "weight", found);
            WeightIsInRange(device.LeafWeight, item + "leafWeight", found);
            DeviceNumbersAreNumbers(device.Major, device.Minor, item, found);
        }
        ThrottledDevicesAreDevices(io.ThrottleReadBpsDevice, at + "throttleReadBpsDevice", found);
        ThrottledDevicesAreDevices(io.ThrottleWriteBpsDevice, at + "throttleWriteBpsDevice", found);
        ThrottledDevicesAreDevices(io.ThrottleReadIOPSDevice, at + "throttleReadIOPSDevice", found);
        ThrottledDevicesAreDevices(io.ThrottleWriteIOPSDevice, at + "throttleWriteIOPSDevice", found);
    }

    /// <summary>config-linux.md#block-io. Docker writes 0 for unset.</summary>
    private static void WeightIsInRange(ushort? weight, Place path, Findings found)
    {
        if (weight is not 0)
            MustBeWithin(10, 1000, path, weight, found);
    }

    /// <summary>config-linux.md#block-io: at least one of the two.</summary>
    private static void WeightDeviceHasAWeight(WeightDevice device, Place path, Findings found)
    {
        if (device.Weight is null && device.LeafWeight is null)
            found.Error(ConfigCodes.LimitEmpty, path, "must have weight or leafWeight");
    }

    /// <summary>config-linux.md#block-io.</summary>
    private static void ThrottledDevicesAreDevices(ThrottleDevice[]? devices, Place list, Findings found)
    {
        for (int i = 0; i < devices?.Length; i++)
            DeviceNumbersAreNumbers(devices[i].Major, devices[i].Minor, list.At(i), found);
    }

    private static void DeviceNumbersAreNumbers(long major, long minor, Place at, Findings found)
    {
        MustBeWithin(0, (1 << 12) - 1, at + "major", major, found);
        MustBeWithin(0, (1 << 20) - 1, at + "minor", minor, found);
    }

    /// <summary>config-linux.md#huge-page-limits: <c>^[1-9][0-9]*[KMG]B$</c>.</summary>
    private static void HugepageSizesAreSizes(Resources resources, Place at, Findings found)
    {
        for (int i = 0; i < resources.HugepageLimits?.Length; i++)
        {
            string size = resources.HugepageLimits[i].PageSize;
            bool valid = size is [>= '1' and <= '9', .. var digits, 'K' or 'M' or 'G', 'B'] && !digits.AsSpan().ContainsAnyExceptInRange('0', '9');
            if (!valid)
            {
                found.Error(ConfigCodes.HugepageSizeInvalid, (at + "hugepageLimits").At(i) + "pageSize",
                    $"must be like 2MB, but is {Show.Quoted(size)}");
            }
        }
    }

    /// <summary>config-linux.md#network.</summary>
    private static void PriorityNamesAreNotEmpty(Resources resources, Place at, Findings found)
    {
        for (int i = 0; i < resources.Network?.Priorities?.Length; i++)
        {
            if (resources.Network.Priorities[i].Name.Length == 0)
                found.Error(ConfigCodes.EmptyValue, (at + "network.priorities").At(i) + "name", "must not be empty");
        }
    }

    /// <summary>config-linux.md#rdma: at least one of the two.</summary>
    private static void RdmaHasALimit(Resources resources, Place at, Findings found)
    {
        foreach ((string device, Rdma rdma) in resources.Rdma ?? [])
        {
            if (rdma.HcaHandles is null && rdma.HcaObjects is null)
                found.Error(ConfigCodes.LimitEmpty, Show.Join((at + "rdma").ToString(), device), "must have hcaHandles or hcaObjects");
        }
    }

    /// <summary>config-linux.md#unified: files of the container's own cgroup.</summary>
    private static void UnifiedKeysAreFiles(Resources resources, Place at, Findings found)
    {
        foreach (string file in resources.Unified?.Keys ?? (IEnumerable<string>)[])
        {
            if (file is "" or "." or ".." || file.Contains('/', StringComparison.Ordinal))
                found.Error(ConfigCodes.UnifiedKeyInvalid, Show.Join((at + "unified").ToString(), file), "must be the name of a file in the cgroup");
        }
    }
}
