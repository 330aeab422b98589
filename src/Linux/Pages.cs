using System;

namespace Csrun.Linux;

/// <summary>Pages of our own memory.</summary>
public static unsafe class Pages
{
    private const int PageSize = 4096;

    /// <summary>
    /// Has the kernel give all pages of a large buffer at once (MADV_POPULATE_WRITE, madvise(2)): one by one, as they are
    /// touched, each costs ten times as much. Linux 5.13 does not know it: then they come one by one.
    /// </summary>
    public static void Populate(Span<byte> buffer)
    {
        const int worthwhile = 32 * PageSize;
        const int populateWrite = 23;
        if (buffer.Length < worthwhile)
        {
            return;
        }
        fixed (byte* start = buffer)
        {
            nuint first = ((nuint)start + PageSize - 1) & ~(nuint)(PageSize - 1);
            nuint end = ((nuint)start + (nuint)buffer.Length) & ~(nuint)(PageSize - 1);
            _ = Syscalls.Madvise((void*)first, end - first, populateWrite);
        }
    }
}
