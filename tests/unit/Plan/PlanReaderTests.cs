using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CsCheck;
using Csrun.Plan;
using Csrun.Tests.Unit.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Plan;

public sealed class PlanReaderTests
{
    [Fact]
    public void Every_opcode_has_a_structure_of_its_name_in_units_of_eight_bytes()
    {
        foreach (var opcode in Enum.GetValues<Opcode>())
        {
            if (opcode == Opcode.Invalid)
                continue;
            var type = typeof(Opcode).Assembly.GetType($"Csrun.Plan.{opcode}");
            Assert.NotNull(type);
            Assert.Equal(Marshal.SizeOf(type), PlanReader.OperandSize(opcode));
            Assert.Equal(0, (Unsafe.SizeOf<InstructionHeader>() + PlanReader.OperandSize(opcode)) % 8);
        }
        Assert.Throws<InvalidDataException>(static () => PlanReader.OperandSize(Opcode.Invalid));
        Assert.Throws<InvalidDataException>(static () => PlanReader.OperandSize((Opcode)ushort.MaxValue));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        var writer = new PlanWriter();
        uint slot = writer.NewSlot();
        writer.Add(Opcode.OpenSource, new OpenSource { Slot = slot, Flags = OpenSourceFlags.Recursive, Path = writer.String("/ä") });
        writer.Add(Opcode.FindExecutable, new FindExecutable { Candidates = writer.Strings(["a", "", "a"]) });
        writer.Add(Opcode.SetIdentity, new SetIdentity { Groups = writer.Array<uint>([1, 2]) });
        var plan = new PlanReader(writer.Finish(preservedFds: 4, inheritedFds: 5));
        Assert.Equal((3, 1u, 4u, 5u), (plan.Count, plan.Header.Slots, plan.Header.PreservedFds, plan.Header.InheritedFds));
        Assert.Equal("/ä", plan.Text(plan.Operands<OpenSource>(0).Path));
        Assert.Equal(["a", "", "a"], plan.Strings(plan.Operands<FindExecutable>(1).Candidates));
        Assert.Equal([1u, 2u], plan.Array<uint>(plan.Operands<SetIdentity>(2).Groups).ToArray());
        Assert.Null(plan.Text(default));
        Assert.Throws<InvalidDataException>(() => plan.Operands<Execute>(0));
    }

    [Fact]
    public void Strings_are_stored_once()
    {
        var writer = new PlanWriter();
        Assert.Equal(writer.String("/dev"), writer.String("/dev"));
        Assert.NotEqual(writer.String("/dev"), writer.String("/dev/"));
        Assert.Equal(default, writer.Strings([]));
    }

    [Theory]
    [InlineData(0, 0xFFu)] // magic
    [InlineData(8, 2u)] // version
    [InlineData(12, 8u)] // length
    [InlineData(16, 0u)] // where instructions are
    [InlineData(20, 8u)] // how long they are
    [InlineData(24, 1u)] // how many
    [InlineData(24, 0xFFFF_FFFFu)]
    [InlineData(36, 20_000u)] // slots
    public void A_header_that_does_not_fit_is_refused(int offset, uint value)
    {
        byte[] plan = Compiled.From().Result.Plan.ToArray();
        MemoryMarshal.Write(plan.AsSpan(offset), value);
        Assert.Throws<InvalidDataException>(() => new PlanReader(plan));
    }

    [Fact]
    public void No_damage_does_more_than_be_refused()
    {
        byte[] good = Compiled.From().Result.Plan.ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 8].Sample(changes =>
        {
            byte[] plan = (byte[])good.Clone();
            foreach (var (offset, value) in changes)
                plan[offset] = value;
            try
            {
                var reader = new PlanReader(plan);
                for (int i = 0; i < reader.Count; i++)
                {
                    if (reader.OpcodeAt(i) == Opcode.Execute)
                        reader.Strings(reader.Operands<Execute>(i).Arguments);
                }
            }
            catch (InvalidDataException)
            {
                // Which is what is to happen.
            }
        }, iter: 2000);
    }
}
