using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Processes;

public sealed class InitSessionTests : IDisposable
{
    private readonly Fd _init;
    private readonly InitSession _session;

    public InitSessionTests()
    {
        (Fd ours, _init) = UnixSocket.Pair(SocketKind.SeqPacket);
        _session = new InitSession(ours);
    }

    public void Dispose()
    {
        _init.Dispose();
        _session.Dispose();
    }

    [Fact]
    public void Messages_in_their_order_are_taken()
    {
        MessageKind[] order =
        [
            MessageKind.Warning, MessageKind.Forked, MessageKind.IdMapWanted, MessageKind.SourceWanted, MessageKind.SourceWanted,
            MessageKind.HooksDue, MessageKind.Warning, MessageKind.Ready,
        ];
        foreach (MessageKind kind in order)
        {
            Send(kind);
            Assert.Equal(kind, Receive()!.Value.Kind);
        }
    }

    [Fact]
    public void What_a_message_says_is_passed_on()
    {
        Send(MessageKind.Error, "last words", m => m with { Instruction = 7, Step = Step.HookStatus, Errno = 5, Value = 9 });
        InitMessage message = Receive()!.Value;
        Assert.Equal((7u, Step.HookStatus, 5, 9ul, "last words"), (message.Instruction, message.Step, message.Errno, message.Value, message.Text));
    }

    [Theory]
    [InlineData(MessageKind.Ready, MessageKind.HooksDue)]
    [InlineData(MessageKind.HooksDue, MessageKind.SourceWanted)]
    [InlineData(MessageKind.Ready, MessageKind.Ready)]
    [InlineData(MessageKind.IdMapWanted, MessageKind.Forked)]
    [InlineData(MessageKind.HooksDue, MessageKind.HooksDue)]
    public void A_message_out_of_order_is_refused(MessageKind first, MessageKind second)
    {
        Send(first);
        Receive();
        Send(second);
        Refused();
    }

    [Theory]
    [InlineData(MessageKind.Invalid)]
    [InlineData(MessageKind.Commit)]
    [InlineData(MessageKind.Go)]
    [InlineData((MessageKind)77)]
    public void A_message_that_Init_never_sends_is_refused(MessageKind kind)
    {
        Send(kind);
        Refused();
    }

    [Fact]
    public void A_console_without_a_terminal_is_refused()
    {
        Send(MessageKind.Console);
        Refused();
    }

    [Fact]
    public void A_descriptor_that_nobody_asked_for_is_refused_and_closed()
    {
        LinuxException.Check(Syscalls.Pipe(out int reader, out int writer), "make pipe", null);
        using Fd read = new(reader);
        Send(MessageKind.Ready, fd: writer);
        _ = Syscalls.Close(writer);
        Refused();
        // With the last copy of the writing end gone, the reading end has an end.
        Assert.Equal(0, Syscalls.Read(read.Number, new byte[1]));
    }

    [Fact]
    public void A_message_cut_short_or_with_a_wrong_length_is_refused()
    {
        Assert.Equal(0, UnixSocket.Send(_init.Number, new byte[Unsafe.SizeOf<Message>() - 1]));
        Refused();
        Send(MessageKind.Ready, "text", m => m with { TextLength = 3 });
        Refused();
    }

    [Fact]
    public void The_end_of_Init_is_no_message()
    {
        _init.Dispose();
        Assert.Null(Receive());
        Assert.False(_session.TrySend(MessageKind.Commit));
    }

    [Fact]
    public void Silence_for_too_long_is_an_error_that_says_what_was_waited_for()
    {
        CsrunException error = Assert.Throws<CsrunException>(() => _session.Receive(1, "after the hooks"));
        Assert.Equal(ErrorCodes.InitTimeout, error.Code);
        Assert.Contains("after the hooks", error.Message, StringComparison.Ordinal);
    }

    private InitMessage? Receive() => _session.Receive(10_000, "in a test");

    private void Refused() => Assert.Equal(ErrorCodes.InitProtocol, Assert.Throws<CsrunException>(() => Receive()).Code);

    private void Send(MessageKind kind, string text = "", Func<Message, Message>? change = null, int fd = -1)
    {
        var message = new Message { Kind = kind, TextLength = (uint)Encoding.UTF8.GetByteCount(text) };
        message = change is null ? message : change(message);
        byte[] packet = [.. MemoryMarshal.AsBytes(new ReadOnlySpan<Message>(in message)), .. Encoding.UTF8.GetBytes(text)];
        Assert.Equal(0, UnixSocket.Send(_init.Number, packet, fd));
    }
}
