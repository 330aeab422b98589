using System;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime;
using Csrun.Runtime.Containers;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

public sealed class StatusTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly StateRoot _root;
    private readonly StateDirectory _directory;

    public StatusTests()
    {
        _root = StateRoot.OpenOrMake(Options);
        _directory = StateDirectory.Make(_root, "c1", out _);
    }

    private RuntimeOptions Options => new() { Root = _temporary.Path + "/root" };

    private static ProcessIdentity Ourselves =>
        new(Environment.ProcessId, ProcessStat.Read(Environment.ProcessId)!.Value.StartTime);

    public void Dispose()
    {
        _directory.Dispose();
        _root.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    [Checklist(512)]
    public void A_process_that_lives_and_does_not_wait_is_running() =>
        Assert.Equal(ContainerStatus.Running, Status.Of(_directory, Alive()));

    [Fact]
    [Checklist(511)]
    public void A_process_that_waits_on_the_start_socket_is_created()
    {
        using Fd socket = UnixSocket.Listen(_directory.Number, StateDirectory.StartSocketName, SocketKind.SeqPacket, backlog: 1);
        // More often than the queue is long: whoever asks must not wait for somebody to be let in.
        for (int i = 0; i < 5; i++)
            Assert.Equal(ContainerStatus.Created, Status.Of(_directory, Alive()));
    }

    [Fact]
    public void A_start_socket_that_nobody_listens_on_is_no_sign_of_waiting()
    {
        UnixSocket.Listen(_directory.Number, StateDirectory.StartSocketName, SocketKind.SeqPacket).Dispose();
        Assert.Equal(ContainerStatus.Running, Status.Of(_directory, Alive()));
    }

    [Fact]
    public void A_process_id_that_belongs_to_another_by_now_is_stopped() => Assert.Equal(
        ContainerStatus.Stopped,
        Status.Of(_directory, Alive() with { Process = Ourselves with { StartTime = Ourselves.StartTime + 1 } }));

    [Fact]
    public void A_process_of_another_boot_is_stopped() => Assert.Equal(
        ContainerStatus.Stopped, Status.Of(_directory, Alive() with { BootId = "00000000-0000-0000-0000-000000000000" }));

    [Fact]
    [Checklist(510)]
    public void A_container_without_a_process_is_being_created_as_long_as_its_creator_lives()
    {
        State intent = Alive() with { Process = default, Creator = Ourselves };
        Assert.Equal(ContainerStatus.Creating, Status.Of(_directory, intent));
        intent = intent with { Creator = new ProcessIdentity(Ourselves.Pid, 1) };
        Assert.Equal(ContainerStatus.Stopped, Status.Of(_directory, intent));
    }

    [Fact]
    public void State_of_a_stopped_container_has_no_process_id()
    {
        _directory.WriteState(Alive() with { Process = new ProcessIdentity(Environment.ProcessId, 1) });
        ContainerView view = Lifecycle.State(Options, "c1");
        Assert.Equal((ContainerStatus.Stopped, 0), (view.Status, view.Pid));
    }

    [Fact]
    [Checklist(521)]
    public void A_container_that_does_not_exist_is_an_error_in_the_words_that_engines_look_for()
    {
        CsrunException error = Assert.Throws<CsrunException>(() => Lifecycle.State(Options, "none"));
        Assert.StartsWith("container does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Checklist(533)]
    public void A_stopped_container_takes_no_signals_but_those_to_all()
    {
        _directory.WriteState(Alive() with { Process = new ProcessIdentity(Environment.ProcessId, 1) });
        CsrunException error = Assert.Throws<CsrunException>(() => Lifecycle.Kill(new KillRequest { Id = "c1", Options = Options }));
        Assert.StartsWith("container not running", error.Message, StringComparison.Ordinal);
        Lifecycle.Kill(new KillRequest { Id = "c1", Options = Options, Signal = "9", All = true });
    }

    [Fact]
    public void An_unknown_signal_is_named() => Assert.StartsWith(
        "unknown signal \"FOO\"",
        Assert.Throws<CsrunException>(() => Lifecycle.Kill(new KillRequest { Id = "c1", Options = Options, Signal = "FOO" })).Message,
        StringComparison.Ordinal);

    [Fact]
    [Checklist(537)]
    public void A_running_container_is_not_deleted()
    {
        _directory.WriteState(Alive());
        CsrunException error = Assert.Throws<CsrunException>(() => Lifecycle.Delete(Options, "c1", force: false));
        Assert.StartsWith("cannot delete container c1 that is not stopped: running", error.Message, StringComparison.Ordinal);
        Assert.True(_directory.IsLinked());
    }

    [Theory]
    [InlineData(0u, "root")]
    [InlineData(65534u, "nobody")]
    [InlineData(7u, null)]
    public void An_owners_name_is_found(uint uid, string? name) => Assert.Equal(
        name, Users.Find("root:x:0:0:root:/root:/bin/bash\nbad line\nshort:x\nnobody:x:65534:65534::/:\n"u8, uid));

    private static State Alive() => StateTests.Full() with
    {
        Process = Ourselves,
        BootId = Status.BootId(),
        Cgroup = CgroupRecord.Disabled,
        HooksReached = false,
    };
}
