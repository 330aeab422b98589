using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config.md#mounts: what is mounted, where and from what.</summary>
public sealed class MountTests : ContainerTest
{
    [Fact, Checklist(33, 37, 119, 120, 121, 122)]
    public void The_default_filesystems_are_there()
    {
        Bundle.Mounts[0]!.AsObject().Remove("source");
        var report = Report();
        foreach (var (point, type) in new[] { ("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs"), ("/dev/mqueue", "mqueue"), ("/sys", "sysfs") })
        {
            Assert.Equal(type, Mountinfo(report, point).Type);
        }

        Assert.Contains("ro", Mountinfo(report, "/sys").Options);
        Assert.Contains("size=65536k", Mountinfo(report, "/dev/shm").SuperOptions);
    }

    [Theory, Checklist(41)]
    [InlineData("cgroup")]
    [InlineData("cgroup2")]
    public void A_cgroup_filesystem_is_mounted(string type)
    {
        Bundle.Namespace("cgroup");
        if (type == "cgroup2")
        {
            Known.Deviates("runc", "takes the type cgroup alone");
            Assert.SkipUnless(File.ReadAllText("/proc/filesystems").Contains("\tcgroup2\n", StringComparison.Ordinal), "no cgroup2 here");
        }

        Bundle.Mount("/sys/fs/cgroup", type, type, "nosuid", "noexec", "nodev", "relatime", "ro");
        var report = Report("--list", "/sys/fs/cgroup", "--probe", "mkdir:/sys/fs/cgroup/x");
        Assert.Contains(MountLine.All(report), m => m.Point.StartsWith("/sys/fs/cgroup", StringComparison.Ordinal) && m.Type == (type == "cgroup2" || !Host.HasCgroupV1 ? "cgroup2" : "cgroup"));
        Assert.NotEmpty(report["list:/sys/fs/cgroup"]!.AsArray());
        if (Target.IsCsrun)
        {
            Assert.Equal("EROFS", report["probe:mkdir:/sys/fs/cgroup/x"]!.GetValue<string>());
        }
    }

    [Fact, Checklist(41)]
    public void An_unknown_filesystem_is_refused()
    {
        Bundle.Mount("/mnt", "nosuchfs", "none");
        RunFails("mounts[6]");
    }

    [Fact, Checklist(30, 123)]
    public void A_container_without_mounts_runs()
    {
        Known.PeersDeviate("want the mounts, or /proc (obs)");
        foreach (var mounts in new JsonNode?[] { null, new JsonArray() })
        {
            Bundle.Config["mounts"] = mounts;
            Bundle.Linux["maskedPaths"] = null;
            Bundle.Linux["readonlyPaths"] = null;
            var report = Report("--stat", "/dev/null", "--stat", "/dev/fd");
            Assert.Equal("1:3", report["stat:/dev/null"]!["device"]!.GetValue<string>());
        }
    }

    [Fact, Checklist(31, 33)]
    public void Mounts_are_made_in_their_order()
    {
        Data("inner");
        Bundle.Mount("/a", "tmpfs", "tmpfs");
        Bundle.Mount("/a/b", "bind", Data("inner"), "bind");
        Bundle.Mount("/c/d", "bind", Data("inner"), "bind");
        Bundle.Mount("/c", "tmpfs", "tmpfs");
        var report = Report("--read", "/a/b/file", "--read", "/c/d/file");
        Assert.Equal("inner", report["read:/a/b/file"]!.GetValue<string>());
        Assert.Equal("!ENOENT", report["read:/c/d/file"]!.GetValue<string>());
    }

    [Fact, Checklist(34)]
    public void A_relative_destination_is_taken_from_the_root()
    {
        Known.Deviates("crun", "accepts it too, elsewhere");
        Bundle.Mount("mnt/x", "tmpfs", "tmpfs");
        Assert.Equal("tmpfs", Mountinfo(Report(), "/mnt/x").Type);
    }

    [Fact, Checklist(36)]
    public void A_missing_destination_is_made()
    {
        var file = Path.Combine(Data("x"), "file");
        Bundle.Mount("/new/nested/directory", "bind", Data("x"), "bind");
        Bundle.Mount("/other/nested/file", "bind", file, "bind");
        Bundle.Mount("/some/tmpfs", "tmpfs", "tmpfs");
        var report = Report("--read", "/new/nested/directory/file", "--read", "/other/nested/file", "--stat", "/new/nested", "--stat", "/other/nested");
        Assert.Equal("x", report["read:/new/nested/directory/file"]!.GetValue<string>());
        Assert.Equal("x", report["read:/other/nested/file"]!.GetValue<string>());
        Assert.Equal("755", report["stat:/new/nested"]!["mode"]!.GetValue<string>());
        Assert.True(Directory.Exists(Bundle.Inside("/new/nested/directory")));
        Assert.Equal("", File.ReadAllText(Bundle.Inside("/other/nested/file")));
    }

