using System.IO;
using System.Linq;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Every mount option of config.md#mounts, by what mountinfo shows.</summary>
public sealed class MountOptionTests : ContainerTest
{
    [Theory, Checklist(45, 46, 48, 49, 50, 52, 57, 58, 59, 60, 64, 65, 66, 73, 84, 95, 99, 100, 107)]
    [InlineData("ro", "ro")]
    [InlineData("ro,rw", "rw")]
    [InlineData("rw,ro", "ro")]
    [InlineData("nosuid", "nosuid")]
    [InlineData("nosuid,suid", "-nosuid")]
    [InlineData("nodev", "nodev")]
    [InlineData("nodev,dev", "-nodev")]
    [InlineData("noexec", "noexec")]
    [InlineData("noexec,exec", "-noexec")]
    [InlineData("noatime", "noatime,-relatime")]
    [InlineData("noatime,atime", "-noatime,relatime")]
    [InlineData("nodiratime", "nodiratime")]
    [InlineData("nodiratime,diratime", "-nodiratime")]
    [InlineData("relatime", "relatime")]
    [InlineData("strictatime", "-relatime,-noatime")]
    [InlineData("relatime,norelatime", "-noatime")]
    [InlineData("nostrictatime", "-noatime")]
    [InlineData("ro,nosuid,nodev,noexec,noatime,nodiratime", "ro,nosuid,nodev,noexec,noatime,nodiratime")]
    public void An_option_of_the_mount_shows_on_a_tmpfs_and_on_a_bind(string options, string expected)
    {
        var source = Path.Combine(Home, "source");
        Directory.CreateDirectory(source);
        Bundle.Mount("/tmpfs", "tmpfs", "tmpfs", options.Split(','));
        Bundle.Mount("/bind", "bind", source, ["bind", .. options.Split(',')]);
        var report = Report();
        foreach (var point in new[] { "/tmpfs", "/bind" })
        {
            var shown = Mountinfo(report, point).Options;
            foreach (var option in expected.Split(','))
            {
                Assert.True(shown.Contains(option.TrimStart('-')) != (option[0] == '-'), $"{point}: {option} with {options}: {string.Join(',', shown)}");
            }
        }
    }

    [Theory, Checklist(51, 54, 62, 102, 45)]
    [InlineData("sync", "sync")]
    [InlineData("sync,async", "-sync")]
    [InlineData("dirsync", "dirsync")]
    [InlineData("lazytime", "lazytime")]
    [InlineData("lazytime,nolazytime", "-lazytime")]
    public void An_option_of_the_filesystem_shows_on_a_tmpfs(string options, string expected)
    {
        if (options.Contains("lazytime"))
        {
            Known.PeersDeviate("these versions pass it as data");
        }

        Bundle.Mount("/tmpfs", "tmpfs", "tmpfs", options.Split(','));
        var shown = Mountinfo(Report(), "/tmpfs").SuperOptions;
        Assert.True(shown.Contains(expected.TrimStart('-')) != (expected[0] == '-'), string.Join(',', shown));
    }

    [Theory, Checklist(53, 55, 56, 61, 63, 97)]
    [InlineData("silent")]
    [InlineData("silent,loud")]
    [InlineData("iversion")]
    [InlineData("noiversion")]
    [InlineData("nomand")]
    public void An_option_that_shows_nowhere_is_accepted(string options)
    {
        if (options.Contains("silent"))
        {
            Known.PeersDeviate("these versions do not know it (obs)");
        }

        Known.Deviates("crun", "does not know it (obs)");
        Bundle.Mount("/tmpfs", "tmpfs", "tmpfs", options.Split(','));
        Assert.Equal("tmpfs", Mountinfo(Report(), "/tmpfs").Type);
    }

