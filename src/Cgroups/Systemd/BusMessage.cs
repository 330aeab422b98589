using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Csrun.Cgroups.Systemd;

/// <summary>D-Bus specification, "Message Types".</summary>
internal enum BusMessageKind : byte
{
    Call = 1,
    Return = 2,
    Error = 3,
    Signal = 4,
}

/// <summary>One message of a bus: D-Bus specification, "Message Format".</summary>
internal sealed record BusMessage
{
    private const int FixedHeader = 16;
    private const int MostBytes = 16 << 20;

    // Fields of the header by their numbers.
    private const byte PathField = 1, InterfaceField = 2, MemberField = 3, ErrorField = 4, ReplyField = 5, DestinationField = 6, SignatureField = 8;

    public required BusMessageKind Kind { get; init; }

    /// <summary>1: NO_REPLY_EXPECTED.</summary>
    public byte Flags { get; init; }

    public uint Serial { get; init; }

    public string? Path { get; init; }

    public string? Interface { get; init; }

    public string? Member { get; init; }

    public string? ErrorName { get; init; }

    public uint ReplyTo { get; init; }

    public string? Destination { get; init; }

    public string Signature { get; init; } = "";

    public object[] Body { get; init; } = [];

    public void Write(BusWriter to)
    {
        // Everything is aligned from the message's own beginning.
        BusWriter body = new();
        body.Values(Signature, Body);
        BusWriter message = new();
        message.Bytes([(byte)'l', (byte)Kind, Flags, 1]);
        message.UInt32((uint)body.Length);
        message.UInt32(Serial);
        List<object> fields = [];
        Add(fields, PathField, "o", Path);
        Add(fields, InterfaceField, "s", Interface);
        Add(fields, MemberField, "s", Member);
        Add(fields, ErrorField, "s", ErrorName);
        Add(fields, DestinationField, "s", Destination);
        Add(fields, SignatureField, "g", Signature.Length == 0 ? null : Signature);
        if (ReplyTo != 0)
        {
            fields.Add(new object[] { ReplyField, new BusValue("u", ReplyTo) });
        }
        message.Value("a(yv)", fields.ToArray());
        message.Align(8);
        message.Bytes(body.Written);
        to.Bytes(message.Written);
    }

    /// <summary>How long the message is that these bytes begin; 0 if that cannot be told yet.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedHeader)
        {
            return 0;
        }
        if (bytes[0] != (byte)'l' || bytes[3] != 1)
        {
            throw new FormatException("the bus speaks another byte order or version of D-Bus");
        }
        long body = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        long fields = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        long length = FixedHeader + ((fields + 7) / 8 * 8) + body;
        return length <= MostBytes ? (int)length : throw new FormatException("a D-Bus message is too long");
    }

    /// <summary>Reads a whole message.</summary>
    public static BusMessage Read(ReadOnlySpan<byte> bytes)
    {
        BusReader header = new(bytes);
        _ = header.Byte();
        var kind = (BusMessageKind)header.Byte();
        byte flags = header.Byte();
        _ = header.Byte();
        int length = (int)header.UInt32();
        uint serial = header.UInt32();
        BusMessage message = new() { Kind = kind, Flags = flags, Serial = serial };
        foreach (object field in (object[])header.Value("a(yv)"))
        {
            var pair = (object[])field;
            var value = ((BusValue)pair[1]).Value;
            message = (byte)pair[0] switch
            {
                PathField => message with { Path = value as string },
                InterfaceField => message with { Interface = value as string },
                MemberField => message with { Member = value as string },
                ErrorField => message with { ErrorName = value as string },
                ReplyField => message with { ReplyTo = value as uint? ?? 0 },
                DestinationField => message with { Destination = value as string },
                SignatureField => message with { Signature = value as string ?? "" },
                _ => message,
            };
        }
        BusReader body = new(bytes[^length..]);
        return message with { Body = body.Values(message.Signature) };
    }

    private static void Add(List<object> fields, byte number, string signature, string? value)
    {
        if (value is not null)
        {
            fields.Add(new object[] { number, new BusValue(signature, value) });
        }
    }
}
