using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>Names in a volume or an image that change while a container is made of them.</summary>
public sealed class RaceTests : RaceTest
{
    /// <summary>A volume with the directory "a" and the link "b" to a directory of the host.</summary>
    private string Volume()
    {
        var volume = Folder("volume");
        Directory.CreateDirectory(Path.Combine(volume, "a", "m"));
        Directory.CreateDirectory(Path.Combine(Outside, "m"));
        File.CreateSymbolicLink(Path.Combine(volume, "b"), Outside);
        Bundle.Mount("/vol", "bind", volume, "rbind");
        return volume;
    }

    [Fact, Case("CVE-2021-30465")]
    public void Destinations_that_are_there()
    {
        var volume = Volume();
        Bundle.Mount("/vol/a/m", "tmpfs", "tmpfs");
        ForEveryWindow(Path.Combine(volume, "a"), Path.Combine(volume, "b"), 3, static () => { }, _ => Assert.Equal(["m"], EntriesOutside()));
    }

    [Fact, Case("CVE-2024-45310", Fires = "runc 1.1.5")]
    public void Destinations_that_are_made()
    {
        var volume = Volume();
        var file = Path.Combine(Home, "file");
        File.WriteAllText(file, "x");
        Bundle.Mount("/vol/a/new/x", "tmpfs", "tmpfs");
        Bundle.Mount("/vol/a/file", "bind", file, "bind");
        Directory.Delete(Path.Combine(Outside, "m"));
        ForEveryWindow(
            Path.Combine(volume, "a"), Path.Combine(volume, "b"), 0,
            () =>
            {
                Directory.Delete(Path.Combine(volume, "a"), true);
                Directory.CreateDirectory(Path.Combine(volume, "a"));
            },
            _ => Assert.Empty(EntriesOutside()));
    }

    [Theory, Case("CVE-2019-19921")]
    [InlineData("proc", "/timer_list")]
    [InlineData("sys", "/kernel/notes")]
    public void The_place_of_proc_or_sys(string name, string file)
    {
        Directory.CreateDirectory(Bundle.Inside("/fake"));
        File.CreateSymbolicLink(Bundle.Inside("/link"), "/fake");
        Bundle.Linux["maskedPaths"] = Bundle.Json("/" + name + file);
        // Whoever shares the root file system may always put another directory in the place, which leaves the real one
        // under the name of the link. But what was masked in it is, wherever it is.
        ReportOutside("--read", $"/{name}{file}", "--read", "/link" + file);
        ForEveryWindow(
            Bundle.Inside(name), Bundle.Inside("/link"), 0,
            () => File.Delete(ReportFile),
            _ =>
            {
                Assert.Empty(Directory.EnumerateFileSystemEntries(Bundle.Inside("/fake")));
                if (Lines(ReportFile) is [{ } report])
                {
                    Assert.True(report[$"read:/{name}{file}"]!.GetValue<string>() is "" or "!ENOENT");
                    Assert.True(report["read:/link" + file]!.GetValue<string>() is "" or "!ENOENT");
                }
            });
    }

    [Fact, Case("CVE-2025-52881", Fires = "runc 1.1.5")]
    public void A_sysctl_goes_to_procfs()
    {
        var fake = Folder("fake");
        Directory.CreateDirectory(Path.Combine(fake, "ipv4"));
        var canary = Path.Combine(fake, "ipv4", "ip_unprivileged_port_start");
        var volume = Folder("volume");
        Directory.CreateDirectory(Path.Combine(volume, "a"));
        File.CreateSymbolicLink(Path.Combine(volume, "b"), "/proc/sys/net");
        Bundle.Mount("/vol", "bind", volume, "rbind");
        Bundle.Mount("/vol/a", "bind", fake, "bind");
        Bundle.Linux["readonlyPaths"] = new JsonArray();
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_unprivileged_port_start"] = "81" };
        ForEveryWindow(
            Path.Combine(volume, "a"), Path.Combine(volume, "b"), 3,
            () => File.WriteAllText(canary, "canary"),
            _ => Assert.Equal("canary", File.ReadAllText(canary)));
    }

    [Theory, Case("GHSA-3q8j-pf29-vwv8")]
    [InlineData(true)]
    [InlineData(false)]
    public void Paths_that_are_masked_or_read_only(bool masked)
    {
        var volume = Folder("volume");
        foreach (var name in new[] { "a", "b" })
        {
            Directory.CreateDirectory(Path.Combine(volume, name));
            File.WriteAllText(Path.Combine(volume, name, "who"), name);
        }

        MaskNothing();
        Bundle.Linux[masked ? "maskedPaths" : "readonlyPaths"] = Bundle.Json("/vol/a");
        Bundle.Mount("/vol", "bind", volume, "rbind");
        ReportOutside("--read", "/vol/a/who", "--read", "/vol/b/who", "--probe", "append:/vol/a/who", "--probe", "append:/vol/b/who");
        ForEveryWindow(
            Path.Combine(volume, "a"), Path.Combine(volume, "b"), 0,
            () => File.Delete(ReportFile),
            _ =>
            {
                // One of the two was hidden or is read-only: the one that had the name when it was looked up.
                if (Lines(ReportFile) is [{ } report])
                {
                    var free = new[] { "a", "b" }.Count(n => masked
                        ? !report[$"read:/vol/{n}/who"]!.GetValue<string>().StartsWith('!')
                        : report[$"probe:append:/vol/{n}/who"]!.GetValue<string>() == "ok");
                    Assert.True(free < 2, "nothing is protected");
                }
            });
    }