    [Fact]
    public void A_tmpfs_has_the_mode_of_the_directory_that_it_covers_and_its_own_on_a_new_one()
    {
        Known.Deviates("crun", "has its own on both");
        Directory.CreateDirectory(Bundle.Inside("/there"));
        File.SetUnixFileMode(Bundle.Inside("/there"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Bundle.Mount("/there", "tmpfs", "tmpfs");
        Bundle.Mount("/some/new", "tmpfs", "tmpfs");
        var report = Report("--stat", "/there", "--stat", "/some/new");
        Assert.Equal("700", report["stat:/there"]!["mode"]!.GetValue<string>());
        Assert.Equal("1777", report["stat:/some/new"]!["mode"]!.GetValue<string>());
    }

    [Fact, Checklist(38)]
    public void A_relative_bind_source_is_taken_from_the_bundle()
    {
        Known.Deviates("crun", "takes it from its working directory");
        Directory.CreateDirectory(Path.Combine(Bundle.Path, "data"));
        File.WriteAllText(Path.Combine(Bundle.Path, "data", "file"), "relative");
        Bundle.Mount("/data", "bind", "data", "bind");
        Assert.Equal("relative", Report("--read", "/data/file")["read:/data/file"]!.GetValue<string>());
    }

    [Theory, Checklist(39)]
    [InlineData("none", "bind")]
    [InlineData("bind", "rbind")]
    [InlineData("tmpfs", "rbind")]
    [InlineData(null, "bind")]
    public void A_mount_is_a_bind_when_its_options_say_so(string? type, string option)
    {
        Bundle.Mount("/data", type, Data("bound"), option);
        Assert.Equal("bound", Report("--read", "/data/file")["read:/data/file"]!.GetValue<string>());
    }

    [Fact, Checklist(40)]
    public void A_missing_bind_source_is_named_and_not_made()
    {
        var missing = Path.Combine(Home, "missing");
        Bundle.Mount("/data", "bind", missing, "bind");
        var result = RunFails("no such file or directory");
        Assert.Contains(missing, result.Error);
        Assert.False(Directory.Exists(missing));
        if (Target.IsCsrun)
        {
            Assert.Contains("mounts[6].source", result.Error);
        }
    }

    [Fact, Checklist(42, 48)]
    public void Options_may_be_absent_null_empty_or_defaults()
    {
        Known.PeersDeviate("pass defaults to tmpfs");
        Bundle.Mount("/1", "tmpfs", "tmpfs");
        Bundle.Mount("/2", "tmpfs", "tmpfs");
        Bundle.Mount("/3", "tmpfs", "tmpfs");
        Bundle.Mount("/4", "tmpfs", "tmpfs", "defaults");
        Bundle.Mounts[6]!.AsObject().Remove("options");
        Bundle.Mounts[7]!["options"] = null;
        var report = Report();
        var options = Mountinfo(report, "/1").Options;
        Assert.Equal(["rw", "relatime"], options);
        Assert.All(new[] { "/2", "/3", "/4" }, p => Assert.Equal(options, Mountinfo(report, p).Options));
    }

    [Fact, Checklist(43)]
    public void Unknown_options_are_data_of_the_filesystem()
    {
        Bundle.Mount("/mnt", "tmpfs", "tmpfs", "size=1m", "mode=0700", "nr_inodes=10");
        var report = Report("--stat", "/mnt");
        Assert.Contains("size=1024k", Mountinfo(report, "/mnt").SuperOptions);
        Assert.Equal("700", report["stat:/mnt"]!["mode"]!.GetValue<string>());
    }

    [Fact, Checklist(43)]
    public void Data_that_the_filesystem_refuses_is_an_error()
    {
        Bundle.Mount("/mnt", "tmpfs", "tmpfs", "frobnicate");
        RunFails("mounts[6]");
    }

    [Fact, Checklist(47, 70)]
    public void Only_a_recursive_bind_shows_what_is_mounted_below()
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Bundle.Mount("/bind", "bind", tree.Path, "bind");
        Bundle.Mount("/rbind", "bind", tree.Path, "rbind");
        var report = Report("--read", "/bind/below/file", "--read", "/rbind/below/file");
        Assert.Equal("!ENOENT", report["read:/bind/below/file"]!.GetValue<string>());
        Assert.Equal("below", report["read:/rbind/below/file"]!.GetValue<string>());
    }

    [Fact, Checklist(31)]
    public void Mounts_are_listed_in_the_order_of_the_config()
    {
        Known.Deviates("runc", "lists them in order by chance");
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 15), "the kernel can copy what is detached from 6.15 on");
        string[] places = ["/a", "/b", "/c", "/d", "/e", "/f", "/g"];
        Bundle.Mount("/a", "tmpfs", "tmpfs");
        Bundle.Mount("/b", "bind", Data("x"), "bind");
        Bundle.Mount("/c", "tmpfs", "tmpfs");
        Bundle.Mount("/d", "bind", Data("y"), "rbind", "rshared");
        Bundle.Mount("/e", "bind", Data("z"), "rbind", "rprivate");
        Bundle.Mount("/f", "bind", "/proc/sys", "bind");
        Bundle.Mount("/g", "tmpfs", "tmpfs");
        Assert.Equal(places, MountLine.All(Report()).Select(static m => m.Point).Where(places.Contains));
    }

    [Fact, Checklist(110)]
    public void Data_on_a_bind_is_refused()
    {
        Known.Deviates("crun", "ignores it (obs)");
        Known.Deviates("runc", "this version ignores it");
        Bundle.Mount("/data", "bind", Data("x"), "bind", "lowerdir=/tmp");
        RunFails("mounts[6]");
    }

    [Fact, Checklist(110)]
    public void What_a_tmpfs_has_is_ignored_on_a_bind()
    {
        Known.Deviates("runc", "refuses it since 1.2");
        Bundle.Mount("/data", "bind", Data("x"), "bind", "nosuid", "mode=755", "size=1k");
        Assert.Contains("nosuid", Mountinfo(Report(), "/data").Options);
    }

    [Theory, Checklist(109)]
    [InlineData("/", "tmpfs")]
    [InlineData("/proc/sys", "tmpfs")]
    [InlineData("/proc/self/attr", "tmpfs")]
    [InlineData("/proc/../proc/sys", "tmpfs")]
    [InlineData("/proc", "tmpfs")]
    public void A_mount_on_the_root_or_inside_proc_is_refused(string destination, string type)
    {
        Known.PeersDeviate("accept some of them (obs)");
        Bundle.Mount(destination, type, type);
        RunFails("mounts[6].destination");
    }

    [Theory, Checklist(109)]
    [InlineData("/proc/cpuinfo")]
    [InlineData("/proc/uptime")]
    [InlineData("/proc/meminfo")]
    public void The_files_that_lxcfs_replaces_may_be_mounted_in_proc(string destination)
    {
        Bundle.Mount(destination, "bind", Path.Combine(Data("fake"), "file"), "bind");
        Assert.Equal("fake", Report("--read", destination)["read:" + destination]!.GetValue<string>());
    }

    [Fact, Checklist(74)]
    public void A_remount_changes_the_options_of_a_mount()
    {
        Known.PeersDeviate("each takes it differently");
        Bundle.Mount("/mnt", "tmpfs", "tmpfs");
        Bundle.Mount("/mnt", null, null, "remount", "ro", "nosuid");
        var report = Report();
        Assert.Single(MountLine.All(report), static m => m.Point == "/mnt");
        Assert.Contains("ro", Mountinfo(report, "/mnt").Options);
        Assert.Contains("nosuid", Mountinfo(report, "/mnt").Options);
    }

    [Fact]
    public void A_read_only_tmpfs_can_still_be_populated_by_later_mounts()
    {
        Bundle.Mount("/mnt", "tmpfs", "tmpfs", "ro");
        Bundle.Mount("/mnt/data", "bind", Data("late"), "bind");
        var report = Report("--read", "/mnt/data/file", "--probe", "mkdir:/mnt/x");
        Assert.Equal("late", report["read:/mnt/data/file"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:mkdir:/mnt/x"]!.GetValue<string>());
    }

    [Fact]
    public void A_read_only_dev_still_has_its_devices()
    {
        Bundle.Mounts[1]!["options"]!.AsArray().Add((JsonNode)"ro");
        var report = Report("--stat", "/dev/null", "--stat", "/dev/fd", "--probe", "mkdir:/dev/x");
        Assert.Equal("1:3", report["stat:/dev/null"]!["device"]!.GetValue<string>());
        Assert.NotNull(report["stat:/dev/fd"]);
        Assert.Equal("EROFS", report["probe:mkdir:/dev/x"]!.GetValue<string>());
    }

    [Fact]
    public void A_tmpfs_takes_the_mode_of_the_directory_that_it_covers()
    {
        Directory.CreateDirectory(Bundle.Inside("/covered"));
        Libc.chmod(Bundle.Inside("/covered"), 0x1c5);
        Bundle.Mount("/covered", "tmpfs", "tmpfs");
        Assert.Equal("705", Report("--stat", "/covered")["stat:/covered"]!["mode"]!.GetValue<string>());
    }

    [Fact]
    public void A_link_is_copied_instead_of_bound_if_that_is_asked_for()
    {
        Known.Deviates("runc", "does not know the option");
        File.CreateSymbolicLink(Path.Combine(Home, "link"), "/checker");
        Bundle.Mount("/new/link", "bind", Path.Combine(Home, "link"), "bind", "copy-symlink");
        Bundle.Mount("/data", "bind", Data("x"), "bind", "copy-symlink");
        var report = Report("--stat", "/new/link", "--read", "/data/file");
        Assert.Equal("/checker", report["stat:/new/link"]!["link"]!.GetValue<string>());
        Assert.Equal("x", report["read:/data/file"]!.GetValue<string>());
        Assert.DoesNotContain(MountLine.All(report), static m => m.Point == "/new/link");
        // It is there now, and right; another one is not replaced.
        Report();
        File.Delete(Bundle.Inside("/new/link"));
        File.CreateSymbolicLink(Bundle.Inside("/new/link"), "/else");
        RunFails("mounts[6]");
    }

    [Fact, Checklist(36)]
    public void A_file_is_bound_over_a_file_and_not_over_a_directory()
    {
        File.WriteAllText(Bundle.Inside("/file"), "covered");
        Directory.CreateDirectory(Bundle.Inside("/directory"));
        var source = Path.Combine(Data("x"), "file");
        Bundle.Mount("/file", "bind", source, "bind");
        Assert.Equal("x", Report("--read", "/file")["read:/file"]!.GetValue<string>());
        Assert.Equal("covered", File.ReadAllText(Bundle.Inside("/file")));
        Bundle.Mount("/directory", "bind", source, "bind");
        RunFails("mounts[7]");
        Bundle.Mounts.RemoveAt(7);
        Bundle.Mount("/file", "bind", Data("x"), "bind");
        RunFails("mounts[7]");
    }

    [Fact, Checklist(426)]
    public void A_mount_label_without_selinux_is_ignored_with_a_warning()
    {
        Known.Deviates("runc", "passes it on to the file system, which does not know it");
        Assert.SkipWhen(Directory.Exists("/sys/fs/selinux"), "SELinux is on");
        Bundle.Linux["mountLabel"] = "system_u:object_r:svirt_sandbox_file_t:s0:c1,c2";
        Assert.DoesNotContain("context=", Mountinfo(Report(), "/dev").SuperOptions);
    }

    [Fact]
    public void A_thousand_mounts_are_made()
    {
        // More than the descriptors that a process may have by default.
        for (var i = 0; i < 1100; i++)
        {
            Bundle.Mount($"/many/{i}", "bind", Data("x"), "bind", "ro", "nosuid");
        }

        Assert.Equal(1100, MountLine.All(Report()).Count(static m => m.Point.StartsWith("/many/", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_hosts_mounts_are_as_before()
    {
        static List<string> Table() => [.. File.ReadAllLines("/proc/self/mountinfo").Where(static l => !l.Contains("csrun-test", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        var before = Table();
        using (new HostTree(Path.Combine(Home, "tree"), shared: true))
        {
            foreach (var propagation in new[] { "rshared", "rslave", "rprivate" })
            {
                Bundle.Linux["rootfsPropagation"] = propagation;
                Bundle.Mount("/x/" + propagation, "bind", Path.Combine(Home, "tree"), "rbind", propagation);
                Report();
            }

            Assert.Equal(2, Host.Mounts(Path.Combine(Home, "tree")).Count);
        }

        Assert.Equal(before, Table());
    }

    [Fact]
    public void A_mount_that_the_host_makes_later_reaches_a_slave_bind()
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Bundle.Mount("/tree", "bind", tree.Path, "rbind", "rslave");
        Bundle.Args("sleep");
        var pid = Started();
        var late = Path.Combine(tree.Path, "late");
        Directory.CreateDirectory(late);
        Libc.Check(Libc.mount("tmpfs", late, "tmpfs", 0, null), "mount");
        try
        {
            Assert.Contains(MountLine.All(File.ReadAllText($"/proc/{pid}/mountinfo")), static m => m.Point == "/tree/late");
        }
        finally
        {
            Libc.umount2(late, 2);
        }
    }

    private string Data(string content)
    {
        var directory = Path.Combine(Home, "data-" + content);
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "file"), content);
        return directory;
    }
}
