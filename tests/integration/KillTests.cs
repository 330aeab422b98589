using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// The runtime is killed before each of its system calls (strace injects SIGKILL). Whatever it had done by then,
/// <c>delete --force</c> or the next <c>create</c> of the id clears it up.
/// </summary>
[Checklist(3, 538, 541)]
public sealed class KillTests
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = Environment.ProcessorCount + 2 };

    [Theory]
    [InlineData("create")]
    [InlineData("start")]
    [InlineData("delete")]
    [InlineData("exec")]
    public void A_runtime_killed_at_any_system_call_leaves_nothing_that_stays(string operation)
    {
        Known.PeersDeviate("make no such promise");
        var before = HostMounts();
        List<(string Name, int Occurrence)> calls;
        using (var victim = new Victim())
        {
            calls = victim.Calls(operation);
        }

        Assert.True(calls.Count > 20, $"{calls.Count} system calls");
        var failures = new ConcurrentQueue<string>();
        var fired = 0;
        Parallel.For(0, calls.Count, Parallelism, i =>
        {
            var what = $"{operation} killed at call {i} of {calls.Count}, {calls[i].Name} number {calls[i].Occurrence}";
            try
            {
                using var victim = new Victim();
                if (victim.KillAt(operation, calls[i].Name, calls[i].Occurrence, byCreate: i % 2 == 1))
                {
                    Interlocked.Increment(ref fired);
                }
            }
            catch (Exception e)
            {
                failures.Enqueue($"{what}: {e.Message}");
            }
        });

        Assert.True(failures.IsEmpty, $"{failures.Count} of {calls.Count}:\n{string.Join('\n', failures.Take(20))}");

        // Calls vary a little from run to run, so that a few of the last ones may not come about.
        Assert.True(fired >= calls.Count * 9 / 10, $"only {fired} of {calls.Count} kills fired");
        Assert.Equal(before, HostMounts());
    }

    private static List<string> HostMounts() =>
        [.. File.ReadLines("/proc/self/mountinfo").Where(static l => !l.Contains("csrun-test", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>One container whose runtime is killed; its end checks that nothing is left, as after every test.</summary>
    private sealed class Victim : ContainerTest
    {
        private string Trace => Path.Combine(Home, "trace");

        internal Victim()
        {
            Bundle.Args("sleep");
            Bundle.Save();
        }

        /// <summary>The system calls of an operation of the runtime's own process, each with its number among its likes.</summary>
        internal List<(string Name, int Occurrence)> Calls(string operation)
        {
            Prepare(operation);
            Success(Strace(operation));
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            var calls = new List<(string, int)>();
            foreach (var line in File.ReadLines(Trace))
            {
                var name = line.Split('(')[0];
                if (name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_') && line.Contains('('))
                {
                    counts[name] = counts.GetValueOrDefault(name) + 1;
                    calls.Add((name, counts[name]));
                }
            }

            // The first is strace's own execve of the runtime.
            return calls[1..];
        }

        internal bool KillAt(string operation, string call, int occurrence, bool byCreate)
        {
            Prepare(operation);
            var killed = Strace(operation, "-e", $"inject={call}:signal=KILL:when={occurrence}");
            var fired = killed.ExitCode == 137;
            if (byCreate && operation == "create")
            {
                // The id may be used again at once, unless the container was complete when the runtime died.
                var again = Runtime("create", "--bundle", Bundle.Path, Id);
                Assert.True(again.ExitCode == 0 || again.Error.Contains("already exists", StringComparison.Ordinal), again.ToString());
                if (again.ExitCode == 0)
                {
                    Assert.Equal("created", Status());
                    Succeeds("start", Id);
                }

                Succeeds("delete", "--force", Id);
                return fired;
            }

            if (operation == "exec")
            {
                // Nothing of it goes on, unless the program was executed, which ends by itself; the container is as it was.
                Host.Eventually(() => Host.Processes(Mark).Count == 1, "nothing but the container's process");
                Assert.Equal("running", Status());
                Assert.Equal(0, Runtime("exec", Id, "/checker", "true").ExitCode);
            }

            if (operation == "start" && Runtime("state", Id) is { ExitCode: not 0 } state)
            {
                Assert.Fail(state.ToString());
            }

            Succeeds("delete", "--force", Id);
            Host.Eventually(() => Host.Processes(Mark).Count == 0, "no process");
            AssertNothingLeft();
            Succeeds("create", "--bundle", Bundle.Path, Id);
            Succeeds("delete", Id);
            return fired;
        }

        private void Prepare(string operation)
        {
            if (operation != "create")
            {
                Succeeds("create", "--bundle", Bundle.Path, Id);
            }

            if (operation == "exec")
            {
                Succeeds("start", Id);
            }
        }

        private Result Strace(string operation, params string[] options)
        {
            string[] arguments = operation switch
            {
                "create" => ["create", "--bundle", Bundle.Path, Id],
                "exec" => ["exec", "--pid-file", Path.Combine(Home, "exec.pid"), Id, "/checker", "true"],
                _ => [operation, Id],
            };
            return new Command("/usr/bin/strace", ["-qq", "-o", Trace, .. options, Target.Path, "--root", Root, .. arguments]) { Environment = RuntimeEnvironment(), WorkingDirectory = Home }.Run(Home);
        }
    }
}
