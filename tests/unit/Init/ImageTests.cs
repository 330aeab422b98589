using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Init;

public class ImageTests
{
    private const uint Load = 1, Interpreter = 3, Stack = 0x6474E551;
    private const uint Executable = 1, Writable = 2, Readable = 4;

    [Fact]
    public void No_segment_is_writable_and_executable_and_nothing_loads_it()
    {
        foreach (var segment in Segments(InitImage.Elf))
        {
            Assert.NotEqual(Interpreter, segment.Type);
            Assert.True((segment.Flags & (Writable | Executable)) != (Writable | Executable), "a segment is writable and executable");
        }
        Assert.Contains(Segments(InitImage.Elf), static segment => segment.Type == Stack);
    }

    [Fact]
    public void It_is_small() => Assert.InRange(InitImage.PlanOffset, 10 << 10, 64 << 10);

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(1_000_000)]
    public void The_plan_is_the_content_of_the_last_segment(int length)
    {
        byte[] plan = new byte[length];
        new Random(length).NextBytes(plan);
        byte[] file = new byte[InitImage.Length(length)];
        InitImage.WriteTo(file, plan);

        var segment = Segments(file).FindLast(static segment => segment.Type == Load);
        Assert.Equal(PlanHeader.MappedAddress, segment.Address);
        Assert.Equal(Readable, segment.Flags);
        Assert.Equal((ulong)length, segment.FileSize);
        Assert.Equal((ulong)length, segment.MemorySize);
        Assert.Equal(0ul, segment.Offset % segment.Alignment);
        Assert.Equal(plan, file[(int)segment.Offset..]);
        Assert.Equal(file.Length, (int)segment.Offset + length);
    }

    /// <summary>Before anything else it makes itself untraceable for whoever is in the namespaces that it will join.</summary>
    [Fact]
    public void Its_first_system_call_makes_it_not_dumpable()
    {
        const string strace = "/usr/bin/strace";
        Assert.SkipUnless(File.Exists(strace), "strace is not installed");
        string directory = Directory.CreateTempSubdirectory("csrun-init-").FullName;
        try
        {
            byte[] file = new byte[InitImage.Length(8)];
            InitImage.WriteTo(file, new byte[8]);
            string program = Path.Combine(directory, "init");
            File.WriteAllBytes(program, file);
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            string log = Path.Combine(directory, "log");
            using (var process = Spawn.Program(new() { Path = strace, Arguments = ["strace", "-o", log, program] }))
                Assert.Equal(1, process.Wait(InitProcess.Patience)?.ExitCode);
            string[] lines = File.ReadAllLines(log);
            Assert.StartsWith("execve(", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)", lines[1], StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static List<Segment> Segments(ReadOnlySpan<byte> elf)
    {
        var found = new List<Segment>();
        int offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[56..]);
        foreach (var segment in MemoryMarshal.Cast<byte, Segment>(elf.Slice(offset, count * Marshal.SizeOf<Segment>())))
            found.Add(segment);
        return found;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Segment(
        uint Type, uint Flags, ulong Offset, ulong Address, ulong Physical, ulong FileSize, ulong MemorySize, ulong Alignment);
}
