using System;
using System.Linq;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Seccomp;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class SeccompTests
{
    private const string Errno = """ {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"} """;
    private const string Notify = """ {"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"} """;

    [Fact]
    [Checklist(506)]
    public void The_filter_comes_last()
    {
        var compiled = Profile(Errno, hooks: """ "hooks": {"startContainer": [{"path": "/bin/true"}]} """);
        Assert.Equal([Opcode.AwaitStart, Opcode.RunHook, Opcode.SetFilter, Opcode.Execute], compiled.Opcodes()[^4..]);
        Assert.DoesNotContain(Opcode.InstallListener, compiled.Opcodes());
        Assert.Empty(compiled.Result.Warnings);
        Assert.EndsWith(" instructions), the last thing before the program", compiled.Lines()[^2]);
    }

    [Theory]
    [InlineData("true", SetIdentityFlags.NoNewPrivileges)]
    [InlineData("false", SetIdentityFlags.KeepSysAdmin)]
    public void Without_no_new_privileges_installing_takes_a_capability(string value, SetIdentityFlags flags)
    {
        var compiled = Profile(Errno, process: $$""" "cwd": "/", "args": ["a"], "noNewPrivileges": {{value}} """);
        Assert.Equal(flags, compiled.One<SetIdentity>(Opcode.SetIdentity).Flags);
        Assert.Equal(SetIdentityFlags.None, Compiled.From(process: """ "cwd": "/", "args": ["a"] """).One<SetIdentity>(Opcode.SetIdentity).Flags);
    }

    [Theory]
    [InlineData(Errno, 1u, null)]
    [InlineData(""" {"names": ["prctl"], "action": "SCMP_ACT_ERRNO"} """, 0u, null)]
    [InlineData(""" {"names": ["prctl"], "action": "SCMP_ACT_LOG"} """, 0u, null)]
    [InlineData(""" {"names": ["prctl"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 4, "op": "SCMP_CMP_EQ"}]} """, 0u, null)]
    [InlineData(Errno + "," + Notify, 1u, 1u)]
    [InlineData(""" {"names": ["prctl"], "action": "SCMP_ACT_NOTIFY"} """, 0u, 0u)]
    public void A_filter_is_read_back_where_it_lets_that_pass(string rules, uint expected, uint? ofListener)
    {
        var compiled = Profile(rules, ofListener is null ? "" : """, "listenerPath": "/agent" """);
        Assert.Equal(expected, compiled.One<SetFilter>(Opcode.SetFilter).ReadBack);
        Assert.Equal(ofListener, compiled.Opcodes().Contains(Opcode.InstallListener) ? compiled.One<InstallListener>(Opcode.InstallListener).ReadBack : null);
    }

    [Theory]
    [Checklist(461, 462, 463, 464)]
    [InlineData("", FilterFlags.SpecAllow, FilterFlags.SpecAllow | FilterFlags.NewListener)]
    [InlineData(""", "flags": []""", 0, FilterFlags.NewListener)]
    [InlineData(""", "flags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"]""", FilterFlags.Log, FilterFlags.Log | FilterFlags.NewListener)]
    [InlineData(""", "flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]""", 0, FilterFlags.NewListener | FilterFlags.WaitKillableRecv)]
    public void Flags_are_the_kernels(string member, uint flags, uint ofListener)
    {
        var compiled = Profile(Errno + "," + Notify, """, "listenerPath": "/agent" """ + member);
        Assert.Equal(flags, compiled.One<SetFilter>(Opcode.SetFilter).Flags);
        Assert.Equal(ofListener, compiled.One<InstallListener>(Opcode.InstallListener).Flags);
    }

    [Fact]
    [Checklist(483)]
    public void An_agent_is_asked_by_a_filter_of_its_own_before_Ready()
    {
        var compiled = Profile(Errno + "," + Notify, """, "listenerPath": "/agent" """);
        Assert.Equal([Opcode.InstallListener, Opcode.Ready, Opcode.AwaitStart, Opcode.SetFilter, Opcode.Execute], compiled.Opcodes()[^5..]);
        var asking = compiled.Plan.Array<ulong>(compiled.One<InstallListener>(Opcode.InstallListener).Filter).ToArray();
        var rest = compiled.Plan.Array<ulong>(compiled.One<SetFilter>(Opcode.SetFilter).Filter).ToArray();
        Assert.Equal(Verdict.UserNotify, Decide(asking, "getppid"));
        Assert.Equal(Verdict.Allow, Decide(asking, "mkdir"));
        Assert.Equal(Verdict.Allow, Decide(rest, "getppid"));
        Assert.Equal(Verdict.Fail | 1, Decide(rest, "mkdir"));
    }

    [Fact]
    [Checklist(465)]
    public void A_flag_that_the_kernel_does_not_know_is_refused() =>
        Assert.Equal(["linux.seccomp.flags[1]: seccomp-unsupported"], Compiled.Refused(() =>
            Profile(Errno, """, "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"] """,
                facts: new HostFacts { UnknownSeccompFlags = [SeccompFlag.SpecAllow] })));

    [Fact]
    public void A_filter_without_execve_is_a_warning()
    {
        var compiled = Compiled.From(linux: """ "namespaces": [{"type": "mount"}], "seccomp": {"defaultAction": "SCMP_ACT_KILL"} """);
        Assert.Equal(["linux.seccomp: the container's program cannot be executed: execve gets SCMP_ACT_KILL_THREAD"], compiled.Result.Warnings);
        Assert.Equal(SeccompSetup.RefusesProgram, compiled.Result.Origins[compiled.IndexOf(Opcode.SetFilter)].Object);
    }

    [Fact]
    public void A_filter_that_is_too_long_is_refused()
    {
        string rules = string.Join(',', Enumerable.Range(0, 3000).Select(static i => $$"""
            {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 65535, "valueTwo": {{i}}, "op": "SCMP_CMP_MASKED_EQ"}, {"index": 1, "value": {{i}}, "op": "SCMP_CMP_EQ"}]}
            """));
        Assert.Equal(["linux.seccomp.syscalls: seccomp-unsupported"], Compiled.Refused(() =>
            Compiled.From(linux: $$""" "namespaces": [{"type": "mount"}], "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{{rules}}]} """)));
    }

    private static uint Decide(ulong[] filter, string call)
    {
        Assert.True(BpfMachine.TryDecide(filter, FilterCompiler.NativeCall(call), out uint verdict));
        return verdict;
    }

    private static Compiled Profile(string rules, string members = "", string hooks = "", string process = """ "cwd": "/", "args": ["/bin/true"] """, HostFacts? facts = null) =>
        Compiled.From(hooks, $$""" "namespaces": [{"type": "mount"}], "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{{rules}}]{{members}}} """, process, facts: facts);
}
