using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Default devices and links, and linux.devices.</summary>
public sealed class DeviceTests : ContainerTest
{
    [Theory, Checklist(127, 128, 129, 130, 131, 132)]
    [InlineData("null", "1:3")]
    [InlineData("zero", "1:5")]
    [InlineData("full", "1:7")]
    [InlineData("random", "1:8")]
    [InlineData("urandom", "1:9")]
    [InlineData("tty", "5:0")]
    public void A_default_device_is_there_and_everybody_may_use_it(string name, string number)
    {
        var path = "/dev/" + name;
        var probe = name switch { "full" => "write:", "null" => "write:", "tty" => "open:", _ => "read:" } + path;
        var report = Report("--stat", path, "--probe", probe);
        var stat = report["stat:" + path]!;
        Assert.Equal("c 666 0 0 " + number, $"{stat["type"]} {stat["mode"]} {stat["uid"]} {stat["gid"]} {stat["device"]}");
        Assert.Equal(name switch { "full" => "ENOSPC", "tty" => "ENXIO", _ => "ok" }, report["probe:" + probe]!.GetValue<string>());
    }

    [Theory, Checklist(123, 124, 125, 126, 134)]
    [InlineData("fd", "/proc/self/fd")]
    [InlineData("stdin", "/proc/self/fd/0")]
    [InlineData("stdout", "/proc/self/fd/1")]
    [InlineData("stderr", "/proc/self/fd/2")]
    [InlineData("ptmx", "pts/ptmx")]
    public void A_default_link_is_there(string name, string target)
    {
        Assert.Equal(target, Report("--stat", "/dev/" + name)["stat:/dev/" + name]!["link"]!.GetValue<string>());
    }

    [Fact, Checklist(134)]
    public void Opening_ptmx_makes_a_terminal_of_the_containers_own()
    {
        Bundle.Args("open", "/dev/ptmx", ",", "report", "--list", "/dev/pts");
        Assert.Equal(["0", "ptmx"], ReportOf(RunContainer())["list:/dev/pts"]!.AsArray().Select(static e => e!.GetValue<string>()));
    }

    [Fact, Checklist(135)]
    public void A_bound_dev_is_left_as_it_is()
    {
        Known.Deviates("runc", "wants its /dev/null");
        var dev = Path.Combine(Home, "dev");
        Directory.CreateDirectory(dev);
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        Bundle.Mount("/dev", "bind", dev, "bind");
        Report();
        Assert.Empty(Directory.EnumerateFileSystemEntries(dev));
    }

    [Fact, Checklist(282, 283, 284, 285, 286, 288, 290, 291, 292, 293)]
    public void Listed_devices_are_made()
    {
        Known.Deviates("crun", "wants other things for fifos");
        Add("c", "/dev/mine", 1, 3, fileMode: 0x1b4, uid: 5, gid: 6);
        Add("b", "/dev/block", 7, 200, fileMode: 0x180);
        Add("u", "/opt/deep/unbuffered", 1, 5);
        Add("p", "/opt/fifo", null, null);
        var report = Report("--stat", "/dev/mine", "--stat", "/dev/block", "--stat", "/opt/deep/unbuffered", "--stat", "/opt/fifo");
        string Text(string path) => report["stat:" + path] is { } s ? $"{s["type"]} {s["mode"]} {s["uid"]} {s["gid"]} {s["device"]}" : "missing";
        Assert.Equal("c 664 5 6 1:3", Text("/dev/mine"));
        Assert.Equal("b 600 0 0 7:200", Text("/dev/block"));
        Assert.StartsWith("c ", Text("/opt/deep/unbuffered"));
        Assert.EndsWith(" 1:5", Text("/opt/deep/unbuffered"));
        Assert.StartsWith("p ", Text("/opt/fifo"));
        if (Target.IsCsrun)
        {
            Assert.Equal("c 666 0 0 1:5", Text("/opt/deep/unbuffered"));
        }
    }

    [Fact]
    public void The_mode_of_a_device_may_hold_its_type_as_engines_write_it()
    {
        Add("c", "/dev/mine", 1, 3, fileMode: 0x2000 | 0x1b4);
        Add("b", "/dev/block", 7, 200, fileMode: 0x6000 | 0x180);
        var report = Report("--stat", "/dev/mine", "--stat", "/dev/block");
        Assert.Equal("c 664", $"{report["stat:/dev/mine"]!["type"]} {report["stat:/dev/mine"]!["mode"]}");
        Assert.Equal("b 600", $"{report["stat:/dev/block"]!["type"]} {report["stat:/dev/block"]!["mode"]}");
    }

