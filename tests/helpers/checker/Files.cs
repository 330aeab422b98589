using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Csrun.Tests.Checker;

/// <summary>What a path is, and what may be done to it.</summary>
internal static unsafe class Files
{
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(128)] public uint RdevMajor;
        [FieldOffset(132)] public uint RdevMinor;
        [FieldOffset(136)] public uint DevMajor;
        [FieldOffset(140)] public uint DevMinor;
    }

    /// <summary><c>"stat:PATH"</c>: null when missing, else type, permissions, owner, device and link target; links are not followed.</summary>
    internal static void WriteStat(Utf8JsonWriter json, string path)
    {
        Statx stat;
        var bytes = Encoding.UTF8.GetBytes(path + "\0");
        long result;
        fixed (byte* start = bytes)
        {
            result = Native.syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 291 : 332, -100, (long)start, 0x100, 0x7ff, (long)&stat);
        }

        if (result < 0)
        {
            json.WriteNull("stat:" + path);
            return;
        }

        json.WriteStartObject("stat:" + path);
        json.WriteString("type", (stat.Mode >> 12) switch { 1 => "p", 2 => "c", 4 => "d", 6 => "b", 8 => "f", 10 => "l", 12 => "s", _ => "?" });
        json.WriteString("mode", Convert.ToString(stat.Mode & 0xfff, 8));
        json.WriteNumber("uid", stat.Uid);
        json.WriteNumber("gid", stat.Gid);
        json.WriteNumber("size", stat.Size);
        json.WriteString("device", $"{stat.RdevMajor}:{stat.RdevMinor}");
        json.WriteString("filesystem", $"{stat.DevMajor}:{stat.DevMinor}");
        json.WriteString("link", Native.ReadLink(path));
        json.WriteEndObject();
    }

    /// <summary><c>"read:PATH"</c>: the file's text (at most 64 KiB), or the error's name with a "!" before it.</summary>
    internal static void WriteRead(Utf8JsonWriter json, string path)
    {
        var bytes = Native.ReadFile(path, 65536);
        json.WriteString("read:" + path, bytes == null ? "!" + Native.Error : Encoding.UTF8.GetString(bytes));
    }

    /// <summary><c>"list:PATH"</c>: the directory's entries, sorted.</summary>
    internal static void WriteList(Utf8JsonWriter json, string path)
    {
        json.WriteStartArray("list:" + path);
        try
        {
            var entries = Directory.GetFileSystemEntries(path);
            Array.Sort(entries, StringComparer.Ordinal);
            foreach (var entry in entries)
            {
                json.WriteStringValue(Path.GetFileName(entry));
            }
        }
        catch (IOException)
        {
            json.WriteStringValue("!");
        }

        json.WriteEndArray();
    }

    /// <summary><c>"probe:KIND:PATH"</c>: "ok" or the name of the error that trying it gave.</summary>
    internal static void WriteProbe(Utf8JsonWriter json, string probe)
    {
        var colon = probe.IndexOf(':', StringComparison.Ordinal);
        var path = probe[(colon + 1)..];
        json.WriteString("probe:" + probe, Try(probe[..colon], path));
    }

    private static string Try(string kind, string path)
    {
        switch (kind)
        {
            case "create":
                return Opened(Native.open(path, Native.WriteOnly | Native.Create | 0x80, 0x1b6));
            case "read":
                return Opened(Native.open(path, Native.Open, 0), static fd => Native.ReadAll(fd, 1) != null);
            case "write":
                return Opened(Native.open(path, Native.WriteOnly, 0), static fd => Native.WriteAll(fd, "x"u8));
            case "open":
                return Opened(Native.open(path, Native.ReadWrite, 0));
            case "append":
                return Opened(Native.open(path, Native.WriteOnly | Native.Append, 0));
            case "mkdir":
                return Native.mkdir(path, 0x1ed) == 0 ? "ok" : Native.Error;
            case "unlink":
                return Native.unlink(path) == 0 ? "ok" : Native.Error;
            case "chdir":
                return Native.chdir(path) == 0 ? "ok" : Native.Error;
            case "execute":
                return Native.access(path, 1) == 0 ? "ok" : Native.Error;
            default:
                // mknod MAJOR.MINOR: makes a block device and opens it.
                var parts = kind.Split('.');
                var device = (ulong)((int.Parse(parts[1], CultureInfo.InvariantCulture) << 8) | int.Parse(parts[2], CultureInfo.InvariantCulture));
                return Native.mknod(path, 0x6000 | 0x1b6, device) == 0 ? Opened(Native.open(path, Native.Open, 0)) : Native.Error;
        }
    }

    private static string Opened(int fd, Func<int, bool>? use = null)
    {
        if (fd < 0)
        {
            return Native.Error;
        }

        var result = use == null || use(fd) ? "ok" : Native.Error;
        Native.close(fd);
        return result;
    }
}
