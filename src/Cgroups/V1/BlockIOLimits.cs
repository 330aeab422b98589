using System;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Cgroups.V1;

/// <summary>linux.resources.blockIO: Documentation/admin-guide/cgroup-v1/blkio-controller.rst.</summary>
internal static class BlockIOLimits
{
    public static void Add(Settings to, BlockIO block, string at)
    {
        if (block.Weight is { } weight and not 0)
        {
            to.Add(Weight("", Text(weight), at + "weight"));
        }
        if (block.LeafWeight is { } leaf and not 0)
        {
            to.Add(new("blkio", "blkio.leaf_weight", Text(leaf), at + "leafWeight"));
        }
        for (int i = 0; i < block.WeightDevice?.Length; i++)
        {
            WeightDevice device = block.WeightDevice[i];
            string where = FormattableString.Invariant($"{at}weightDevice[{i}].");
            string key = FormattableString.Invariant($"{device.Major}:{device.Minor}");
            if (device.Weight is { } own and not 0)
            {
                to.Add(Weight("_device", $"{key} {Text(own)}", where + "weight") with { Key = key, Unset = key + " default" });
            }
            if (device.LeafWeight is { } ownLeaf and not 0)
            {
                to.Add(new("blkio", "blkio.leaf_weight_device", $"{key} {Text(ownLeaf)}", where + "leafWeight") { Key = key, Unset = key + " 0" });
            }
        }
        AddThrottles(to, block.ThrottleReadBpsDevice, "read_bps_device", at + "throttleReadBpsDevice");
        AddThrottles(to, block.ThrottleWriteBpsDevice, "write_bps_device", at + "throttleWriteBpsDevice");
        AddThrottles(to, block.ThrottleReadIOPSDevice, "read_iops_device", at + "throttleReadIOPSDevice");
        AddThrottles(to, block.ThrottleWriteIOPSDevice, "write_iops_device", at + "throttleWriteIOPSDevice");
    }

    /// <summary>The file of the scheduler that the kernel has: CFQ (&lt; 5.0), else BFQ.</summary>
    private static Setting Weight(string suffix, string value, string where) =>
        new("blkio", "blkio.weight" + suffix, value, where) { Otherwise = new("blkio", "blkio.bfq.weight" + suffix, value, where) };

    private static void AddThrottles(Settings to, ThrottleDevice[]? devices, string file, string at)
    {
        for (int i = 0; i < devices?.Length; i++)
        {
            string key = FormattableString.Invariant($"{devices[i].Major}:{devices[i].Minor}");
            to.Add(new("blkio", "blkio.throttle." + file, $"{key} {devices[i].Rate.ToString(CultureInfo.InvariantCulture)}",
                FormattableString.Invariant($"{at}[{i}]"))
            { Key = key, Unset = key + " 0" });
        }
    }

    private static string Text(ushort number) => number.ToString(CultureInfo.InvariantCulture);
}
