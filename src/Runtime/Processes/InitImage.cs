using System;
using System.Buffers.Binary;
using Csrun.Plan;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Init with a plan inside: the file that a container's first process executes. The plan is the content of the ELF's
/// last PT_LOAD segment, which the kernel maps at <see cref="PlanHeader.MappedAddress"/> while it executes the file; so
/// Init neither opens nor reads anything to get it.
/// </summary>
/// <remarks><c>Elf</c>, the bytes of Init itself, comes from the build (src/Init/Init.targets).</remarks>
public static partial class InitImage
{
    // elf(5), for 64 bits: fields of the file's header, and of a program header.
    private const int HeadersOffset = 32, SectionsOffset = 40, HeaderSize = 54, HeaderCount = 56, SectionCount = 60, SectionNames = 62;
    private const int SegmentOffset = 8, SegmentAddress = 16, SegmentFileSize = 32, SegmentMemorySize = 40;
    private const uint Load = 1;

    /// <summary>Where in the file the plan begins: in place of the linker's placeholder, and of what follows that.</summary>
    public static int PlanOffset => checked((int)BinaryPrimitives.ReadUInt64LittleEndian(Elf[(PlanSegment + SegmentOffset)..]));

    /// <summary>Bytes that the file has with a plan of this length.</summary>
    public static int Length(int planLength) => checked(PlanOffset + planLength);

    /// <summary>
    /// Writes what comes before the plan: <see cref="PlanOffset"/> bytes, for a plan of <paramref name="planLength"/>
    /// bytes, which then belong right behind.
    /// </summary>
    public static void WriteHead(Span<byte> destination, int planLength)
    {
        int segment = PlanSegment;
        Elf[..PlanOffset].CopyTo(destination);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[(segment + SegmentFileSize)..], (ulong)planLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[(segment + SegmentMemorySize)..], (ulong)planLength);
        // The table of sections came after the placeholder.
        BinaryPrimitives.WriteUInt64LittleEndian(destination[SectionsOffset..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[SectionCount..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[SectionNames..], 0);
    }

    /// <summary>Writes the whole file: <see cref="Length"/> bytes.</summary>
    public static void WriteTo(Span<byte> destination, ReadOnlySpan<byte> plan)
    {
        WriteHead(destination, plan.Length);
        plan.CopyTo(destination[PlanOffset..]);
    }

    /// <summary>Where in <c>Elf</c> the program header of the plan's segment is.</summary>
    private static int PlanSegment
    {
        get
        {
            var elf = Elf;
            int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[HeaderSize..]);
            int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[HeadersOffset..]);
            for (int i = BinaryPrimitives.ReadUInt16LittleEndian(elf[HeaderCount..]); i > 0; i--, header += size)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(elf[header..]) == Load
                    && BinaryPrimitives.ReadUInt64LittleEndian(elf[(header + SegmentAddress)..]) == PlanHeader.MappedAddress)
                {
                    return header;
                }
            }
            throw new InvalidOperationException("Init was linked without a segment for the plan");
        }
    }
}
