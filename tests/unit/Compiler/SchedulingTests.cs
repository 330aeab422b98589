using System;
using System.Linq;
using Csrun.Plan;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class SchedulingTests
{
    [Fact]
    public void It_comes_while_Init_has_its_capabilities_still()
    {
        var compiled = Compiled.From(
            linux: """ "namespaces": [{"type": "mount"}], "memoryPolicy": {"mode": "MPOL_LOCAL"}, "personality": {"domain": "LINUX"} """,
            process: """
                "cwd": "/", "args": ["a"], "scheduler": {"policy": "SCHED_BATCH"}, "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0},
                "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}]
                """);
        Assert.Equal([Opcode.SetRlimit, Opcode.SetScheduler, Opcode.SetIoPriority, Opcode.SetMemoryPolicy, Opcode.SetPersonality,
            Opcode.SetUmask, Opcode.ChangeDirectory, Opcode.SetIdentity],
            compiled.Opcodes()[compiled.IndexOf(Opcode.SetRlimit)..(compiled.IndexOf(Opcode.SetIdentity) + 1)]);
    }

    [Theory]
    [Checklist(170, 171, 172, 173, 175, 176, 178, 179)]
    [InlineData(""" "policy": "SCHED_OTHER" """, 0u, 0, 0u)]
    [InlineData(""" "policy": "SCHED_OTHER", "nice": -5 """, 0u, -5, 0u)]
    [InlineData(""" "policy": "SCHED_FIFO", "priority": 99 """, 1u, 0, 99u)]
    [InlineData(""" "policy": "SCHED_RR", "priority": 1 """, 2u, 0, 1u)]
    [InlineData(""" "policy": "SCHED_BATCH", "nice": 19 """, 3u, 19, 0u)]
    [InlineData(""" "policy": "SCHED_IDLE" """, 5u, 0, 0u)]
    public void A_policy_has_the_kernels_number(string members, uint policy, int nice, uint priority)
    {
        var scheduler = Scheduler(members).One<SetScheduler>(Opcode.SetScheduler);
        Assert.Equal((policy, nice, priority, 0ul), (scheduler.Policy, scheduler.Nice, scheduler.Priority, scheduler.Flags));
    }

    [Fact]
    [Checklist(176, 188, 189, 190)]
    public void A_deadline_has_its_three_times()
    {
        var compiled = Scheduler(""" "policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 2000000, "period": 18446744073709551615 """);
        var scheduler = compiled.One<SetScheduler>(Opcode.SetScheduler);
        Assert.Equal((6u, 1_000_000ul, 2_000_000ul, ulong.MaxValue), (scheduler.Policy, scheduler.Runtime, scheduler.Deadline, scheduler.Period));
        Assert.Equal(["schedule as SCHED_DEADLINE, 1000000 ns until 2000000 ns every 18446744073709551615 ns"], compiled.Lines("schedule"));
    }

    [Fact]
    [Checklist(180, 181, 182, 183, 184, 185, 186)]
    public void Every_flag_has_its_bit()
    {
        for (int i = 0; i < Names.SchedulerFlags.Length; i++)
        {
            var compiled = Scheduler($$""" "policy": "SCHED_OTHER", "flags": ["{{Names.SchedulerFlags[i]}}"] """);
            Assert.Equal(1ul << i, compiled.One<SetScheduler>(Opcode.SetScheduler).Flags);
        }
        // All that sched.h has.
        string all = string.Join("\", \"", Names.SchedulerFlags.ToArray());
        Assert.Equal(0x7Ful, Scheduler($$""" "policy": "SCHED_OTHER", "flags": ["{{all}}"] """).One<SetScheduler>(Opcode.SetScheduler).Flags);
    }

    [Theory]
    [Checklist(176)]
    [InlineData("", true)]
    [InlineData(""", "flags": ["SCHED_FLAG_RECLAIM"] """, true)]
    [InlineData(""", "flags": ["SCHED_FLAG_RESET_ON_FORK"] """, false)]
    public void A_process_that_cannot_fork_has_no_startContainer_hooks(string flags, bool refused)
    {
        Compiled compile() => Compiled.From(""" "hooks": {"startContainer": [{"path": "/h"}]} """, process: $$"""
            "cwd": "/", "args": ["a"],
            "scheduler": {"policy": "SCHED_DEADLINE", "runtime": 1, "deadline": 2, "period": 3 {{flags}} }
            """);
        if (refused)
            Assert.Equal(["process.scheduler.flags: scheduler-conflict"], Compiled.Refused(() => compile()));
        else
            Assert.Equal(1ul, compile().One<SetScheduler>(Opcode.SetScheduler).Flags);
    }

    [Theory]
    [Checklist(192, 194)]
    [InlineData("IOPRIO_CLASS_RT", 0, 0x2000u)]
    [InlineData("IOPRIO_CLASS_BE", 7, 0x4007u)]
    [InlineData("IOPRIO_CLASS_IDLE", 3, 0x6003u)]
    public void An_io_priority_is_class_and_level(string name, int level, uint expected)
    {
        var compiled = Compiled.From(process: $$"""
            "cwd": "/", "args": ["a"], "ioPriority": {"class": "{{name}}", "priority": {{level}}}
            """);
        Assert.Equal(expected, compiled.One<SetIoPriority>(Opcode.SetIoPriority).Value);
        Assert.Equal([FormattableString.Invariant($"set the I/O priority to {name}, level {level}")], compiled.Lines("set the I/O"));
    }

    [Theory]
    [Checklist(398, 399, 400, 401, 402, 403, 404, 406, 407, 408, 409)]
    [InlineData(""" "mode": "MPOL_DEFAULT" """, 0u)]
    [InlineData(""" "mode": "MPOL_DEFAULT", "nodes": "" """, 0u)]
    [InlineData(""" "mode": "MPOL_PREFERRED" """, 1u)]
    [InlineData(""" "mode": "MPOL_PREFERRED", "nodes": "1" """, 1u, 2ul)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0-2,4" """, 2u, 0x17ul)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "63-64, 130" """, 2u, 1ul << 63, 1ul, 4ul)]
    [InlineData(""" "mode": "MPOL_INTERLEAVE", "nodes": "0" """, 3u, 1ul)]
    [InlineData(""" "mode": "MPOL_LOCAL" """, 4u)]
    [InlineData(""" "mode": "MPOL_PREFERRED_MANY", "nodes": "0" """, 5u, 1ul)]
    [InlineData(""" "mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0" """, 6u, 1ul)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"] """, 0x2002u, 1ul)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"] """, 0x4002u, 1ul)]
    [InlineData(""" "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING"] """, 0xA002u, 1ul)]
    public void A_memory_policy_is_mode_flags_and_nodes(string members, uint mode, params ulong[] nodes)
    {
        var compiled = Compiled.From(linux: $$""" "namespaces": [{"type": "mount"}], "memoryPolicy": { {{members}} } """);
        var policy = compiled.One<SetMemoryPolicy>(Opcode.SetMemoryPolicy);
        Assert.Equal(mode, policy.Mode);
        Assert.Equal(nodes, compiled.Plan.Array<ulong>(policy.Nodes).ToArray());
    }

    [Theory]
    [Checklist(427, 428)]
    [InlineData("LINUX", 0ul)]
    [InlineData("LINUX32", 8ul)]
    public void A_personality_has_the_kernels_number(string domain, ulong expected)
    {
        var compiled = Compiled.From(linux: $$""" "namespaces": [{"type": "mount"}], "personality": {"domain": "{{domain}}"} """);
        Assert.Equal(expected, compiled.One<SetPersonality>(Opcode.SetPersonality).Persona);
        Assert.Equal(["set the personality to " + domain], compiled.Lines("set the personality"));
    }

    private static Compiled Scheduler(string members) =>
        Compiled.From(process: $$""" "cwd": "/", "args": ["a"], "scheduler": { {{members}} } """);
}
