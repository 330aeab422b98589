using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// Reads the plan as if an enemy had written it: nothing is followed that does not lie inside, whole and aligned. What
/// is malformed ends Init with <see cref="Step.Plan"/>, so callers get what is right or nothing.
/// </summary>
internal static unsafe class PlanView
{
    /// <summary>Checks the header and that every instruction is one that Init knows, of exactly its size.</summary>
    public static void Check(State* s)
    {
        var header = (PlanHeader*)s->Plan;
        if (s->PlanLength < (ulong)sizeof(PlanHeader))
            Malformed(s, "shorter than its header"u8.Pointer);
        if (header->Magic != PlanHeader.ExpectedMagic || header->Version != PlanHeader.ExpectedVersion)
            Malformed(s, "not a plan of this version"u8.Pointer);
        if (header->TotalLength > s->PlanLength || header->TotalLength > PlanHeader.MaxLength || header->TotalLength < sizeof(PlanHeader))
            Malformed(s, "total length"u8.Pointer);
        s->PlanLength = header->TotalLength;
        if (header->InstructionsOffset < sizeof(PlanHeader) || header->InstructionsOffset % 8 != 0
            || (ulong)header->InstructionsOffset + header->InstructionsLength > s->PlanLength)
        {
            Malformed(s, "instructions lie outside"u8.Pointer);
        }
        if (header->Slots > PlanHeader.MaxSlots)
            Malformed(s, "slots"u8.Pointer);

        byte* at = s->Plan + header->InstructionsOffset;
        ulong left = header->InstructionsLength;
        for (uint i = 0; i < header->InstructionCount; i++)
        {
            s->Instruction = i;
            var instruction = (InstructionHeader*)at;
            if (left < (ulong)sizeof(InstructionHeader) || instruction->Size > left || instruction->Reserved != 0)
                Malformed(s, "instruction cut short"u8.Pointer);
            uint operands = OperandSize(instruction->Opcode);
            if (operands == 0)
                Malformed(s, "unknown opcode"u8.Pointer);
            if (instruction->Size != operands + sizeof(InstructionHeader))
                Malformed(s, "instruction of a wrong size"u8.Pointer);
            at += instruction->Size;
            left -= instruction->Size;
        }
        s->Instruction = 0;
        if (left != 0)
            Malformed(s, "bytes after the last instruction"u8.Pointer);
    }

    /// <summary>Ends Init: the plan is not one.</summary>
    public static void Malformed(State* s, byte* why)
    {
        s->Step = Step.Plan;
        Messages.SetText(s, why);
        Messages.Fail(s, C.EINVAL);
    }

    /// <summary>A string that must be there.</summary>
    public static byte* String(State* s, PlanRef reference)
    {
        byte* text = OptionalString(s, reference);
        if (text == null)
            Malformed(s, "string is absent"u8.Pointer);
        return text;
    }

    /// <summary>A string, or null for the absent one.</summary>
    public static byte* OptionalString(State* s, PlanRef reference)
    {
        if (reference.Offset == 0 && reference.Length == 0)
            return null;
        if (reference.Offset < sizeof(PlanHeader) || (ulong)reference.Offset + reference.Length >= s->PlanLength)
            Malformed(s, "string lies outside"u8.Pointer);
        byte* text = s->Plan + reference.Offset;
        if (text[reference.Length] != 0)
            Malformed(s, "string has no end"u8.Pointer);
        return text;
    }

    /// <summary>The items of an array, and how many there are: null and 0 for the absent one.</summary>
    public static void* Items(State* s, PlanRef reference, uint itemSize, uint* count)
    {
        *count = 0;
        if (reference.Offset == 0 && reference.Length == 0)
            return null;
        if (reference.Offset < sizeof(PlanHeader) || reference.Offset % 8 != 0
            || (ulong)reference.Offset + reference.Length > s->PlanLength)
        {
            Malformed(s, "array lies outside"u8.Pointer);
        }
        // The sizes are 4, 8 and 16: no division by a variable, which would need a runtime's help.
        if ((reference.Length & (itemSize - 1)) != 0)
            Malformed(s, "array of a wrong size"u8.Pointer);
        *count = itemSize == 4 ? reference.Length / 4 : itemSize == 8 ? reference.Length / 8 : reference.Length / 16;
        return s->Plan + reference.Offset;
    }

    /// <summary>The descriptor that an earlier instruction put in a slot.</summary>
    public static int Slot(State* s, uint slot)
    {
        if (slot >= s->Header->Slots || s->Slots[slot] == 0)
            Malformed(s, "slot is empty"u8.Pointer);
        return s->Slots[slot] - 1;
    }

