using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// What stands in the files of a container's cgroups is compared with what runc and crun write for the same config.
/// Where they are known to differ, tests/data/cgroup-differences.tsv has the reason, and they must differ.
/// </summary>
public sealed class CrossCheckTests : ContainerTest
{
    // What tells how things are rather than how they shall be, or is told by merely being read.
    private static readonly string[] Changing =
        ["cgroup.procs", "cgroup.threads", "tasks", "notify_on_release", "cgroup.kill", "cgroup.event_control", "cgroup.pressure", "memory.force_empty", "memory.reclaim", "memory.peak", "memory.swap.peak", "cpuacct.usage"];

    // csrun and runc always allow /dev/net/tun and leave out /dev/console, which is a pty; crun the other way round.
    private static readonly string[] Always = ["c 10:200 rwm", "c 5:1 rwm"];

    private static readonly Lazy<List<Difference>> Differences = new(static () =>
        [.. File.ReadLines(Path.Combine(Target.Repository, "tests", "data", "cgroup-differences.tsv")).Where(static l => l.Length > 0 && l[0] != '#')
            .Select(static l => l.Split('\t')).Select(static f => new Difference(f[0], f[1], f[2], f[3]))]);

    public static TheoryData<string, string> Fragments => [.. CgroupFragments.All.Select(static f => (f.Key, f.Value))];

    [Theory, MemberData(nameof(Fragments)), Checklist(325, 524)]
    public void The_same_files_have_the_same_values_as_with_runc_and_crun(string name, string resources)
    {
        Assert.SkipUnless(Target.IsCsrun, "compares csrun with the others");
        Assert.SkipUnless(Environment.IsPrivilegedProcess && Host.CgroupMounts.Count > 0, "cgroups need root");
        var version = Host.HasCgroupV1 ? "v1" : "v2";
        Assert.SkipUnless(Needed(resources).All(static c => HasController(c)), "this machine lacks a controller that is limited here");
        var fragment = JsonNode.Parse(resources.Replace("DISK", Disk(), StringComparison.Ordinal))!.AsObject();
        if (fragment.Count > 0)
        {
            // As every engine has it.
            fragment.TryAdd("devices", JsonNode.Parse("""[ { "allow": false, "access": "rwm" } ]"""));
        }

        Bundle.Linux["resources"] = fragment;
        Bundle.Save();
        var ours = Outcome("csrun", Target.Path);
        var different = new List<string>();
        foreach (var (peer, path) in new[] { ("runc", "/usr/sbin/runc"), ("crun", "/usr/bin/crun") })
        {
            if (!File.Exists(path))
            {
                continue;
            }

            var theirs = Outcome(peer, path);
            var difference = ours.ContainsKey("create") != theirs.ContainsKey("create") ? (ours.ContainsKey("create") ? "csrun" : peer) + " refuses it" : string.Join("; ", ours.Keys.Union(theirs.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Where(f => !string.Equals(ours.GetValueOrDefault(f), theirs.GetValueOrDefault(f), StringComparison.Ordinal))
                .Select(f => $"{f}: csrun \"{ours.GetValueOrDefault(f)}\", {peer} \"{theirs.GetValueOrDefault(f)}\""));
            var known = Differences.Value.FirstOrDefault(d => d.Version == version && d.Peer == peer && IsMatch(d.Name, name));
            if (known is null)
            {
                different.AddRange(difference.Length == 0 ? [] : [$"{version} {peer} {name}: {difference}"]);
            }
            else
            {
                different.AddRange(difference.Length > 0 ? [] : [$"{version} {peer} {name}: no longer differs, though listed: {known.Reason}"]);
            }
        }

        Assert.True(different.Count == 0, string.Join("\n", different));
    }

    [Fact]
    public void There_are_enough_fragments() => Assert.True(CgroupFragments.All.Count >= 150, $"{CgroupFragments.All.Count} fragments");

    private static bool IsMatch(string pattern, string name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : string.Equals(pattern, name, StringComparison.Ordinal);

    /// <summary>All settings after a create; or that it failed.</summary>
    private SortedDictionary<string, string> Outcome(string name, string path)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var root = Path.Combine(Home, "state-" + name);
        if (Peer(path, "--root", root, "create", "--bundle", Bundle.Path, Id) is { ExitCode: not 0 } failed)
        {
            found["create"] = "fails";
            Peer(path, "--root", root, "delete", "--force", Id);
            // Some leave what they made.
            foreach (var cgroup in Host.Cgroups(Mark))
            {
                Directory.Delete(cgroup);
            }

            return found;
        }

        foreach (var cgroup in Host.Cgroups(Mark))
        {
            foreach (var file in Directory.EnumerateFiles(cgroup))
            {
                var setting = Path.GetFileName(file);
                if (!Changing.Contains(setting) && (File.GetUnixFileMode(file) & (UnixFileMode.UserRead | UnixFileMode.UserWrite)) == (UnixFileMode.UserRead | UnixFileMode.UserWrite)
                    && !setting.EndsWith("failcnt", StringComparison.Ordinal) && !setting.EndsWith("max_usage_in_bytes", StringComparison.Ordinal) && !setting.EndsWith(".pressure", StringComparison.Ordinal)
                    && Host.Text(file) is { } text)
                {
                    // The lists of memory.oom_control and the like tell more than the setting.
                    found[setting] = setting == "memory.oom_control" ? text.Split('\n')[0] : text.Trim().Replace('\n', '|');
                }
            }

            if (Host.Text(Path.Combine(cgroup, "devices.list")) is { } devices)
            {
                // Which may be used, in whatever order it was said.
                found["devices.list"] = string.Join(", ", devices.Trim().Split('\n').Except(Always).Order(StringComparer.Ordinal));
            }
        }

        Success(Peer(path, "--root", root, "delete", "--force", Id));
        Host.Eventually(() => Host.Cgroups(Mark).Count == 0, $"{name} to remove the cgroups");
        return found;
    }

    // crun refuses a host with both kinds of hierarchies: all three get to see v1 alone.
    private Result Peer(string path, params string[] arguments)
    {
        string[] command = Directory.Exists("/sys/fs/cgroup/unified")
            ? ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", "umount /sys/fs/cgroup/unified && exec \"$0\" \"$@\"", path, .. arguments]
            : [path, .. arguments];
        return new Command(command[0], command[1..]) { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home);
    }

