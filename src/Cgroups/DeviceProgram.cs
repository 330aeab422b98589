using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>One instruction of eBPF (Documentation/bpf/standardization/instruction-set.rst), 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BpfInstruction
{
    public readonly byte Code;

    /// <summary>Low four bits the destination, high four bits the source.</summary>
    public readonly byte Registers;
    public readonly short Offset;
    public readonly int Immediate;

    public BpfInstruction(byte code, int destination, int source, short offset, int immediate)
    {
        Code = code;
        Registers = (byte)(destination | (source << 4));
        Offset = offset;
        Immediate = immediate;
    }
}

/// <summary>
/// Compiles device rules to a program of type BPF_PROG_TYPE_CGROUP_DEVICE: the last rule that matches decides, for
/// each access bit on its own (an open for reading and writing is one call to the program), and what no rule matches
/// is denied.
/// </summary>
public static class DeviceProgram
{
    private const byte LoadWord = 0x61; // BPF_LDX | BPF_W | BPF_MEM
    private const byte MoveImmediate = 0xb7; // BPF_ALU64 | BPF_MOV | BPF_K
    private const byte MoveRegister = 0xbf; // BPF_ALU64 | BPF_MOV | BPF_X
    private const byte AndImmediate = 0x57; // BPF_ALU64 | BPF_AND | BPF_K
    private const byte ShiftRightImmediate = 0x77; // BPF_ALU64 | BPF_RSH | BPF_K
    private const byte JumpNotEqual = 0x56; // BPF_JMP32 | BPF_JNE | BPF_K
    private const byte JumpEqual = 0x16; // BPF_JMP32 | BPF_JEQ | BPF_K
    private const byte Exit = 0x95;

    private const int Result = 0, Context = 1, Type = 2, Wanted = 3, Major = 4, Minor = 5, Scratch = 6;

    // struct bpf_cgroup_dev_ctx { __u32 access_type; __u32 major; __u32 minor; }, access in the high half.
    private const short AccessTypeOffset = 0, MajorOffset = 4, MinorOffset = 8;

    /// <summary>BPF_DEVCG_DEV_BLOCK and BPF_DEVCG_DEV_CHAR.</summary>
    private const int Block = 1, Character = 2;

    /// <summary>The program for these rules.</summary>
    public static BpfInstruction[] Compile(IReadOnlyList<DeviceRule> rules)
    {
        var program = new List<BpfInstruction>(16 + rules.Count * 8)
        {
            new(LoadWord, Type, Context, AccessTypeOffset, 0),
            new(MoveRegister, Wanted, Type, 0, 0),
            new(AndImmediate, Type, 0, 0, 0xffff),
            new(ShiftRightImmediate, Wanted, 0, 0, 16),
            new(LoadWord, Major, Context, MajorOffset, 0),
            new(LoadWord, Minor, Context, MinorOffset, 0),
        };
        for (int i = rules.Count - 1; i >= 0; i--)
        {
            var rule = rules[i];
            if (rule.IsWildcard)
            {
                // All that came before it no longer counts.
                Return(program, rule.Allow);
                return program.ToArray();
            }
            Add(program, rule);
        }
        Return(program, allow: false);
        return program.ToArray();
    }

    private static void Add(List<BpfInstruction> program, in DeviceRule rule)
    {
        var body = new List<BpfInstruction>(6);
        if (rule.Access == DeviceAccess.All)
        {
            Return(body, rule.Allow);
        }
        else if (rule.Allow)
        {
            body.Add(new(AndImmediate, Wanted, 0, 0, (int)(DeviceAccess.All & ~rule.Access)));
            body.Add(new(JumpNotEqual, Wanted, 0, 2, 0));
            Return(body, allow: true);
        }
        else
        {
            body.Add(new(MoveRegister, Scratch, Wanted, 0, 0));
            body.Add(new(AndImmediate, Scratch, 0, 0, (int)rule.Access));
            body.Add(new(JumpEqual, Scratch, 0, 2, 0));
            Return(body, allow: false);
        }

        // Each condition jumps over the conditions after it and the body.
        var conditions = new List<(int Register, int Value)>(3);
        if (rule.Type != DeviceCgroupType.All)
            conditions.Add((Type, rule.Type == DeviceCgroupType.Block ? Block : Character));
        if (rule.Major is { } major)
            conditions.Add((Major, unchecked((int)major)));
        if (rule.Minor is { } minor)
            conditions.Add((Minor, unchecked((int)minor)));
        for (int i = 0; i < conditions.Count; i++)
        {
            short skip = (short)(conditions.Count - 1 - i + body.Count);
            program.Add(new(JumpNotEqual, conditions[i].Register, 0, skip, conditions[i].Value));
        }
        program.AddRange(body);
    }

    private static void Return(List<BpfInstruction> program, bool allow)
    {
        program.Add(new(MoveImmediate, Result, 0, 0, allow ? 1 : 0));
        program.Add(new(Exit, 0, 0, 0, 0));
    }
}