    [Fact, Checklist(291)]
    public void The_mode_of_a_device_does_not_depend_on_the_umask()
    {
        Add("c", "/dev/mine", 1, 3, fileMode: 0x1b6);
        Bundle.Args("report", "--stat", "/dev/mine");
        Bundle.Save();
        var command = new Command("/bin/sh", "-c", $"umask 077; exec {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}") { Environment = RuntimeEnvironment() };
        Assert.Equal("666", ReportOf(command.Run(Home))["stat:/dev/mine"]!["mode"]!.GetValue<string>());
    }

    [Fact, Checklist(294)]
    public void One_device_may_have_two_paths()
    {
        Add("c", "/dev/a", 1, 3);
        Add("c", "/dev/b", 1, 3);
        var report = Report("--stat", "/dev/a", "--stat", "/dev/b");
        Assert.Equal("1:3", report["stat:/dev/a"]!["device"]!.GetValue<string>());
        Assert.Equal("1:3", report["stat:/dev/b"]!["device"]!.GetValue<string>());
    }

    [Fact, Checklist(289)]
    public void A_file_in_the_place_of_a_device_is_refused()
    {
        Known.PeersDeviate("accept it silently (obs)");
        File.WriteAllText(Bundle.Inside("/device"), "a file");
        Add("c", "/device", 1, 3);
        RunFails("linux.devices[0]");
        Assert.Equal("a file", File.ReadAllText(Bundle.Inside("/device")));
    }

    [Fact, Checklist(289)]
    public void Another_device_in_the_place_of_a_device_is_refused()
    {
        Known.Deviates("crun", "accepts it");
        Known.Deviates("runc", "accepts it");
        Libc.Check(Libc.mknod(Bundle.Inside("/device"), 0x21b6, 0x105), "mknod");
        Add("c", "/device", 1, 3);
        RunFails("linux.devices[0]");
    }

    [Fact, Checklist(289)]
    public void The_same_device_that_is_there_already_is_kept()
    {
        Libc.Check(Libc.mknod(Bundle.Inside("/device"), 0x2000, 0x103), "mknod");
        Libc.chmod(Bundle.Inside("/device"), 0x1b6);
        Add("c", "/device", 1, 3, fileMode: 0x1b6);
        Assert.Equal("1:3", Report("--stat", "/device")["stat:/device"]!["device"]!.GetValue<string>());
    }

    [Fact]
    public void A_node_of_the_host_that_is_bound_keeps_its_owner_and_mode()
    {
        var node = Path.Combine(Home, "node");
        Libc.Check(Libc.mknod(node, 0x2180, 0x103), "mknod");
        Libc.chmod(node, 0x180);
        Bundle.Mount("/dev/bound", "bind", node, "bind");
        Add("c", "/dev/bound", 1, 3, fileMode: 0x1b6, uid: 5, gid: 6);
        var stat = Report("--stat", "/dev/bound")["stat:/dev/bound"]!;
        Assert.Equal("c 600 0 0 1:3", $"{stat["type"]} {stat["mode"]} {stat["uid"]} {stat["gid"]} {stat["device"]}");
    }

    [Fact, Checklist(296)]
    public void In_a_user_namespace_a_listed_device_is_bound_from_the_host()
    {
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }

        Add("c", "/dev/kmsg", 1, 11);
        var report = Report("--stat", "/dev/kmsg");
        Assert.Equal("1:11", report["stat:/dev/kmsg"]!["device"]!.GetValue<string>());
        Assert.Contains(MountLine.All(report), static m => m.Point == "/dev/kmsg");
    }

    private void Add(string type, string path, int? major, int? minor, int? fileMode = null, int? uid = null, int? gid = null)
    {
        var device = new JsonObject { ["type"] = type, ["path"] = path };
        foreach (var (name, value) in new Dictionary<string, int?> { ["major"] = major, ["minor"] = minor, ["fileMode"] = fileMode, ["uid"] = uid, ["gid"] = gid })
        {
            if (value != null)
            {
                device[name] = value;
            }
        }

        if (Bundle.Linux["devices"] is not JsonArray list)
        {
            Bundle.Linux["devices"] = list = [];
        }

        list.Add((JsonNode)device);
    }
}
