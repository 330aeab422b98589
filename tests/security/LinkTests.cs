using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>Links of the image where the runtime makes or mounts something: they must not lead it to the host.</summary>
public sealed class LinkTests : SecurityTest
{
    [Fact, Case("CVE-2019-18837")]
    public void Destinations_of_mounts()
    {
        var file = Path.Combine(Home, "file");
        File.WriteAllText(file, "x");
        Bundle.Mount("/link/new/x", "tmpfs", "tmpfs");
        Bundle.Mount("/relative/y", "tmpfs", "tmpfs");
        Bundle.Mount("/link/file", "bind", file, "bind");
        Control();
        Directory.Delete(Bundle.Inside("/link"), true);
        Directory.Delete(Bundle.Inside("/relative"), true);
        File.CreateSymbolicLink(Bundle.Inside("/link"), Outside);
        File.CreateSymbolicLink(Bundle.Inside("/relative"), "../../../../../../.." + Outside);
        RunContainer();
        Assert.Empty(EntriesOutside());
    }

    [Theory, Case("CVE-2023-27561 and CVE-2023-28642, as CVE-2019-19921")]
    [InlineData("proc", "/evil/proc")]
    [InlineData("sys", "/evil/sys")]
    [InlineData("proc", "../../../tmp")]
    public void The_place_of_proc_or_sys(string name, string target)
    {
        MaskNothing();
        Bundle.Args("report");
        Control();
        Directory.CreateDirectory(Bundle.Inside("/evil/proc"));
        Directory.CreateDirectory(Bundle.Inside("/evil/sys"));
        Directory.Delete(Bundle.Inside(name));
        File.CreateSymbolicLink(Bundle.Inside(name), target);
        var result = RunContainer();
        Assert.True(result.ExitCode != 0, "it ran, with its file system behind a link: " + result);
    }

    [Theory, Case("CVE-2026-41579, CVE-2026-47766", Fires = "runc 1.1.5, crun 1.8.1")]
    [InlineData(true)]
    [InlineData(false)]
    public void The_place_of_dev(bool absolute)
    {
        UseDevOfImage();
        Control();
        Directory.Delete(Bundle.Inside("/dev"), true);
        File.WriteAllText(Path.Combine(Outside, "ptmx"), "marker");
        File.CreateSymbolicLink(Bundle.Inside("/dev"), absolute ? Outside : "../../../../../../.." + Outside);
        RunContainer();
        Assert.Equal(["ptmx"], EntriesOutside());
        Assert.Null(new FileInfo(Path.Combine(Outside, "ptmx")).LinkTarget);
        Assert.Equal("marker", File.ReadAllText(Path.Combine(Outside, "ptmx")));
    }

