using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Csrun.Cgroups.Systemd;

/// <summary>Reads marshalled values, little endian; what does not fit is a <see cref="FormatException"/>.</summary>
internal ref struct BusReader(ReadOnlySpan<byte> bytes)
{
    private const int MostNested = 32;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public void Align(int boundary) => Position = (Position + boundary - 1) / boundary * boundary;

    public byte Byte() => Take(1)[0];

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    public string String()
    {
        uint length = UInt32();
        string text = Encoding.UTF8.GetString(Take(length));
        _ = Byte();
        return text;
    }

    public string Signature()
    {
        byte length = Byte();
        string text = Encoding.ASCII.GetString(Take(length));
        _ = Byte();
        return text;
    }

    /// <summary>One value of one complete type, as <see cref="BusValue"/> has it.</summary>
    public object Value(ReadOnlySpan<char> signature, int depth = 0)
    {
        if (depth > MostNested)
        {
            throw new FormatException("D-Bus values are nested too deep");
        }
        switch (signature[0])
        {
            case 'y': return Byte();
            case 'b': return UInt32() != 0;
            case 'n': Align(2); return BinaryPrimitives.ReadInt16LittleEndian(Take(2));
            case 'q': Align(2); return BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
            case 'i': return (int)UInt32();
            case 'u' or 'h': return UInt32();
            case 'x': Align(8); return BinaryPrimitives.ReadInt64LittleEndian(Take(8));
            case 't': Align(8); return BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
            case 'd': Align(8); return BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
            case 's' or 'o': return String();
            case 'g': return Signature();
            case 'v':
                string inner = Signature();
                return BusWriter.TypeLength(inner) == inner.Length
                    ? new BusValue(inner, Value(inner, depth + 1))
                    : throw new FormatException("a D-Bus variant has not one type");
            case 'a': return Array(signature[1..], depth);
            case '(' or '{':
                Align(8);
                return Values(signature[1..^1], depth + 1);
            default: throw new FormatException($"no D-Bus type: {signature}");
        }
    }

    /// <summary>Values of several types one after the other.</summary>
    public object[] Values(ReadOnlySpan<char> signature, int depth = 0)
    {
        List<object> values = [];
        while (!signature.IsEmpty)
        {
            int length = BusWriter.TypeLength(signature);
            values.Add(Value(signature[..length], depth));
            signature = signature[length..];
        }
        return [.. values];
    }

    private object[] Array(ReadOnlySpan<char> element, int depth)
    {
        uint size = UInt32();
        Align(BusWriter.Alignment(element[0]));
        long end = Position + (long)size;
        if (end > _bytes.Length)
        {
            throw new FormatException("a D-Bus array is longer than its message");
        }
        List<object> items = [];
        while (Position < end)
        {
            items.Add(Value(element, depth + 1));
        }
        return [.. items];
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (Position > _bytes.Length || count > (uint)(_bytes.Length - Position))
        {
            throw new FormatException("a D-Bus message is shorter than it says");
        }
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }
}
