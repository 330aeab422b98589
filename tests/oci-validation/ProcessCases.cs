using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>config.md#process, hostname, sysctl and seccomp: what the program itself finds.</summary>
public sealed class ProcessCases : OciCase
{
    private static readonly (string Name, int Number)[] Granted =
    [
        ("CAP_CHOWN", 0), ("CAP_DAC_OVERRIDE", 1), ("CAP_FOWNER", 3), ("CAP_FSETID", 4), ("CAP_KILL", 5), ("CAP_SETGID", 6), ("CAP_SETUID", 7),
        ("CAP_SETPCAP", 8), ("CAP_NET_BIND_SERVICE", 10), ("CAP_NET_RAW", 13), ("CAP_SYS_CHROOT", 18), ("CAP_MKNOD", 27), ("CAP_AUDIT_WRITE", 29), ("CAP_SETFCAP", 31),
    ];

    internal void Default()
    {
        string[] devices = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "fd", "stdin", "stdout", "stderr"];
        var report = Inside([.. devices.SelectMany(static d => new[] { "--stat", "/dev/" + d })]);
        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
        Assert.Equal("/", report["cwd"]!.GetValue<string>());
        Assert.Equal(1, report["pid"]!.GetValue<int>());
        Assert.Equal(1, report["noNewPrivileges"]!.GetValue<int>());
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
        Assert.Equal(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0"], devices.Take(6).Select(d => report["stat:/dev/" + d]!["device"]!.GetValue<string>()));
        Assert.Equal(["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"], devices.Skip(7).Select(d => report["stat:/dev/" + d]!["link"]!.GetValue<string>()));
        Assert.NotNull(report["stat:/dev/ptmx"]);
        foreach (var (point, type) in new[] { ("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs"), ("/sys", "sysfs") })
        {
            Assert.Equal($"{point} {type}", $"{point} {Mountinfo(report, point).Type}");
        }

        Assert.Equal(["0", "1", "2"], report["descriptors"]!.AsObject().Select(static d => d.Key));
        Succeeds("delete", Id);
    }

    internal void Hostname()
    {
        foreach (var name in new[] { "hostname-specific", "a" })
        {
            Bundle.Config["hostname"] = name;
            Assert.Equal(name, Inside()["hostname"]!.GetValue<string>());
            Again();
        }

        Bundle.Config.Remove("hostname");
        Assert.NotEqual("a", Inside()["hostname"]!.GetValue<string>());
    }

    internal void Process()
    {
        Directory.CreateDirectory(Bundle.Inside("/test"));
        Bundle.Process["cwd"] = "/test";
        Bundle.Process["env"] = Strings(["testa=valuea", "testb=123", "CSRUN_TEST=" + Mark, "HOME=/test"]);
        var report = Inside("--stat", "/test/with a blank");
        Assert.Equal("/test", report["cwd"]!.GetValue<string>());
        Assert.Equal(["testa=valuea", "testb=123", "CSRUN_TEST=" + Mark, "HOME=/test"], report["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
        Assert.Equal(["/checker", "report", "--out", "/out/report", "--stat", "/test/with a blank"], report["argv"]!.AsArray().Select(static a => a!.GetValue<string>()));
        Assert.Empty(report["terminal"]!.AsObject().Where(static property => property.Key is "rows"));
    }

    internal void User()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 10, ["gid"] = 11, ["additionalGids"] = new JsonArray(5, 6), ["umask"] = 2 };
        var report = Inside();
        Assert.Equal("[10,10,10,10]", report["uid"]!.ToJsonString());
        Assert.Equal("[11,11,11,11]", report["gid"]!.ToJsonString());
        Assert.Equal("[5,6]", report["groups"]!.ToJsonString());
        Assert.Equal(2, report["umask"]!.GetValue<int>());
    }

