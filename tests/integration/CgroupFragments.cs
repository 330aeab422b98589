using System.Collections.Generic;
using System.Globalization;

namespace Csrun.Tests.Integration;

/// <summary>Pieces of linux.resources by name: what engines write, and the edges of each member's range.</summary>
internal static class CgroupFragments
{
    /// <summary>All of them; DISK stands for the numbers of a block device.</summary>
    internal static SortedDictionary<string, string> All { get; } = Make();

    private static SortedDictionary<string, string> Make()
    {
        var all = new SortedDictionary<string, string>(System.StringComparer.Ordinal);
        void Add(string group, string name, string body) => all.Add($"{group} {name}", $$"""{ "{{group}}": {{body}} }""");
        void Members(string group, string member, params string[] values)
        {
            foreach (var value in values)
            {
                Add(group, $"{member}={value}", $$"""{ "{{member}}": {{value}} }""");
            }
        }

        all.Add("nothing", "{}");
        all.Add("empty objects", """{ "memory": {}, "cpu": {}, "pids": {}, "blockIO": {}, "network": {}, "hugepageLimits": [], "devices": [] }""");
        all.Add("no devices", """{ "devices": null, "memory": { "limit": 104857600 } }""");
        Members("memory", "limit", "33554432", "67108864", "104857600", "104857601", "1073741824", "8589934592", "-1", "0");
        Members("memory", "reservation", "16777216", "33554432", "104857600", "1073741824", "-1", "0");
        Members("memory", "swappiness", "0", "1", "7", "60", "100");
        Members("memory", "disableOOMKiller", "true", "false");
        Members("memory", "useHierarchy", "true", "false");
        Members("memory", "checkBeforeUpdate", "true", "false");
        Members("memory", "kernel", "33554432", "-1");
        Members("memory", "kernelTCP", "33554432", "-1");
        foreach (var (limit, swap) in new[] { ("67108864", "67108864"), ("67108864", "134217728"), ("67108864", "-1"), ("67108864", "0"), ("-1", "-1"), ("-1", "0"), ("134217728", "134217729"), ("1073741824", "2147483648") })
        {
            Add("memory", $"limit={limit} swap={swap}", $$"""{ "limit": {{limit}}, "swap": {{swap}} }""");
        }

        Add("memory", "limit, reservation and swap", """{ "limit": 134217728, "reservation": 67108864, "swap": 268435456 }""");
        Add("memory", "limit and swappiness", """{ "limit": 134217728, "swappiness": 10 }""");
        Add("memory", "swap alone", """{ "swap": 268435456 }""");
        Add("memory", "swap below limit", """{ "limit": 134217728, "swap": 67108864 }""");
        Members("cpu", "shares", "2", "3", "10", "100", "256", "512", "1023", "1024", "1025", "2048", "4096", "10000", "100000", "262143", "262144", "0");
        Members("cpu", "quota", "1000", "10000", "50000", "100000", "200000", "-1", "0");
        Members("cpu", "period", "1000", "20000", "50000", "100000", "1000000", "0");
        // Enough for the process of runc that waits in the cgroup to end in: with 1 ms a second it took more than ten.
        foreach (var (quota, period) in new[] { (20000, 10000), (50000, 20000), (33333, 100000), (-1, 50000), (100000, 1000000), (150000, 100000) })
        {
            Add("cpu", string.Create(CultureInfo.InvariantCulture, $"quota={quota} period={period}"), string.Create(CultureInfo.InvariantCulture, $$"""{ "quota": {{quota}}, "period": {{period}} }"""));
        }

        Members("cpu", "burst", "0", "10000");
        Members("cpu", "idle", "0", "1");
        Add("cpu", "quota and burst", """{ "quota": 50000, "period": 100000, "burst": 20000 }""");
        Add("cpu", "shares and quota", """{ "shares": 768, "quota": 75000, "period": 100000 }""");
        foreach (var cpus in new[] { "0", "0-1", "0,1", "1", "" })
        {
            Add("cpu", $"cpus={cpus}", $$"""{ "cpus": "{{cpus}}" }""");
        }

        Add("cpu", "mems=0", """{ "mems": "0" }""");
        Add("cpu", "cpus and mems", """{ "cpus": "0", "mems": "0" }""");
        Members("cpu", "realtimePeriod", "1000000", "0");
        Members("cpu", "realtimeRuntime", "0");
        Members("pids", "limit", "-1", "16", "17", "100", "1024", "32768", "4194304");
        Members("blockIO", "weight", "10", "100", "500", "999", "1000", "0");
        foreach (var member in new[] { "throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice" })
        {
            foreach (var rate in new[] { "1000", "1048576", "4294967295" })
            {
                Add("blockIO", $"{member} {rate}", $$"""{ "{{member}}": [ { DISK, "rate": {{rate}} } ] }""");
            }
        }

        Add("blockIO", "two throttles", """{ "throttleReadBpsDevice": [ { DISK, "rate": 1048576 } ], "throttleWriteIOPSDevice": [ { DISK, "rate": 200 } ] }""");
        Add("blockIO", "all throttles", """{ "throttleReadBpsDevice": [ { DISK, "rate": 1 } ], "throttleWriteBpsDevice": [ { DISK, "rate": 2 } ], "throttleReadIOPSDevice": [ { DISK, "rate": 3 } ], "throttleWriteIOPSDevice": [ { DISK, "rate": 4 } ] }""");
        foreach (var limit in new[] { "0", "2097152", "4194304", "1073741824" })
        {
            all.Add($"hugepageLimits 2MB={limit}", $$"""{ "hugepageLimits": [ { "pageSize": "2MB", "limit": {{limit}} } ] }""");
        }

        AddDevices(all);
        AddUnified(all);
        all.Add("as Docker writes it", """{ "devices": [ { "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 1, "minor": 5, "access": "rwm" }, { "allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm" }, { "allow": true, "type": "c", "major": 1, "minor": 9, "access": "rwm" }, { "allow": true, "type": "c", "major": 5, "minor": 0, "access": "rwm" }, { "allow": false, "type": "c", "major": 10, "minor": 229, "access": "rwm" } ], "memory": { "limit": 268435456, "swap": 536870912 }, "cpu": { "shares": 512, "quota": 150000, "period": 100000 }, "pids": { "limit": 100 }, "blockIO": { "weight": 0 } }""");
        all.Add("as Kubernetes writes it", """{ "memory": { "limit": 134217728 }, "cpu": { "shares": 102, "quota": 20000, "period": 100000 }, "pids": { "limit": 4096 } }""");
        all.Add("as Podman writes it", """{ "memory": { "limit": 268435456, "swap": 536870912 }, "pids": { "limit": 2048 }, "cpu": { "cpus": "0-1" } }""");
        all.Add("as spec writes it", """{ "devices": [ { "allow": false, "access": "rwm" } ] }""");
        return all;
    }

