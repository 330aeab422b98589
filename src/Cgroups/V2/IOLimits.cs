using System;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Cgroups.V2;

/// <summary>linux.resources.blockIO as cgroup-v2.rst#io has it.</summary>
internal static class IOLimits
{
    public static void Add(Settings to, BlockIO block, string at)
    {
        if (block.Weight is { } weight and not 0)
        {
            // BFQ, where it is the scheduler, has the range of v1; else iocost's 1 to 10000.
            to.Add(new("io", "io.bfq.weight", Text(weight), at + "weight")
            {
                Label = "default ",
                Otherwise = new("io", "io.weight", Text(Weight(weight)), at + "weight") { Label = "default " },
            });
        }
        if (block.LeafWeight is not (null or 0))
        {
            to.Refuse(at + "leafWeight", "cgroup v2 has no leaf weights");
        }
        for (int i = 0; i < block.WeightDevice?.Length; i++)
        {
            AddDevice(to, block.WeightDevice[i], FormattableString.Invariant($"{at}weightDevice[{i}]."));
        }
        AddMaxima(to, block.ThrottleReadBpsDevice, "rbps", at + "throttleReadBpsDevice");
        AddMaxima(to, block.ThrottleWriteBpsDevice, "wbps", at + "throttleWriteBpsDevice");
        AddMaxima(to, block.ThrottleReadIOPSDevice, "riops", at + "throttleReadIOPSDevice");
        AddMaxima(to, block.ThrottleWriteIOPSDevice, "wiops", at + "throttleWriteIOPSDevice");
    }

    private static void AddDevice(Settings to, WeightDevice device, string where)
    {
        string key = FormattableString.Invariant($"{device.Major}:{device.Minor}");
        if (device.Weight is { } weight and not 0)
        {
            to.Add(new("io", "io.bfq.weight", $"{key} {Text(weight)}", where + "weight")
            {
                Key = key,
                Unset = key + " default",
                Otherwise = new("io", "io.weight", $"{key} {Text(Weight(weight))}", where + "weight") { Key = key, Unset = key + " default" },
            });
        }
        if (device.LeafWeight is not (null or 0))
        {
            to.Refuse(where + "leafWeight", "cgroup v2 has no leaf weights");
        }
    }

    private static void AddMaxima(Settings to, ThrottleDevice[]? devices, string name, string at)
    {
        for (int i = 0; i < devices?.Length; i++)
        {
            string key = FormattableString.Invariant($"{devices[i].Major}:{devices[i].Minor}");
            // 0 is no limit on v1, and no rate on v2.
            string rate = devices[i].Rate == 0 ? "max" : devices[i].Rate.ToString(CultureInfo.InvariantCulture);
            to.Add(new("io", "io.max", $"{key} {name}={rate}", FormattableString.Invariant($"{at}[{i}]")) { Key = key, Unset = $"{key} {name}=max" });
        }
    }

    /// <summary>10 to 1000 as 1 to 10000.</summary>
    public static ulong Weight(ushort weight) => weight <= 10 ? 1 : 1 + ((ulong)(weight - 10) * 9999 / 990);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
