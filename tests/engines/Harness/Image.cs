using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Csrun.Tests.Engines;

/// <summary>An image made of busybox alone, as `docker save` writes it: every engine loads that.</summary>
internal static class Image
{
    internal const string Name = "localhost/busybox:test";

    private const UnixFileMode Executable = (UnixFileMode)0x1ed, Plain = (UnixFileMode)0x1a4, Sticky = (UnixFileMode)0x3ff;

    /// <summary>Writes the archive.</summary>
    internal static void Write(string archive)
    {
        var layer = Layer();
        var digest = Convert.ToHexStringLower(SHA256.HashData(layer));
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Env"] = new JsonArray("PATH=/bin"), ["Cmd"] = new JsonArray("/bin/sleep", "1000") },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray("sha256:" + digest) },
        }.ToJsonString());
        var name = Convert.ToHexStringLower(SHA256.HashData(config)) + ".json";
        var manifest = new JsonArray(new JsonObject
        {
            ["Config"] = name,
            ["RepoTags"] = new JsonArray(Name),
            ["Layers"] = new JsonArray(digest + "/layer.tar"),
        });
        using var file = File.Create(archive);
        using var writer = new TarWriter(file, TarEntryFormat.Ustar);
        Add(writer, digest + "/layer.tar", layer, Plain);
        Add(writer, name, config, Plain);
        Add(writer, "manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()), Plain);
    }

    private static byte[] Layer()
    {
        using var memory = new MemoryStream();
        using (var writer = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var directory in new[] { "bin", "dev", "etc", "proc", "root", "sys", "var" })
            {
                writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, directory) { Mode = Executable });
            }

            writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "tmp") { Mode = Sticky });
            Add(writer, "bin/busybox", File.ReadAllBytes("/bin/busybox"), Executable);
            foreach (var applet in Applets)
            {
                writer.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox", Mode = Executable });
            }

            Add(writer, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/:/bin/sh\n"u8.ToArray(), Plain);
            Add(writer, "etc/group", "root:x:0:\nuser:x:1000:\n"u8.ToArray(), Plain);
        }

        return memory.ToArray();
    }

    private static IEnumerable<string> Applets =>
        ["cat", "chmod", "dd", "echo", "env", "false", "grep", "hostname", "id", "ip", "ls", "mount", "nc", "ping", "ps", "pwd", "sh", "sleep", "stty", "touch", "true", "tty", "wget"];

    private static void Add(TarWriter writer, string path, byte[] content, UnixFileMode mode)
    {
        using var data = new MemoryStream(content);
        writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path) { Mode = mode, DataStream = data });
    }
}
