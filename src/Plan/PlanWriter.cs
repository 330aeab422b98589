#if !FREESTANDING
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Plan;

/// <summary>
/// Writes a plan: the header, the strings and arrays that instructions refer to, then the instructions in order.
/// Strings that occur often are stored once.
/// </summary>
public sealed class PlanWriter
{
    private byte[] _instructions = new byte[4096];
    private int _instructionsLength;
    private byte[] _data = new byte[16384];
    private int _dataLength = Unsafe.SizeOf<PlanHeader>();
    private readonly Dictionary<string, PlanRef> _strings = new(StringComparer.Ordinal);
    private readonly List<int> _offsets = new(64);

    /// <summary>How many instructions were added: the index that the next one gets.</summary>
    public int Count => _offsets.Count;

    /// <summary>How many descriptor slots were taken.</summary>
    public uint Slots { get; private set; }

    /// <summary>A descriptor slot that no other instruction uses.</summary>
    public uint NewSlot() => Slots++;

    /// <summary>Adds an instruction; returns its index.</summary>
    public int Add<T>(Opcode opcode, in T operands) where T : unmanaged
    {
        int size = Unsafe.SizeOf<InstructionHeader>() + Unsafe.SizeOf<T>();
        if (size % 8 != 0)
            throw new InvalidOperationException($"operands of {opcode} are not a multiple of 8 bytes");
        Reserve(ref _instructions, _instructionsLength, size);
        var header = new InstructionHeader { Opcode = opcode, Size = (uint)size };
        MemoryMarshal.Write(_instructions.AsSpan(_instructionsLength), in header);
        MemoryMarshal.Write(_instructions.AsSpan(_instructionsLength + Unsafe.SizeOf<InstructionHeader>()), in operands);
        _offsets.Add(_instructionsLength);
        _instructionsLength += size;
        return _offsets.Count - 1;
    }

    /// <summary>Stores a string as NUL-terminated UTF-8; null is the absent reference.</summary>
    public PlanRef String(string? text)
    {
        if (text is null)
            return default;
        if (_strings.TryGetValue(text, out var known))
            return known;
        int count = Encoding.UTF8.GetByteCount(text);
        Reserve(ref _data, _dataLength, count + 1);
        var reference = new PlanRef { Offset = (uint)_dataLength, Length = (uint)count };
        Encoding.UTF8.GetBytes(text, _data.AsSpan(_dataLength));
        _data[_dataLength + count] = 0;
        _dataLength += count + 1;
        _strings[text] = reference;
        return reference;
    }

    /// <summary>Makes room for as many bytes of strings and arrays as are going to come: that room.</summary>
    public Span<byte> Expect(long bytes)
    {
        Reserve(ref _data, _dataLength, checked((int)bytes + 65536));
        return _data.AsSpan(_dataLength);
    }

    /// <summary>Stores bytes as they are, with a NUL after them.</summary>
    public PlanRef Bytes(ReadOnlySpan<byte> bytes)
    {
        Reserve(ref _data, _dataLength, bytes.Length + 1);
        bytes.CopyTo(_data.AsSpan(_dataLength));
        _data[_dataLength + bytes.Length] = 0;
        var reference = new PlanRef { Offset = (uint)_dataLength, Length = (uint)bytes.Length };
        _dataLength += bytes.Length + 1;
        return reference;
    }

    /// <summary>Stores an array of numbers or of pairs; an empty one is the absent reference.</summary>
    public PlanRef Array<T>(ReadOnlySpan<T> items) where T : unmanaged
    {
        if (items.IsEmpty)
            return default;
        int start = (_dataLength + 7) & ~7;
        var bytes = MemoryMarshal.AsBytes(items);
        Reserve(ref _data, start, bytes.Length);
        _data.AsSpan(_dataLength, start - _dataLength).Clear();
        bytes.CopyTo(_data.AsSpan(start));
        _dataLength = start + bytes.Length;
        return new PlanRef { Offset = (uint)start, Length = (uint)bytes.Length };
    }

    /// <summary>Stores an array of strings.</summary>
    public PlanRef Strings(IReadOnlyList<string> items)
    {
        var references = new PlanRef[items.Count];
        for (int i = 0; i < references.Length; i++)
            references[i] = String(items[i]);
        return Array<PlanRef>(references);
    }

    /// <summary>The finished plan; nothing can be added to it any more.</summary>
    /// <param name="preservedFds">Descriptors from 3 on that the container's process keeps.</param>
    /// <param name="inheritedFds">Descriptors that Init inherits after those; see <see cref="InheritedFd"/>.</param>
    public ReadOnlyMemory<byte> Finish(uint preservedFds, uint inheritedFds)
    {
        int start = (_dataLength + 7) & ~7;
        long total = (long)start + _instructionsLength;
        if (total > PlanHeader.MaxLength)
            throw new InvalidOperationException($"a plan of {total} bytes is over the limit of {PlanHeader.MaxLength}");
        if (Slots > PlanHeader.MaxSlots)
            throw new InvalidOperationException($"a plan with {Slots} slots is over the limit of {PlanHeader.MaxSlots}");
        Reserve(ref _data, _dataLength, (int)total - _dataLength);
        _data.AsSpan(_dataLength, start - _dataLength).Clear();
        _instructions.AsSpan(0, _instructionsLength).CopyTo(_data.AsSpan(start));
        var header = new PlanHeader
        {
            Magic = PlanHeader.ExpectedMagic,
            Version = PlanHeader.ExpectedVersion,
            TotalLength = (uint)total,
            InstructionsOffset = (uint)start,
            InstructionsLength = (uint)_instructionsLength,
            InstructionCount = (uint)_offsets.Count,
            PreservedFds = preservedFds,
            InheritedFds = inheritedFds,
            Slots = Slots,
        };
        MemoryMarshal.Write(_data, in header);
        return _data.AsMemory(0, (int)total);
    }

    private static void Reserve(ref byte[] buffer, int length, int more)
    {
        int needed = checked(length + more);
        if (needed <= buffer.Length)
            return;
        var larger = GC.AllocateUninitializedArray<byte>(Math.Max(needed, checked(buffer.Length * 2)));
        buffer.AsSpan(0, length).CopyTo(larger);
        buffer = larger;
    }
}
#endif
