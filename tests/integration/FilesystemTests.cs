using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>New instances of all kinds of file systems, with parameters of all lengths.</summary>
public sealed class FilesystemTests : ContainerTest
{
    [Theory, Checklist(41, 43)]
    [InlineData("ramfs", "none", "mode=700")]
    [InlineData("hugetlbfs", "none", "mode=0711,uid=3")]
    [InlineData("securityfs", "none", "")]
    [InlineData("debugfs", "debugfs", "ro")]
    [InlineData("tracefs", "tracefs", "nosuid")]
    [InlineData("bpf", "bpf", "mode=700")]
    [InlineData("pstore", "pstore", "")]
    [InlineData("fusectl", "fusectl", "")]
    [InlineData("binfmt_misc", "binfmt_misc", "")]
    [InlineData("devtmpfs", "devtmpfs", "")]
    public void A_file_system_of_the_kernel_is_mounted_by_its_type(string type, string source, string options)
    {
        Kernel(type);
        Bundle.Mount("/mnt", type, source, options.Split(',', StringSplitOptions.RemoveEmptyEntries));
        var shown = Mountinfo(Report(), "/mnt");
        Assert.Equal(type, shown.Type);
        Assert.Equal(options == "ro", shown.Options.Contains("ro"));
    }

    [Fact, Checklist(41)]
    public void Parameters_of_hugetlbfs_are_passed_on()
    {
        Kernel("hugetlbfs");
        Bundle.Mount("/mnt", "hugetlbfs", "none", "mode=0711", "uid=3", "gid=4");
        var report = Report("--stat", "/mnt");
        Assert.Equal("711 3 4", $"{report["stat:/mnt"]!["mode"]} {report["stat:/mnt"]!["uid"]} {report["stat:/mnt"]!["gid"]}");
    }

    [Theory, Checklist(26, 41, 84)]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_system_on_a_device_is_mounted_and_read_only_as_a_whole(bool readOnly)
    {
        Kernel("ext4");
        var image = Path.Combine(Home, "image");
        using (var file = File.Create(image))
        {
            file.SetLength(4 << 20);
        }

        Success(new Command("/usr/sbin/mkfs.ext4", "-q", image).Run(Home));
        var attached = new Command("/usr/sbin/losetup", [.. readOnly ? new[] { "-r" } : [], "-f", "--show", image]).Run(Home);
        Assert.SkipUnless(attached.ExitCode == 0, "no loop devices here: " + attached.Error.Trim());
        var device = attached.Out.Trim();
        try
        {
            Bundle.Mount("/mnt", "ext4", device, readOnly ? "ro" : "rw", "noload");
            var report = Report("--probe", "mkdir:/mnt/x");
            Assert.Equal(readOnly, Mountinfo(report, "/mnt").SuperOptions.Contains("ro"));
            Assert.Equal(readOnly ? "EROFS" : "ok", report["probe:mkdir:/mnt/x"]!.GetValue<string>());
        }
        finally
        {
            Success(new Command("/usr/sbin/losetup", "-d", device).Run(Home));
        }
    }

    /// <summary>Layers whose names are together: within fsconfig(2)'s 255 bytes, within mount(2)'s page, beyond it.</summary>
    [Theory, Checklist(41, 43)]
    [InlineData(2)]
    [InlineData(12)]
    [InlineData(60)]
    public void An_overlay_of_many_layers_is_mounted(int layers)
    {
        Kernel("overlay");
        if (layers == 60)
        {
            Known.PeersDeviate("take no more than a page");
        }

        var names = Layers(layers);
        Bundle.Mount("/mnt", "overlay", "overlay", "lowerdir=" + string.Join(':', names), "upperdir=" + Make("upper"), "workdir=" + Make("work"), "nosuid");
        var report = Report("--list", "/mnt", "--probe", "mkdir:/mnt/new");
        Assert.Equal(layers, report["list:/mnt"]!.AsArray().Count);
        Assert.Equal("ok", report["probe:mkdir:/mnt/new"]!.GetValue<string>());
        Assert.True(Directory.Exists(Path.Combine(Home, "upper/new")));
        var shown = Mountinfo(report, "/mnt");
        Assert.Equal("overlay", shown.Type);
        Assert.Contains("nosuid", shown.Options);
        // The place where it was made shows nowhere.
        Assert.Single(MountLine.All(report), static m => m.Type == "overlay");
        Assert.DoesNotContain(Host.Mounts(Home), static l => l.Contains(" overlay ", StringComparison.Ordinal));
    }

    [Fact, Checklist(41, 43, 110)]
    public void A_long_parameter_goes_with_flags_of_the_mount_and_of_the_file_system()
    {
        Kernel("overlay");
        Known.PeersDeviate("lack some of these options");
        Bundle.Mount("/mnt", "overlay", "overlay", "lowerdir=" + string.Join(':', Layers(12)), "ro", "noexec", "nodev", "noatime", "sync", "lazytime", "nolazytime", "shared");
        var shown = Mountinfo(Report(), "/mnt");
        Assert.Equal(["ro", "nodev", "noexec", "noatime"], shown.Options);
        Assert.Contains("sync", shown.SuperOptions);
        Assert.DoesNotContain("lazytime", shown.SuperOptions);
        Assert.StartsWith("shared:", Assert.Single(shown.Tags));
    }

    [Fact, Checklist(43)]
    public void What_the_file_system_refuses_in_long_parameters_is_an_error()
    {
        Kernel("overlay");
        Known.PeersDeviate("say it in other words");
        Bundle.Mount("/mnt", "overlay", "overlay", "lowerdir=" + string.Join(':', Layers(12)), "frobnicate");
        Assert.Contains("frobnicate", RunFails("mounts[6]: cannot mount overlay on /mnt: mount overlay").Error);
    }

    [Fact, Checklist(41, 111)]
    public void An_overlay_is_mounted_in_a_user_namespace()
    {
        Kernel("overlay");
        UserNamespace();
        Directory.CreateDirectory(Bundle.Inside("/mnt"));
        var names = Layers(12);
        foreach (var name in new[] { Make("upper"), Make("work") })
        {
            Libc.lchown(name, 100000, 100000);
        }

        Bundle.Mount("/mnt", "overlay", "overlay", "lowerdir=" + string.Join(':', names), "upperdir=" + Make("upper"), "workdir=" + Make("work"), "userxattr");
        var report = Report("--list", "/mnt");
        Assert.Equal("overlay", Mountinfo(report, "/mnt").Type);
        Assert.Equal(12, report["list:/mnt"]!.AsArray().Count);
    }

    [Fact, Checklist(41)]
    public void A_type_that_a_user_namespace_may_not_mount_is_explained()
    {
        Kernel("ext4");
        Known.PeersDeviate("say it in other words");
        UserNamespace();
        Directory.CreateDirectory(Bundle.Inside("/mnt"));
        Bundle.Mount("/mnt", "debugfs", "debugfs");
        Assert.Contains("a user namespace may mount few types", RunFails("mounts[6]: cannot mount debugfs").Error);
    }

    private string[] Layers(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var name = Make($"layer-with-a-name-of-some-length-{i}");
        Directory.CreateDirectory(Path.Combine(name, $"entry{i}"));
        return name;
    })];

    private string Make(string name)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(path);
        return path;
    }

    private void UserNamespace()
    {
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }
    }

    private static void Kernel(string type) => Assert.SkipUnless(
        File.ReadAllLines("/proc/filesystems").Any(line => string.Equals(line.Split('\t')[1], type, StringComparison.Ordinal)), "this kernel has no " + type);
}
