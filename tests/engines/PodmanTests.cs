using System;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>Podman as root.</summary>
public sealed class PodmanTests(PodmanRoom room) : IClassFixture<PodmanRoom>, IDisposable
{
    private readonly string name = Ready(room);

    public void Dispose() => room.Run("rm", "--force", "--time", "0", "--ignore", name);

    [Fact]
    public void The_runtime_of_the_configuration_file_is_taken_with_its_version()
    {
        var info = JsonNode.Parse(room.Succeeds("info", "--format", "json"))!["host"]!["ociRuntime"]!;
        Assert.Equal("csrun", info["name"]!.GetValue<string>());
        Assert.Equal("/usr/local/bin/csrun", info["path"]!.GetValue<string>());
        Assert.Contains("version", info["version"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_runs_and_its_exit_code_comes_back()
    {
        Assert.Equal("hello", Inside("echo", "hello"));
        var result = RunOne("sh", "-c", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Out, result.Error));
    }

    [Theory]
    [InlineData("nosuch", 127, "executable file not found in $PATH")]
    [InlineData("/nosuch", 127, "no such file or directory")]
    [InlineData("/etc/passwd", 126, "permission denied")]
    [InlineData("/etc", 126, "")]
    public void What_cannot_be_executed_is_told_apart(string program, int code, string text)
    {
        var result = RunOne(program);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(text, result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Standard_input_is_piped_in()
    {
        using var pipe = new Pipe();
        var command = room.Podman("run", "--rm", "-i", "--network", "none", "--name", name, Image.Name, "cat");
        command.Descriptors[0] = pipe.Read;
        WriteAndClose(pipe, "through\n");
        var result = command.Run(room.Home);
        Assert.Equal((0, "through\n"), (result.ExitCode, result.Out));
    }

    [Fact]
    public void A_terminal_is_the_containers_own()
    {
        using var terminal = new Terminal();
        terminal.Resize(31, 71);
        var original = room.Podman("run", "--rm", "-it", "--network", "none", "--name", name, Image.Name, "sh", "-c", "tty; stty size; read line; echo got $line");
        var command = new Command(original.Path, [.. original.Arguments]) { Environment = [.. original.Environment, "TERM=xterm"], Terminal = terminal.Name };
        var pid = command.Start();
        terminal.ReadUntil("/dev/pts/0");
        terminal.ReadUntil("31 71");
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
        Assert.Equal(9, room.Run("exec", name, "sh", "-c", "exit 9").ExitCode);
        Assert.Equal(127, room.Run("exec", name, "nosuch").ExitCode);
        Assert.Equal(126, room.Run("exec", name, "/etc/passwd").ExitCode);
        Assert.StartsWith("/dev/pts/", room.Succeeds("exec", "-t", name, "tty"), StringComparison.Ordinal);
    }

    [Fact]
    public void Stats_and_top_show_the_container()
    {
        Detached("--memory", "64m", "--pids-limit", "50");
        var stats = JsonNode.Parse(room.Succeeds("stats", "--no-stream", "--format", "json", name))![0]!;
        Assert.Equal("1", stats["pids"]!.ToString());
        Assert.EndsWith("/ 67.11MB", stats["mem_usage"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("sleep 1000", room.Succeeds("top", name), StringComparison.Ordinal);
        Assert.Contains("sleep 1000", room.Succeeds("top", name, "-ef"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_paused_container_is_shown_so_and_goes_on()
    {
        Detached();
        room.Succeeds("pause", name);
        Assert.Equal("paused", Status());
        Assert.NotEqual(0, room.Run("exec", name, "true").ExitCode);
        room.Succeeds("unpause", name);
        Assert.Equal("running", Status());
        room.Succeeds("pause", name);
        room.Succeeds("rm", "--force", "--time", "0", name);
    }

    [Fact]
    public void An_update_changes_the_limits()
    {
        Detached("--memory", "64m");
        room.Succeeds("update", "--memory", "96m", "--cpu-shares", "512", name);
        Assert.Equal("100663296", room.Limit("memory.limit_in_bytes", room.Succeeds("inspect", "--format", "{{.Id}}", name)));
    }

    [Fact]
    public void Signals_reach_the_program()
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
        Assert.Equal("running", Status());
        room.Succeeds("restart", "--time", "0", name);
        Assert.Equal("running", Status());
    }

    [Fact]
    public void A_health_check_runs_in_the_container()
    {
        Detached("--health-cmd", "test -e /healthy", "--health-interval", "disable");
        Assert.Equal(1, room.Run("healthcheck", "run", name).ExitCode);
        room.Succeeds("exec", name, "touch", "/healthy");
        Assert.Equal(0, room.Run("healthcheck", "run", name).ExitCode);
    }

    [Fact]
    public void A_pod_shares_namespaces()
    {
        var pod = "pod-" + name;
        try
        {
            room.Succeeds("pod", "create", "--name", pod, "--network", "none", "--infra-image", Image.Name, "--infra-command", "sleep 1000");
            room.Succeeds("run", "--detach", "--pod", pod, "--name", name, Image.Name, "nc", "-l", "-p", "4000", "-e", "echo", "neighbour");
            Host.Eventually(() => room.Run("run", "--rm", "--pod", pod, Image.Name, "nc", "127.0.0.1", "4000").Out == "neighbour\n", "an answer over the pod's loopback");
            room.Succeeds("pod", "stop", "--time", "0", pod);
        }
        finally
        {
            room.Run("pod", "rm", "--force", "--time", "0", pod);
        }
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
    public void The_root_is_read_only_when_asked_for()
    {
        var result = RunOne("--read-only", Image.Name, "sh", "-c", "touch /tmp/x && touch /x");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("/x: Read-only file system", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tmpfs_is_everyones()
    {
        Assert.Contains("size=1024k", Inside("--tmpfs", "/scratch:size=1m", "--user", "1000", Image.Name, "sh", "-c", "touch /scratch/x && grep /scratch /proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Fact]
    public void Security_options_take_effect()
    {
        Assert.Equal("CapEff:\t0000000000000000", Inside("--cap-drop", "all", Image.Name, "grep", "CapEff", "/proc/self/status"));
        Assert.Equal("CapEff:\t0000000000001000", Inside("--cap-drop", "all", "--cap-add", "net_admin", Image.Name, "grep", "CapEff", "/proc/self/status"));
        Assert.Equal("NoNewPrivs:\t1", Inside("--security-opt", "no-new-privileges", Image.Name, "grep", "NoNewPrivs", "/proc/self/status"));
        Assert.Equal("Seccomp:\t2", Inside(Image.Name, "grep", "Seccomp:", "/proc/self/status"));
        Assert.Equal("Seccomp:\t0", Inside("--security-opt", "seccomp=unconfined", Image.Name, "grep", "Seccomp:", "/proc/self/status"));
        Assert.Contains("/proc/meminfo", Inside("--security-opt", "mask=/proc/meminfo", Image.Name, "sh", "-c", "grep -o /proc/meminfo /proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_privileged_container_has_the_hosts_devices_and_may_mount()
    {
        Assert.Equal("ok", Inside("--privileged", Image.Name, "sh", "-c", "mount -t tmpfs x /tmp && test -c /dev/kmsg && echo ok"));
        Assert.StartsWith("crw", Inside("--device", "/dev/fuse", Image.Name, "ls", "-l", "/dev/fuse"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_processes_is_limited()
    {
        var result = RunOne("--pids-limit", "5", Image.Name, "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait");
        Assert.Contains("fork", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Running_out_of_memory_is_seen_as_such()
    {
        // Not the first process, so that conmon has the time to look: it reads of the end of that one first.
        var result = room.Run("run", "--name", name, "--network", "none", "--memory", "16m", Image.Name, "sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; code=$?; sleep 1; exit $code");
        Assert.Equal(137, result.ExitCode);
        Assert.SkipUnless(room.Succeeds("inspect", "--format", "{{.State.OOMKilled}}", name) == "true", "Podman 4.3 with cgroup v1 sees no OOM on this machine, whatever the runtime; ConmonTests does");
    }

    [Fact]
    public void An_init_process_reaps()
    {
        Assert.Contains("podman-init", Inside("--init", Image.Name, "cat", "/proc/1/cmdline"), StringComparison.Ordinal);
    }

    [Fact]
    public void Preserved_descriptors_reach_the_program()
    {
        using var pipe = new Pipe();
        var command = room.Podman("run", "--rm", "--name", name, "--network", "none", "--preserve-fds", "2", Image.Name, "sh", "-c", "echo through >&4");
        command.Descriptors[3] = command.Descriptors[4] = pipe.Write;
        var result = command.Run(room.Home);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("through\n", ReadAvailable(pipe));
    }

    [Fact]
    public void A_bridge_network_connects_containers()
    {
        Assert.SkipUnless(room.Run("run", "--rm", "--name", name, Image.Name, "true").ExitCode == 0, "this machine cannot make bridges");
        room.Succeeds("run", "--detach", "--name", name, Image.Name, "sh", "-c", "while :; do nc -l -p 4000 -e echo across; done");
        var address = room.Succeeds("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name);
        Host.Eventually(() => room.Run("run", "--rm", Image.Name, "nc", address, "4000").Out == "across\n", "an answer over the bridge");
    }

    [Fact]
    public void Namespaces_of_the_host_and_id_maps_are_taken()
    {
        Assert.Equal("0 100000 5000", string.Join(' ', Inside("--uidmap", "0:100000:5000", Image.Name, "cat", "/proc/self/uid_map").Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Contains("podman", Inside("--pid", "host", "--ipc", "host", "--uts", "host", Image.Name, "ps"), StringComparison.Ordinal);
        Assert.Equal("named", Inside("--hostname", "named", Image.Name, "hostname"));
        Assert.Equal("1", Inside("--sysctl", "net.ipv4.ip_forward=1", Image.Name, "cat", "/proc/sys/net/ipv4/ip_forward"));
    }

    [Fact]
    public void A_container_may_do_without_cgroups()
    {
        Known.Deviates("runc", "has no such mode");
        Assert.Equal("ok", Inside("--cgroups", "disabled", Image.Name, "echo", "ok"));
    }

    private static string Ready(PodmanRoom room)
    {
        room.Need();
        return "c" + Guid.NewGuid().ToString("n")[..12];
    }

    private static unsafe void WriteAndClose(Pipe pipe, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            Libc.write(pipe.Write, start, (nuint)bytes.Length);
        }

        pipe.CloseWrite();
    }

    private static unsafe string ReadAvailable(Pipe pipe)
    {
        var buffer = stackalloc byte[4096];
        return !Libc.AwaitInput(pipe.Read, 2000) ? "" : System.Text.Encoding.UTF8.GetString(buffer, (int)Libc.read(pipe.Read, buffer, 4096));
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
