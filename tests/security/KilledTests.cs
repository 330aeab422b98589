using System;
using System.IO;
using System.Linq;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>
/// A command of the runtime, or the container's first process, is killed right before each of its system calls that has
/// an effect. Whatever was done by then, the next commands find their way, and nothing is left in the end.
/// </summary>
public sealed class KilledTests : SecurityTest
{
    public static TheoryData<string> Commands => ["create", "run", "start", "exec", "pause", "resume", "update", "kill", "delete"];

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_runtime(string command)
    {
        Known.PeersDeviate("are known to leave things behind");
        SystemCalls.Need();
        Bundle.Args("sleep");
        Bundle.Save();
        var calls = Attempt(command, -1, self: true);
        Assert.True(calls > 5, "too few calls were seen");
        for (var call = 0; call < calls; call += Stride)
        {
            Attempt(command, call, self: true);
        }
    }

    [Theory]
    [InlineData("create")]
    [InlineData("run")]
    [InlineData("exec")]
    public void What_the_runtime_started(string command)
    {
        Known.PeersDeviate("are known to leave things behind");
        SystemCalls.Need();
        Bundle.Args("sleep");
        Bundle.Save();
        var calls = Attempt(command, -1, self: false);
        Assert.True(calls > 5, "too few calls were seen");
        for (var call = 0; call < calls; call += Stride)
        {
            Attempt(command, call, self: false);
        }
    }

    /// <summary>Runs a command and kills it, or what it started, before one of its own calls (-1: never); gives how many there were.</summary>
    private int Attempt(string command, int killed, bool self)
    {
        var exists = command is not ("create" or "run");
        if (exists)
        {
            Success(Runtime("create", "--bundle", Bundle.Path, Id));
        }

        if (exists && command is not ("start" or "delete"))
        {
            Success(Runtime("start", Id));
        }

        if (command is "resume")
        {
            Success(Runtime("pause", Id));
        }

        var calls = 0;
        var number = 0;
        var program = false;
        Supervisor? supervised = null;
        using (var supervisor = new Supervisor(RuntimeCommand(Line(command)), SystemCalls.WithEffects, call =>
        {
            var ours = call.Pid == supervised!.First;
            program |= !ours && call.Number == SystemCalls.Execve && call.Text(0) == "/checker";
            // The first is the one that executes the runtime.
            if (call.Index == 0 || ours != self || program)
            {
                return;
            }

            if (calls++ == killed)
            {
                number = call.Number;
                Libc.kill(call.Pid, 9);
            }
        }))
        {
            supervised = supervisor;
            var result = supervisor.Run(Home);
            if (killed < 0)
            {
                Assert.True(result.ExitCode == 0, "the control does not succeed: " + result);
            }
            else if (self)
            {
                // The same calls do not always come as often.
                Assert.True(result.ExitCode == (calls > killed ? 137 : 0), $"killed at its call {killed}, number {number}: {result}");
            }
            else if (result.ExitCode is not (0 or 137))
            {
                Assert.True(result.Error.Count(static c => c == '\n') == 1, $"killed at its call {killed}, number {number}, one line expected: {result}");
            }

            Verify(exists, $"{command}, killed at call {killed}, number {number}");
        }

        return calls;
    }

    private string[] Line(string command) => command switch
    {
        "create" => ["create", "--bundle", Bundle.Path, "--pid-file", Path.Combine(Home, "pid"), Id],
        "run" => ["run", "--detach", "--bundle", Bundle.Path, Id],
        "exec" => ["exec", Id, "/checker", "true"],
        "update" => ["update", "--pids-limit", "50", Id],
        "kill" => ["kill", Id, "KILL"],
        _ => [command, Id],
    };

    private void Verify(bool exists, string when)
    {
        var state = Runtime("state", Id);
        Assert.True(state.ExitCode == 0 || (state.ExitCode == 1 && state.Error.Contains("does not exist", StringComparison.Ordinal)), $"{when}: {state}");
        if (exists && state.ExitCode == 0)
        {
            Assert.Contains("\"status\"", state.Out);
        }

        var list = Runtime("list");
        Assert.True(list.ExitCode == 0, $"{when}: {list}");
        var again = Runtime("create", "--bundle", Bundle.Path, Id);
        Assert.True(again.ExitCode == 0 || again.Error.Contains("already exists", StringComparison.Ordinal), $"{when}: {again}");
        var delete = Runtime("delete", "--force", Id);
        Assert.True(delete.ExitCode == 0, $"{when}: {delete}");
        again = Runtime("create", "--bundle", Bundle.Path, Id);
        Assert.True(again.ExitCode == 0, $"{when}: {again}");
        delete = Runtime("delete", "--force", Id);
        Assert.True(delete.ExitCode == 0, $"{when}: {delete}");
        var left = Host.Cgroups(Mark).Concat(Directory.EnumerateFileSystemEntries(Root)).Concat(Host.Mounts(Home))
            .Concat(Directory.EnumerateFileSystemEntries(Home, ".*"));
        Assert.True(!left.Any(), $"{when}: left behind: {string.Join(", ", left)}");
    }
}
