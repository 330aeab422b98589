using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>config.md#root and #mounts, config-linux.md#devices, #masked-paths, #readonly-paths and #rootfs-mount-propagation.</summary>
public sealed class FilesystemCases : OciCase
{
    internal void Devices()
    {
        Bundle.Linux["devices"] = JsonNode.Parse("""
            [
              { "path": "/dev/test1", "type": "c", "major": 10, "minor": 666, "fileMode": 432, "uid": 0, "gid": 0 },
              { "path": "/dev/test2", "type": "b", "major": 8, "minor": 666, "fileMode": 432, "uid": 10, "gid": 20 },
              { "path": "/dev/test3", "type": "p", "fileMode": 432 }
            ]
            """);
        var report = Inside("--stat", "/dev/test1", "--stat", "/dev/test2", "--stat", "/dev/test3");
        AssertNode("c 10:666 660 0:0", report["stat:/dev/test1"]!);
        AssertNode("b 8:666 660 10:20", report["stat:/dev/test2"]!);
        AssertNode("p 0:0 660 0:0", report["stat:/dev/test3"]!);
    }

    internal void MaskedPaths()
    {
        Directory.CreateDirectory(Bundle.Inside("/masked-dir/masked-subdir"));
        File.WriteAllText(Bundle.Inside("/masked-dir/masked-subdir/masked-file"), "secrets");
        File.WriteAllText(Bundle.Inside("/masked-dir/masked-file"), "secrets");
        File.WriteAllText(Bundle.Inside("/masked-file"), "secrets");
        Bundle.Linux["maskedPaths"] = Bundle.Json("/masked-dir", "/masked-file", "/masked-dir/masked-subdir", "/masked-dir/masked-file", "/missing");
        var report = Inside("--list", "/masked-dir", "--read", "/masked-file", "--read", "/masked-dir/masked-file", "--read", "/masked-dir/masked-subdir/masked-file");
        Assert.Empty(report["list:/masked-dir"]!.AsArray());
        Assert.Equal("", report["read:/masked-file"]!.GetValue<string>());
        Assert.DoesNotContain("secrets", report["read:/masked-dir/masked-file"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.DoesNotContain("secrets", report["read:/masked-dir/masked-subdir/masked-file"]!.GetValue<string>(), StringComparison.Ordinal);
        Again();

        // The value must be absolute.
        Bundle.Linux["maskedPaths"] = Bundle.Json("masked-relpath");
        CreateRefused();
    }

    internal void MountLabel()
    {
        Assert.SkipUnless(Directory.Exists("/sys/fs/selinux"), "SELinux is off on this machine");
        Bundle.Linux["mountLabel"] = "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811";
        Assert.Contains("svirt_sandbox_file_t", Inside()["mountinfo"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    internal void Mounts()
    {
        Directory.CreateDirectory(Path.Combine(Home, "source"));
        File.WriteAllText(Path.Combine(Home, "source", "file"), "content");
        foreach (var propagation in new[] { "shared", "slave", "private", "unbindable" })
        {
            Bundle.Mount("/mnt/tmpfs-" + propagation, "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=1024k", propagation);
            Bundle.Mount("/mnt/bind-" + propagation, "bind", Path.Combine(Home, "source"), "bind", "nosuid", propagation);
            Bundle.Mount("/mnt/rbind-" + propagation, "bind", Path.Combine(Home, "source"), "rbind", "ro", "r" + propagation);
        }

        // In their order: each is to be seen in the one before it.
        Bundle.Mount("/mnt/order", "tmpfs", "tmpfs");
        Bundle.Mount("/mnt/order/below", "bind", Path.Combine(Home, "source"), "bind");
        var report = Inside("--read", "/mnt/bind-private/file", "--read", "/mnt/order/below/file", "--probe", "create:/mnt/rbind-private/new", "--stat", "/mnt/tmpfs-private");
        Assert.Equal("content", report["read:/mnt/bind-private/file"]!.GetValue<string>());
        Assert.Equal("content", report["read:/mnt/order/below/file"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:create:/mnt/rbind-private/new"]!.GetValue<string>());
        Assert.Equal("755", report["stat:/mnt/tmpfs-private"]!["mode"]!.GetValue<string>());
        var tmpfs = Mountinfo(report, "/mnt/tmpfs-private");
        Assert.Equal("tmpfs", tmpfs.Type);
        Assert.Contains("nosuid", tmpfs.Options);
        Assert.Contains("size=1024k", tmpfs.SuperOptions);
        foreach (var kind in new[] { "tmpfs", "bind", "rbind" })
        {
            Assert.Contains(Mountinfo(report, $"/mnt/{kind}-shared").Tags, static tag => tag.StartsWith("shared:", StringComparison.Ordinal));
            Assert.DoesNotContain(Mountinfo(report, $"/mnt/{kind}-slave").Tags, static tag => tag.StartsWith("shared:", StringComparison.Ordinal));
            Assert.Empty(Mountinfo(report, $"/mnt/{kind}-private").Tags);
            Assert.Contains("unbindable", Mountinfo(report, $"/mnt/{kind}-unbindable").Tags);
        }
    }

    internal void ReadonlyPaths()
    {
        Directory.CreateDirectory(Bundle.Inside("/readonly-dir/readonly-subdir"));
        File.WriteAllText(Bundle.Inside("/readonly-dir/readonly-file"), "immutable");
        File.WriteAllText(Bundle.Inside("/readonly-file"), "immutable");
        Bundle.Linux["readonlyPaths"] = Bundle.Json("/readonly-dir", "/readonly-dir/readonly-subdir", "/readonly-file", "/missing");
        var report = Inside("--probe", "create:/readonly-dir/new", "--probe", "create:/readonly-dir/readonly-subdir/new", "--probe", "write:/readonly-dir/readonly-file", "--probe", "write:/readonly-file", "--read", "/readonly-file");
        foreach (var probe in new[] { "create:/readonly-dir/new", "create:/readonly-dir/readonly-subdir/new", "write:/readonly-dir/readonly-file", "write:/readonly-file" })
        {
            Assert.Equal(probe + " EROFS", $"{probe} {report["probe:" + probe]}");
        }

        Assert.Equal("immutable", report["read:/readonly-file"]!.GetValue<string>());
        Again();

        // The value must be absolute.
        Bundle.Linux["readonlyPaths"] = Bundle.Json("readonly-relpath");
        CreateRefused();
    }

    internal void RootfsPropagation()
    {
        foreach (var propagation in new[] { "shared", "slave", "private", "unbindable" })
        {
            Bundle.Linux["rootfsPropagation"] = propagation;
            var tags = Mountinfo(Inside(), "/").Tags;

            // A slave has a master only where the host's mount was shared.
            Assert.Equal($"{propagation} {propagation is "shared"}", $"{propagation} {tags.Any(static tag => tag.StartsWith("shared:", StringComparison.Ordinal))}");
            Assert.Equal($"{propagation} {propagation is "unbindable"}", $"{propagation} {tags.Contains("unbindable", StringComparer.Ordinal)}");
            Again();
        }
    }

    internal void RootReadonly()
    {
        Directory.CreateDirectory(Bundle.Inside("/out"));
        Bundle.Config["root"]!["readonly"] = true;
        var report = Inside("--probe", "create:/new", "--probe", "create:/etc/new", "--probe", "create:/out/new");
        Assert.Equal("EROFS", report["probe:create:/new"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:create:/etc/new"]!.GetValue<string>());
        Assert.Equal("ok", report["probe:create:/out/new"]!.GetValue<string>());
    }

    private static void AssertNode(string expected, JsonNode stat) =>
        Assert.Equal(expected, $"{stat["type"]} {stat["device"]} {stat["mode"]} {stat["uid"]}:{stat["gid"]}");
}