    [Fact, Case("CVE-2026-41579, CVE-2026-47766, by a race", Fires = "runc 1.1.5")]
    public void The_place_of_dev()
    {
        UseDevOfImage();
        File.CreateSymbolicLink(Bundle.Inside("/link"), Outside);
        ForEveryWindow(
            Bundle.Inside("/dev"), Bundle.Inside("/link"), 0,
            () =>
            {
                foreach (var entry in Directory.EnumerateFileSystemEntries(Bundle.Inside("/dev")).Where(static e => !Directory.Exists(e) || new FileInfo(e).LinkTarget != null))
                {
                    File.Delete(entry);
                }

                File.WriteAllText(Path.Combine(Outside, "ptmx"), "marker");
            },
            _ =>
            {
                Assert.Equal(["ptmx"], EntriesOutside());
                Assert.Equal("marker", File.ReadAllText(Path.Combine(Outside, "ptmx")));
            });
    }

    [Fact, Case("CVE-2025-31133, by a race")]
    public void The_null_device_that_masks_are_made_of()
    {
        UseDevOfImage();
        File.WriteAllText(Bundle.Inside("/canary-file"), "canary");
        File.WriteAllText(Bundle.Inside("/masked"), Secret);
        File.CreateSymbolicLink(Bundle.Inside("/link"), "/canary-file");
        Libc.Check(Libc.mknod(Bundle.Inside("/dev/null"), 0x2000 | 0x1b6, 0x103), "mknod");
        Libc.chmod(Bundle.Inside("/dev/null"), 0x1b6);
        Bundle.Linux["maskedPaths"] = Bundle.Json("/masked");
        ReportOutside("--read", "/masked");
        ForEveryWindow(
            Bundle.Inside("/dev/null"), Bundle.Inside("/link"), 0,
            () => File.Delete(ReportFile),
            _ =>
            {
                Assert.DoesNotContain(Lines(ReportFile), static r => r["read:/masked"]!.GetValue<string>() is "canary" or Secret);
                Assert.Equal("canary", File.ReadAllText(Bundle.Inside("/canary-file")));
            });
    }

    [Fact, Case("a working directory that changes")]
    public void The_working_directory()
    {
        Directory.CreateDirectory(Bundle.Inside("/work"));
        File.CreateSymbolicLink(Bundle.Inside("/link"), "../../../../../../.." + Outside);
        Bundle.Process["cwd"] = "/work/directory";
        ReportOutside();
        ForEveryWindow(
            Bundle.Inside("/work"), Bundle.Inside("/link"), 0,
            () => File.Delete(ReportFile),
            _ =>
            {
                Assert.Empty(EntriesOutside());
                Assert.All(Lines(ReportFile), static r => Assert.StartsWith("/", r["cwd"]!.GetValue<string>()));
            });
    }

    [Fact, Case("a passwd that changes")]
    public void The_passwd_that_the_home_is_read_from()
    {
        var secret = Path.Combine(Outside, "passwd");
        File.WriteAllText(secret, $"root:x:0:0::/{Secret.Replace(' ', '-')}:/bin/sh\n");
        File.WriteAllText(Bundle.Inside("/etc/passwd"), "root:x:0:0::/home:/bin/sh\n");
        File.CreateSymbolicLink(Bundle.Inside("/etc/link"), "../../../../../../../.." + secret);
        ReportOutside();
        ForEveryWindow(
            Bundle.Inside("/etc/passwd"), Bundle.Inside("/etc/link"), 0,
            () => File.Delete(ReportFile),
            _ => Assert.DoesNotContain(Lines(ReportFile), static r => r["env"]!.ToJsonString().Contains("secret", StringComparison.Ordinal)));
    }

    [Fact, Case("a cgroup mount's place that changes")]
    public void The_place_of_a_cgroup_mount()
    {
        Directory.CreateDirectory(Path.Combine(Bundle.Rootfs, "cg", "fs"));
        Directory.CreateDirectory(Path.Combine(Outside, "fs"));
        File.CreateSymbolicLink(Bundle.Inside("/link"), Outside);
        Bundle.Mount("/cg/fs", "cgroup", "cgroup", "ro");
        ForEveryWindow(
            Bundle.Inside("/cg"), Bundle.Inside("/link"), 3, static () => { },
            _ =>
            {
                Assert.Equal(["fs"], EntriesOutside());
                Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Outside, "fs")));
            });
    }
}