    [Theory, Checklist(67, 101)]
    [InlineData("nosymfollow", true)]
    [InlineData("nosymfollow,symfollow", false)]
    public void Links_are_not_followed_when_the_mount_forbids_it(string options, bool refused)
    {
        Known.PeersDeviate("these versions do not know it");
        var source = Path.Combine(Home, "source");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "file"), "x");
        File.CreateSymbolicLink(Path.Combine(source, "link"), "file");
        Bundle.Mount("/bind", "bind", source, ["bind", .. options.Split(',')]);
        Assert.Equal(refused ? "!ELOOP" : "x", Report("--read", "/bind/link")["read:/bind/link"]!.GetValue<string>());
    }

    [Theory, Checklist(69, 71, 72, 75, 76, 77, 78, 79, 80, 81, 82, 83, 86, 87, 88, 91, 92, 93)]
    [InlineData("rro", "ro")]
    [InlineData("rro,rrw", "rw")]
    [InlineData("rnosuid", "nosuid")]
    [InlineData("rnosuid,rsuid", "-nosuid")]
    [InlineData("rnodev", "nodev")]
    [InlineData("rnodev,rdev", "-nodev")]
    [InlineData("rnoexec", "noexec")]
    [InlineData("rnoexec,rexec", "-noexec")]
    [InlineData("rnodiratime", "nodiratime")]
    [InlineData("rnodiratime,rdiratime", "-nodiratime")]
    [InlineData("rnoatime", "noatime")]
    [InlineData("rnoatime,ratime", "-noatime")]
    [InlineData("rrelatime", "relatime")]
    [InlineData("rstrictatime", "-relatime,-noatime")]
    [InlineData("rnorelatime", "-noatime")]
    [InlineData("rnostrictatime", "-noatime")]
    [InlineData("rnosymfollow", "nosymfollow")]
    [InlineData("rnosymfollow,rsymfollow", "-nosymfollow")]
    public void A_recursive_option_reaches_what_is_mounted_below(string options, string expected)
    {
        if (options.Contains(",r") || options == "rnostrictatime")
        {
            Known.Deviates("runc", "this version does not let the last one win");
        }

        if (options.Contains("symfollow"))
        {
            Known.PeersDeviate("these versions do not know it");
        }

        Known.Deviates("crun", "refuses some of them in this version");
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Bundle.Mount("/bind", "bind", tree.Path, ["rbind", .. options.Split(',')]);
        var report = Report();
        foreach (var point in new[] { "/bind", "/bind/below" })
        {
            var shown = Mountinfo(report, point).Options;
            foreach (var option in expected.Split(','))
            {
                Assert.True(shown.Contains(option.TrimStart('-')) != (option[0] == '-'), $"{point}: {option} with {options}: {string.Join(',', shown)}");
            }
        }

        // Nothing of that may reach the host's own mounts.
        Assert.All(MountLine.All(File.ReadAllText("/proc/self/mountinfo")).Where(m => m.Point.StartsWith(tree.Path)), static m => Assert.Equal(["rw", "relatime"], m.Options));
    }

    [Theory, Checklist(68, 85, 89, 90, 94, 96, 98, 104, 108)]
    [InlineData("private", "", null)]
    [InlineData("rprivate", "", "")]
    [InlineData("shared", "shared", null)]
    [InlineData("rshared", "shared", "shared")]
    [InlineData("slave", "master", null)]
    [InlineData("rslave", "master", "master")]
    [InlineData("unbindable", "unbindable", null)]
    [InlineData("runbindable", "unbindable", "unbindable")]
    public void Propagation_of_a_bind_is_as_said(string option, string tag, string? below)
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Libc.Check(Libc.mount("none", Path.Combine(tree.Path, "below"), null, 1UL << 20, null), "propagation");
        Bundle.Mount("/bind", "bind", tree.Path, "rbind", option);
        var report = Report();
        Assert.Equal(tag, Tag("/bind"));
        if (below != null)
        {
            Assert.Equal(below, Tag("/bind/below"));
        }

        // What is shared anew may still be the slave of what it came from.
        string Tag(string point) => Mountinfo(report, point).Tags.Select(static t => t.Split(':')[0]).FirstOrDefault("");
    }

    [Theory, Checklist(85, 96, 98, 108)]
    [InlineData("rslave,shared", "master shared", "master")]
    [InlineData("rslave,rshared", "master shared", "master shared")]
    [InlineData("rprivate,shared", "shared", "")]
    [InlineData("rshared,private", "", "master shared")]
    [InlineData("shared,rprivate", "", "")]
    [InlineData("unbindable,rshared", "shared", "master shared")]
    public void Propagation_options_hold_one_after_the_other(string options, string tags, string below)
    {
        Known.PeersDeviate("each takes several of them differently");
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Libc.Check(Libc.mount("none", Path.Combine(tree.Path, "below"), null, 1UL << 20, null), "propagation");
        Bundle.Mount("/bind", "bind", tree.Path, ["rbind", .. options.Split(',')]);
        var report = Report();
        Assert.Equal(tags, Tags("/bind"));
        Assert.Equal(below, Tags("/bind/below"));

        string Tags(string point) => string.Join(' ', Mountinfo(report, point).Tags.Select(static t => t.Split(':')[0]).Order(System.StringComparer.Ordinal));
    }

    [Theory, Checklist(74, 87, 88)]
    [InlineData("rro", "ro", "ro")]
    [InlineData("rnosuid,ro", "ro,nosuid", "rw,nosuid")]
    public void A_remount_can_be_recursive_too(string options, string top, string below)
    {
        Known.PeersDeviate("each takes it differently");
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Bundle.Mount("/bind", "bind", tree.Path, "rbind");
        Bundle.Mount("/bind", null, null, ["remount", .. options.Split(',')]);
        var report = Report();
        Assert.Equal(top + ",relatime", string.Join(',', Mountinfo(report, "/bind").Options));
        Assert.Equal(below + ",relatime", string.Join(',', Mountinfo(report, "/bind/below").Options));
        Assert.Equal(2, MountLine.All(report).Count(static m => m.Point.StartsWith("/bind", System.StringComparison.Ordinal)));
    }

    [Theory, Checklist(96, 104, 108)]
    [InlineData("shared")]
    [InlineData("unbindable")]
    public void Propagation_applies_without_a_bind_too(string option)
    {
        Bundle.Mount("/tmpfs", "tmpfs", "tmpfs", option);
        Assert.Equal(option, string.Join(' ', Mountinfo(Report(), "/tmpfs").Tags.Select(static t => t.Split(':')[0])));
    }
}
