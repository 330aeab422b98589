using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>containerd through ctr.</summary>
public sealed class ContainerdTests(ContainerdRoom room) : IClassFixture<ContainerdRoom>, IDisposable
{
    private readonly string name = Ready(room);

    public void Dispose()
    {
        room.Run("tasks", "kill", "--signal", "9", "--all", name);
        room.Run("tasks", "rm", "--force", name);
        room.Run("containers", "rm", name);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_container_runs_and_its_exit_code_comes_back()
    {
        Assert.Equal("hello\n", RunOne([], "echo", "hello").Out);
        var result = RunOne([], "sh", "-c", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n"), (result.ExitCode, result.Out));
        Assert.Contains("err\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(3, RunOne(["--null-io"], "sh", "-c", "exit 3").ExitCode);
    }

    [Theory]
    [InlineData("nosuch", "executable file not found in $PATH")]
    [InlineData("/nosuch", "no such file or directory")]
    [InlineData("/etc/passwd", "permission denied")]
    public void What_cannot_be_executed_fails_in_create_with_the_reason(string program, string text)
    {
        var result = RunOne([], program);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("create failed", result.Error, StringComparison.Ordinal);
        Assert.Contains(text, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_is_the_containers_own()
    {
        using var terminal = new Terminal();
        terminal.Resize(31, 71);
        var ctr = room.Ctr("run", "--rm", "--tty", "--runc-binary", "csrun", Image.Name, name, "sh", "-c", "tty; read line; stty size; echo got $line");
        var command = new Command(ctr.Path, [.. ctr.Arguments]) { Environment = [.. ctr.Environment, "TERM=xterm"], Terminal = terminal.Name };
        var pid = command.Start();
        terminal.ReadUntil("/dev/pts/0");
        terminal.Resize(32, 72);
        terminal.Write("typed\n");
        terminal.ReadUntil("got typed");
        Assert.Equal(0, command.Await(pid).Code);
    }

    [Fact]
    public void Exec_runs_in_the_container_with_its_own_exit_code()
    {
        Detached();
        Assert.Equal("inside\n", Exec("echo", "inside").Out);
        Assert.Equal(9, Exec("sh", "-c", "exit 9").ExitCode);
        Assert.Equal("/tmp\n", room.Run("tasks", "exec", "--exec-id", "d", "--cwd", "/tmp", name, "pwd").Out);
        Assert.Contains("executable file not found in $PATH", Exec("nosuch").Error, StringComparison.Ordinal);

        using var terminal = new Terminal();
        var ctr = room.Ctr("tasks", "exec", "--tty", "--exec-id", "t", name, "tty");
        var command = new Command(ctr.Path, [.. ctr.Arguments]) { Environment = [.. ctr.Environment, "TERM=xterm"], Terminal = terminal.Name };
        var pid = command.Start();
        terminal.ReadUntil("/dev/pts/");
        Assert.Equal(0, command.Await(pid).Code);
    }

    [Fact]
    public void Tasks_are_listed_paused_resumed_and_killed()
    {
        Detached();
        Assert.Equal("RUNNING", Status());
        room.Succeeds("tasks", "pause", name);
        Assert.Equal("PAUSED", Status());
        room.Succeeds("tasks", "resume", name);
        Assert.Equal("RUNNING", Status());
        room.Succeeds("tasks", "kill", "--signal", "SIGKILL", name);
        Host.Eventually(() => Status() == "STOPPED", "stopped");
        Assert.Contains("137", room.Run("tasks", "rm", name).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_and_processes_are_those_of_the_container()
    {
        Detached("--memory-limit", "67108864");
        var metrics = room.Succeeds("tasks", "metrics", name);
        Assert.Matches("memory.limit_in_bytes +67108864", metrics);
        Assert.Matches("pids.current +1", metrics);
        var pid = room.Succeeds("tasks", "ls").Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.StartsWith(pid + " ", room.Succeeds("tasks", "ps", name).Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Options_take_effect()
    {
        var result = RunOne(["--seccomp", "--read-only"], "sh", "-c", "grep Seccomp: /proc/self/status; touch /x");
        Assert.Equal("Seccomp:\t2\n", result.Out);
        Assert.Contains("Read-only", result.Error, StringComparison.Ordinal);
        Assert.Equal("ok\n", RunOne(["--privileged"], "sh", "-c", "mount -t tmpfs x /tmp && echo ok").Out);
        Assert.Equal("/tmp v\n", RunOne(["--cwd", "/tmp", "--env", "K=v"], "sh", "-c", "echo $(pwd) $K").Out);
        Assert.Equal("kept\n", RunOne(["--mount", $"type=bind,src={Shared("kept\n")},dst=/data,options=rbind:ro"], "cat", "/data/file").Out);
        Assert.Equal(137, RunOne(["--memory-limit", "16777216"], "dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1").ExitCode);
    }

    [Fact]
    public void A_container_without_a_pid_namespace_leaves_no_process()
    {
        room.Succeeds("run", "--detach", "--runc-binary", "csrun", "--with-ns", "pid:/proc/1/ns/pid", Image.Name, name, "sh", "-c", "sleep 4321 & exec sleep 1000");
        Host.Eventually(() => Sleeping(4321) == 1, "the second process");
        room.Succeeds("tasks", "kill", "--signal", "9", name);
        Host.Eventually(() => Sleeping(4321) == 0, "its end");
    }

    [Fact]
    public void Containers_outlive_their_daemon()
    {
        Detached();
        var before = room.Succeeds("tasks", "ls");
        room.StopDaemon();
        Assert.Equal(1, Sleeping(1000));
        room.StartDaemon();
        Assert.Equal(before, room.Succeeds("tasks", "ls"));
        Assert.Equal("inside\n", Exec("echo", "inside").Out);
        room.Succeeds("tasks", "kill", "--signal", "SIGKILL", name);
        Host.Eventually(() => Status() == "STOPPED", "stopped");
    }

    [Fact]
    public void What_somebody_else_deleted_is_gone_for_containerd_too()
    {
        Detached();
        var deletion = room.Command("/usr/local/bin/csrun", "--root", "/run/containerd/runc/default", "delete", "--force", name).Run(room.Home);
        Assert.True(deletion.ExitCode == 0, deletion.ToString());
        Host.Eventually(() => Status() == "STOPPED", "stopped");
        Assert.Contains("not found", room.Run("tasks", "kill", "--signal", "9", name).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Twenty_containers_run_at_once()
    {
        var results = new Result[20];
        Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = results.Length }, i =>
            results[i] = room.Run("run", "--rm", "--runc-binary", "csrun", Image.Name, $"{name}-{i}", "sh", "-c", $"sleep 0.5; exit {i}"));
        Assert.Equal(Enumerable.Range(0, results.Length), results.Select(static r => r.ExitCode));
    }

    private static string Ready(ContainerdRoom room)
    {
        room.Need();
        return "c" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..12];
    }

    private string Status() => room.Succeeds("tasks", "ls").Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal)).TrimEnd().Split(' ')[^1];

    private int Sleeping(int seconds) => room.Processes().Count(pid => Host.Text($"/proc/{pid}/cmdline") == $"sleep\0{seconds}\0");

    private string Shared(string content)
    {
        var directory = Directory.CreateDirectory(Path.Combine(room.Home, "shared-" + name)).FullName;
        File.WriteAllText(Path.Combine(directory, "file"), content);
        return directory;
    }

    private void Detached(params string[] options) =>
        room.Succeeds(["run", "--detach", "--runc-binary", "csrun", .. options, Image.Name, name, "sleep", "1000"]);

    private Result Exec(params string[] arguments) => room.Run(["tasks", "exec", "--exec-id", "e" + Guid.NewGuid().ToString("n"), name, .. arguments]);

    private Result RunOne(string[] options, params string[] arguments) =>
        room.Run(["run", "--rm", "--runc-binary", "csrun", .. options, Image.Name, name, .. arguments]);
}
