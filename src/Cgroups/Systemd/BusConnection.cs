using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups.Systemd;

/// <summary>An error that a call was answered with.</summary>
internal sealed class BusErrorException(string name, string message) : Exception(message)
{
    public string Name { get; } = name;
}

/// <summary>
/// A connection to a message bus. What is sent waits until an answer is needed, so that a whole conversation is mostly
/// one write: authentication, greeting and the first call go out together.
/// </summary>
internal sealed class BusConnection : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const byte NoReplyExpected = 1;
    private readonly Fd _socket;
    private readonly string _address;
    private readonly long _end;
    private readonly List<BusMessage> _signals = [];
    private BusWriter _out = new();
    private byte[] _in = new byte[8192];
    private int _received;
    private uint _serial;
    private bool _authenticated;

    private BusConnection(Fd socket, string address, TimeSpan patience)
    {
        _socket = socket;
        _address = address;
        _end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        // SASL EXTERNAL without an identity: the bus asks the kernel who we are, which is right in user namespaces too.
        _out.Bytes("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8);
        Post(Bus, "/org/freedesktop/DBus", Bus, "Hello", "", [], reply: true);
    }

    /// <param name="address">The path of the bus's socket.</param>
    /// <param name="patience">How long all that is done with it may take.</param>
    public static BusConnection Open(string address, TimeSpan patience) =>
        new(UnixSocket.Connect(address, SocketKind.Stream), address, patience);

    /// <summary>Asks to be sent the signals that a rule describes.</summary>
    public void Match(string rule) =>
        Post(Bus, "/org/freedesktop/DBus", Bus, "AddMatch", "s", [rule], reply: false);

    /// <summary>Sends a call whose answer nobody waits for.</summary>
    public uint Post(string destination, string path, string type, string member, string signature, object[] body, bool reply)
    {
        new BusMessage
        {
            Kind = BusMessageKind.Call,
            Flags = reply ? (byte)0 : NoReplyExpected,
            Serial = ++_serial,
            Destination = destination,
            Path = path,
            Interface = type,
            Member = member,
            Signature = signature,
            Body = body,
        }.Write(_out);
        return _serial;
    }

    /// <summary>Waits for the answer to a call: its values.</summary>
    /// <param name="serial">What <see cref="Post"/> gave.</param>
    /// <param name="waitingFor">For the message when the time is over: "systemd to start unit x".</param>
    public object[] Answer(uint serial, string waitingFor)
    {
        while (true)
        {
            BusMessage message = Receive(waitingFor);
            if (message.Kind == BusMessageKind.Signal)
            {
                _signals.Add(message);
            }
            else if (message.ReplyTo == serial)
            {
                return message.Kind == BusMessageKind.Error
                    ? throw new BusErrorException(message.ErrorName ?? "", message.Body is [string text, ..] ? text : "")
                    : message.Body;
            }
            else if (message.Kind == BusMessageKind.Error && message.ReplyTo == 1)
            {
                throw new LinuxException("join the bus at", _address, 0, $"{message.ErrorName} {(message.Body is [string why, ..] ? why : "")}");
            }
        }
    }

    /// <summary>Waits for a signal.</summary>
    public BusMessage Signal(Predicate<BusMessage> isWanted, string waitingFor)
    {
        while (true)
        {
            int found = _signals.FindIndex(isWanted);
            if (found >= 0)
            {
                BusMessage wanted = _signals[found];
                _signals.RemoveAt(found);
                return wanted;
            }
            BusMessage message = Receive(waitingFor);
            if (message.Kind == BusMessageKind.Signal)
            {
                _signals.Add(message);
            }
        }
    }

    /// <summary>Sends what waits to be sent.</summary>
    public void Flush()
    {
        ReadOnlySpan<byte> rest = _out.Written;
        while (!rest.IsEmpty)
        {
            long sent = Syscalls.SendMessage(_socket.Number, rest);
            if (sent == -Errno.EINTR)
            {
                continue;
            }
            LinuxException.Check(sent, "write to the bus at", _address);
            rest = rest[(int)sent..];
        }
        _out = new BusWriter();
    }

    public void Dispose() => _socket.Dispose();

    private BusMessage Receive(string waitingFor)
    {
        Flush();
        while (true)
        {
            if (!_authenticated)
            {
                ReadAuthentication();
            }
            int length = _authenticated ? BusMessage.LengthOf(_in.AsSpan(0, _received)) : 0;
            if (length > 0 && _received >= length)
            {
                try
                {
                    return BusMessage.Read(_in.AsSpan(0, length));
                }
                finally
                {
                    Drop(length);
                }
            }
            Fill(length, waitingFor);
        }
    }

    /// <summary>"DATA" and "OK GUID", or a refusal.</summary>
    private void ReadAuthentication()
    {
        int end;
        while (!_authenticated && (end = _in.AsSpan(0, _received).IndexOf("\r\n"u8)) >= 0)
        {
            string line = Encoding.ASCII.GetString(_in, 0, end);
            Drop(end + 2);
            _authenticated = line.StartsWith("OK ", StringComparison.Ordinal);
            if (!_authenticated && line != "DATA")
            {
                throw new LinuxException("authenticate at the bus at", _address, 0, line);
            }
        }
    }

    private void Fill(int wanted, string waitingFor)
    {
        if (_received == _in.Length || wanted > _in.Length)
        {
            Array.Resize(ref _in, Math.Max(_in.Length * 2, wanted));
        }
        Span<PollFd> fds = [new(_socket.Number, PollFd.In)];
        long left = _end - Environment.TickCount64;
        int ready = left <= 0 ? 0 : Syscalls.Poll(fds, (int)Math.Min(left, int.MaxValue));
        if (ready == 0)
        {
            throw new LinuxException("wait for", waitingFor, Errno.ETIMEDOUT, "the bus at " + _address + " did not answer in time");
        }
        long read = ready < 0 ? ready : Syscalls.Read(_socket.Number, _in.AsSpan(_received));
        if (read == 0)
        {
            throw new LinuxException("read from the bus at", _address, 0, "it closed the connection");
        }
        if (read != -Errno.EINTR)
        {
            LinuxException.Check(read, "read from the bus at", _address);
            _received += (int)read;
        }
    }

    private void Drop(int count)
    {
        _in.AsSpan(count, _received - count).CopyTo(_in);
        _received -= count;
    }
}
