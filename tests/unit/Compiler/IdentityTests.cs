using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class IdentityTests
{
    private const ulong Chown = 1;
    private const ulong Kill = 1 << 5;

    [Fact]
    [Checklist(201)]
    public void Without_a_user_the_process_is_root() => Assert.Equal((0u, 0u), (Of("").Uid, Of("").Gid));

    [Fact]
    [Checklist(202, 203, 206)]
    public void User_and_groups_are_taken_as_they_are()
    {
        var compiled = Process(""" "user": {"uid": 1000, "gid": 4294967294, "additionalGids": [5, 6, 5]} """);
        var identity = compiled.One<SetIdentity>(Opcode.SetIdentity);
        Assert.Equal((1000u, 4294967294u), (identity.Uid, identity.Gid));
        Assert.Equal([5u, 6u, 5u], compiled.Plan.Array<uint>(identity.Groups).ToArray());
    }

    [Fact]
    [Checklist(158, 159, 160, 161, 162)]
    public void Each_set_is_one_of_its_own()
    {
        var identity = Of("""
            "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_CHOWN"],
                             "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}
            """);
        Assert.Equal((Chown | Kill, Chown | Kill, Chown, Kill, Kill),
            (identity.Bounding, identity.Permitted, identity.Effective, identity.Inheritable, identity.Ambient));
    }

    [Theory]
    [Checklist(165)]
    [InlineData("")]
    [InlineData(""" "capabilities": {} """)]
    [InlineData(""" "capabilities": null """)]
    public void Absent_capabilities_are_none(string member)
    {
        var identity = Of(member);
        Assert.Equal(0UL, identity.Bounding | identity.Permitted | identity.Effective | identity.Inheritable | identity.Ambient);
    }

    [Fact]
    [Checklist(163, 164)]
    public void What_cannot_be_granted_is_dropped_with_a_warning()
    {
        var compiled = Process("""
            "capabilities": {"bounding": ["CAP_FOO", "CAP_CHOWN", "CAP_BPF", "CAP_KILL"], "permitted": ["CAP_FOO"]}
            """, new HostFacts { LastCapability = 37, CapabilityBounding = ~Kill });
        Assert.Equal(Chown, compiled.One<SetIdentity>(Opcode.SetIdentity).Bounding);
        Assert.Equal(["process.capabilities: ignoring unknown or unavailable capabilities: [CAP_FOO CAP_BPF CAP_KILL]"], compiled.Result.Warnings);
    }

    [Fact]
    [Checklist(162, 164)]
    public void What_the_kernel_would_refuse_for_a_set_is_dropped_with_a_warning()
    {
        var compiled = Process("""
            "capabilities": {"bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "effective": ["CAP_CHOWN", "CAP_KILL"],
                             "inheritable": ["CAP_KILL"], "ambient": ["CAP_CHOWN"]}
            """);
        var identity = compiled.One<SetIdentity>(Opcode.SetIdentity);
        Assert.Equal((Chown, 0UL, 0UL), (identity.Effective, identity.Inheritable, identity.Ambient));
        Assert.Equal(["process.capabilities.effective: ignoring what is not in permitted: [CAP_KILL]",
            "process.capabilities.inheritable: ignoring what is not in bounding: [CAP_KILL]",
            "process.capabilities.ambient: ignoring what is not in permitted and inheritable: [CAP_CHOWN]"], compiled.Result.Warnings);
    }

    [Fact]
    public void A_user_namespace_has_all_capabilities_whatever_we_have()
    {
        var compiled = Compiled.From(linux: UserNamespace(0, 10), process: """
            "cwd": "/", "args": ["a"], "capabilities": {"bounding": ["CAP_KILL"]}
            """, facts: new HostFacts { CapabilityBounding = 0 });
        Assert.Equal(Kill, compiled.One<SetIdentity>(Opcode.SetIdentity).Bounding);
    }

    [Theory]
    [Checklist(167)]
    [InlineData("", false)]
    [InlineData(""" "noNewPrivileges": false """, false)]
    [InlineData(""" "noNewPrivileges": true """, true)]
    public void No_new_privileges_is_what_the_config_says(string member, bool expected) =>
        Assert.Equal(expected, Of(member).Flags.HasFlag(SetIdentityFlags.NoNewPrivileges));

    [Theory]
    [InlineData(1000u, 1000u, 1, true)]
    [InlineData(1000u, 1000u, 2, false)]
    [InlineData(1000u, 1001u, 1, false)]
    [InlineData(0u, 1000u, 1, false)]
    public void Setgroups_is_denied_where_the_kernel_demands_it(uint euid, uint egid, int size, bool expected)
    {
        var compiled = Compiled.From(linux: UserNamespace(0, size), facts: new HostFacts { Euid = euid, Egid = egid });
        Assert.Equal(expected, compiled.Result.DenySetgroups);
        Assert.Equal(expected, compiled.One<SetIdentity>(Opcode.SetIdentity).Flags.HasFlag(SetIdentityFlags.KeepGroups));
    }

    [Fact]
    public void Where_setgroups_is_denied_groups_are_refused() =>
        Assert.Equal(["process.user.additionalGids: id-not-mapped"], Compiled.Refused(() =>
            Process(""" "user": {"uid": 0, "gid": 0, "additionalGids": [1]} """, new HostFacts { SetgroupsDenied = true, InUserNamespace = true })));

    [Fact]
    public void Capabilities_have_names_in_words()
    {
        Assert.Equal("none", PlanWords.Capabilities(0));
        Assert.Equal("all", PlanWords.Capabilities((1UL << 41) - 1));
        Assert.Equal("CAP_CHOWN CAP_KILL", PlanWords.Capabilities(Chown | Kill));
        Assert.Equal("CAP_41", PlanWords.Capabilities(1UL << 41));
    }

    private static SetIdentity Of(string member) => Process(member).One<SetIdentity>(Opcode.SetIdentity);

    private static Compiled Process(string member, HostFacts? facts = null) =>
        Compiled.From(process: """ "cwd": "/", "args": ["a"] """ + (member.Length == 0 ? "" : ", " + member), facts: facts);

    private static string UserNamespace(int first, int size) => FormattableString.Invariant($$"""
        "namespaces": [{"type": "mount"}, {"type": "user"}],
        "uidMappings": [{"containerID": {{first}}, "hostID": 1000, "size": {{size}}}],
        "gidMappings": [{"containerID": {{first}}, "hostID": 1000, "size": {{size}}}]
        """);
}
