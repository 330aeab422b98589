using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>config-linux.md#control-groups: each limit is read back from the container's cgroup, of whichever version the host has.</summary>
public sealed class CgroupCases : OciCase
{
    internal void BlockIO(bool absolute)
    {
        Locate(absolute);
        var device = Directory.EnumerateFileSystemEntries("/sys/block").Where(static d => !Path.GetFileName(d).StartsWith("loop", StringComparison.Ordinal))
            .Select(static d => File.ReadAllText(Path.Combine(d, "dev")).Trim()).FirstOrDefault();
        Assert.SkipWhen(device == null, "this machine has no block device");
        var numbers = device!.Split(':').Select(static n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        JsonArray Rate(int rate) => [new JsonObject { ["major"] = numbers[0], ["minor"] = numbers[1], ["rate"] = rate }];
        Resources("blockIO", new JsonObject
        {
            ["throttleReadBpsDevice"] = Rate(102400),
            ["throttleWriteBpsDevice"] = Rate(204800),
            ["throttleReadIOPSDevice"] = Rate(300),
            ["throttleWriteIOPSDevice"] = Rate(400),
        });
        var group = Group("blkio", "io");
        Created();
        if (group.IsUnified)
        {
            Assert.Contains($"{device} rbps=102400 wbps=204800 riops=300 wiops=400", group.Read("io.max"), StringComparison.Ordinal);
            return;
        }

        Assert.Equal($"{device} 102400", group.Read("blkio.throttle.read_bps_device"));
        Assert.Equal($"{device} 204800", group.Read("blkio.throttle.write_bps_device"));
        Assert.Equal($"{device} 300", group.Read("blkio.throttle.read_iops_device"));
        Assert.Equal($"{device} 400", group.Read("blkio.throttle.write_iops_device"));
    }

    internal void Cpus(bool absolute)
    {
        Locate(absolute);
        var cpu = Group("cpu", "cpu");
        var sets = Group("cpuset", "cpuset");
        foreach (var (shares, period, quota) in new[] { (1024, 100000, 50000), (2048, 500000, 200000) })
        {
            Resources("cpu", new JsonObject { ["shares"] = shares, ["period"] = period, ["quota"] = quota, ["cpus"] = "0", ["mems"] = "0" });
            Created();
            if (cpu.IsUnified)
            {
                Assert.Equal($"{quota} {period}", cpu.Read("cpu.max"));
            }
            else
            {
                Assert.Equal($"{shares} {period} {quota}", $"{cpu.Read("cpu.shares")} {cpu.Read("cpu.cfs_period_us")} {cpu.Read("cpu.cfs_quota_us")}");
            }

            Assert.Equal("0 0", $"{sets.Read("cpuset.cpus")} {sets.Read("cpuset.mems")}");
            Again();
        }
    }

    internal void Devices(bool absolute)
    {
        Locate(absolute);
        Directory.CreateDirectory(Bundle.Inside("/nodes"));
        foreach (var (name, minor) in new[] { ("allowed", 229), ("denied", 237), ("readable", 234) })
        {
            Assert.SkipWhen(Libc.mknod(Bundle.Inside("/nodes/" + name), 0x2000 | 0x1b6, (ulong)((10 << 8) | minor)) != 0, "device nodes cannot be made here");
        }

        Bundle.Linux["resources"] = JsonNode.Parse("""
            {
              "devices": [
                { "allow": false, "access": "rwm" },
                { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm" },
                { "allow": true, "type": "c", "major": 10, "minor": 234, "access": "r" }
              ]
            }
            """);
        var report = Inside("--probe", "open:/nodes/allowed", "--probe", "open:/nodes/denied", "--probe", "read:/nodes/readable", "--probe", "write:/nodes/readable", "--probe", "open:/dev/null");
        Assert.NotEqual("EPERM", report["probe:open:/nodes/allowed"]!.GetValue<string>());
        Assert.Equal("EPERM", report["probe:open:/nodes/denied"]!.GetValue<string>());
        Assert.NotEqual("EPERM", report["probe:read:/nodes/readable"]!.GetValue<string>());
        Assert.Equal("EPERM", report["probe:write:/nodes/readable"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:open:/dev/null"]!.GetValue<string>());
    }

    internal void Hugetlb(bool absolute)
    {
        Locate(absolute);
        var group = Group("hugetlb", "hugetlb");
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "hugepageLimits": [{ "pageSize": "2MB", "limit": 2147483648 }] }""");
        Created();
        Assert.Equal("2147483648", group.Read(group.IsUnified ? "hugetlb.2MB.max" : "hugetlb.2MB.limit_in_bytes"));
        Again();
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "hugepageLimits": [{ "pageSize": "3MB", "limit": 314572800 }] }""");
        CreateRefused();
    }

    internal void Memory(bool absolute)
    {
        Locate(absolute);
        var group = Group("memory", "memory");
        foreach (var limit in new[] { 50593792, 151781376 })
        {
            var memory = new JsonObject { ["limit"] = limit, ["reservation"] = limit };
            if (!group.IsUnified)
            {
                memory["swappiness"] = 50;
            }

            Resources("memory", memory);
            Created();
            Assert.Equal($"{limit}", group.Read(group.IsUnified ? "memory.max" : "memory.limit_in_bytes"));
            Assert.Equal($"{limit}", group.Read(group.IsUnified ? "memory.low" : "memory.soft_limit_in_bytes"));
            if (!group.IsUnified)
            {
                Assert.Equal("50", group.Read("memory.swappiness"));
            }

            Again();
        }
    }

    internal void Network(bool absolute)
    {
        Locate(absolute);
        var group = Group("net_cls", "");
        Resources("network", new JsonObject { ["classID"] = 255, ["priorities"] = new JsonArray(new JsonObject { ["name"] = "lo", ["priority"] = 10 }) });
        Created();
        Assert.Equal("255", group.Read("net_cls.classid"));
        Assert.Contains("lo 10", Group("net_prio", "").Read("net_prio.ifpriomap"), StringComparison.Ordinal);
    }

    internal void Pids(bool absolute)
    {
        Locate(absolute);
        var group = Group("pids", "pids");
        Resources("pids", new JsonObject { ["limit"] = 1000 });
        Created();
        Assert.Equal("1000", group.Read("pids.max"));
    }

    /// <summary>A relative path is below a place of the runtime's choice, which is the same each time.</summary>
    private void Locate(bool absolute)
    {
        if (!absolute)
        {
            Bundle.Linux["cgroupsPath"] = $"{Host.CgroupParent}/{Mark}";
        }
    }

    private void Resources(string kind, JsonObject limits) => Bundle.Linux["resources"] = new JsonObject { [kind] = limits };

    /// <summary>The hierarchy of a controller; the case is skipped where there is none.</summary>
    private Hierarchy Group(string controller, string unified)
    {
        foreach (var line in File.ReadLines("/proc/self/mountinfo").Select(static l => l.Split(' ')))
        {
            var type = line[Array.IndexOf(line, "-") + 1];
            if (type is "cgroup" && line[^1].Split(',').Contains(controller, StringComparer.Ordinal))
            {
                return new(this, line[4], controller, false);
            }

            // Where both versions are mounted, limits go by version 1.
            if (type is "cgroup2" && !Host.HasCgroupV1 && unified.Length > 0 && File.ReadAllText(Path.Combine(line[4], "cgroup.controllers")).Trim().Split(' ').Contains(unified, StringComparer.Ordinal))
            {
                return new(this, line[4], "", true);
            }
        }

        Assert.Skip($"this machine has no {controller} controller");
        return null!;
    }

    /// <summary>Reads files of the container's cgroup in one hierarchy.</summary>
    private sealed record Hierarchy(CgroupCases Container, string Mount, string Controller, bool IsUnified)
    {
        internal string Read(string file)
        {
            var pid = Container.State()["pid"]!.GetValue<int>();
            var line = File.ReadLines($"/proc/{pid}/cgroup").Select(static l => l.Split(':')).First(f => f[1].Split(',').Contains(Controller, StringComparer.Ordinal));
            Assert.Contains(Container.Mark, line[2], StringComparison.Ordinal);
            return File.ReadAllText(Mount + line[2] + "/" + file).Trim();
        }
    }
}
