using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using CsCheck;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

public sealed class DeviceProgramTests
{
    private static readonly Gen<DeviceRule> _rule =
        from allow in Gen.Bool
        from type in Gen.Enum<DeviceCgroupType>()
        from major in Gen.UInt[1, 3]
        from minor in Gen.UInt[1, 3]
        from anyMajor in Gen.Bool
        from anyMinor in Gen.Bool
        from access in Gen.Int[1, 7]
        select type == DeviceCgroupType.All
            ? new DeviceRule(allow, type, null, null, DeviceAccess.All)
            : new DeviceRule(allow, type, anyMajor ? null : major, anyMinor ? null : minor, (DeviceAccess)access);

    private static readonly Gen<(bool Block, uint Major, uint Minor, DeviceAccess Access)> _request =
        from block in Gen.Bool
        from major in Gen.UInt[1, 4]
        from minor in Gen.UInt[1, 4]
        from access in Gen.Int[1, 7]
        select (block, major, minor, (DeviceAccess)access);

    [Fact]
    [Checklist(326, 328, 329, 330, 331)]
    public void The_program_decides_as_the_last_matching_rule_does_for_each_access()
    {
        Gen.Select(_rule.List[0, 12], _request.List[20]).Sample((rules, requests) =>
        {
            var program = DeviceProgram.Compile(rules);
            foreach (var request in requests)
            {
                bool expected = Model(rules, request.Block, request.Major, request.Minor, request.Access);
                Assert.Equal(expected, Interpret(program, request.Block, request.Major, request.Minor, request.Access));
            }
        }, iter: 3000);
    }

    [Fact]
    public void Reading_and_writing_may_be_allowed_by_two_rules()
    {
        DeviceRule[] rules =
        [
            new(false, DeviceCgroupType.All, null, null, DeviceAccess.All),
            new(true, DeviceCgroupType.Character, 1, 3, DeviceAccess.Read),
            new(true, DeviceCgroupType.Character, 1, 3, DeviceAccess.Write),
        ];
        var program = DeviceProgram.Compile(rules);
        Assert.True(Interpret(program, block: false, 1, 3, DeviceAccess.Read | DeviceAccess.Write));
        Assert.False(Interpret(program, block: false, 1, 3, DeviceAccess.All));
    }

    [Fact]
    public void No_rules_in_the_config_leave_the_cgroup_as_it_is()
    {
        Assert.Empty(DeviceRules.From(null));
        Assert.Empty(DeviceRules.From([]));
    }

    [Fact]
    [Checklist(332)]
    public void A_denied_container_keeps_the_default_devices()
    {
        var rules = DeviceRules.From([new DeviceCgroup { Allow = false, Access = "rwm" }]);
        Assert.Equal("a *:* rwm", rules[0].ToString());
        var program = DeviceProgram.Compile(rules);
        Assert.True(Interpret(program, block: false, 1, 3, DeviceAccess.Read | DeviceAccess.Write));
        Assert.True(Interpret(program, block: false, 136, 7, DeviceAccess.Read | DeviceAccess.Write));
        Assert.True(Interpret(program, block: true, 8, 0, DeviceAccess.Mknod));
        Assert.False(Interpret(program, block: true, 8, 0, DeviceAccess.Read));
        Assert.False(Interpret(program, block: false, 1, 1, DeviceAccess.Read));
    }

    [Fact]
    public void The_kernel_accepts_a_program_of_many_rules()
    {
        var rules = new List<DeviceRule>();
        for (uint i = 0; i < 300; i++)
            rules.Add(new DeviceRule(i % 3 != 0, i % 2 == 0 ? DeviceCgroupType.Character : DeviceCgroupType.Block, i, i % 5 == 0 ? null : i, (DeviceAccess)(1 + i % 7)));
        var program = DeviceProgram.Compile(rules);
        int fd = Syscalls.BpfLoadDeviceProgram(MemoryMarshal.AsBytes<BpfInstruction>(program), default);
        Assert.SkipWhen(fd is -1 or -38, "bpf(2) is not to be had here");
        Assert.True(fd >= 0, Errno.Name(-fd));
        new Fd(fd).Dispose();
    }

    private static bool Model(IReadOnlyList<DeviceRule> rules, bool block, uint major, uint minor, DeviceAccess wanted)
    {
        foreach (var bit in new[] { DeviceAccess.Mknod, DeviceAccess.Read, DeviceAccess.Write })
        {
            if (!wanted.HasFlag(bit))
                continue;
            bool allowed = false;
            foreach (var rule in rules)
            {
                bool type = rule.Type == DeviceCgroupType.All || (rule.Type == DeviceCgroupType.Block) == block;
                if (type && (rule.Major ?? major) == major && (rule.Minor ?? minor) == minor && rule.Access.HasFlag(bit))
                    allowed = rule.Allow;
            }
            if (!allowed)
                return false;
        }
        return true;
    }

    /// <summary>Executes the few instructions that the compiler uses; any other is a failure.</summary>
    private static bool Interpret(BpfInstruction[] program, bool block, uint major, uint minor, DeviceAccess access)
    {
        var registers = new ulong[11];
        uint[] context = [((uint)access << 16) | (block ? 1u : 2u), major, minor];
        for (int at = 0, steps = 0; ; at++, steps++)
        {
            Assert.True(steps <= program.Length, "the program goes backwards");
            var instruction = program[at];
            int to = instruction.Registers & 15, from = instruction.Registers >> 4;
            switch (instruction.Code)
            {
                case 0x61:
                    Assert.Equal(1, from);
                    registers[to] = context[instruction.Offset / 4];
                    break;
                case 0xb7:
                    registers[to] = (ulong)(long)instruction.Immediate;
                    break;
                case 0xbf:
                    registers[to] = registers[from];
                    break;
                case 0x57:
                    registers[to] &= (ulong)(long)instruction.Immediate;
                    break;
                case 0x77:
                    registers[to] >>= instruction.Immediate;
                    break;
                case 0x56:
                    at += (uint)registers[to] != unchecked((uint)instruction.Immediate) ? instruction.Offset : 0;
                    break;
                case 0x16:
                    at += (uint)registers[to] == unchecked((uint)instruction.Immediate) ? instruction.Offset : 0;
                    break;
                case 0x95:
                    return registers[0] == 1;
                default:
                    throw new InvalidDataException($"unknown instruction 0x{instruction.Code:x2}");
            }
        }
    }
}
