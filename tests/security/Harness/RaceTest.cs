using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>
/// Somebody who shares a directory with the container exchanges two names in it while the runtime works, and may put
/// them back later. Nothing is left to chance: the container is run once for every system call of the runtime's that
/// takes a path, and the exchange is made exactly before that call.
/// </summary>
public abstract class RaceTest : SecurityTest
{
    private HashSet<string> hostMounts = [];

    /// <summary>Mounts that the runtime made on the host's files, seen right before the container's root becomes its own.</summary>
    private protected List<string> Escaped { get; } = [];

    /// <summary>Where the container's report is written, by which the tests judge.</summary>
    private protected string ReportFile => Path.Combine(Home, "out", "report");

    /// <summary>Lets the container's program report to <see cref="ReportFile"/>: standard output is not to be trusted.</summary>
    private protected void ReportOutside(params string[] arguments)
    {
        Bundle.Mount("/out", "bind", Folder("out"), "bind");
        Bundle.Args(["report", "--out", "/out/report", .. arguments]);
    }

    /// <summary>Runs the container once for every window.</summary>
    /// <param name="first">A name.</param>
    /// <param name="second">Another, for which it is exchanged.</param>
    /// <param name="back">After how many calls they are put back; 0: never.</param>
    /// <param name="arrange">Called before each run: everything is as in the beginning.</param>
    /// <param name="verify">Called after each run: throws when the attack succeeded.</param>
    private protected void ForEveryWindow(string first, string second, int back, Action arrange, Action<Result> verify)
    {
        SystemCalls.Need();
        hostMounts = [.. MountLine.All(File.ReadAllText("/proc/self/mountinfo")).Select(static m => m.Point)];
        arrange();
        var control = RunOnce(-1, -1, first, second, out var windows);
        Assert.True(control.ExitCode == 0, "the control bundle does not run: " + control);
        verify(control);
        foreach (var window in windows.Where(static (_, i) => i % Stride == 0))
        {
            arrange();
            Escaped.Clear();
            var result = RunOnce(window, back == 0 ? -1 : window + back, first, second, out _);
            try
            {
                verify(result);
                Assert.Empty(Escaped);
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException)
            {
                throw new InvalidOperationException($"before call {window}: {result}", e);
            }
        }

        Assert.True(windows.Count > 20, "too few calls were seen");
    }

    /// <summary>One run, with the names exchanged before two calls (-1: none).</summary>
    private Result RunOnce(int swap, int back, string first, string second, out List<int> windows)
    {
        Bundle.Save();
        var program = false;
        var found = new List<int>();
        var exchanged = false;
        Supervisor? supervised = null;
        using var supervisor = new Supervisor(RuntimeCommand("run", "--bundle", Bundle.Path, Id), SystemCalls.WithPaths, call =>
        {
            if (call.Index == swap || call.Index == back)
            {
                Exchange(first, second);
                exchanged = !exchanged;
            }

            // An exchange before a call that leads elsewhere is one before the next call.
            if (swap < 0 && call.Index > 0 && !program && !(supervised!.First == call.Pid && LeadsElsewhere(call)))
            {
                found.Add(call.Index);
            }

            if (call.Number == SystemCalls.PivotRoot)
            {
                Escaped.AddRange(MountLine.All(Host.Text($"/proc/{call.Pid}/mountinfo") ?? "").Select(static m => m.Point).Where(IsOnHost));
            }
            else if (call.Number == SystemCalls.Execve && !program)
            {
                program = call.Text(0) == "/checker";
            }
        });
        supervised = supervisor;
        var result = supervisor.Run(Home);
        windows = found;
        if (exchanged)
        {
            Exchange(first, second);
        }

        return result;
    }

    /// <summary>One path, and that is a whole one to somewhere else; so it is for a process whose root is the host's.</summary>
    private bool LeadsElsewhere(SystemCall call)
    {
        int argument;
        switch (call.Number)
        {
            case 2 or 4 or 6 or 21 or 83 or 84 or 87 or 89 or 137:
                argument = 0;
                break;
            case 257 or 258 or 262 or 263 or 267 or 269 or 332 or 437 or 439:
                argument = 1;
                break;
            default:
                return false;
        }

        var path = call.Text(argument);
        return path.StartsWith('/') && !path.StartsWith(Home, StringComparison.Ordinal) && !path.StartsWith("/proc/self/fd", StringComparison.Ordinal) && !path.StartsWith("/proc/thread-self/fd", StringComparison.Ordinal);
    }

    /// <summary>Not the mounts of other tests, which come and go.</summary>
    private bool IsOnHost(string point) =>
        point is not "/" && !hostMounts.Contains(point) && !point.StartsWith(Bundle.Rootfs, StringComparison.Ordinal)
        && (point.StartsWith(Home, StringComparison.Ordinal) || !point.Contains("/csrun-test-", StringComparison.Ordinal));

    /// <summary>renameat2(2) with RENAME_EXCHANGE: at no moment is either name missing.</summary>
    private static unsafe void Exchange(string first, string second)
    {
        var one = System.Text.Encoding.UTF8.GetBytes(first + "\0");
        var two = System.Text.Encoding.UTF8.GetBytes(second + "\0");
        fixed (byte* a = one, b = two)
        {
            _ = Libc.syscall(316, -100, (long)a, -100, (long)b, 2);
        }
    }
}
