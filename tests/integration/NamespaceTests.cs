using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>linux.namespaces, linux.timeOffsets, hostname and domainname.</summary>
public sealed class NamespaceTests : ContainerTest
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["pid"] = "pid",
        ["network"] = "net",
        ["mount"] = "mnt",
        ["ipc"] = "ipc",
        ["uts"] = "uts",
        ["user"] = "user",
        ["cgroup"] = "cgroup",
        ["time"] = "time",
    };

    public static TheoryData<string> Kinds => [.. Files.Keys];

    [Theory, Checklist(250, 251, 252, 253, 254, 255, 256, 257, 263)]
    [MemberData(nameof(Kinds))]
    public void A_namespace_without_a_path_is_new(string kind)
    {
        if (kind is "time")
        {
            Known.PeersDeviate("these versions know no time namespace");
        }

        if (kind is "user")
        {
            MapUsers();
        }

        Bundle.Namespace(kind);
        var report = Report();
        Assert.NotEqual(Host.Link("/proc/self/ns/" + Files[kind]), Inode(report, kind));
    }

    [Theory, Checklist(264)]
    [InlineData("pid")]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    [InlineData("user")]
    [InlineData("time")]
    public void A_namespace_that_is_not_listed_is_the_runtimes(string kind)
    {
        Bundle.Namespace(kind, "-");
        if (kind is "uts")
        {
            Bundle.Config.Remove("hostname");
        }

        if (kind is "network")
        {
            Bundle.Unmount("/sys");
        }

        Assert.Equal(Host.Link("/proc/self/ns/" + Files[kind]), Inode(Report(), kind));
    }

    [Theory, Checklist(260, 266)]
    [InlineData("pid")]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    [InlineData("time")]
    [InlineData("mount")]
    public void A_namespace_with_a_path_is_joined(string kind)
    {
        if (kind is "time")
        {
            Known.PeersDeviate("these versions know no time namespace");
        }

        using var owner = new Unshared(Files[kind]);
        Bundle.Namespace(kind, owner.File);
        if (kind is "uts")
        {
            Bundle.Config.Remove("hostname");
        }

        Assert.Equal(owner.Inode, Inode(Report(), kind));
    }

    [Fact, Checklist(260)]
    public void A_user_namespace_with_a_path_is_joined()
    {
        Known.Deviates("runc", "wants maps for it");
        using var owner = new Unshared("user", "--map-root-user");
        Bundle.Namespace("user", owner.File);
        var report = Report();
        Assert.Equal(owner.Inode, Inode(report, "user"));
        Assert.Equal("0", report["uidMap"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
    }

    [Theory, Checklist(41, 47, 98, 264)]
    [InlineData(false, "ok")]
    [InlineData(true, "EROFS")]
    public void A_container_without_a_mount_namespace_has_its_mounts(bool readOnly, string expected)
    {
        WithoutMountNamespace();
        Bundle.Config["root"]!["readonly"] = readOnly;
        var report = Report("--read", "/data", "--read", "/proc/self/comm", "--list", "/dev", "--probe", "open:/dev/null",
            "--probe", "write:/data", "--probe", "create:/new");
        Assert.Equal(Host.Link("/proc/self/ns/mnt"), Inode(report, "mount"));
        Assert.Equal("content", report["read:/data"]!.GetValue<string>());
        Assert.NotEmpty(report["read:/proc/self/comm"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:open:/dev/null"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:write:/data"]!.GetValue<string>());
        Assert.Equal(expected, report["probe:create:/new"]!.GetValue<string>());
    }

    [Fact, Checklist(264)]
    public void Mounts_without_a_mount_namespace_show_nowhere_on_the_host()
    {
        WithoutMountNamespace();
        Bundle.Args("sleep");
        var pid = Started();
        Assert.Equal(Host.Link("/proc/self/ns/mnt"), Host.Link($"/proc/{pid}/ns/mnt"));
        Assert.Empty(Host.Mounts(Bundle.Rootfs));
    }

    private void WithoutMountNamespace()
    {
        Known.PeersDeviate("mount on the host, and leave it there");
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 15), "mounts in a detached tree take Linux 6.15");
        Bundle.Namespace("mount", "-");
        Bundle.Linux.Remove("maskedPaths");
        Bundle.Linux.Remove("readonlyPaths");
        File.WriteAllText(Path.Combine(Home, "x"), "content");
        Bundle.Mount("/data", "bind", Path.Combine(Home, "x"), "bind", "ro");
        Bundle.Mount("/shared", "bind", Home, "rbind", "rshared");
        Bundle.Mount("/cgroup", "cgroup", "cgroup", "ro");
    }

    [Fact, Checklist(260, 267)]
    public void All_namespaces_can_be_joined_together_as_a_pods_are()
    {
        var kinds = new[] { "network", "ipc", "uts" };
        Bundle.Args("sleep");
        var pause = Started();
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/second";
        foreach (var kind in kinds)
        {
            Bundle.Namespace(kind, $"/proc/{pause}/ns/{Files[kind]}");
        }

        Bundle.Config.Remove("hostname");
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(Runtime("run", "--bundle", Bundle.Path, Id + "-2"));
        foreach (var kind in kinds)
        {
            Assert.Equal(Host.Link($"/proc/{pause}/ns/{Files[kind]}"), Inode(report, kind));
        }

        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
    }

    [Fact, Checklist(266)]
    public void In_a_joined_pid_namespace_the_program_is_not_the_first()
    {
        Bundle.Args("sleep");
        var first = Started();
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/second";
        Bundle.Namespace("pid", $"/proc/{first}/ns/pid");
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(Runtime("run", "--bundle", Bundle.Path, Id + "-2"));
        Assert.Equal(Host.Link($"/proc/{first}/ns/pid"), Inode(report, "pid"));
        Assert.True(report["pid"]!.GetValue<int>() > 1);
    }

    [Fact, Checklist(266), Contract("C20", "C21")]
    public void With_a_joined_pid_namespace_the_process_is_still_the_callers_child()
    {
        using var owner = new Unshared("pid");
        Bundle.Namespace("pid", owner.File);
        Bundle.Args("exit", "7");
        var pid = Created();
        Assert.Equal(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), Host.StatField(pid, 4));
        Succeeds("start", Id);
        Assert.True(Reaper.Wait(pid, 5000, out var ending));
        Assert.Equal(7, ending.Code);
    }

    [Fact, Checklist(250)]
    public void In_a_new_pid_namespace_the_program_is_the_first() => Assert.Equal(1, Report()["pid"]!.GetValue<int>());

    [Fact, Checklist(251)]
    public void A_new_network_namespace_has_only_the_loopback_and_it_is_up()
    {
        var report = Report("--read", "/sys/class/net/lo/flags");
        Assert.Equal(["lo"], report["networkDevices"]!.GetValue<string>().Split('\n')[2..].Select(static l => l.Split(':')[0].Trim()));
        Assert.Equal("0x9\n", report["read:/sys/class/net/lo/flags"]!.GetValue<string>());
    }

    [Fact, Checklist(252)]
    public void A_new_mount_namespace_shows_nothing_of_the_host()
    {
        var report = Report();
        Assert.All(MountLine.All(report), static m => Assert.Matches("^/($|proc|dev|sys)", m.Point));
    }

    [Fact, Checklist(256)]
    public void In_a_new_cgroup_namespace_the_own_cgroup_is_the_root()
    {
        Bundle.Namespace("cgroup");
        var report = Report();
        Assert.All(report["cgroup"]!.GetValue<string>().Split('\n').Where(static l => !l.StartsWith("0::", StringComparison.Ordinal)), static l => Assert.EndsWith(":/", l));
    }

    [Theory, Checklist(257, 278, 279, 280)]
    [InlineData(86400, 0, 3600, 5)]
    [InlineData(-1, 0, -1, 0)]
    [InlineData(0, 999999999, 0, 0)]
    public void Time_offsets_are_applied(long monotonic, uint nanoseconds, long boottime, uint more)
    {
        Known.PeersDeviate("these versions know no time namespace");
        Bundle.Namespace("time");
        Bundle.Linux["timeOffsets"] = new JsonObject
        {
            ["monotonic"] = new JsonObject { ["secs"] = monotonic, ["nanosecs"] = nanoseconds },
            ["boottime"] = new JsonObject { ["secs"] = boottime, ["nanosecs"] = more },
        };
        var before = Environment.TickCount64 / 1000;
        var report = Report();
        var offsets = report["timeOffsets"]!.GetValue<string>().Split('\n').Select(static l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal([$"monotonic {monotonic} {nanoseconds}", $"boottime {boottime} {more}"], offsets);
        Assert.InRange(report["clocks"]!["boottime"]!.GetValue<long>() - before - boottime, -1, 30);
    }

    [Fact, Checklist(261)]
    public void A_path_to_another_kind_of_namespace_is_refused()
    {
        Bundle.Namespace("ipc", "/proc/self/ns/uts");
        RunFails("linux.namespaces");
    }

    [Theory, Checklist(262)]
    [InlineData("/nonexistent")]
    [InlineData("/etc/passwd")]
    public void A_path_that_is_no_namespace_is_refused(string path)
    {
        Bundle.Namespace("ipc", path);
        RunFails(path);
    }

    [Fact, Checklist(208, 210)]
    public void Hostname_and_domainname_are_set_inside_only()
    {
        var before = Environment.MachineName;
        Bundle.Config["domainname"] = "example.org";
        if (Target.IsCsrun)
        {
            Assert.Equal("example.org", Report()["domainname"]!.GetValue<string>());
        }

        Succeeds("delete", "--force", Id);
        Assert.Equal("inside", Report()["hostname"]!.GetValue<string>());
        Assert.Equal(before, File.ReadAllText("/proc/sys/kernel/hostname").Trim());
    }

    [Theory, Checklist(209, 210)]
    [InlineData("hostname")]
    [InlineData("domainname")]
    public void A_name_without_a_uts_namespace_is_refused(string member)
    {
        var before = File.ReadAllText("/proc/sys/kernel/" + member);
        if (member is "domainname")
        {
            Known.PeersDeviate("these versions do not know domainname");
        }

        Bundle.Config.Remove("hostname");
        Bundle.Config[member] = "wrong";
        Bundle.Namespace("uts", "-");
        RunFails(member);
        Assert.Equal(before, File.ReadAllText("/proc/sys/kernel/" + member));
    }

    [Fact, Checklist(211)]
    public void A_hostname_of_64_bytes_is_set_and_of_65_refused()
    {
        Bundle.Config["hostname"] = new string('x', 64);
        Assert.Equal(new string('x', 64), Report()["hostname"]!.GetValue<string>());
        Bundle.Config["hostname"] = new string('x', 65);
        RunFails("hostname");
    }

    [Theory, Checklist(411, 413)]
    [InlineData("uts", "kernel.domainname", "inside.example")]
    [InlineData("ipc", "kernel.msgmax", "4096")]
    [InlineData("network", "net.ipv4.ip_forward", "1")]
    [InlineData("network", "net/ipv4/conf/lo/forwarding", "1")]
    public void Sysctls_of_a_namespace_are_set_inside_only(string kind, string name, string value)
    {
        if (name.Contains('/'))
        {
            Known.PeersDeviate("these versions take dots only");
        }

        var path = "/proc/sys/" + name.Replace('.', '/');
        var before = Host.Text(path);
        Bundle.Namespace(kind);
        Bundle.Linux["sysctl"] = new JsonObject { [name] = value };
        var report = Report("--read", path);
        Assert.Equal(value + "\n", report["read:" + path]!.GetValue<string>());
        Assert.Equal(before, Host.Text(path));
    }

    [Theory, Checklist(412)]
    [InlineData("kernel.core_pattern", "x", null)]
    [InlineData("net.ipv4.ip_forward", "1", "network")]
    [InlineData("kernel.msgmax", "4096", "ipc")]
    [InlineData("kernel.domainname", "x", "uts")]
    public void Sysctls_that_would_change_the_host_are_refused(string name, string value, string? without)
    {
        var path = "/proc/sys/" + name.Replace('.', '/');
        var before = Host.Text(path);
        if (without != null)
        {
            Bundle.Namespace(without, "-");
        }

        Bundle.Config.Remove("hostname");
        Bundle.Linux["sysctl"] = new JsonObject { [name] = value };
        RunFails(name);
        Assert.Equal(before, Host.Text(path));
    }

    [Fact]
    public void A_sysctl_that_does_not_exist_is_refused()
    {
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.no_such_thing"] = "1" };
        RunFails("no_such_thing");
    }

    private static string Inode(JsonNode report, string kind) => report["namespaces"]![Files[kind]]!.GetValue<string>();

    private void MapUsers()
    {
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 0, ["size"] = 65536 });
        }
    }
}

