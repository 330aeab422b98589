using System;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Cgroups.V2;

/// <summary>
/// linux.resources, which has the words of cgroup v1, as files of cgroup v2: Documentation/admin-guide/cgroup-v2.rst.
/// What has no like there is refused. Zero is "not set" for most of what engines write, as it is for runc.
/// </summary>
internal static class Limits
{
    private const ulong DefaultPeriod = 100_000;

    public static Settings From(Resources resources, in ResourceContext context)
    {
        var to = new Settings();
        string at = context.At;
        if (resources.Pids?.Limit is { } pids)
        {
            // As runc: 0 is written as 1, for systemd knows no 0 and the effect is the same.
            to.Add(new("pids", "pids.max", pids < 0 ? "max" : Text(Math.Max(pids, 1)), at + "pids.limit"));
        }
        if (resources.Memory is { } memory)
        {
            MemoryLimits.Add(to, memory, at + "memory.", context.Current);
        }
        if (resources.BlockIO is { } block)
        {
            IOLimits.Add(to, block, at + "blockIO.");
        }
        if (resources.Cpu is { } cpu)
        {
            AddCpu(to, cpu, at + "cpu.", context.Current);
        }
        AddHugepages(to, resources.HugepageLimits, at + "hugepageLimits");
        RefuseNetwork(to, resources.Network, at + "network.");
        RdmaLimits.Add(to, resources.Rdma, at + "rdma");
        // Last: it says exactly what is wanted, and so overrides what was converted.
        foreach ((string file, string value) in resources.Unified ?? [])
        {
            AddUnified(to, file, value, at + "unified");
        }
        return to;
    }

    /// <summary>
    /// cpu.shares (2 to 262144, 1024 by default) as cpu.weight (1 to 10000, 100 by default): the quadratic function
    /// through these three points on logarithmic scales, on which runc, crun and systemd have agreed.
    /// </summary>
    public static ulong Weight(ulong shares)
    {
        if (shares <= 2)
        {
            return 1;
        }
        if (shares >= 262144)
        {
            return 10000;
        }
        double log = Math.Log2(shares);
        double exponent = (((log * log) + (125 * log)) / 612.0) - (7.0 / 34.0);
        return (ulong)Math.Ceiling(Math.Pow(10, exponent));
    }

    private static void AddCpu(Settings to, Cpu cpu, string at, int current)
    {
        // An idle cgroup takes no weight: out of it first, into it last.
        if (cpu.Idle is 0)
        {
            to.Add(new("cpu", "cpu.idle", "0", at + "idle"));
        }
        if (cpu.Shares is { } shares and not 0)
        {
            to.Add(new("cpu", "cpu.weight", Text(Weight(shares)), at + "shares"));
        }
        if (cpu.Burst is { } burst)
        {
            // < 5.14
            to.Add(new("cpu", "cpu.max.burst", Text(burst), at + "burst") { Optional = burst == 0 });
        }
        if (cpu.Quota is not (null or 0) || cpu.Period is not (null or 0))
        {
            to.Add(new("cpu", "cpu.max", Bandwidth(cpu, current), at + (cpu.Quota is not (null or 0) ? "quota" : "period")));
        }
        if (cpu.Idle is { } idle and not 0)
        {
            to.Add(new("cpu", "cpu.idle", Text(idle), at + "idle"));
        }
        if (!string.IsNullOrEmpty(cpu.Cpus))
        {
            to.Add(new("cpuset", "cpuset.cpus", cpu.Cpus, at + "cpus"));
        }
        if (!string.IsNullOrEmpty(cpu.Mems))
        {
            to.Add(new("cpuset", "cpuset.mems", cpu.Mems, at + "mems"));
        }
        if (cpu.RealtimeRuntime is not (null or 0))
        {
            to.Refuse(at + "realtimeRuntime", "cgroup v2 has no realtime limits");
        }
        if (cpu.RealtimePeriod is not (null or 0))
        {
            to.Refuse(at + "realtimePeriod", "cgroup v2 has no realtime limits");
        }
    }

    /// <summary>"QUOTA PERIOD": what is not given stays as it is.</summary>
    private static string Bandwidth(Cpu cpu, int current)
    {
        string quota = cpu.Quota is { } given and not 0 ? given < 0 ? "max" : Text(given) : "max";
        string period = Text(cpu.Period is { } length and not 0 ? length : DefaultPeriod);
        if (current >= 0 && CgroupDirectory.Read(current, "cpu.max")?.Split(' ') is [var oldQuota, var oldPeriod])
        {
            quota = cpu.Quota is null or 0 ? oldQuota : quota;
            period = cpu.Period is null or 0 ? oldPeriod : period;
        }
        return $"{quota} {period}";
    }

    private static void AddHugepages(Settings to, HugepageLimit[]? limits, string at)
    {
        for (int i = 0; i < limits?.Length; i++)
        {
            string file = "hugetlb." + limits[i].PageSize;
            string where = FormattableString.Invariant($"{at}[{i}]");
            to.Add(new("hugetlb", file + ".max", Text(limits[i].Limit), where));
            // < 5.7
            to.Add(new("hugetlb", file + ".rsvd.max", Text(limits[i].Limit), where) { Optional = true });
        }
    }

    private static void RefuseNetwork(Settings to, Network? network, string at)
    {
        if (network?.ClassID is not (null or 0))
        {
            to.Refuse(at + "classID", "cgroup v2 has no network classes");
        }
        if (network?.Priorities is { Length: > 0 })
        {
            to.Refuse(at + "priorities", "cgroup v2 has no network priorities");
        }
    }

    private static void AddUnified(Settings to, string file, string value, string at)
    {
        string where = $"{at}[\"{file}\"]";
        int dot = file.IndexOf('.', StringComparison.Ordinal);
        // The validator has seen to it already in a config; other callers have their own.
        if (dot <= 0 || file.Contains('/', StringComparison.Ordinal))
        {
            to.Refuse(where, "must be a file of the cgroup, of the form CONTROLLER.NAME");
            return;
        }
        to.Add(new(file[..dot], file, value, where));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
