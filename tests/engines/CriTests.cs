using System;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>containerd's CRI plugin as the kubelet uses it, with the runtime handler of contrib/containerd/csrun.toml.</summary>
public sealed class CriTests : IClassFixture<ContainerdRoom>, IAsyncLifetime
{
    private const string Handler = "csrun";
    private readonly ContainerdRoom room;
    private readonly Cri cri;
    private readonly string name = "p" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..12];
    private string sandbox = "";

    public CriTests(ContainerdRoom room)
    {
        room.Need();
        this.room = room;
        cri = new Cri(room.Socket);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>PodSandboxConfig: a pod on the host's network, which here is the room's.</summary>
    private Message Pod => new Message()
        .With(1, new Message().With(1, name).With(2, "uid-" + name).With(3, "default"))
        .With(3, room.Home)
        .With(8, new Message().With(2, new Message().With(1, new Message().With(1, 2))));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (sandbox.Length > 0)
        {
            await cri.Try("StopPodSandbox", new Message().With(1, sandbox), CancellationToken.None).ConfigureAwait(false);
            await cri.Try("RemovePodSandbox", new Message().With(1, sandbox), CancellationToken.None).ConfigureAwait(false);
        }

        cri.Dispose();
    }

    [Fact]
    public async Task A_pod_lives_as_the_kubelet_has_it()
    {
        await RunPod();
        var container = await Create("echo started; exec sleep 1000");
        await cri.Call("StartContainer", new Message().With(1, container), Cancellation);
        Assert.Equal(1, (await State(container)).Number(3));

        var answer = await Exec(container, 0, "sh", "-c", "echo out; echo err >&2; exit 9");
        Assert.Equal(("out\n", "err\n", 9L), (answer.Text(1), answer.Text(2), answer.Number(3)));
        Host.Eventually(() => Host.Text(Path.Combine(room.Home, name + ".log"))?.Contains("stdout F started", StringComparison.Ordinal) == true, "the log");

        await cri.Call("UpdateContainerResources", new Message().With(1, container).With(2, new Message().With(4, 100663296)), Cancellation);
        Assert.Equal("100663296", room.Limit("memory.limit_in_bytes", container));

        await cri.Call("StopContainer", new Message().With(1, container).With(2, 1), Cancellation);
        // By TERM: in the pod's pid namespace the program is not the first process.
        var state = await State(container);
        Assert.Equal((2L, 143L), (state.Number(3), state.Number(7)));
        await cri.Call("RemoveContainer", new Message().With(1, container), Cancellation);
    }

    [Fact]
    public async Task An_exec_probe_that_takes_too_long_ends_and_the_container_does_not()
    {
        await RunPod();
        var container = await Create("exec sleep 1000");
        await cri.Call("StartContainer", new Message().With(1, container), Cancellation);
        var (status, text, _) = await cri.Try("ExecSync", new Message().With(1, container).With(2, "sleep", "4321").With(3, 1), Cancellation);
        // DEADLINE_EXCEEDED
        Assert.True(status == 4, $"{status}: {text}");
        Assert.Equal(1, (await State(container)).Number(3));
    }

    [Fact]
    public async Task A_program_that_is_missing_fails_with_the_words_that_the_kubelet_shows()
    {
        await RunPod();
        var config = Config("").With(3, "/nosuch");
        var container = (await cri.Call("CreateContainer", new Message().With(1, sandbox).With(2, config).With(3, Pod), Cancellation)).Text(1);
        var (status, text, _) = await cri.Try("StartContainer", new Message().With(1, container), Cancellation);
        Assert.NotEqual(0, status);
        Assert.Contains("no such file or directory", text, StringComparison.Ordinal);
        Assert.Equal(2, (await State(container)).Number(3));
    }

    private async Task RunPod()
    {
        // The pause image has a name that is built in; it is loaded, never pulled.
        room.Run("--namespace", "k8s.io", "images", "tag", Image.Name, "registry.k8s.io/pause:3.6");
        var deadline = Environment.TickCount64 + 20_000;
        for (; ; )
        {
            var (status, text, answer) = await cri.Try("RunPodSandbox", new Message().With(1, Pod).With(2, Handler), Cancellation).ConfigureAwait(false);
            if (status == 0)
            {
                sandbox = answer.Text(1);
                return;
            }

            // The plugin learns of a new image by an event.
            Assert.True(Environment.TickCount64 < deadline, $"{status}: {text}");
            await Task.Delay(200, Cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>ContainerConfig.</summary>
    private Message Config(string script)
    {
        var config = new Message().With(1, new Message().With(1, name)).With(2, new Message().With(1, Image.Name)).With(11, name + ".log").With(15, new Message().With(1, new Message().With(4, 67108864)));
        return script.Length == 0 ? config : config.With(3, "sh", "-c", script);
    }

    private async Task<string> Create(string script) =>
        (await cri.Call("CreateContainer", new Message().With(1, sandbox).With(2, Config(script)).With(3, Pod), Cancellation).ConfigureAwait(false)).Text(1);

    private async Task<Message> State(string container) => (await cri.Call("ContainerStatus", new Message().With(1, container), Cancellation).ConfigureAwait(false)).Inner(1);

    private Task<Message> Exec(string container, int timeout, params string[] command) =>
        cri.Call("ExecSync", new Message().With(1, container).With(2, command).With(3, timeout), Cancellation);
}
