using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// Containers on kernels that lack newer system calls, which strace lets fail as if they were not there. What is done
/// instead is named with --debug.
/// </summary>
public sealed class OldKernelTests : ContainerTest
{
    [Fact]
    public void Nothing_is_said_where_nothing_is_missed()
    {
        Known.PeersDeviate("say other things");
        Bundle.Args("report");
        Bundle.Save();
        var result = Runtime("--debug", "run", "--bundle", Bundle.Path, Id);
        ReportOf(result);
        Assert.DoesNotContain("is missing", result.Error);
    }

    [Theory]
    [InlineData("openat2", "openat2 is missing (Linux 5.6)")]
    [InlineData("mount_setattr", "mount_setattr is missing (Linux 5.12)")]
    [InlineData("close_range", "close_range is missing (Linux 5.9)")]
    [InlineData("faccessat2", "faccessat2 is missing (Linux 5.8)")]
    [InlineData("fchmodat2", "fchmodat2 is missing (Linux 6.6)")]
    public void What_is_missing_is_named_and_done_in_another_way(string systemCall, string text)
    {
        // The mode and the owner of a device of the image's own are put right by fchmodat2.
        Directory.CreateDirectory(Bundle.Inside("/own"));
        Libc.Check(Libc.mknod(Bundle.Inside("/own/null"), 0x2180, 0x103), "mknod");
        Bundle.Linux["devices"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["type"] = "c", ["path"] = "/own/null", ["major"] = 1, ["minor"] = 3, ["uid"] = 4 });
        var result = Without(systemCall, "--stat", "/own/null");
        var report = ReportOf(result);
        Assert.Equal("666 4", $"{report["stat:/own/null"]!["mode"]} {report["stat:/own/null"]!["uid"]}");
        Assert.Contains(text, result.Error);
    }

    [Theory, Checklist(87)]
    [InlineData("rro", "ro,relatime")]
    [InlineData("rnosuid,rnodev,rnoexec,rnoatime,rnodiratime", "rw,nosuid,nodev,noexec,noatime,nodiratime")]
    [InlineData("rro,rw", "ro,relatime", "rw,relatime")]
    [InlineData("rnosymfollow", "rw,relatime,nosymfollow")]
    public void Recursive_attributes_are_set_mount_by_mount_without_mount_setattr(string options, string below, string? top = null)
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Directory.CreateDirectory(Path.Combine(tree.Path, "below/with a space"));
        Libc.Check(Libc.mount("tmpfs", Path.Combine(tree.Path, "below/with a space"), "tmpfs", 0, null), "mount");
        Bundle.Mount("/outside", "tmpfs", "tmpfs");
        Bundle.Mount("/bind", "bind", tree.Path, ["rbind", .. options.Split(',')]);
        var report = ReportOf(Without("mount_setattr"));
        Libc.umount2(Path.Combine(tree.Path, "below/with a space"), 2);
        Assert.Equal(top ?? below, Shown("/bind"));
        Assert.Equal(below, Shown("/bind/below"));
        Assert.Equal(below, Shown("/bind/below/with\\040a\\040space"));
        Assert.Equal("rw,relatime", Shown("/outside"));

        string Shown(string point) => string.Join(',', Mountinfo(report, point).Options);
    }

    [Theory]
    [InlineData("openat2", "openat2 is missing (Linux 5.6) or forbidden")]
    [InlineData("mount_setattr", "mount_setattr is missing (Linux 5.12) or forbidden")]
    public void What_a_filter_around_us_forbids_is_done_in_another_way_too(string systemCall, string text)
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Bundle.Mount("/bind", "bind", tree.Path, "rbind", "rro");
        var result = Under([systemCall + ":error=EPERM"]);
        var report = ReportOf(result);
        Assert.Contains("ro", Mountinfo(report, "/bind/below").Options);
        Assert.Contains(text, result.Error);
    }

    [Theory, Checklist(67)]
    [InlineData("fsmount:error=EINVAL:when=1")]
    [InlineData("fsmount:error=EINVAL:when=2", "mount_setattr:error=ENOSYS")]
    public void Nosymfollow_is_set_by_a_remount_where_fsmount_does_not_know_it(params string[] injections)
    {
        // The first that Init makes, but for a procfs of its own to remount the root by.
        Bundle.Mounts.Insert(0, new System.Text.Json.Nodes.JsonObject
        {
            ["destination"] = "/mnt",
            ["type"] = "tmpfs",
            ["options"] = Bundle.Json("nosymfollow", "noexec"),
        });
        var result = Under(injections);
        Assert.Equal(["rw", "noexec", "relatime", "nosymfollow"], Mountinfo(ReportOf(result), "/mnt").Options);
        Assert.Contains("fsmount does not know nosymfollow", result.Error);
    }

    [Fact, Checklist(96, 98)]
    public void Propagation_is_set_without_mount_setattr()
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Bundle.Mount("/slave", "bind", tree.Path, "rbind", "rslave");
        Bundle.Mount("/both", "bind", tree.Path, "rbind", "slave", "shared");
        var report = ReportOf(Without("mount_setattr"));
        Assert.StartsWith("master:", Assert.Single(Mountinfo(report, "/slave").Tags));
        Assert.Equal(["master", "shared"], Mountinfo(report, "/both").Tags.Select(static t => t.Split(':')[0]).Order());
    }

    [Fact, Checklist(422)]
    public void Readonly_paths_are_read_only_with_all_below_without_mount_setattr()
    {
        Directory.CreateDirectory(Bundle.Inside("/protected/below"));
        Bundle.Mount("/protected/below", "tmpfs", "tmpfs");
        Bundle.Linux["readonlyPaths"] = Bundle.Json("/protected");
        var report = ReportOf(Without("mount_setattr", "--probe", "mkdir:/protected/x", "--probe", "mkdir:/protected/below/x"));
        Assert.Equal("EROFS", report["probe:mkdir:/protected/x"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:mkdir:/protected/below/x"]!.GetValue<string>());
    }

    [Fact, Checklist(105)]
    public void Mapped_ids_without_mount_setattr_are_an_error_that_says_so()
    {
        Bundle.Mount("/bind", "bind", Home, "bind", "idmap");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Mounts[^1]![name] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["containerID"] = 0, ["hostID"] = 5, ["size"] = 1 });
        }

        var result = Without("mount_setattr");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("mapped ids take Linux 5.12", result.Error);
    }

    private Result Without(string systemCall, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        Assert.SkipUnless(new Command("/usr/bin/strace", "-qq", "-o", "/dev/null", "-e", "trace=" + systemCall, "/bin/true").Run(Home).ExitCode == 0, "this strace does not know " + systemCall);
        return Under([systemCall + ":error=ENOSYS"], arguments);
    }

    private Result Under(string[] injections, params string[] arguments)
    {
        Known.PeersDeviate("have fallbacks of their own");
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        Bundle.Args(["report", .. arguments]);
        Bundle.Save();
        return new Command("/usr/bin/strace",
            ["-f", "-qq", "-o", "/dev/null", .. injections.SelectMany(static i => new[] { "-e", "inject=" + i }), Target.Path, "--debug", "--root", Root, "run", "--bundle", Bundle.Path, Id])
        {
            WorkingDirectory = Home,
            Environment = RuntimeEnvironment(),
        }.Run(Home);
    }
}
