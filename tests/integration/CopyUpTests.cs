using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>tmpcopyup: a tmpfs that gets what it covers.</summary>
public sealed class CopyUpTests : ContainerTest
{
    private string Covered => Bundle.Inside("/covered");

    [Fact, Checklist(103)]
    public void It_has_content_modes_owners_and_links()
    {
        Directory.CreateDirectory(Path.Combine(Covered, "a/b/c"));
        File.WriteAllText(Path.Combine(Covered, "a/b/c/file"), "content");
        File.WriteAllBytes(Path.Combine(Covered, "large"), new byte[3 << 20]);
        File.CreateSymbolicLink(Path.Combine(Covered, "link"), "/nowhere");
        Libc.Check(Libc.mknod(Path.Combine(Covered, "fifo"), 0x11b4, 0), "mknod");
        Libc.chmod(Path.Combine(Covered, "a/b"), 0x1e9);
        Libc.lchown(Path.Combine(Covered, "a/b"), 7, 8);
        Libc.lchown(Path.Combine(Covered, "a/b/c/file"), 9, 10);
        Libc.chmod(Path.Combine(Covered, "a/b/c/file"), 0x9a4);
        Libc.lchown(Covered, 11, 12);
        Libc.chmod(Covered, 0x3c7);
        File.SetLastWriteTimeUtc(Path.Combine(Covered, "large"), DateTime.UnixEpoch.AddYears(30));
        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup");
        var report = Report(
            "--read", "/covered/a/b/c/file", "--stat", "/covered/a/b/c/file", "--stat", "/covered/a/b", "--stat", "/covered/large",
            "--stat", "/covered/link", "--stat", "/covered/fifo", "--stat", "/covered", "--probe", "create:/covered/new", "--list", "/covered");
        Assert.Equal("tmpfs", Mountinfo(report, "/covered").Type);
        Assert.Equal("content", report["read:/covered/a/b/c/file"]!.GetValue<string>());
        Assert.Equal("4644 9 10", Text("/covered/a/b/c/file"));
        Assert.Equal("751 7 8", Text("/covered/a/b"));
        Assert.Equal("/nowhere", report["stat:/covered/link"]!["link"]!.GetValue<string>());
        Assert.Equal("p", report["stat:/covered/fifo"]!["type"]!.GetValue<string>());
        if (Target.IsCsrun)
        {
            Assert.Equal("1707 11 12", Text("/covered"));
        }

        Assert.Equal("ok", report["probe:create:/covered/new"]!.GetValue<string>());
        Assert.False(File.Exists(Path.Combine(Covered, "new")));
        Assert.Equal("content", File.ReadAllText(Path.Combine(Covered, "a/b/c/file")));

        string Text(string path) => $"{report["stat:" + path]!["mode"]} {report["stat:" + path]!["uid"]} {report["stat:" + path]!["gid"]}";
    }

    [Fact, Checklist(103)]
    public void It_has_the_attributes_of_files_and_directories()
    {
        Known.PeersDeviate("leave them out");
        Directory.CreateDirectory(Path.Combine(Covered, "directory"));
        var file = Path.Combine(Covered, "file");
        File.WriteAllText(file, "x");
        Libc.lchown(file, 9, 10);
        // vfs_cap_data of version 2: CAP_NET_RAW, permitted and effective.
        byte[] capabilities = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Libc.Check(Libc.setxattr(file, "security.capability", capabilities, capabilities.Length, 0), "setxattr");
        Assert.SkipUnless(Libc.setxattr(Path.Combine(Covered, "directory"), "user.name", [7], 1, 0) == 0, "this file system has no attributes of users");
        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup");
        Bundle.Args("sleep");
        var root = $"/proc/{Started()}/root/covered";
        var value = new byte[64];
        Assert.Equal(capabilities, value[..(int)Libc.getxattr(root + "/file", "security.capability", value, value.Length)]);
        if (Environment.OSVersion.Version >= new Version(6, 6))
        {
            Assert.Equal(1, Libc.getxattr(root + "/directory", "user.name", value, value.Length));
            Assert.Equal(7, value[0]);
        }
    }

