using System;
using System.Buffers.Binary;
using System.Text;

namespace Csrun.Linux;

/// <summary>One request of rtnetlink(7), written from its header on: what netlink(7) calls a message with attributes.</summary>
public sealed class NetMessage
{
    private const int HeaderLength = 16;
    private readonly byte[] _bytes = new byte[4096];
    private int _length = HeaderLength;

    /// <param name="type">RTM_*.</param>
    /// <param name="flags">NLM_F_*; NLM_F_REQUEST is implied.</param>
    /// <param name="head">The structure of that type of message.</param>
    public NetMessage(ushort type, ushort flags, ReadOnlySpan<byte> head)
    {
        const ushort request = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), (ushort)(flags | request));
        head.CopyTo(_bytes.AsSpan(_length));
        _length += Align(head.Length);
    }

    /// <summary>Adds an attribute.</summary>
    public NetMessage Add(ushort type, ReadOnlySpan<byte> value)
    {
        const int attributeHeader = 4;
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), (ushort)(attributeHeader + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length + 2), type);
        value.CopyTo(_bytes.AsSpan(_length + attributeHeader));
        _length += Align(attributeHeader + value.Length);
        return this;
    }

    public NetMessage Add(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Add(type, bytes);
    }

    /// <summary>Adds a text with its NUL.</summary>
    public NetMessage Add(ushort type, string value) => Add(type, Encoding.UTF8.GetBytes(value + "\0"));

    /// <summary>The whole message, with its number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes, _length);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    internal static int Align(int length) => (length + 3) & ~3;
}