    public static void SetSlot(State* s, uint slot, nint descriptor)
    {
        if (slot >= s->Header->Slots || s->Slots[slot] != 0)
            Malformed(s, "slot is taken or outside"u8.Pointer);
        s->Slots[slot] = (int)descriptor + 1;
    }

    /// <summary>The descriptor of a slot, which is empty then.</summary>
    public static int TakeSlot(State* s, uint slot)
    {
        int descriptor = Slot(s, slot);
        s->Slots[slot] = 0;
        return descriptor;
    }

    /// <summary>Closes what is in a slot, if anything; the slot is empty then.</summary>
    public static void CloseSlot(State* s, uint slot)
    {
        if (slot >= s->Header->Slots)
            Malformed(s, "slot is outside"u8.Pointer);
        Kernel.Close(s->Slots[slot] - 1);
        s->Slots[slot] = 0;
    }

    /// <summary>The number of an inherited descriptor.</summary>
    public static int Inherited(State* s, uint index)
    {
        if (index >= s->Header->InheritedFds)
            Malformed(s, "inherited descriptor is not there"u8.Pointer);
        return (int)(3 + s->Header->PreservedFds + index);
    }

    /// <summary>Bytes of an opcode's operands; 0 for one that Init does not know.</summary>
    private static uint OperandSize(Opcode opcode) => (uint)(opcode switch
    {
        Opcode.JoinNamespace => sizeof(JoinNamespace),
        Opcode.Unshare => sizeof(Unshare),
        Opcode.WriteTimeOffsets => sizeof(WriteTimeOffsets),
        Opcode.Fork => sizeof(Fork),
        Opcode.AwaitIdMap => sizeof(AwaitIdMap),
        Opcode.BecomeRoot => sizeof(BecomeRoot),
        Opcode.JoinCgroups => sizeof(JoinCgroups),
        Opcode.NewSession => sizeof(NewSession),
        Opcode.SessionKeyring => sizeof(SessionKeyring),
        Opcode.BringLoopbackUp => sizeof(BringLoopbackUp),
        Opcode.SetHostname => sizeof(SetHostname),
        Opcode.SetDomainname => sizeof(SetDomainname),
        Opcode.OpenSource => sizeof(OpenSource),
        Opcode.OpenNullDevice => sizeof(OpenNullDevice),
        Opcode.OpenRootfs => sizeof(OpenRootfs),
        Opcode.IsolateHost => sizeof(IsolateHost),
        Opcode.AttachRootfs => sizeof(AttachRootfs),
        Opcode.MountFilesystem => sizeof(MountFilesystem),
        Opcode.MountBind => sizeof(MountBind),
        Opcode.Remount => sizeof(Remount),
        Opcode.MakeDirectory => sizeof(MakeDirectory),
        Opcode.MakeDevice => sizeof(MakeDevice),
        Opcode.MakeSymlink => sizeof(MakeSymlink),
        Opcode.MaskPath => sizeof(MaskPath),
        Opcode.ReadonlyPath => sizeof(ReadonlyPath),
        Opcode.SetPathReadonly => sizeof(SetPathReadonly),
        Opcode.WriteSysctl => sizeof(WriteSysctl),
        Opcode.PivotRoot => sizeof(PivotRoot),
        Opcode.ChangeRoot => sizeof(ChangeRoot),
        Opcode.SetRootPropagation => sizeof(SetRootPropagation),
        Opcode.RequestHooks => sizeof(RequestHooks),
        Opcode.RunHook => sizeof(RunHook),
        Opcode.OpenConsole => sizeof(OpenConsole),
        Opcode.PrepareStdio => sizeof(PrepareStdio),
        Opcode.SetRlimit => sizeof(SetRlimit),
        Opcode.SetUmask => sizeof(SetUmask),
        Opcode.SetIdentity => sizeof(SetIdentity),
        Opcode.ChangeDirectory => sizeof(ChangeDirectory),
        Opcode.FindExecutable => sizeof(FindExecutable),
        Opcode.Ready => sizeof(Ready),
        Opcode.AwaitStart => sizeof(AwaitStart),
        Opcode.Execute => sizeof(Execute),
        Opcode.SetScheduler => sizeof(SetScheduler),
        Opcode.SetIoPriority => sizeof(SetIoPriority),
        Opcode.SetMemoryPolicy => sizeof(SetMemoryPolicy),
        Opcode.SetPersonality => sizeof(SetPersonality),
        Opcode.SetLabel => sizeof(SetLabel),
        Opcode.InstallListener => sizeof(InstallListener),
        Opcode.SetFilter => sizeof(SetFilter),
        Opcode.RequestNetDevices => sizeof(RequestNetDevices),
        _ => 0,
    });
}