    /// <summary>The controllers of cgroup v1 or v2 that these limits are of.</summary>
    private static IEnumerable<string> Needed(string resources)
    {
        foreach (var (member, value) in JsonNode.Parse(resources.Replace("DISK", Disk(), StringComparison.Ordinal))!.AsObject())
        {
            switch (member)
            {
                case "cpu" when value!.AsObject().ContainsKey("cpus") || value.AsObject().ContainsKey("mems"):
                    yield return "cpuset";
                    break;
                case "blockIO":
                    yield return Host.HasCgroupV1 ? "blkio" : "io";
                    break;
                case "hugepageLimits":
                    yield return "hugetlb";
                    break;
                case "unified":
                    yield return "unified";
                    break;
                case "memory" or "cpu" or "pids":
                    yield return member;
                    break;
                default:
                    break;
            }
        }
    }

    private static bool HasController(string name) => name switch
    {
        "unified" => !Host.HasCgroupV1,
        _ when Host.HasCgroupV1 => Directory.Exists("/sys/fs/cgroup/" + name),
        _ => File.ReadAllText(Host.CgroupMounts[0] + "/cgroup.controllers").Split(' ', '\n').Contains(name),
    };

    /// <summary>A block device's numbers, as a fragment has them.</summary>
    private static string Disk()
    {
        var numbers = Directory.EnumerateDirectories("/sys/block").Order(StringComparer.Ordinal).Select(static d => File.ReadAllText(d + "/dev").Trim().Split(':')).LastOrDefault() ?? ["7", "0"];
        return $"\"major\": {numbers[0]}, \"minor\": {numbers[1]}";
    }

    /// <summary>A line of cgroup-differences.tsv.</summary>
    private sealed record Difference(string Version, string Peer, string Name, string Reason);
}
