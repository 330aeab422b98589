using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using Csrun.Cgroups.Systemd;

namespace Csrun.Tests.Unit.Cgroups.Systemd;

/// <summary>A bus with one client, on which a systemd answers as the test says; it keeps all calls.</summary>
internal sealed class FakeBus : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<BusMessage, IEnumerable<BusMessage>> _answer;
    private readonly List<Task> _clients = [];

    public FakeBus(Func<BusMessage, IEnumerable<BusMessage>> answer)
    {
        _answer = answer;
        _listener.Bind(new UnixDomainSocketEndPoint(Address));
        _listener.Listen();
        _ = Accept();
    }

    public string Address => Path.Combine(_directory.Path, "bus");

    /// <summary>What was sent, but for Hello and AddMatch.</summary>
    public List<BusMessage> Calls { get; } = [];

    public List<string> Matches { get; } = [];

    /// <summary>What the client says before it is authenticated.</summary>
    public string Greeting { get; private set; } = "";

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Dispose();
    }

    public static BusMessage Return(BusMessage call, string signature, params object[] body) =>
        new() { Kind = BusMessageKind.Return, Serial = 99, ReplyTo = call.Serial, Signature = signature, Body = body };

    public static BusMessage Error(BusMessage call, string name, string text) =>
        new() { Kind = BusMessageKind.Error, Serial = 99, ReplyTo = call.Serial, ErrorName = name, Signature = "s", Body = [text] };

    public static BusMessage JobRemoved(string job, string unit, string result) => new()
    {
        Kind = BusMessageKind.Signal,
        Serial = 98,
        Path = "/org/freedesktop/systemd1",
        Interface = "org.freedesktop.systemd1.Manager",
        Member = "JobRemoved",
        Signature = "uoss",
        Body = [7u, job, unit, result],
    };

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync().ConfigureAwait(false);
                _clients.Add(Task.Run(() => Serve(client)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(Socket client)
    {
        using (client)
        {
            byte[] buffer = new byte[65536];
            int length = 0, begin;
            while ((begin = buffer.AsSpan(0, length).IndexOf("BEGIN\r\n"u8)) < 0)
            {
                length += Read(client, buffer, length);
            }
            Greeting = Encoding.ASCII.GetString(buffer, 0, begin);
            client.Send("DATA\r\nOK 0123456789abcdef\r\n"u8);
            int at = begin + "BEGIN\r\n".Length;
            while (true)
            {
                int next = BusMessage.LengthOf(buffer.AsSpan(at, length - at));
                if (next == 0 || length - at < next)
                {
                    int read = Read(client, buffer, length);
                    if (read == 0)
                    {
                        return;
                    }
                    length += read;
                    continue;
                }
                Handle(client, BusMessage.Read(buffer.AsSpan(at, next)));
                at += next;
            }
        }
    }

    private void Handle(Socket client, BusMessage message)
    {
        switch (message.Member)
        {
            case "Hello":
                Send(client, Return(message, "s", ":1.1"));
                break;
            case "AddMatch":
                lock (Calls)
                {
                    Matches.Add((string)message.Body[0]);
                }
                break;
            default:
                lock (Calls)
                {
                    Calls.Add(message);
                }
                foreach (BusMessage reply in _answer(message))
                {
                    Send(client, reply);
                }
                break;
        }
    }

    private static void Send(Socket client, BusMessage message)
    {
        BusWriter writer = new();
        message.Write(writer);
        // In pieces: no message need come as one.
        ReadOnlySpan<byte> bytes = writer.Written;
        client.Send(bytes[..(bytes.Length / 2)]);
        client.Send(bytes[(bytes.Length / 2)..]);
    }

    private static int Read(Socket client, byte[] buffer, int length)
    {
        try
        {
            return client.Receive(buffer.AsSpan(length));
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