    // On v2 they are no file: the kernel's word on them is in other tests. That the rest stays as it is is shown here.
    private static void AddDevices(SortedDictionary<string, string> all)
    {
        const string nothing = """{ "allow": false, "access": "rwm" }""";
        foreach (var (name, rule) in new[]
        {
            ("fuse", """{ "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm" }"""),
            ("fuse r", """{ "allow": true, "type": "c", "major": 10, "minor": 229, "access": "r" }"""),
            ("fuse rw", """{ "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw" }"""),
            ("fuse m", """{ "allow": true, "type": "c", "major": 10, "minor": 229, "access": "m" }"""),
            ("every minor", """{ "allow": true, "type": "c", "major": 10, "access": "rw" }"""),
            ("every minor as -1", """{ "allow": true, "type": "c", "major": 10, "minor": -1, "access": "rw" }"""),
            ("every major", """{ "allow": true, "type": "c", "minor": 3, "access": "r" }"""),
            ("block devices", """{ "allow": true, "type": "b", "access": "rw" }"""),
            ("one disk", """{ "allow": true, "type": "b", "major": 8, "minor": 0, "access": "rwm" }"""),
            ("kmsg", """{ "allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw" }"""),
            ("everything", """{ "allow": true, "access": "rwm" }"""),
            ("everything as a", """{ "allow": true, "type": "a", "access": "rwm" }"""),
        })
        {
            all.Add("devices " + name, $$"""{ "devices": [ {{nothing}}, {{rule}} ] }""");
        }

        all.Add("devices twice the same", $$"""{ "devices": [ {{nothing}}, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "r" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "w" } ] }""");
        all.Add("devices allowed and denied", $$"""{ "devices": [ {{nothing}}, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm" }, { "allow": false, "type": "c", "major": 10, "minor": 229, "access": "w" } ] }""");
        all.Add("devices nothing twice", $$"""{ "devices": [ {{nothing}}, {{nothing}} ] }""");
        all.Add("devices everything alone", """{ "devices": [ { "allow": true, "access": "rwm" } ] }""");
        all.Add("devices everything, then nothing", $$"""{ "devices": [ { "allow": true, "access": "rwm" }, {{nothing}} ] }""");
    }

    private static void AddUnified(SortedDictionary<string, string> all)
    {
        foreach (var (file, value) in new[]
        {
            ("memory.high", "94371840"), ("memory.high", "max"), ("memory.max", "104857600"), ("memory.max", "max"), ("memory.min", "1048576"), ("memory.low", "1048576"),
            ("memory.oom.group", "1"), ("memory.oom.group", "0"), ("memory.swap.max", "0"), ("memory.swap.max", "max"), ("memory.swap.high", "1048576"), ("pids.max", "33"), ("pids.max", "max"),
            ("cpu.weight", "1"), ("cpu.weight", "77"), ("cpu.weight", "10000"), ("cpu.weight.nice", "5"), ("cpu.max", "20000 100000"), ("cpu.max", "max 50000"), ("cpu.max", "max"), ("cpu.idle", "1"),
            ("cpuset.cpus", "0"), ("cpuset.mems", "0"), ("cgroup.max.depth", "3"), ("cgroup.max.descendants", "7"), ("memory.max", "100M"),
        })
        {
            all.Add($"unified {file}={value}", $$"""{ "unified": { "{{file}}": "{{value}}" } }""");
        }

        all.Add("unified over memory.limit", """{ "memory": { "limit": 104857600 }, "unified": { "memory.max": "209715200" } }""");
        all.Add("unified beside cpu.shares", """{ "cpu": { "shares": 512 }, "unified": { "memory.high": "94371840" } }""");
        all.Add("unified several", """{ "unified": { "memory.high": "94371840", "memory.max": "104857600", "pids.max": "40", "cpu.weight": "50" } }""");
    }
}
