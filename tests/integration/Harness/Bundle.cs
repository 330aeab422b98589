using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Csrun.Tests.Integration;

/// <summary>A bundle on disk: a rootfs that holds nothing but the checker, and a config that tests change as JSON.</summary>
internal sealed class Bundle
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal Bundle(string path, string mark)
    {
        Path = path;
        Directory.CreateDirectory(Rootfs);
        foreach (var name in new[] { "proc", "dev", "sys", "tmp", "etc" })
        {
            Directory.CreateDirectory(System.IO.Path.Combine(Rootfs, name));
        }

        File.Copy(Target.Checker, System.IO.Path.Combine(Rootfs, "checker"));
        Config = Default(mark);
    }

    internal string Path { get; }

    internal string Rootfs => System.IO.Path.Combine(Path, "rootfs");

    internal string ConfigFile => System.IO.Path.Combine(Path, "config.json");

    internal JsonObject Config { get; set; }

    internal JsonObject Process => Config["process"]!.AsObject();

    internal JsonObject Linux => Config["linux"]!.AsObject();

    internal JsonArray Mounts => Config["mounts"]!.AsArray();

    /// <summary>Sets process.args to the checker with these arguments.</summary>
    internal Bundle Args(params string[] arguments)
    {
        Process["args"] = Json(["/checker", .. arguments]);
        return this;
    }

    /// <summary>A path on the host of a file in the container.</summary>
    internal string Inside(string path) => System.IO.Path.Combine(Rootfs, path.TrimStart('/'));

    internal Bundle Mount(string destination, string? type, string? source, params string[] options)
    {
        var mount = new JsonObject { ["destination"] = destination };
        if (type != null)
        {
            mount["type"] = type;
        }

        if (source != null)
        {
            mount["source"] = source;
        }

        mount["options"] = Json(options);
        Mounts.Add((JsonNode)mount);
        return this;
    }

    /// <summary>Takes one of the default mounts out.</summary>
    internal void Unmount(string destination)
    {
        Mounts.Remove(Mounts.First(m => string.Equals(m!["destination"]!.GetValue<string>(), destination, StringComparison.Ordinal)));
    }

    /// <summary>Sets or takes out (path "-") a namespace.</summary>
    internal void Namespace(string type, string? path = null)
    {
        var list = Linux["namespaces"]!.AsArray();
        if (list.FirstOrDefault(n => string.Equals(n!["type"]!.GetValue<string>(), type, StringComparison.Ordinal)) is { } old)
        {
            list.Remove(old);
        }

        if (path is not "-")
        {
            list.Add((JsonNode)(path == null ? new JsonObject { ["type"] = type } : new JsonObject { ["type"] = type, ["path"] = path }));
        }
    }

    internal void Save() => File.WriteAllText(ConfigFile, Config.ToJsonString(Compact));

    internal static JsonArray Json(params string[] values) => [.. values.Select(static v => (JsonNode)v)];

    private static JsonObject Default(string mark)
    {
        const string capabilities = """["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]""";
        return JsonNode.Parse($$"""
            {
              "ociVersion": "1.0.2",
              "process": {
                "user": { "uid": 0, "gid": 0 },
                "args": ["/checker", "true"],
                "env": ["PATH=/usr/bin:/bin:/", "CSRUN_TEST={{mark}}"],
                "cwd": "/",
                "capabilities": { "bounding": {{capabilities}}, "effective": {{capabilities}}, "permitted": {{capabilities}} },
                "noNewPrivileges": true
              },
              "root": { "path": "rootfs" },
              "hostname": "inside",
              "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
                { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
                { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
                { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] }
              ],
              "linux": {
                "cgroupsPath": "/{{Host.CgroupParent}}/{{mark}}",
                "namespaces": [ { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" } ],
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
              }
            }
            """)!.AsObject();
    }
}
