using System;
using System.Buffers.Binary;
using Csrun.Linux;

namespace Csrun.Tests.Unit;

/// <summary>The smallest static executables: they need no arguments, no files and no standard streams.</summary>
internal static class TinyProgram
{
    private const ulong Address = 0x400000;
    private const int HeaderSize = 64 + 56;

    /// <summary>One that does nothing until it is killed.</summary>
    public static Fd ThatWaits() => Abi.IsArm64
        // 1: mov x0..x3, 0; x8 = ppoll; svc; b 1b
        ? Create([0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa], 183)
        // 1: mov eax, pause; syscall; jmp 1b
        : Create([0x000022b8, 0xeb050f00, 0x909090f7], 62);

    private static Fd Create(ReadOnlySpan<uint> code, ushort machine)
    {
        byte[] file = new byte[HeaderSize + (code.Length * 4)];
        Span<byte> f = file;
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(f);
        BinaryPrimitives.WriteUInt16LittleEndian(f[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(f[18..], machine);
        BinaryPrimitives.WriteUInt32LittleEndian(f[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(f[24..], Address + HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(f[32..], 64); // program headers
        BinaryPrimitives.WriteUInt16LittleEndian(f[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(f[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(f[56..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(f[64..], 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(f[68..], 5); // read, execute
        BinaryPrimitives.WriteUInt64LittleEndian(f[80..], Address);
        BinaryPrimitives.WriteUInt64LittleEndian(f[88..], Address);
        BinaryPrimitives.WriteUInt64LittleEndian(f[96..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(f[104..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(f[112..], 4096);
        for (int i = 0; i < code.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(f[(HeaderSize + (i * 4))..], code[i]);
        return Memfd.Create("waits", file, executable: true);
    }
}