    internal void Capabilities()
    {
        var names = Granted.Select(static c => c.Name).ToList();
        Bundle.Process["capabilities"] = new JsonObject { ["bounding"] = Strings(names), ["effective"] = Strings(names), ["permitted"] = Strings(names), ["inheritable"] = Strings(names), ["ambient"] = Strings(names) };
        var sets = Inside()["capabilities"]!;
        var expected = Granted.Aggregate(0UL, static (all, c) => all | 1UL << c.Number).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
        foreach (var set in new[] { "bounding", "effective", "permitted", "inheritable", "ambient" })
        {
            Assert.Equal($"{set} {expected}", $"{set} {sets[set]}");
        }
    }

    internal void UnknownCapability()
    {
        // config.md#linux-process: logged as a warning; runtimes should not fail.
        Bundle.Process["capabilities"]!["bounding"]!.AsArray().Add((JsonNode)"CAP_TEST");
        var report = Inside();
        Assert.Equal("0000000020000420", report["capabilities"]!["bounding"]!.GetValue<string>());
    }

    internal void OomScore()
    {
        foreach (var score in new[] { 500, 1000 })
        {
            Bundle.Process["oomScoreAdj"] = score;
            Assert.Equal($"{score}", Inside()["oomScoreAdj"]!.GetValue<string>());
            Again();
        }
    }

    internal void Limits()
    {
        const long Giga = 1 << 30;
        var limits = new (string Type, long Soft, long Hard)[]
        {
            ("RLIMIT_CORE", 3 * Giga, 4 * Giga), ("RLIMIT_DATA", 5 * Giga, 6 * Giga), ("RLIMIT_FSIZE", 7 * Giga, 8 * Giga), ("RLIMIT_STACK", 9 << 20, 10 << 20),
            ("RLIMIT_CPU", 60, 120), ("RLIMIT_NOFILE", 900, 1000),
        };
        Bundle.Process["rlimits"] = new JsonArray([.. limits.Select(static l => new JsonObject { ["type"] = l.Type, ["soft"] = l.Soft, ["hard"] = l.Hard })]);
        var report = Inside();
        foreach (var (type, soft, hard) in limits)
        {
            Assert.Equal($"{type} [{soft},{hard}]", $"{type} {report["rlimits"]![type]!.ToJsonString()}");
        }
    }

    internal void UnknownLimit()
    {
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_TEST", ["soft"] = 1024, ["hard"] = 1024 });
        CreateRefused();
    }

    internal void Sysctl()
    {
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_forward"] = "1", ["kernel.msgmax"] = "65535" };
        var report = Inside("--read", "/proc/sys/net/ipv4/ip_forward", "--read", "/proc/sys/kernel/msgmax");
        Assert.Equal("1\n", report["read:/proc/sys/net/ipv4/ip_forward"]!.GetValue<string>());
        Assert.Equal("65535\n", report["read:/proc/sys/kernel/msgmax"]!.GetValue<string>());
    }

    internal void Seccomp()
    {
        Bundle.Linux["seccomp"] = JsonNode.Parse("""
            { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["getcwd"], "action": "SCMP_ACT_ERRNO" }, { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 }] }
            """);
        var report = Inside("--probe", "mkdir:/new", "--probe", "create:/file");
        Assert.Equal("EPERM", report["cwd"]!.GetValue<string>());
        Assert.Equal("ENOSYS", report["probe:mkdir:/new"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:create:/file"]!.GetValue<string>());
        Assert.Contains("\nSeccomp:\t2\n", report["status"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    internal void AppArmorProfile()
    {
        Assert.SkipUnless(Host.Text("/sys/module/apparmor/parameters/enabled")?.Trim() is "Y", "AppArmor is off on this machine");
        Bundle.Process["apparmorProfile"] = "acme_secure_profile";
        CreateRefused();
        Bundle.Process["apparmorProfile"] = "unconfined";
        Assert.StartsWith("unconfined", Inside("--read", "/proc/self/attr/apparmor/current")["read:/proc/self/attr/apparmor/current"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