    [Fact, Checklist(103)]
    public void It_can_be_read_only_and_have_a_mode_of_its_own()
    {
        Known.PeersDeviate("each does it differently");
        Directory.CreateDirectory(Covered);
        File.WriteAllText(Path.Combine(Covered, "file"), "x");
        Libc.lchown(Covered, 11, 12);
        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup", "ro", "mode=0711", "uid=3");
        var report = Report("--read", "/covered/file", "--stat", "/covered", "--probe", "create:/covered/new");
        Assert.Equal("x", report["read:/covered/file"]!.GetValue<string>());
        Assert.Equal("711 3 0", $"{report["stat:/covered"]!["mode"]} {report["stat:/covered"]!["uid"]} {report["stat:/covered"]!["gid"]}");
        Assert.Equal("EROFS", report["probe:create:/covered/new"]!.GetValue<string>());
    }

    [Fact, Checklist(103)]
    public void Links_of_the_image_are_not_followed()
    {
        File.WriteAllText(Path.Combine(Home, "secret"), "secret");
        Directory.CreateDirectory(Covered);
        File.CreateSymbolicLink(Path.Combine(Covered, "file"), Path.Combine(Home, "secret"));
        File.CreateSymbolicLink(Path.Combine(Covered, "directory"), Home);
        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup");
        var report = Report("--list", "/covered", "--stat", "/covered/file", "--stat", "/covered/directory");
        Assert.Equal(Path.Combine(Home, "secret"), report["stat:/covered/file"]!["link"]!.GetValue<string>());
        Assert.Equal(Home, report["stat:/covered/directory"]!["link"]!.GetValue<string>());
        Assert.Equal(2, report["list:/covered"]!.AsArray().Count);
    }

    [Fact, Checklist(103)]
    public void Many_files_are_copied()
    {
        Directory.CreateDirectory(Covered);
        for (var i = 0; i < 500; i++)
        {
            File.WriteAllText(Path.Combine(Covered, $"a-file-with-a-rather-long-name-{i:d5}"), $"{i}");
        }

        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup");
        var report = Report("--list", "/covered", "--read", "/covered/a-file-with-a-rather-long-name-00499");
        Assert.Equal(500, report["list:/covered"]!.AsArray().Count);
        Assert.Equal("499", report["read:/covered/a-file-with-a-rather-long-name-00499"]!.GetValue<string>());
    }

    [Fact, Checklist(103)]
    public void A_tmpfs_that_is_too_small_for_it_is_an_error()
    {
        Known.PeersDeviate("say it in other words");
        Directory.CreateDirectory(Covered);
        File.WriteAllBytes(Path.Combine(Covered, "large"), new byte[1 << 20]);
        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup", "size=64k");
        Assert.Contains("large: no space left on device", RunFails("mounts[6]").Error);
    }

    [Fact, Checklist(103)]
    public void In_a_user_namespace_a_file_of_nobodys_gives_nobodys_rights()
    {
        Known.PeersDeviate("fail at such files");
        Directory.CreateDirectory(Covered);
        File.WriteAllText(Path.Combine(Covered, "mapped"), "x");
        File.WriteAllText(Path.Combine(Covered, "foreign"), "x");
        Libc.lchown(Path.Combine(Covered, "mapped"), 100007, 100007);
        Libc.lchown(Path.Combine(Covered, "foreign"), 50, 50);
        Libc.chmod(Path.Combine(Covered, "foreign"), 0x9ed);
        Libc.chmod(Path.Combine(Covered, "mapped"), 0x9ed);
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }

        Bundle.Mount("/covered", "tmpfs", "tmpfs", "tmpcopyup");
        var report = Report("--stat", "/covered/mapped", "--stat", "/covered/foreign");
        Assert.Equal("4755 7", $"{report["stat:/covered/mapped"]!["mode"]} {report["stat:/covered/mapped"]!["uid"]}");
        Assert.Equal("755 65534", $"{report["stat:/covered/foreign"]!["mode"]} {report["stat:/covered/foreign"]!["uid"]}");
    }

    [Theory, Checklist(103)]
    [InlineData("ramfs", "tmpcopyup")]
    [InlineData("bind", "bind,tmpcopyup")]
    public void On_anything_but_a_tmpfs_it_is_refused(string type, string options)
    {
        Known.PeersDeviate("ignore it");
        Bundle.Mount("/covered", type, Home, options.Split(','));
        RunFails("mounts[6].options[" + (options.Split(',').Length - 1));
    }
}
