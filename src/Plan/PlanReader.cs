#if !FREESTANDING
using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Plan;

/// <summary>
/// Reads a plan for printing and for tests. Init has a reader of its own, which trusts as little as this one: every
/// offset and size is checked, and a plan that does not hold together is an <see cref="InvalidDataException"/>.
/// </summary>
public sealed class PlanReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly int[] _offsets;

    /// <param name="plan">The whole plan, as <see cref="PlanWriter.Finish"/> gives it.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public PlanReader(ReadOnlyMemory<byte> plan)
    {
        _memory = plan;
        if (plan.Length < Unsafe.SizeOf<PlanHeader>())
            throw new InvalidDataException("a plan is longer than that");
        Header = MemoryMarshal.Read<PlanHeader>(plan.Span);
        if (Header.Magic != PlanHeader.ExpectedMagic || Header.Version != PlanHeader.ExpectedVersion)
            throw new InvalidDataException("not a plan of this version");
        if (Header.TotalLength != plan.Length || Header.TotalLength > PlanHeader.MaxLength || Header.Slots > PlanHeader.MaxSlots)
            throw new InvalidDataException("the plan's length or slots are wrong");
        _offsets = FindInstructions();
    }

    public PlanHeader Header { get; }

    private ReadOnlySpan<byte> Plan => _memory.Span;

    /// <summary>How many instructions there are.</summary>
    public int Count => _offsets.Length;

    /// <summary>Bytes of operands that an opcode has.</summary>
    /// <exception cref="InvalidDataException">There is no such opcode.</exception>
    public static int OperandSize(Opcode opcode) => opcode switch
    {
        Opcode.JoinNamespace => Unsafe.SizeOf<JoinNamespace>(),
        Opcode.Unshare => Unsafe.SizeOf<Unshare>(),
        Opcode.WriteTimeOffsets => Unsafe.SizeOf<WriteTimeOffsets>(),
        Opcode.Fork => Unsafe.SizeOf<Fork>(),
        Opcode.AwaitIdMap => Unsafe.SizeOf<AwaitIdMap>(),
        Opcode.BecomeRoot => Unsafe.SizeOf<BecomeRoot>(),
        Opcode.JoinCgroups => Unsafe.SizeOf<JoinCgroups>(),
        Opcode.NewSession => Unsafe.SizeOf<NewSession>(),
        Opcode.SessionKeyring => Unsafe.SizeOf<SessionKeyring>(),
        Opcode.BringLoopbackUp => Unsafe.SizeOf<BringLoopbackUp>(),
        Opcode.SetHostname => Unsafe.SizeOf<SetHostname>(),
        Opcode.SetDomainname => Unsafe.SizeOf<SetDomainname>(),
        Opcode.OpenSource => Unsafe.SizeOf<OpenSource>(),
        Opcode.OpenNullDevice => Unsafe.SizeOf<OpenNullDevice>(),
        Opcode.OpenRootfs => Unsafe.SizeOf<OpenRootfs>(),
        Opcode.IsolateHost => Unsafe.SizeOf<IsolateHost>(),
        Opcode.AttachRootfs => Unsafe.SizeOf<AttachRootfs>(),
        Opcode.MountFilesystem => Unsafe.SizeOf<MountFilesystem>(),
        Opcode.MountBind => Unsafe.SizeOf<MountBind>(),
        Opcode.Remount => Unsafe.SizeOf<Remount>(),
        Opcode.MakeDirectory => Unsafe.SizeOf<MakeDirectory>(),
        Opcode.MakeDevice => Unsafe.SizeOf<MakeDevice>(),
        Opcode.MakeSymlink => Unsafe.SizeOf<MakeSymlink>(),
        Opcode.MaskPath => Unsafe.SizeOf<MaskPath>(),
        Opcode.ReadonlyPath => Unsafe.SizeOf<ReadonlyPath>(),
        Opcode.SetPathReadonly => Unsafe.SizeOf<SetPathReadonly>(),
        Opcode.WriteSysctl => Unsafe.SizeOf<WriteSysctl>(),
        Opcode.PivotRoot => Unsafe.SizeOf<PivotRoot>(),
        Opcode.ChangeRoot => Unsafe.SizeOf<ChangeRoot>(),
        Opcode.SetRootPropagation => Unsafe.SizeOf<SetRootPropagation>(),
        Opcode.RequestHooks => Unsafe.SizeOf<RequestHooks>(),
        Opcode.RunHook => Unsafe.SizeOf<RunHook>(),
        Opcode.OpenConsole => Unsafe.SizeOf<OpenConsole>(),
        Opcode.PrepareStdio => Unsafe.SizeOf<PrepareStdio>(),
        Opcode.SetRlimit => Unsafe.SizeOf<SetRlimit>(),
        Opcode.SetUmask => Unsafe.SizeOf<SetUmask>(),
        Opcode.SetIdentity => Unsafe.SizeOf<SetIdentity>(),
        Opcode.ChangeDirectory => Unsafe.SizeOf<ChangeDirectory>(),
        Opcode.FindExecutable => Unsafe.SizeOf<FindExecutable>(),
        Opcode.Ready => Unsafe.SizeOf<Ready>(),
        Opcode.AwaitStart => Unsafe.SizeOf<AwaitStart>(),
        Opcode.Execute => Unsafe.SizeOf<Execute>(),
        Opcode.SetScheduler => Unsafe.SizeOf<SetScheduler>(),
        Opcode.SetIoPriority => Unsafe.SizeOf<SetIoPriority>(),
        Opcode.SetMemoryPolicy => Unsafe.SizeOf<SetMemoryPolicy>(),
        Opcode.SetPersonality => Unsafe.SizeOf<SetPersonality>(),
        Opcode.SetLabel => Unsafe.SizeOf<SetLabel>(),
        Opcode.InstallListener => Unsafe.SizeOf<InstallListener>(),
        Opcode.SetFilter => Unsafe.SizeOf<SetFilter>(),
        Opcode.RequestNetDevices => Unsafe.SizeOf<RequestNetDevices>(),
        _ => throw new InvalidDataException($"opcode {(int)opcode} is unknown"),
    };

    public Opcode OpcodeAt(int index) => MemoryMarshal.Read<InstructionHeader>(Plan.Slice(_offsets[index])).Opcode;

    /// <summary>The operands of an instruction; <typeparamref name="T"/> must be the structure of its opcode.</summary>
    public T Operands<T>(int index) where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != OperandSize(OpcodeAt(index)))
            throw new InvalidDataException($"instruction {index} has other operands");
        return MemoryMarshal.Read<T>(Plan.Slice(_offsets[index] + Unsafe.SizeOf<InstructionHeader>()));
    }

    /// <summary>A string; null for the absent reference.</summary>
    public string? Text(PlanRef reference)
    {
        if (reference is { Offset: 0, Length: 0 })
            return null;
        var bytes = Bytes(reference);
        if (Plan.Length == reference.Offset + reference.Length || Plan[(int)(reference.Offset + reference.Length)] != 0)
            throw new InvalidDataException("a string has no end");
        return Encoding.UTF8.GetString(bytes);
    }

    public ReadOnlySpan<byte> Bytes(PlanRef reference)
    {
        if ((ulong)reference.Offset + reference.Length > (ulong)Plan.Length)
            throw new InvalidDataException("a reference leads out of the plan");
        return Plan.Slice((int)reference.Offset, (int)reference.Length);
    }

    /// <summary>An array of structures.</summary>
    public ReadOnlySpan<T> Array<T>(PlanRef reference) where T : unmanaged
    {
        if (reference.Offset % 8 != 0 || reference.Length % Unsafe.SizeOf<T>() != 0)
            throw new InvalidDataException("an array is not aligned, or has no whole number of items");
        return MemoryMarshal.Cast<byte, T>(Bytes(reference));
    }

    /// <summary>An array of strings.</summary>
    public string[] Strings(PlanRef reference)
    {
        var references = Array<PlanRef>(reference);
        var strings = new string[references.Length];
        for (int i = 0; i < strings.Length; i++)
            strings[i] = Text(references[i]) ?? "";
        return strings;
    }

    private int[] FindInstructions()
    {
        ulong end = (ulong)Header.InstructionsOffset + Header.InstructionsLength;
        if (Header.InstructionsOffset % 8 != 0 || end > (ulong)Plan.Length
            || Header.InstructionCount > Header.InstructionsLength / (uint)Unsafe.SizeOf<InstructionHeader>())
        {
            throw new InvalidDataException("the instructions lie outside the plan");
        }
        var offsets = new int[Header.InstructionCount];
        uint offset = Header.InstructionsOffset;
        for (int i = 0; i < offsets.Length; i++)
        {
            if (offset + (ulong)Unsafe.SizeOf<InstructionHeader>() > end)
                throw new InvalidDataException("the instructions end before their number");
            var header = MemoryMarshal.Read<InstructionHeader>(Plan.Slice((int)offset));
            int size = Unsafe.SizeOf<InstructionHeader>() + OperandSize(header.Opcode);
            if (header.Size != size || header.Reserved != 0 || offset + (ulong)size > end)
                throw new InvalidDataException($"instruction {i} has the wrong size");
            offsets[i] = (int)offset;
            offset += (uint)size;
        }
        if (offset != end)
            throw new InvalidDataException("bytes are left over after the last instruction");
        return offsets;
    }
}
#endif
