using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>
/// A client of the Container Runtime Interface, as much as the tests need: no package of Debian's has one. gRPC is HTTP/2
/// with messages of fields; their numbers are those of k8s.io/cri-api, runtime/v1/api.proto.
/// </summary>
internal sealed class Cri(string socket) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation).ConfigureAwait(false);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    { Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose() => client.Dispose();

    /// <summary>Calls a method of the runtime service, which must succeed.</summary>
    internal async Task<Message> Call(string method, Message request, CancellationToken cancellation)
    {
        var (status, text, answer) = await Try(method, request, cancellation).ConfigureAwait(false);
        Assert.True(status == 0, $"{method}: {status}: {text}");
        return answer;
    }

    /// <summary>The same, with gRPC's status and text.</summary>
    internal async Task<(int Status, string Text, Message Answer)> Try(string method, Message request, CancellationToken cancellation)
    {
        var body = request.ToArray();
        var frame = new byte[5 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), body.Length);
        body.CopyTo(frame, 5);
        using var message = new HttpRequestMessage(HttpMethod.Post, "http://localhost/runtime.v1.RuntimeService/" + method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await client.SendAsync(message, cancellation).ConfigureAwait(false);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        // An error without an answer has its status in the headers.
        string? Find(string name) => response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? values.First() : null;
        var status = int.Parse(Find("grpc-status") ?? "-1", System.Globalization.CultureInfo.InvariantCulture);
        return (status, Uri.UnescapeDataString(Find("grpc-message") ?? ""), bytes.Length < 5 ? new Message() : Message.Parse(bytes.AsSpan(5)));
    }
}

/// <summary>A protocol buffer of fields that are numbers, texts and messages.</summary>
internal sealed class Message
{
    private readonly List<(int Field, long Number, byte[]? Bytes)> fields = [];

    internal Message With(int field, string text) => Add(field, 0, Encoding.UTF8.GetBytes(text));

    internal Message With(int field, long number) => Add(field, number, null);

    internal Message With(int field, Message message) => Add(field, 0, message.ToArray());

    internal Message With(int field, params string[] texts)
    {
        foreach (var text in texts)
        {
            With(field, text);
        }

        return this;
    }

    internal string Text(int field) => Encoding.UTF8.GetString(fields.Find(f => f.Field == field).Bytes ?? []);

    internal long Number(int field) => fields.Find(f => f.Field == field).Number;

    internal Message Inner(int field) => Parse(fields.Find(f => f.Field == field).Bytes ?? []);

    internal byte[] ToArray()
    {
        using var stream = new MemoryStream();
        foreach (var (field, number, bytes) in fields)
        {
            WriteNumber(stream, ((ulong)field << 3) | (bytes == null ? 0u : 2u));
            WriteNumber(stream, bytes == null ? (ulong)number : (ulong)bytes.Length);
            stream.Write(bytes ?? []);
        }

        return stream.ToArray();
    }

    internal static Message Parse(ReadOnlySpan<byte> bytes)
    {
        var message = new Message();
        while (bytes.Length > 0)
        {
            var tag = ReadNumber(ref bytes);
            var value = ReadNumber(ref bytes);
            if ((tag & 7) == 0)
            {
                message.Add((int)(tag >> 3), (long)value, null);
                continue;
            }

            Assert.Equal(2u, tag & 7);
            message.Add((int)(tag >> 3), 0, bytes[..(int)value].ToArray());
            bytes = bytes[(int)value..];
        }

        return message;
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        ulong number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            number |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }
    }

    private static void WriteNumber(MemoryStream stream, ulong number)
    {
        for (; number >= 0x80; number >>= 7)
        {
            stream.WriteByte((byte)(number | 0x80));
        }

        stream.WriteByte((byte)number);
    }

    private Message Add(int field, long number, byte[]? bytes)
    {
        fields.Add((field, number, bytes));
        return this;
    }
}
