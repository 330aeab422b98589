using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config.md#root and config-linux.md#rootfs-mount-propagation: the root filesystem itself.</summary>
public sealed class RootTests : ContainerTest
{
    [Fact, Checklist(26, 27)]
    public void The_rootfs_is_read_only_when_asked_for()
    {
        Bundle.Config["root"]!["readonly"] = true;
        var report = Report("--probe", "create:/x", "--probe", "create:/dev/shm/x");
        Assert.Equal("EROFS", report["probe:create:/x"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:create:/dev/shm/x"]!.GetValue<string>());
        Assert.Contains("ro", Mountinfo(report, "/").Options);
        Bundle.Config["root"]!["readonly"] = false;
        Assert.Equal("ok", Report("--probe", "create:/x")["probe:create:/x"]!.GetValue<string>());
    }

    [Fact, Checklist(13, 14, 23)]
    public void The_rootfs_may_be_absolute_or_relative_to_the_bundle()
    {
        Bundle.Config["root"]!["path"] = Bundle.Rootfs;
        Assert.Equal("/", Report()["cwd"]!.GetValue<string>());
        Bundle.Config["root"]!["path"] = "./rootfs/../rootfs";
        Assert.Equal("/", Report()["cwd"]!.GetValue<string>());
    }

    [Fact, Checklist(24, 28)]
    public void A_rootfs_that_is_missing_or_a_file_is_refused()
    {
        File.WriteAllText(Path.Combine(Bundle.Path, "file"), "");
        foreach (var path in new[] { "missing", "file" })
        {
            Bundle.Config["root"]!["path"] = path;
            RunFails("root.path");
        }
    }

    [Fact, Checklist(29)]
    public void Links_in_the_rootfs_path_are_followed_on_the_host()
    {
        Known.Deviates("runc", "refuses any link (obs)");
        File.CreateSymbolicLink(Path.Combine(Bundle.Path, "link"), Bundle.Rootfs);
        Bundle.Config["root"]!["path"] = "link";
        Assert.Equal("/", Report()["cwd"]!.GetValue<string>());
    }

    [Theory, Checklist(414, 415, 416, 417, 419)]
    [InlineData("rprivate", false, false)]
    [InlineData("private", false, false)]
    [InlineData("rslave", false, true)]
    [InlineData("slave", false, true)]
    [InlineData("rshared", true, false)]
    [InlineData("shared", true, false)]
    [InlineData("unbindable", false, false)]
    [InlineData("runbindable", false, false)]
    public void The_rootfs_propagation_is_as_said(string propagation, bool shared, bool slave)
    {
        if (propagation.EndsWith("shared", StringComparison.Ordinal) || propagation.EndsWith("unbindable", StringComparison.Ordinal))
        {
            Known.Deviates("runc", "makes the root private all the same, or fails");
        }

        Bundle.Linux["rootfsPropagation"] = propagation;
        Bundle.Args("report");
        Bundle.Save();
        // Its mounts are shared, as systemd makes a host's: else there is nothing to be a slave of.
        var host = new Command("/usr/bin/unshare", ["--mount", "--propagation", "shared", "--", Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id])
        {
            WorkingDirectory = Home,
            Environment = RuntimeEnvironment(),
        };
        var tags = Mountinfo(ReportOf(host.Run(Home)), "/").Tags;
        Assert.Equal(shared, tags.Any(static t => t.StartsWith("shared:", StringComparison.Ordinal)));
        // One of a peer group of its own may hear of the host's mounts, too.
        if (!shared)
            Assert.Equal(slave, tags.Any(static t => t.StartsWith("master:", StringComparison.Ordinal)));
        if (Target.IsCsrun)
        {
            Assert.Equal(propagation.EndsWith("unbindable", StringComparison.Ordinal), tags.Contains("unbindable"));
        }
    }

    [Fact]
    public void Without_pivot_root_the_container_is_the_same()
    {
        Directory.CreateDirectory(Bundle.Inside("/mark"));
        Bundle.Config["root"]!["readonly"] = true;
        Bundle.Args("report", "--list", "/", "--probe", "create:/x");
        var report = ReportOf(RunContainer("--no-pivot"));
        Assert.Contains("mark", report["list:/"]!.AsArray().Select(static e => e!.GetValue<string>()));
        Assert.Equal("EROFS", report["probe:create:/x"]!.GetValue<string>());
        Assert.Equal("proc", Mountinfo(report, "/proc").Type);
    }
}
