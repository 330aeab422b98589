using System;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Cgroups.V1;

/// <summary>
/// linux.resources as files of v1 hierarchies: Documentation/admin-guide/cgroup-v1. Zero is "not set" for most of what
/// engines write, as it is for runc.
/// </summary>
internal static class Limits
{
    private const ulong LeastShares = 2;
    private const ulong MostShares = 262144;

    public static Settings From(Resources resources, in ResourceContext context)
    {
        var to = new Settings();
        string at = context.At;
        // First: a task in a cgroup without time would be refused the moment that it is a realtime one.
        if (resources.Cpu is { } cpu)
        {
            AddCpu(to, cpu, at + "cpu.");
        }
        if (resources.Memory is { } memory)
        {
            AddMemory(to, memory, at + "memory.", context.IsUpdate);
        }
        if (resources.Pids?.Limit is { } pids)
        {
            AddPids(to, pids, at + "pids.limit");
        }
        if (resources.BlockIO is { } block)
        {
            BlockIOLimits.Add(to, block, at + "blockIO.");
        }
        AddHugepages(to, resources.HugepageLimits, at + "hugepageLimits");
        AddNetwork(to, resources.Network, at + "network.");
        RdmaLimits.Add(to, resources.Rdma, at + "rdma");
        if (resources.Unified is { Count: > 0 })
        {
            to.Refuse(at + "unified", "needs a host with cgroup v2 alone");
        }
        return to;
    }

    private static void AddCpu(Settings to, Cpu cpu, string at)
    {
        if (cpu.RealtimePeriod is { } realtimePeriod and not 0)
        {
            to.Add(new("cpu", "cpu.rt_period_us", Text(realtimePeriod), at + "realtimePeriod"));
        }
        if (cpu.RealtimeRuntime is { } realtimeRuntime and not 0)
        {
            to.Add(new("cpu", "cpu.rt_runtime_us", Text(realtimeRuntime), at + "realtimeRuntime"));
        }
        // An idle cgroup takes no weight: out of it first, into it last.
        if (cpu.Idle is 0)
        {
            to.Add(new("cpu", "cpu.idle", "0", at + "idle"));
        }
        if (cpu.Shares is { } shares and not 0)
        {
            // The kernel makes what it likes of others, without a word.
            if (shares is < LeastShares or > MostShares)
            {
                to.Refuse(at + "shares", FormattableString.Invariant($"must be from {LeastShares} to {MostShares}, but is {shares}"));
            }
            to.Add(new("cpu", "cpu.shares", Text(shares), at + "shares"));
        }
        if (cpu.Period is { } period and not 0)
        {
            to.Add(new("cpu", "cpu.cfs_period_us", Text(period), at + "period"));
        }
        if (cpu.Burst is { } burst)
        {
            // < 5.14
            to.Add(new("cpu", "cpu.cfs_burst_us", Text(burst), at + "burst") { Optional = burst == 0 });
        }
        if (cpu.Quota is { } quota and not 0)
        {
            to.Add(new("cpu", "cpu.cfs_quota_us", Text(Math.Max(quota, -1)), at + "quota"));
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
    }

    private static void AddMemory(Settings to, Memory memory, string at, bool update)
    {
        if (memory.UseHierarchy is { } hierarchy)
        {
            // 1 is the only way since 5.11, and the file's own value.
            to.Add(new("memory", "memory.use_hierarchy", hierarchy ? "1" : "0", at + "useHierarchy") { Optional = hierarchy });
        }
        long limit = memory.Limit ?? 0;
        long swap = memory.Swap ?? 0;
        if (limit != 0)
        {
            to.Add(new("memory", "memory.limit_in_bytes", Text(limit), at + "limit"));
        }
        if (swap != 0)
        {
            to.Add(new("memory", "memory.memsw.limit_in_bytes", Text(swap), at + "swap"));
        }
        else if (limit == -1)
        {
            // Memory without a limit is nothing with a limit of memory and swap together.
            to.Add(new("memory", "memory.memsw.limit_in_bytes", "-1", at + "limit") { Optional = true });
        }
        if (memory.Reservation is { } reservation and not 0)
        {
            to.Add(new("memory", "memory.soft_limit_in_bytes", Text(reservation), at + "reservation"));
        }
        if (memory.KernelTCP is { } tcp and not 0)
        {
            to.Add(new("memory", "memory.kmem.tcp.limit_in_bytes", Text(tcp), at + "kernelTCP"));
        }
        if (memory.DisableOOMKiller is { } disable && (disable || update))
        {
            to.Add(new("memory", "memory.oom_control", disable ? "1" : "0", at + "disableOOMKiller") { Label = "oom_kill_disable " });
        }
        if (memory.Swappiness is { } swappiness)
        {
            to.Add(new("memory", "memory.swappiness", Text(swappiness), at + "swappiness"));
        }
    }

    // As runc: 0 is written as 1, which has the same effect in a cgroup that has its first process.
    private static void AddPids(Settings to, long limit, string where) =>
        to.Add(new("pids", "pids.max", limit < 0 ? "max" : Text(Math.Max(limit, 1)), where));

    private static void AddHugepages(Settings to, HugepageLimit[]? limits, string at)
    {
        for (int i = 0; i < limits?.Length; i++)
        {
            string file = "hugetlb." + limits[i].PageSize;
            string where = FormattableString.Invariant($"{at}[{i}]");
            to.Add(new("hugetlb", file + ".limit_in_bytes", Text(limits[i].Limit), where));
            // < 5.7
            to.Add(new("hugetlb", file + ".rsvd.limit_in_bytes", Text(limits[i].Limit), where) { Optional = true });
        }
    }

    private static void AddNetwork(Settings to, Network? network, string at)
    {
        if (network?.ClassID is { } id and not 0)
        {
            to.Add(new("net_cls", "net_cls.classid", Text(id), at + "classID"));
        }
        for (int i = 0; i < network?.Priorities?.Length; i++)
        {
            InterfacePriority priority = network.Priorities[i];
            to.Add(new("net_prio", "net_prio.ifpriomap", $"{priority.Name} {Text(priority.Priority)}",
                FormattableString.Invariant($"{at}priorities[{i}]"))
            { Key = priority.Name, Unset = priority.Name + " 0" });
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