/// <summary>A process of util-linux's unshare that holds a namespace of its own.</summary>
internal sealed class Unshared : IDisposable
{
    private readonly int pid;
    private readonly int holder;

    internal Unshared(string kind, params string[] options)
    {
        var before = Host.Link("/proc/self/ns/" + kind);
        var forked = kind is "pid" or "time";
        var name = kind switch { "mnt" => "--mount", "pid" => "--pid", _ => "--" + kind };
        pid = new Command("/usr/bin/unshare", [name, .. options, .. forked ? new[] { "--fork", "--kill-child" } : [], "/bin/sleep", "1000"]).Start();
        holder = pid;
        Host.Eventually(() => Host.Link($"/proc/{pid}/ns/{kind}{(forked ? "_for_children" : "")}") is { } inode && inode != before
            && (forked ? Child() != 0 : Host.Text($"/proc/{pid}/comm") is "sleep\n"), "unshare");
        if (forked)
        {
            holder = Child();
            Host.Eventually(() => Host.Text($"/proc/{holder}/comm") is "sleep\n", "unshare's child");
        }

        File = $"/proc/{holder}/ns/{kind}";
        Inode = Host.Link(File)!;
    }

    internal int Pid => holder;

    internal string File { get; }

    internal string Inode { get; }

    public void Dispose()
    {
        Libc.kill(holder, 9);
        Libc.kill(pid, 9);
        Reaper.Wait(pid, 5000, out _);
    }

    private int Child() => int.TryParse(Host.Text($"/proc/{pid}/task/{pid}/children")?.Trim(), System.Globalization.CultureInfo.InvariantCulture, out var child) ? child : 0;
}
