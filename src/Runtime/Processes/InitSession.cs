using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;

namespace Csrun.Runtime.Processes;

/// <summary>A message from Init, with the descriptor that came with it.</summary>
internal readonly record struct InitMessage(
    MessageKind Kind, uint Instruction, Step Step, int Errno, ulong Value, string Text, Fd? Fd);

/// <summary>
/// The runtime's end of the conversation with Init (<see cref="MessageKind"/>). Init is past the trust line once it is
/// in the container's namespaces: what comes is checked for its form and for its place in the order.
/// </summary>
internal sealed class InitSession(Fd socket) : IDisposable
{
    private const int AnyStage = -1;
    private int _stage;

    /// <summary>The socket's descriptor.</summary>
    public int Number => socket.Number;

    /// <summary>
    /// The order of messages: each belongs to a stage, and no stage comes back. A message may come again only where
    /// <c>Repeats</c> says so.
    /// </summary>
    private static readonly (MessageKind Kind, int Stage, bool Repeats, bool WithFd)[] s_order =
    [
        (MessageKind.Forked, 1, false, false),
        (MessageKind.IdMapWanted, 2, false, false),
        (MessageKind.NetDevicesDue, 3, false, true),
        (MessageKind.SourceWanted, 4, true, false),
        (MessageKind.HooksDue, 5, false, false),
        (MessageKind.Console, 6, false, true),
        (MessageKind.Listener, 7, false, false),
        (MessageKind.Ready, 8, false, false),
        (MessageKind.HookOutput, AnyStage, true, true),
        (MessageKind.HookEnded, AnyStage, true, true),
        (MessageKind.Warning, AnyStage, true, false),
        (MessageKind.Error, AnyStage, true, false),
    ];

    /// <summary>Starts Init with a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="directory">The container's state directory.</param>
    /// <param name="spawn">Starts it, given its image and its end of the conversation.</param>
    /// <returns>Our end.</returns>
    public static InitSession Launch(ReadOnlySpan<byte> plan, int directory, Action<Fd, Fd> spawn)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketKind.SeqPacket);
        try
        {
            using (theirs)
            using (var image = InitFile.Make(plan, directory))
                spawn(image, theirs);
            return new InitSession(ours);
        }
        catch
        {
            ours.Dispose();
            throw;
        }
    }

    /// <summary>The next message, checked; null if Init is gone.</summary>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    /// <param name="waitingFor">What for, for the error.</param>
    public InitMessage? Receive(int milliseconds, string waitingFor)
    {
        if (!UnixSocket.AwaitInput(socket.Number, milliseconds))
        {
            throw new CsrunException(
                ErrorCodes.InitTimeout,
                string.Create(CultureInfo.InvariantCulture, $"waited {milliseconds / 1000} s for Init {waitingFor}"));
        }
        Span<byte> buffer = stackalloc byte[Unsafe.SizeOf<Message>() + Message.MaxText];
        int length = UnixSocket.Receive(socket.Number, buffer, out int number);
        var fd = number < 0 ? null : new Fd(number);
        if (length is 0 or -Csrun.Linux.Errno.ECONNRESET)
        {
            fd?.Dispose();
            return null;
        }
        try
        {
            LinuxException.Check(length, "receive from", "Init");
            return Parse(buffer[..length], fd);
        }
        catch
        {
            fd?.Dispose();
            throw;
        }
    }

    /// <summary>Sends an answer. False: Init is gone.</summary>
    public bool TrySend(MessageKind kind, Fd? fd = null)
    {
        var message = new Message { Kind = kind };
        int result = UnixSocket.Send(
            socket.Number, MemoryMarshal.AsBytes(new ReadOnlySpan<Message>(in message)), fd?.Number ?? -1);
        if (result is -Csrun.Linux.Errno.EPIPE or -Csrun.Linux.Errno.ECONNRESET)
            return false;
        LinuxException.Check(result, "send to", "Init");
        return true;
    }

    public void Dispose() => socket.Dispose();

    private InitMessage Parse(ReadOnlySpan<byte> packet, Fd? fd)
    {
        if (packet.Length < Unsafe.SizeOf<Message>())
            throw Refuse("a message that is cut off");
        var head = MemoryMarshal.Read<Message>(packet);
        var text = packet[Unsafe.SizeOf<Message>()..];
        if (head.TextLength != text.Length)
            throw Refuse("a message of a wrong length");
        foreach (var (kind, stage, repeats, withFd) in s_order)
        {
            if (kind != head.Kind)
                continue;
            if (withFd != (fd is not null))
                throw Refuse($"{kind} with a wrong descriptor");
            if (stage != AnyStage)
            {
                if (stage < _stage || (stage == _stage && !repeats))
                    throw Refuse($"{kind} out of order");
                _stage = stage;
            }
            return new InitMessage(
                kind, head.Instruction, head.Step, head.Errno, head.Value, Encoding.UTF8.GetString(text), fd);
        }
        throw Refuse(string.Create(CultureInfo.InvariantCulture, $"a message of kind {(uint)head.Kind}"));
    }

    private static CsrunException Refuse(string what) => new(ErrorCodes.InitProtocol, "Init sent", what);
}
