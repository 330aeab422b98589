using System;
using System.Collections.Generic;
using System.Globalization;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// Settings as properties of a unit (systemd.resource-control(5)), all that systemd knows: what it does not know of a
/// unit's cgroup it sets back to its own defaults when it reloads. The other settings are the files' alone.
/// </summary>
internal static class UnitProperties
{
    private const ulong Infinity = ulong.MaxValue;
    private const ulong DefaultPeriod = 100_000;

    /// <summary>systemd has whole percents of a processor: 10 ms in a second.</summary>
    private const long Percent = 10_000;

    /// <summary>The properties for settings of cgroup v2.</summary>
    /// <param name="settings">In their order: a later one of the same file counts.</param>
    /// <param name="version">systemd's version, asked for only if it matters.</param>
    public static List<(string Name, BusValue Value)> FromV2(IReadOnlyList<Setting> settings, Func<int> version)
    {
        Collected to = new();
        foreach (Setting setting in settings)
        {
            string value = setting.Value.Trim();
            switch (setting.File)
            {
                case "memory.max": to.Limit("MemoryMax", value); break;
                case "memory.high": to.Limit("MemoryHigh", value); break;
                case "memory.low": to.Limit("MemoryLow", value); break;
                case "memory.min": to.Limit("MemoryMin", value); break;
                case "memory.swap.max": to.Limit("MemorySwapMax", value); break;
                case "pids.max": to.Limit("TasksMax", value); break;
                case "cpu.weight": to.Limit("CPUWeight", value); break;
                // 0 is "idle" since 252.
                case "cpu.idle" when value == "1" && version() >= 252: to.Limit("CPUWeight", "0"); break;
                case "cpu.max": AddBandwidth(to, value.Split(' ')); break;
                case "cpuset.cpus" when version() >= 244: to.Set("AllowedCPUs", "ay", Mask(value)); break;
                case "cpuset.mems" when version() >= 244: to.Set("AllowedMemoryNodes", "ay", Mask(value)); break;
                case "io.weight" when setting.Key is null: to.Limit("IOWeight", value); break;
                // systemd converts to BFQ's range itself.
                case "io.bfq.weight" when setting is { Key: null, Otherwise: { } weight }: to.Limit("IOWeight", weight.Value); break;
                case "io.bfq.weight" when setting is { Key: { } device, Otherwise: { } weight }: to.Device("IODeviceWeight", device, weight.Value[(device.Length + 1)..]); break;
                case "io.max": AddMaximum(to, value); break;
                default: break;
            }
        }
        return to.All;
    }

    /// <summary>The properties for settings of cgroup v1.</summary>
    /// <inheritdoc cref="FromV2"/>
    /// <param name="settings">In their order.</param>
    /// <param name="current">The value of one of the container's files of the cpu controller now; null for a new one.</param>
    public static List<(string Name, BusValue Value)> FromV1(IReadOnlyList<Setting> settings, Func<string, string?> current)
    {
        Collected to = new();
        string? quota = null, period = null;
        foreach (Setting setting in settings)
        {
            switch (setting.File)
            {
                case "memory.limit_in_bytes": to.Limit("MemoryLimit", setting.Value); break;
                case "pids.max": to.Limit("TasksMax", setting.Value); break;
                case "cpu.shares": to.Limit("CPUShares", setting.Value); break;
                case "cpu.cfs_quota_us": quota = setting.Value; break;
                case "cpu.cfs_period_us": period = setting.Value; break;
                case "blkio.weight" when setting.Key is null: to.Limit("BlockIOWeight", setting.Value); break;
                default: break;
            }
        }
        if (quota is not null || period is not null)
        {
            quota ??= current("cpu.cfs_quota_us") ?? "-1";
            period ??= current("cpu.cfs_period_us") ?? DefaultPeriod.ToString(CultureInfo.InvariantCulture);
            AddBandwidth(to, [quota, period]);
        }
        return to.All;
    }

    /// <summary>
    /// The quota that systemd would set in a cgroup, which knows whole percents of a processor only: rounded up, so that
    /// what is in the file and what systemd sets after a reload is the same.
    /// </summary>
    public static long RoundQuota(long quota, ulong period)
    {
        if (quota <= 0 || period == 0 || quota > long.MaxValue / 1_000_000)
        {
            return quota;
        }
        long perSecond = quota * 1_000_000 / (long)period;
        return perSecond % Percent == 0 ? quota : ((perSecond / Percent) + 1) * Percent * (long)period / 1_000_000;
    }

    /// <summary>A list like 0-3,7 as bits, the lowest first.</summary>
    public static object[] Mask(string list)
    {
        List<byte> bits = [];
        foreach (string item in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = item.Split('-');
            int first = int.Parse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture);
            int last = int.Parse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture);
            for (int bit = first; bit <= last; bit++)
            {
                while (bits.Count <= bit / 8)
                {
                    bits.Add(0);
                }
                bits[bit / 8] |= (byte)(1 << (bit % 8));
            }
        }
        return bits.ConvertAll(static part => (object)part).ToArray();
    }

    private static void AddBandwidth(Collected to, string[] words)
    {
        ulong period = words.Length > 1 && ulong.TryParse(words[1], out ulong given) ? given : DefaultPeriod;
        to.Set("CPUQuotaPeriodUSec", "t", period);
        bool limited = long.TryParse(words[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long quota) && quota > 0;
        to.Set("CPUQuotaPerSecUSec", "t", limited ? (ulong)RoundQuota(quota, period) * 1_000_000 / period : Infinity);
    }

    /// <summary>"8:0 rbps=1048576 wiops=max".</summary>
    private static void AddMaximum(Collected to, string value)
    {
        string[] words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 1; i < words.Length; i++)
        {
            string[] pair = words[i].Split('=');
            string? name = pair[0] switch
            {
                "rbps" => "IOReadBandwidthMax",
                "wbps" => "IOWriteBandwidthMax",
                "riops" => "IOReadIOPSMax",
                "wiops" => "IOWriteIOPSMax",
                _ => null,
            };
            if (name is not null && pair.Length == 2)
            {
                to.Device(name, words[0], pair[1]);
            }
        }
    }

    private sealed class Collected
    {
        public List<(string Name, BusValue Value)> All { get; } = [];

        /// <summary>A property may be given once; the last value counts.</summary>
        public void Set(string name, string signature, object value)
        {
            All.RemoveAll(property => property.Name == name);
            All.Add((name, new(signature, value)));
        }

        /// <summary>A number, or none; what is no number stays the file's business, where the kernel refuses it.</summary>
        public void Limit(string name, string value)
        {
            if (value is "max" or "-1")
            {
                Set(name, "t", Infinity);
            }
            else if (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            {
                Set(name, "t", number);
            }
        }

        /// <summary>A list of devices with a number each.</summary>
        public void Device(string name, string device, string value)
        {
            ulong number = value == "max" ? Infinity : ulong.TryParse(value, out ulong given) ? given : 0;
            object entry = new object[] { "/dev/block/" + device, number };
            int at = All.FindIndex(property => property.Name == name);
            object[] entries = at < 0 ? [entry] : [.. (object[])All[at].Value.Value, entry];
            Set(name, "a(st)", entries);
        }
    }
}
