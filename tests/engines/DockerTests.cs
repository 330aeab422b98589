using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>Docker Engine, where csrun is the default runtime; a check names it as an added one.</summary>
public sealed class DockerTests(DockerRoom room) : IClassFixture<DockerRoom>, IDisposable
{
    private readonly string name = Ready(room);

    public void Dispose() => room.Run("rm", "--force", "--volumes", name);

    [Fact]
    public void The_configuration_file_makes_csrun_the_default_runtime()
    {
        var info = JsonNode.Parse(room.Succeeds("info", "--format", "{{json .}}"))!;
        Assert.Equal("csrun", info["DefaultRuntime"]!.GetValue<string>());
        Assert.NotNull(info["Runtimes"]!["csrun"]);
        Detached();
        Assert.Equal("csrun", room.Succeeds("inspect", "--format", "{{.HostConfig.Runtime}}", name));
    }

    [Theory]
    [InlineData()]
    [InlineData("--runtime", "csrun")]
    public void A_container_runs_and_its_exit_code_comes_back(params string[] options)
    {
        var result = RunOne([.. options, Image.Name, "sh", "-c", "echo out; echo err >&2; exit 7"]);
        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Out, result.Error));
    }

    [Theory]
    [InlineData("nosuch", 127, "executable file not found in $PATH")]
    [InlineData("/nosuch", 127, "no such file or directory")]
    [InlineData("/etc/passwd", 126, "permission denied")]
    public void What_cannot_be_executed_is_told_apart(string program, int code, string text)
    {
        var result = RunOne(program);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(text, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_is_the_containers_own()
    {
        using var terminal = new Terminal();
        terminal.Resize(31, 71);
        var docker = room.Docker("run", "--rm", "-it", "--network", "none", "--name", name, Image.Name, "sh", "-c", "tty; read line; stty size; echo got $line");
        var command = new Command(docker.Path, [.. docker.Arguments]) { Environment = [.. docker.Environment, "TERM=xterm"], Terminal = terminal.Name };
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
        Assert.Equal("/proc", room.Succeeds("exec", "--workdir", "/proc", name, "pwd"));
        Assert.Equal("1000", room.Succeeds("exec", "--user", "1000", name, "id", "-u"));
        Assert.Equal("v", room.Succeeds("exec", "--env", "K=v", name, "sh", "-c", "echo $K"));
        Assert.StartsWith("/dev/pts/", room.Succeeds("exec", "-t", name, "tty"), StringComparison.Ordinal);
        Assert.Equal(9, room.Run("exec", name, "sh", "-c", "exit 9").ExitCode);
        Assert.NotEqual(0, room.Run("exec", name, "nosuch").ExitCode);
        Assert.Equal(126, room.Run("exec", name, "/etc/passwd").ExitCode);
    }

    [Fact]
    public void Stats_top_and_update_work_on_the_containers_cgroup()
    {
        Detached("--memory", "64m", "--pids-limit", "50");
        Assert.EndsWith("/ 64MiB 1", room.Succeeds("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", name), StringComparison.Ordinal);
        Assert.Contains("sleep 1000", room.Succeeds("top", name), StringComparison.Ordinal);
        room.Succeeds("update", "--memory", "96m", "--memory-swap", "96m", "--cpus", "0.5", name);
        Assert.Equal("100663296", room.Limit("memory.limit_in_bytes", room.Succeeds("inspect", "--format", "{{.Id}}", name)));
    }

    [Fact]
    public void A_paused_container_is_shown_so_and_goes_on()
    {
        Detached();
        room.Succeeds("pause", name);
        Assert.Equal("paused", Status());
        room.Succeeds("unpause", name);
        Assert.Equal("running", Status());
        room.Succeeds("pause", name);
        room.Succeeds("rm", "--force", name);
    }

    [Fact]
    public void Signals_reach_the_program_and_its_output_is_kept()
    {
        room.Succeeds("run", "--detach", "--name", name, "--network", "none", Image.Name, "sh", "-c", "trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.1; done");
        Host.Eventually(() => room.Succeeds("logs", name).Contains("ready", StringComparison.Ordinal), "ready");
        room.Succeeds("kill", "--signal", "USR1", name);
        Assert.Equal("3", room.Succeeds("wait", name));
        Assert.Equal("ready\nusr1", room.Succeeds("logs", name));
    }

    [Fact]
    public void Stop_kills_what_does_not_end_by_itself_and_the_container_starts_again()
    {
        Detached();
        room.Succeeds("stop", "--time", "1", name);
        Assert.Equal("137", room.Succeeds("inspect", "--format", "{{.State.ExitCode}}", name));
        room.Succeeds("start", name);
        room.Succeeds("restart", "--time", "0", name);
        Assert.Equal("running", Status());
    }

    [Fact]
    public void A_health_check_runs_in_the_container()
    {
        Detached("--health-cmd", "test -e /proc/1", "--health-interval", "200ms");
        Host.Eventually(() => room.Succeeds("inspect", "--format", "{{.State.Health.Status}}", name) == "healthy", "healthy", 20_000);
    }

    [Fact]
    public void A_volume_outlives_its_container()
    {
        var volume = "volume-" + name;
        Inside("--volume", volume + ":/data", Image.Name, "sh", "-c", "echo kept >/data/file");
        Assert.Equal("kept", Inside("--volume", volume + ":/data:ro", Image.Name, "cat", "/data/file"));
        Assert.Contains("Read-only", RunOne("--volume", volume + ":/data:ro", Image.Name, "touch", "/data/file").Error, StringComparison.Ordinal);
        room.Succeeds("volume", "rm", volume);
    }

    [Fact]
    public void Security_options_take_effect()
    {
        Assert.Contains("Read-only", RunOne("--read-only", Image.Name, "touch", "/x").Error, StringComparison.Ordinal);
        Assert.Contains("size=1024k", Inside("--tmpfs", "/scratch:size=1m", "--user", "1000", Image.Name, "sh", "-c", "touch /scratch/x && grep /scratch /proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Equal("CapEff:\t0000000000000000", Inside("--cap-drop", "ALL", Image.Name, "grep", "CapEff", "/proc/self/status"));
        Assert.Equal("NoNewPrivs:\t1", Inside("--security-opt", "no-new-privileges", Image.Name, "grep", "NoNewPrivs", "/proc/self/status"));
        Assert.Equal("Seccomp:\t2", Inside(Image.Name, "grep", "Seccomp:", "/proc/self/status"));
        Assert.Equal("Seccomp:\t0", Inside("--security-opt", "seccomp=unconfined", Image.Name, "grep", "Seccomp:", "/proc/self/status"));
        Assert.StartsWith("crw", Inside("--device", "/dev/fuse", Image.Name, "ls", "-l", "/dev/fuse"), StringComparison.Ordinal);
        Assert.Contains("docker-init", Inside("--init", Image.Name, "cat", "/proc/1/cmdline"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_privileged_container_has_the_hosts_devices_and_may_mount()
    {
        Known.Deviates("runc", "refuses capabilities that root of this machine does not have");
        Assert.Equal("ok", Inside("--privileged", Image.Name, "sh", "-c", "mount -t tmpfs x /tmp && test -c /dev/kmsg && echo ok"));
    }

    [Fact]
    public void Limits_of_processes_and_memory_hold_and_running_out_is_seen()
    {
        Assert.Contains("fork", RunOne("--pids-limit", "5", Image.Name, "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait").Error, StringComparison.Ordinal);
        Assert.Equal(137, room.Run("run", "--name", name, "--network", "none", "--memory", "16m", Image.Name, "dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1").ExitCode);
        Assert.Equal("true 137", room.Succeeds("inspect", "--format", "{{.State.OOMKilled}} {{.State.ExitCode}}", name));
    }

    [Fact]
    public void A_network_connects_containers_by_name()
    {
        var network = "net-" + name;
        room.Succeeds("network", "create", network);
        try
        {
            room.Succeeds("run", "--detach", "--name", name, "--network", network, Image.Name, "sh", "-c", "while :; do nc -l -p 4000 -e echo across; done");
            Host.Eventually(() => room.Run("run", "--rm", "--network", network, Image.Name, "nc", name, "4000").Out == "across\n", "an answer over the bridge");
        }
        finally
        {
            room.Run("rm", "--force", name);
            room.Succeeds("network", "rm", network);
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void An_image_is_built(string buildKit)
    {
        var context = Directory.CreateDirectory(Path.Combine(room.Home, "context-" + name)).FullName;
        File.WriteAllText(context + "/Dockerfile", $"FROM {Image.Name}\nRUN ip addr show eth0 && echo built in {name} >/built\nRUN cat /built\nCMD [\"cat\", \"/built\"]\n");
        var docker = room.Docker("build", "--tag", name, context);
        var command = new Command(docker.Path, [.. docker.Arguments]) { Environment = [.. docker.Environment.Where(static v => !v.StartsWith("DOCKER_BUILDKIT", StringComparison.Ordinal)), "DOCKER_BUILDKIT=" + buildKit] };
        var result = command.Run(room.Home);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal($"built in {name}", room.Succeeds("run", "--rm", "--name", name, name));
    }

    [Fact]
    public void A_build_step_that_fails_says_its_exit_code()
    {
        var context = Directory.CreateDirectory(Path.Combine(room.Home, "failing-" + name)).FullName;
        File.WriteAllText(context + "/Dockerfile", $"FROM {Image.Name}\nRUN exit 41\n");
        var docker = room.Docker("build", context);
        var result = new Command(docker.Path, [.. docker.Arguments]) { Environment = [.. docker.Environment, "DOCKER_BUILDKIT=1"] }.Run(room.Home);
        Assert.Contains("exit code: 41", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Containers_outlive_their_daemon()
    {
        Detached();
        var pid = room.Succeeds("inspect", "--format", "{{.State.Pid}}", name);
        room.StopDaemon();
        room.StartDaemon();
        Assert.Equal(pid, room.Succeeds("inspect", "--format", "{{.State.Pid}}", name));
        Assert.Equal("inside", room.Succeeds("exec", name, "echo", "inside"));
        room.Succeeds("stop", "--time", "0", name);
    }

    private static string Ready(DockerRoom room)
    {
        room.Need();
        return "c" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..12];
    }

    private string Status() => room.Succeeds("inspect", "--format", "{{.State.Status}}", name);

    private void Detached(params string[] options) =>
        room.Succeeds(["run", "--detach", "--name", name, "--network", "none", .. options, Image.Name, "sleep", "1000"]);

    private Result RunOne(params string[] arguments) => room.Run(
        ["run", "--rm", "--name", name, "--network", "none", .. arguments.Contains(Image.Name) ? arguments : [Image.Name, .. arguments]]);

    private string Inside(params string[] arguments)
    {
        var result = RunOne(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Out.TrimEnd('\n');
    }
}
