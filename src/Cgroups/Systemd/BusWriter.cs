using System;
using System.Buffers.Binary;
using System.Text;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// A value with its D-Bus type: bool, byte, the integers, double, string (for s, o and g), <see cref="BusValue"/> (for
/// v), or object[] (for arrays, structures and the entries of dictionaries).
/// </summary>
public readonly record struct BusValue(string Signature, object Value);

/// <summary>Marshals values, little endian: D-Bus specification, "Marshaling (Wire Format)".</summary>
internal sealed class BusWriter
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Zeros up to the next multiple.</summary>
    public void Align(int boundary)
    {
        while (Length % boundary != 0)
        {
            Byte(0);
        }
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void UInt32(uint value)
    {
        Align(4);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
    }

    /// <summary>Sets a number that was left open.</summary>
    public void SetUInt32(int position, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(position), value);

    public void String(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        UInt32((uint)length);
        Encoding.UTF8.GetBytes(text, Take(length));
        Byte(0);
    }

    public void Signature(string signature)
    {
        Byte((byte)signature.Length);
        Encoding.ASCII.GetBytes(signature, Take(signature.Length));
        Byte(0);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>One value of one complete type.</summary>
    public void Value(ReadOnlySpan<char> signature, object value)
    {
        switch (signature[0])
        {
            case 'y': Byte((byte)value); break;
            case 'b': UInt32((bool)value ? 1u : 0); break;
            case 'n': Align(2); BinaryPrimitives.WriteInt16LittleEndian(Take(2), (short)value); break;
            case 'q': Align(2); BinaryPrimitives.WriteUInt16LittleEndian(Take(2), (ushort)value); break;
            case 'i': UInt32((uint)(int)value); break;
            case 'u': UInt32((uint)value); break;
            case 'x': Align(8); BinaryPrimitives.WriteInt64LittleEndian(Take(8), (long)value); break;
            case 't': Align(8); BinaryPrimitives.WriteUInt64LittleEndian(Take(8), (ulong)value); break;
            case 'd': Align(8); BinaryPrimitives.WriteDoubleLittleEndian(Take(8), (double)value); break;
            case 's' or 'o': String((string)value); break;
            case 'g': Signature((string)value); break;
            case 'v': Variant((BusValue)value); break;
            case 'a': Array(signature[1..], (object[])value); break;
            case '(' or '{': Structure(signature[1..^1], (object[])value); break;
            default: throw new FormatException($"no D-Bus type: {signature}");
        }
    }

    /// <summary>Values one after the other.</summary>
    public void Values(ReadOnlySpan<char> signature, ReadOnlySpan<object> values)
    {
        foreach (object value in values)
        {
            int length = TypeLength(signature);
            Value(signature[..length], value);
            signature = signature[length..];
        }
    }

    /// <summary>How many characters the first complete type of a signature has.</summary>
    public static int TypeLength(ReadOnlySpan<char> signature)
    {
        if (signature.IsEmpty)
        {
            throw new FormatException("a D-Bus type is missing");
        }
        if (signature[0] == 'a')
        {
            return 1 + TypeLength(signature[1..]);
        }
        if (signature[0] is not ('(' or '{'))
        {
            return 1;
        }
        int length = 1;
        while (length < signature.Length && signature[length] is not (')' or '}'))
        {
            length += TypeLength(signature[length..]);
        }
        return length < signature.Length ? length + 1 : throw new FormatException("a D-Bus structure has no end");
    }

    /// <summary>What a type is aligned to.</summary>
    public static int Alignment(char type) => type switch
    {
        'y' or 'g' or 'v' => 1,
        'n' or 'q' => 2,
        'x' or 't' or 'd' or '(' or '{' => 8,
        _ => 4,
    };

    private void Variant(BusValue value)
    {
        Signature(value.Signature);
        Value(value.Signature, value.Value);
    }

    private void Array(ReadOnlySpan<char> element, object[] items)
    {
        UInt32(0);
        int size = Length - 4;
        // The gap up to the first element is there even if there is none, and does not count.
        Align(Alignment(element[0]));
        int start = Length;
        foreach (object item in items)
        {
            Value(element, item);
        }
        SetUInt32(size, (uint)(Length - start));
    }

    private void Structure(ReadOnlySpan<char> members, object[] values)
    {
        Align(8);
        Values(members, values);
    }

    private Span<byte> Take(int count)
    {
        if (Length + count > _bytes.Length)
        {
            System.Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }
        Span<byte> taken = _bytes.AsSpan(Length, count);
        Length += count;
        return taken;
    }
}
