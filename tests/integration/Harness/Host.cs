using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>What the tests look at and clear up on the host.</summary>
internal static class Host
{
    /// <summary>The parent of all cgroups that the tests make, in every hierarchy.</summary>
    internal const string CgroupParent = "csrun-test";

    /// <summary>The mount points of the cgroup hierarchies: one with cgroup v2 alone, else one each.</summary>
    internal static IReadOnlyList<string> CgroupMounts { get; } =
        [.. File.ReadLines("/proc/self/mountinfo").Select(static line => line.Split(' '))
            .Where(static f => f[Array.IndexOf(f, "-") + 1] is "cgroup" or "cgroup2").Select(static f => f[4]).Distinct(StringComparer.Ordinal)];

    internal static bool HasCgroupV1 { get; } = File.ReadLines("/proc/self/mountinfo").Any(static l => l.Contains(" - cgroup ", StringComparison.Ordinal));

    /// <summary>Skips what only a mounted controller can show.</summary>
    internal static string Need(string? path, string what)
    {
        Assert.SkipWhen(path == null, $"this machine has no {what}");
        return path!;
    }

    /// <summary>Directories of a test's cgroup that exist, in any hierarchy, deepest first.</summary>
    internal static List<string> Cgroups(string name)
    {
        var found = new List<string>();
        foreach (var mount in CgroupMounts)
        {
            var path = Path.Combine(mount, CgroupParent, name);
            if (Directory.Exists(path))
            {
                found.AddRange(Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories).OrderByDescending(static p => p.Length));
                found.Add(path);
            }
        }

        return found;
    }

    /// <summary>Processes with the mark in their cgroup's name or environment.</summary>
    internal static List<int> Processes(string mark)
    {
        var found = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid) && IsMarked(directory, mark) && !IsDead(pid))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>Lines of the host's mountinfo that name the text.</summary>
    internal static List<string> Mounts(string text) =>
        [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(text, StringComparison.Ordinal))];

    internal static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The target of a link such as /proc/PID/ns/net, or null.</summary>
    internal static string? Link(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, false) is { } target ? Path.GetFileName(target.FullName) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>True when the test process has the capability of that number.</summary>
    internal static bool HasCapability(int number) =>
        (ulong.Parse(Status(Environment.ProcessId, "CapEff"), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> number & 1) != 0;

    /// <summary>A process that is gone or a zombie.</summary>
    internal static bool IsDead(int pid)
    {
        var stat = Text($"/proc/{pid}/stat");
        return stat == null || stat[(stat.LastIndexOf(')') + 2)..][0] is 'Z' or 'X';
    }

    /// <summary>A numbered field of /proc/PID/stat as in proc(5).</summary>
    internal static string StatField(int pid, int field)
    {
        var stat = Text($"/proc/{pid}/stat")!;
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field - 3];
    }

    /// <summary>A line of /proc/PID/status.</summary>
    internal static string Status(int pid, string name) =>
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    /// <summary>Waits until something is so; fails after the deadline.</summary>
    internal static void Eventually(Func<bool> condition, string what, int milliseconds = 10_000)
    {
        var end = Environment.TickCount64 + milliseconds;
        for (var pause = 1; !condition(); pause = Math.Min(pause * 2, 50))
        {
            Assert.True(Environment.TickCount64 < end, $"not so after {milliseconds} ms: {what}");
            Thread.Sleep(pause);
        }
    }

    private static bool IsMarked(string process, string mark)
    {
        return Text(process + "/cgroup")?.Contains(mark, StringComparison.Ordinal) == true
            || Text(process + "/environ")?.Contains("CSRUN_TEST=" + mark, StringComparison.Ordinal) == true;
    }
}
