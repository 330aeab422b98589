using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;
using Namespaces = Csrun.Runtime.Compiler.Namespaces;

namespace Csrun.Tests.Unit.Compiler;

public sealed class NamespaceTests
{
    private static readonly HostFacts s_tasks = new() { CgroupTasks = ["/c/tasks"] };

    private const ulong Ns = CloneFlags.NewNs;
    private const ulong User = CloneFlags.NewUser;
    private const ulong Pid = CloneFlags.NewPid;
    private const ulong Uts = CloneFlags.NewUts;

    [Theory]
    [Checklist(250, 251, 252, 253, 254, 255, 257, 263)]
    [InlineData("pid", CloneFlags.NewPid)]
    [InlineData("network", CloneFlags.NewNet)]
    [InlineData("ipc", CloneFlags.NewIpc)]
    [InlineData("uts", CloneFlags.NewUts)]
    public void A_new_namespace_is_made_by_the_first_clone(string type, ulong flag)
    {
        var compiled = With(type);
        Assert.Equal((Ns | flag, false), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.DoesNotContain(Opcode.Fork, compiled.Opcodes());
    }

    [Fact]
    public void Where_Init_joins_the_cgroups_it_makes_the_namespaces_too()
    {
        var compiled = With(s_tasks, "pid", "uts", "cgroup");
        Assert.Equal(Pid, compiled.Result.CloneFlags);
        Assert.True(compiled.Result.JoinsCgroups);
        Assert.Equal(Opcode.Unshare, compiled.Opcodes()[0]);
        Assert.Equal([(uint)(Ns | Uts), (uint)CloneFlags.NewCgroup], compiled.All<Unshare>(Opcode.Unshare).ConvertAll(static u => u.Flags));
        // The root of a cgroup namespace is the cgroup that its maker is in.
        Assert.True(Array.LastIndexOf(compiled.Opcodes(), Opcode.Unshare) > Array.IndexOf(compiled.Opcodes(), Opcode.JoinCgroups));
        Assert.Equal(["/c/tasks"], compiled.Plan.Strings(compiled.One<JoinCgroups>(Opcode.JoinCgroups).Tasks));
    }

    [Theory]
    [InlineData("user")]
    [InlineData("user:/u")]
    [InlineData("pid:/p")]
    [InlineData("time")]
    public void Without_the_hosts_rights_Init_joins_no_cgroups(string type)
    {
        var compiled = With(s_tasks, type);
        Assert.False(compiled.Result.JoinsCgroups);
        Assert.DoesNotContain(Opcode.JoinCgroups, compiled.Opcodes());
    }

    [Fact]
    public void Without_the_hosts_mounts_Init_joins_no_cgroups()
    {
        var compiled = Compiled.From(linux: """ "namespaces": [{"type": "mount", "path": "/m"}] """, facts: s_tasks);
        Assert.False(compiled.Result.JoinsCgroups);
        Assert.DoesNotContain(Opcode.JoinCgroups, compiled.Opcodes());
    }

    [Fact]
    [Checklist(264)]
    public void A_type_that_is_not_listed_is_the_callers() => Assert.Equal(Ns, With().Result.CloneFlags);

    [Fact]
    [Checklist(256)]
    public void A_cgroup_namespace_is_made_after_the_cgroup_was_joined()
    {
        var compiled = With("cgroup");
        Assert.Equal(Ns, compiled.Result.CloneFlags);
        Assert.Equal((uint)CloneFlags.NewCgroup, compiled.One<Unshare>(Opcode.Unshare).Flags);
    }

    [Fact]
    [Checklist(257, 278, 279, 280)]
    public void A_time_namespace_gets_its_offsets_before_anyone_is_in_it()
    {
        var compiled = Compiled.From(linux: """
            "namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "time"}],
            "timeOffsets": {"monotonic": {"secs": -1, "nanosecs": 5}, "boottime": {"secs": 7}}
            """);
        Assert.Equal((0UL, true), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.Equal([Opcode.Unshare, Opcode.WriteTimeOffsets, Opcode.Fork], compiled.Opcodes()[..3]);
        Assert.Equal("monotonic -1 5\nboottime 7 0\n", compiled.Plan.Text(compiled.One<WriteTimeOffsets>(Opcode.WriteTimeOffsets).Text));
        Assert.Equal(Ns | Pid, compiled.One<Fork>(Opcode.Fork).Flags);
    }

    [Fact]
    [Checklist(260)]
    public void Namespaces_by_path_are_joined_by_descriptor()
    {
        var compiled = With("uts:/u", "network:/n");
        Assert.Equal(["join the uts namespace /u", "join the network namespace /n"], compiled.Lines()[..2]);
        var joins = compiled.All<JoinNamespace>(Opcode.JoinNamespace);
        Assert.Equal((InheritedFd.First, (uint)Uts), (joins[0].Inherited, joins[0].Kind));
        Assert.Equal(InheritedFd.First + 2, compiled.Plan.Header.InheritedFds);
        Assert.Equal(new NamespaceToJoin("linux.namespaces[1].path", Uts, "/u"), compiled.Result.Joins[0]);
        Assert.False(compiled.Result.TwoStep);
    }

    [Fact]
    [Checklist(266)]
    public void A_pid_namespace_by_path_takes_a_second_clone()
    {
        var compiled = With("pid:/p", "uts");
        Assert.Equal((0UL, true), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.Equal(Ns | Uts, compiled.One<Fork>(Opcode.Fork).Flags);
    }

    [Fact]
    [Checklist(255, 268, 269)]
    public void A_new_user_namespace_alone_is_made_with_all_others()
    {
        var compiled = Compiled.From(linux: User_(""" {"type": "pid"} """));
        Assert.Equal(Ns | User | Pid, compiled.Result.CloneFlags);
        // The id maps are written while the child waits to execute Init.
        Assert.DoesNotContain(Opcode.AwaitIdMap, compiled.Opcodes());
    }

    [Fact]
    public void A_new_user_namespace_comes_after_what_is_joined()
    {
        var compiled = Compiled.From(linux: User_(""" {"type": "network", "path": "/n"} """));
        Assert.Equal((0UL, true), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.Equal([Opcode.JoinNamespace, Opcode.Fork, Opcode.AwaitIdMap, Opcode.BecomeRoot], compiled.Opcodes()[..4]);
        Assert.Equal(Ns | User, compiled.One<Fork>(Opcode.Fork).Flags);
        Assert.Equal(0u, compiled.One<AwaitIdMap>(Opcode.AwaitIdMap).Dumpable);
        Assert.Equal(1u, compiled.One<BecomeRoot>(Opcode.BecomeRoot).ClearGroups);
    }

    [Fact]
    [Checklist(267)]
    public void What_is_made_belongs_to_the_user_namespace_that_is_joined()
    {
        var compiled = With("user:/u", "pid");
        Assert.Equal((0UL, true), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.Equal([Opcode.JoinNamespace, Opcode.Fork], compiled.Opcodes()[..2]);
        Assert.DoesNotContain(Opcode.AwaitIdMap, compiled.Opcodes());
    }

    [Fact]
    public void All_joined_is_no_reason_for_a_second_clone()
    {
        var compiled = Compiled.From(linux: """
            "namespaces": [{"type": "user", "path": "/u"}, {"type": "mount", "path": "/m"}, {"type": "cgroup"}]
            """);
        Assert.Equal((0UL, false), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
    }

    [Fact]
    public void A_new_user_namespace_owns_the_time_namespace()
    {
        var compiled = Compiled.From(linux: User_(""" {"type": "time"} """));
        Assert.Equal((User, true), (compiled.Result.CloneFlags, compiled.Result.TwoStep));
        Assert.Equal(Ns, compiled.One<Fork>(Opcode.Fork).Flags);
        Assert.DoesNotContain(Opcode.AwaitIdMap, compiled.Opcodes());
    }

    [Theory]
    [InlineData(0u, "join the network namespace /n", "join the user namespace /u")]
    [InlineData(1000u, "join the user namespace /u", "join the network namespace /n")]
    public void Privileges_are_given_up_last_or_gained_first(uint euid, string first, string second)
    {
        var compiled = Compiled.From(
            linux: """ "namespaces": [{"type": "mount"}, {"type": "user", "path": "/u"}, {"type": "network", "path": "/n"}] """,
            facts: new HostFacts { Euid = euid });
        Assert.Equal([first, second], compiled.Lines()[..2]);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void The_session_keyring_is_named_after_the_container(bool without, bool expected)
    {
        var compiled = Compiled.From(options: Compiled.Options with { NoNewKeyring = without });
        Assert.Equal(expected ? ["join a new session keyring _ses.demo"] : Array.Empty<string>(), compiled.Lines("join a new"));
        Assert.Single(compiled.Lines("lead a new session"));
    }

    [Fact]
    public void Loopback_is_brought_up_in_a_new_network_namespace_only()
    {
        Assert.Contains(Opcode.BringLoopbackUp, With("network").Opcodes());
        Assert.DoesNotContain(Opcode.BringLoopbackUp, With("network:/n").Opcodes());
    }

    [Fact]
    [Checklist(208, 210)]
    public void Names_are_set_in_a_uts_namespace()
    {
        var compiled = Compiled.From(""" "hostname": "web", "domainname": "example.org" """,
            """ "namespaces": [{"type": "mount"}, {"type": "uts"}] """);
        Assert.Equal(["set the host name to web", "set the domain name to example.org"], compiled.Lines("set the ")[..2]);
    }

    [Fact]
    public void Every_type_has_a_flag_and_a_name()
    {
        ulong all = 0;
        foreach (var type in Enum.GetValues<NamespaceType>())
        {
            Assert.Equal(Names.NamespaceTypes[(int)type], Namespaces.Name(Namespaces.Kind(type)));
            all |= Namespaces.Kind(type);
        }
        Assert.Equal(CloneFlags.AllNamespaces, all);
    }

    /// <summary>A mount namespace, and those of the arguments, "type" or "type:path".</summary>
    private static Compiled With(params string[] namespaces) => With(Compiled.Root, namespaces);

    private static Compiled With(HostFacts facts, params string[] namespaces)
    {
        string list = """ {"type": "mount"} """;
        foreach (string item in namespaces)
        {
            string[] parts = item.Split(':');
            list += parts.Length == 1 ? $$""", {"type": "{{parts[0]}}"} """ : $$""", {"type": "{{parts[0]}}", "path": "{{parts[1]}}"} """;
        }
        return Compiled.From(linux: $""" "namespaces": [{list}] """, facts: facts);
    }

    private static string User_(string others) => $$"""
        "namespaces": [{"type": "mount"}, {"type": "user"}, {{others}}],
        "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
        "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}]
        """;

    [Fact]
    [Checklist(297)]
    public void Network_devices_come_before_what_may_be_about_them()
    {
        var compiled = Compiled.From(linux: """
            "namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "uts"}], "netDevices": {"veth0": {"name": "eth0"}},
            "sysctl": {"net.ipv4.conf.eth0.forwarding": "1"}
            """, members: """ "hostname": "h" """);
        Assert.Equal([Opcode.BringLoopbackUp, Opcode.RequestNetDevices, Opcode.SetHostname],
            compiled.Opcodes()[compiled.IndexOf(Opcode.BringLoopbackUp)..(compiled.IndexOf(Opcode.SetHostname) + 1)]);
        Assert.Empty(Compiled.From(linux: """ "namespaces": [{"type": "mount"}, {"type": "network"}], "netDevices": {} """)
            .All<RequestNetDevices>(Opcode.RequestNetDevices));
    }
}
