using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>config-linux.md#namespaces and #user-namespace-mappings.</summary>
public sealed class NamespaceCases : OciCase
{
    private static readonly (string Type, string Link, string Option)[] Kinds =
    [
        ("cgroup", "cgroup", "--cgroup"), ("ipc", "ipc", "--ipc"), ("mount", "mnt", "--mount"), ("network", "net", "--net"),
        ("pid", "pid", "--pid"), ("uts", "uts", "--uts"),
    ];

    /// <summary>
    /// Without an entry of its type the container's process is in the runtime's namespace. The mount namespace is left out:
    /// mounts would be made on the host.
    /// </summary>
    internal void InheritedTypes()
    {
        Bundle.Config.Remove("hostname");
        foreach (var (type, _, _) in Kinds.Where(static k => k.Type is not "mount"))
        {
            Bundle.Namespace(type, "-");
        }

        Bundle.Unmount("/sys");
        var pid = Created();
        foreach (var (_, link, _) in Kinds.Where(static k => k.Type is not "mount"))
        {
            Assert.Equal(Host.Link("/proc/self/ns/" + link), Host.Link($"/proc/{pid}/ns/{link}"));
        }

        Assert.Equal(Host.Link("/proc/self/ns/user"), Host.Link($"/proc/{pid}/ns/user"));
    }

    internal void NewWithoutPath()
    {
        foreach (var (type, _, _) in Kinds)
        {
            Bundle.Namespace(type);
        }

        Bundle.Namespace("user");
        Map(1000, 65536);
        var pid = Created();
        foreach (var link in Kinds.Select(static k => k.Link).Append("user"))
        {
            Assert.NotEqual(Host.Link("/proc/self/ns/" + link), Host.Link($"/proc/{pid}/ns/{link}"));
        }
    }

    internal void JoinedByPath()
    {
        foreach (var (type, link, option) in Kinds)
        {
            using var other = new Unshared(option, Home);
            var path = $"/proc/{other.Pid}/ns/{link}" + (type is "pid" ? "_for_children" : "");
            Bundle.Namespace(type, path);
            var pid = Created();
            Assert.Equal($"{type} {Host.Link(path)}", $"{type} {Host.Link($"/proc/{pid}/ns/{link}")}");
            Again();
            Bundle.Namespace(type, type is "cgroup" ? "-" : null);
        }
    }

    internal void PathOfAnotherType()
    {
        var wrong = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cgroup"] = "ipc",
            ["ipc"] = "mnt",
            ["mount"] = "net",
            ["network"] = "pid",
            ["pid"] = "user",
            ["user"] = "uts",
            ["uts"] = "cgroup",
        };
        foreach (var (type, link) in wrong)
        {
            Bundle.Namespace(type, "/proc/self/ns/" + link);
            CreateRefused();
            Bundle.Namespace(type, type is "cgroup" or "user" ? "-" : null);
        }
    }

    internal void IdMappings()
    {
        Bundle.Namespace("user");
        Map(1000, 2000);
        Bundle.Linux["gidMappings"]![0]!["size"] = 3000;
        var report = Inside();
        Assert.Equal(["0", "1000", "2000"], report["uidMap"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["0", "1000", "3000"], report["gidMap"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(0, report["uid"]![0]!.GetValue<int>());
    }

    /// <summary>Maps the container's ids to those from this number on, and gives them the bundle.</summary>
    private void Map(int host, int size)
    {
        Bundle.Linux["uidMappings"] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = host, ["size"] = size });
        Bundle.Linux["gidMappings"] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = host, ["size"] = size });
        foreach (var path in Directory.EnumerateFileSystemEntries(Bundle.Rootfs, "*", SearchOption.AllDirectories).Append(Bundle.Rootfs))
        {
            Libc.lchown(path, (uint)host, (uint)host);
        }
    }

    /// <summary>A process in a new namespace of one kind.</summary>
    private sealed class Unshared : IDisposable
    {
        internal Unshared(string option, string directory)
        {
            // A pid namespace begins to exist with its first process; that one tells when.
            var ready = Path.Combine(directory, "ready" + option);
            var command = new Command("/usr/bin/unshare", option, "--fork", "--kill-child", Target.Checker, "write", ready, "x", ",", "sleep") { WorkingDirectory = directory };
            Pid = command.Start();
            Host.Eventually(() => File.Exists(ready), "a namespace made with " + option);
        }

        internal int Pid { get; }

        public void Dispose()
        {
            Libc.kill(Pid, 9);
            Reaper.Wait(Pid, 10_000, out _);
        }
    }
}
