using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>What CRI-O calls the runtime for by itself, with its arguments, its order and its environment.</summary>
public sealed class CrioTests : ContainerTest
{
    /// <summary>Members that CRI-O keeps in the same object as the runtime's state.</summary>
    private static readonly string[] Taken =
        ["started", "finished", "exitCode", "oomKilled", "seccompKilled", "error", "initPid", "initStartTime", "checkpointedTime", "containerMonitorProcess"];

    [Fact, Contract("C1", "C14", "C32")]
    public void A_container_lives_as_criO_has_it()
    {
        Assert.StartsWith($"{Target.Name} version ", Call("--version").Out, StringComparison.Ordinal);
        Bundle.Args("sleep");
        var pid = Created();
        Direct("start", Id);
        var state = JsonNode.Parse(Direct("state", Id).Out)!.AsObject();
        Assert.Equal(pid, state["pid"]!.GetValue<int>());
        Assert.Equal(("running", Id, Bundle.Path), (state["status"]!.GetValue<string>(), state["id"]!.GetValue<string>(), state["bundle"]!.GetValue<string>()));
        Assert.Empty(state.Select(static member => member.Key).Intersect(Taken, StringComparer.OrdinalIgnoreCase));
        Assert.True(DateTimeOffset.TryParse(state["created"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture, out _));

        Direct("pause", Id);
        Assert.Equal("paused", Status());
        Direct("resume", Id);
        Direct("kill", Id, "15");
        Direct("kill", Id, "KILL");
        AwaitStatus("stopped");
        Assert.Equal(0, State()["pid"]?.GetValue<int>() ?? 0);
        Direct("delete", "--force", Id);
        Direct("delete", "--force", Id);
        Assert.Equal(1, Call("--root", Root, "state", Id).ExitCode);
    }

    [Fact]
    public void An_update_comes_over_standard_input()
    {
        Assert.SkipUnless(Host.HasCgroupV1, "reads a file of cgroup v1");
        Bundle.Args("sleep");
        Created();
        foreach (var (json, limit) in new[]
        {
            ("""{"memory":{"limit":33554432,"swap":33554432},"cpu":{"shares":512,"quota":50000,"period":100000,"cpus":"","mems":""}}""", "33554432"),
            ("""{"memory":{"limit":67108864,"swap":67108864},"pids":{"limit":0}}""", "67108864"),
        })
        {
            using var pipe = new Pipe();
            Write(pipe, json);
            var command = new Command(Target.Path, "--root", Root, "update", "--resources", "-", Id) { Environment = ["XDG_RUNTIME_DIR=/run/user/0"] };
            command.Descriptors[0] = pipe.Read;
            Success(command.Run(Home));
            Assert.Equal(limit, File.ReadAllText(Host.Cgroups(Mark).Select(static c => c + "/memory.limit_in_bytes").First(File.Exists)).Trim());
            if (Status() == "created")
            {
                Direct("start", Id);
            }
        }
    }

    [Fact, Contract("C14")]
    public void A_streaming_exec_runs_in_the_foreground_with_next_to_no_environment()
    {
        Bundle.Args("sleep");
        Started();
        var process = (JsonObject)Bundle.Process.DeepClone();
        process["args"] = Bundle.Json("/checker", "print", "inside", ",", "exit", "9");
        var file = Path.Combine(Home, "process.json");
        File.WriteAllText(file, process.ToJsonString());
        var result = new Command(Target.Path, "--root", Root, "exec", "--process", file, Id) { Environment = ["XDG_RUNTIME_DIR=/run/user/0"] }.Run(Home);
        Assert.Equal((9, "inside"), (result.ExitCode, result.Out.TrimEnd('\n')));
    }

    [Fact, Contract("C23")]
    public void The_runtime_may_run_under_another_program()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        // taskset becomes the runtime; a shell stays its parent, as with runtimeArgs of Docker.
        foreach (var prefix in new string[][] { ["/usr/bin/taskset", "--cpu-list", "0"], ["/bin/sh", "-c", "\"$@\"; exit $?", "sh"] })
        {
            string[][] calls = [["create", "--bundle", Bundle.Path, Id], ["start", Id], ["kill", Id, "KILL"], ["delete", "--force", Id]];
            foreach (var call in calls)
            {
                Success(new Command(prefix[0], [.. prefix[1..], Target.Path, "--root", Root, .. call]) { Environment = RuntimeEnvironment() }.Run(Home));
            }
        }
    }

    [Fact]
    public void What_is_over_is_told_in_the_words_that_criO_looks_for()
    {
        Bundle.Namespace("pid", "-");
        Bundle.Args("true");
        Started();
        AwaitStatus("stopped");
        // Left to kill when no pid namespace ended with the container.
        Direct("kill", "-a", Id, "9");
        var kill = Call("--root", Root, "kill", Id, "15");
        Assert.NotEqual(0, kill.ExitCode);
        Assert.Contains("container not running", kill.Error, StringComparison.Ordinal);
        Direct("delete", "--force", Id);
        Assert.Contains("does not exist", Call("--root", Root, "kill", Id, "15").Error, StringComparison.Ordinal);
    }

    [Fact, Contract("C5", "C7")]
    public void Probes_are_answered()
    {
        var features = Call("features");
        Assert.Equal((0, ""), (features.ExitCode, features.Error));
        var document = JsonNode.Parse(features.Out)!;
        Assert.NotEqual("", document["ociVersionMin"]!.GetValue<string>());
        Assert.NotEqual("", document["ociVersionMax"]!.GetValue<string>());
        Assert.NotNull(document["linux"]);
        if (Target.IsCsrun)
        {
            Assert.Contains("rro", document["mountOptions"]!.AsArray().Select(static o => o!.GetValue<string>()));
            Assert.True(document["linux"]!["mountExtensions"]!["idmap"]!["enabled"]!.GetValue<bool>());
            // No checkpoints, and who asks for help with them learns it.
            Assert.NotEqual(0, Call("checkpoint", "--help").ExitCode);
        }

        foreach (var command in new[] { "create", "start", "state", "kill", "delete", "exec", "run", "ps", "list", "pause", "resume", "update", "events" })
        {
            Assert.Equal(0, Call(command, "--help").ExitCode);
        }
    }

    private static unsafe void Write(Pipe pipe, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            Libc.write(pipe.Write, start, (nuint)bytes.Length);
        }

        pipe.CloseWrite();
    }

    /// <summary>A call that must work, and in silence but for what was asked.</summary>
    private Result Direct(params string[] arguments)
    {
        var result = Success(Call(["--root", Root, .. arguments]));
        Assert.Equal("", result.Error);
        return result;
    }

    private Result Call(params string[] arguments) => new Command(Target.Path, arguments)
    {
        Environment = ["CRI_O_EXTERNAL=1", "XDG_RUNTIME_DIR=/run/user/0", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    }.Run(Home);
}