    [Fact, Case("CVE-2026-88264", Fires = "crun 1.8.1")]
    public void The_place_of_the_console()
    {
        foreach (var point in new[] { "/dev", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        Directory.CreateDirectory(Bundle.Inside("/dev/pts"));
        Bundle.Process["terminal"] = true;
        using var listener = new FdListener(Path.Combine(Home, "console"));
        var control = Create("--console-socket", listener.Path);
        Assert.True(control.ExitCode == 0, "the control bundle is not created: " + control);
        Succeeds("delete", "--force", Id);
        File.Delete(Bundle.Inside("/dev/console"));
        File.CreateSymbolicLink(Bundle.Inside("/dev/console"), Outside + "/created");
        Create("--console-socket", listener.Path);
        Assert.Empty(EntriesOutside());
    }

    [Fact, Case("CVE-2025-24965 and its kin")]
    public void Everything_that_the_runtime_makes()
    {
        UseDevOfImage();
        Bundle.Linux["devices"] = new JsonArray(new JsonObject { ["type"] = "c", ["path"] = "/opt/dev/x", ["major"] = 1, ["minor"] = 3 });
        Bundle.Process["cwd"] = "/work/directory";
        Bundle.Mount("/run/x", "tmpfs", "tmpfs");
        Bundle.Mount("/mnt/y", "bind", Folder("bound"), "bind");
        Control();
        foreach (var name in new[] { "opt", "work", "run", "mnt", "dev" })
        {
            Directory.Delete(Bundle.Inside(name), true);
        }

        Directory.CreateDirectory(Bundle.Inside("/dev"));
        string[] devices = ["ptmx", "stdin", "stdout", "stderr", "fd", "core", "full", "zero", "random", "urandom", "tty", "shm", "mqueue", "pts", "console"];
        foreach (var name in devices)
        {
            File.CreateSymbolicLink(Bundle.Inside("/dev/" + name), $"{Outside}/{name}");
        }

        foreach (var name in new[] { "opt", "work", "run", "mnt" })
        {
            File.CreateSymbolicLink(Bundle.Inside(name), Outside);
        }

        RunContainer();
        Assert.Empty(EntriesOutside());
    }

    [Theory, Case("CVE-2025-31133", Fires = "runc 1.1.5")]
    [InlineData("/canary-file")]
    [InlineData("/not-there")]
    public void The_file_that_masks_are_made_of(string target)
    {
        UseDevOfImage();
        File.WriteAllText(Bundle.Inside("/canary-file"), "canary");
        File.WriteAllText(Bundle.Inside("/masked"), Secret);
        Bundle.Linux["maskedPaths"] = Bundle.Json("/masked");
        // Not by standard output, which may be what is replaced.
        var report = Path.Combine(Folder("out"), "report");
        Bundle.Mount("/out", "bind", Path.Combine(Home, "out"), "bind");
        Bundle.Args("report", "--out", "/out/report", "--read", "/masked");
        Control();
        Assert.Equal("", Lines(report).Single()["read:/masked"]!.GetValue<string>());
        File.Delete(report);
        File.Delete(Bundle.Inside("/dev/null"));
        File.CreateSymbolicLink(Bundle.Inside("/dev/null"), target);
        RunContainer();
        Assert.DoesNotContain(Lines(report), static r => r["read:/masked"]!.GetValue<string>() is "canary" or Secret);
    }

    [Fact, Case("CVE-2026-88265", Fires = "runc 1.1.5, crun 1.8.1")]
    public void The_null_device_that_standard_streams_are_replaced_by()
    {
        UseDevOfImage();
        MaskNothing();
        var victim = Path.Combine(Home, "victim");
        File.WriteAllText(victim, "untouched");
        Bundle.Mount("/victim", "bind", victim, "bind");
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1234, ["gid"] = 1234 };
        Bundle.Args("print", "X");
        Control();
        File.Delete(Bundle.Inside("/dev/null"));
        File.CreateSymbolicLink(Bundle.Inside("/dev/null"), "/victim");
        RunContainer();
        Assert.Equal("untouched", File.ReadAllText(victim));
        Assert.Equal("0", new Command("/usr/bin/stat", "-c", "%u", victim).Run(Home).Out.Trim());
    }

    [Theory, Case("CVE-2024-21626, by the working directory")]
    [InlineData(3, 11)]
    [InlineData(12, 20)]
    [InlineData(21, 30)]
    public void A_working_directory_behind_a_descriptor(int from, int to)
    {
        var secret = Path.Combine(Outside, "secret");
        File.WriteAllText(secret, Secret);
        Bundle.Args(["report", .. WaysTo(secret).SelectMany(static way => new[] { "--read", way })]);
        Control();
        for (var fd = from; fd <= to; fd++)
        {
            Bundle.Process["cwd"] = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}");
            var result = RunContainer();
            Assert.DoesNotContain(Secret, result.Out);
            Assert.DoesNotContain("(unreachable)", result.Out);
            Assert.True(result.ExitCode != 0 || result.Out.Contains("\"cwd\":\"/", StringComparison.Ordinal), result.ToString());
        }
    }

    [Fact, Case("CVE-2024-21626, by the program")]
    public void A_program_behind_a_descriptor()
    {
        File.Copy(Target.Checker, Path.Combine(Outside, "checker"));
        Control();
        for (var fd = 3; fd <= 12; fd++)
        {
            foreach (var way in new[] { 4, 8 })
            {
                var up = string.Concat(Enumerable.Repeat("/..", way));
                Bundle.Process["args"] = Bundle.Json($"/proc/self/fd/{fd.ToString(CultureInfo.InvariantCulture)}{up}{Outside}/checker", "true");
                Assert.True(RunContainer().ExitCode != 0, $"descriptor {fd} led to a program of the host");
            }
        }
    }
}
