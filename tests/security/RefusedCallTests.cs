using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>
/// The kernel refuses one system call of the runtime or Init, each in its turn: for want of memory or descriptors, by a
/// filter around, or because it is an older one. Then there is one clear line and nothing is left, or another way was
/// found; but never a container that is less closed than it should be.
/// </summary>
public sealed class RefusedCallTests : SecurityTest
{
    private static readonly string[] Members =
        ["uid", "gid", "groups", "capabilities", "noNewPrivileges", "securebits", "umask", "rlimits", "hostname", "ignoredSignals", "blockedSignals", "cwd", "env"];

    private string ReportFile => Path.Combine(Home, "out", "report");

    [Theory]
    [InlineData("EINTR", 4)]
    [InlineData("ENOMEM", 12)]
    [InlineData("EMFILE", 24)]
    [InlineData("EPERM", 1)]
    [InlineData("ENOSYS", 38)]
    public void Any_call(string name, int errno)
    {
        Known.PeersDeviate("were not made for it");
        SystemCalls.Need();
        Bundle.Mount("/out", "bind", Folder("out"), "bind");
        Bundle.Args("report", "--out", "/out/report", "--read", "/proc/timer_list", "--probe", "write:/proc/sys/kernel/hostname");
        Bundle.Save();
        var (control, calls, _) = Run(-1, 0);
        Assert.True(control.ExitCode == 0, "the control does not succeed: " + control);
        var expected = Lines(ReportFile).Single();
        var problems = new List<string>();
        for (var refused = 0; refused < calls; refused += Stride)
        {
            File.Delete(ReportFile);
            var (result, _, number) = Run(refused, errno);
            // Whoever may make no device nodes gets the host's.
            var otherNodes = errno == 1 && number == SystemCalls.MakeNode;
            var problem = result.ExitCode == 0 && otherNodes ? null : result.ExitCode == 0 ? Difference(expected, Lines(ReportFile).Single()) : Unclear(result);
            var left = Host.Cgroups(Mark).Concat(Directory.Exists(Root) ? Directory.EnumerateFileSystemEntries(Root) : []).Concat(Host.Mounts(Home)).ToList();
            problem ??= left.Count > 0 ? "left behind: " + string.Join(", ", left) : null;
            if (problem != null)
            {
                Runtime("delete", "--force", Id);
                problems.Add($"{name} of call {refused}, which is number {number}: exit {result.ExitCode}, {result.Error.Trim()}: {problem}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems.Take(20)) + $"\n{problems.Count} of {calls}");
    }

    /// <summary>A failure is one line, perhaps after a warning, and exit code 1; and the program did not run.</summary>
    private string? Unclear(Result result)
    {
        var lines = result.Error.TrimEnd('\n').Split('\n');
        return result.ExitCode != 1 ? "not an error as errors are"
            : lines is [""] ? "no message"
            : lines.Length > 2 || result.Error.Contains("   at ", StringComparison.Ordinal) ? "more than a message"
            : File.Exists(ReportFile) ? "the program ran all the same"
            : null;
    }

    /// <summary>Runs the container, and refuses one call (-1: none); gives how many there were, and the number of the refused one.</summary>
    private (Result Result, int Calls, int Number) Run(int refused, int errno)
    {
        var calls = 0;
        var number = 0;
        var begun = false;
        var program = false;
        using var supervisor = new Supervisor(
            RuntimeCommand("run", "--bundle", Bundle.Path, Id), SystemCalls.WithEffects.Concat(SystemCalls.OfIdentity).Distinct(), call =>
            {
                program |= call.Number == SystemCalls.Execve && call.Text(0) == "/checker";
                // Before it reads the config, what is at work is the managed runtime's own start.
                begun |= call.Number == SystemCalls.OpenAt && call.Text(1).EndsWith("config.json", StringComparison.Ordinal);
                if (begun && !program && calls++ == refused)
                {
                    number = call.Number;
                    call.Refusal = errno;
                }
            });
        var result = supervisor.Run(Home);
        return (result, calls, number);
    }

    /// <summary>What the program sees that it should not, or does not see that it should.</summary>
    private static string? Difference(JsonNode expected, JsonNode actual)
    {
        foreach (var member in Members)
        {
            if (!JsonNode.DeepEquals(expected[member], actual[member]))
            {
                return $"{member} is {actual[member]?.ToJsonString()}";
            }
        }

        return !expected["descriptors"]!.AsObject().Select(static d => d.Key).SequenceEqual(actual["descriptors"]!.AsObject().Select(static d => d.Key)) ? "other descriptors"
            : !Mounts(expected).SequenceEqual(Mounts(actual)) ? "other mounts: " + string.Join("; ", Mounts(actual).Except(Mounts(expected))) + " for " + string.Join("; ", Mounts(expected).Except(Mounts(actual)))
            : null;
    }

    private static IEnumerable<string> Mounts(JsonNode report) =>
        MountLine.All(report).Select(static m => $"{m.Point} {string.Join(',', m.Options)} {m.Type}").Order(StringComparer.Ordinal);
}
