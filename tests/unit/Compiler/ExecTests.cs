using System;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class ExecTests
{
    private const ulong Pid = CloneFlags.NewPid, Ns = CloneFlags.NewNs, User = CloneFlags.NewUser, Uts = CloneFlags.NewUts;

    private static readonly CompileOptions s_options = Compiled.Options with { StartsAtOnce = true, JoinsContainer = true };

    [Fact]
    public void All_namespaces_are_joined_at_once_and_a_pid_namespace_takes_a_fork()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Pid | Ns | Uts, 42));
        Assert.Equal(
            [Opcode.JoinNamespace, Opcode.Fork, Opcode.NewSession, Opcode.SessionKeyring, Opcode.PrepareStdio, Opcode.SetUmask,
                Opcode.ChangeDirectory, Opcode.SetIdentity, Opcode.ChangeDirectory, Opcode.FindExecutable, Opcode.Ready, Opcode.Execute],
            compiled.Opcodes());
        var join = compiled.One<JoinNamespace>(Opcode.JoinNamespace);
        Assert.Equal((InheritedFd.Start, (uint)(Pid | Ns | Uts)), (join.Inherited, join.Kind));
        Assert.Equal((0ul, true, 0ul), (compiled.Result.CloneFlags, compiled.Result.TwoStep, compiled.One<Fork>(Opcode.Fork).Flags));
        Assert.Equal(["join the pid, mount, uts namespaces of process 42"], compiled.Lines("join the pid"));
    }

    [Fact]
    public void Without_a_pid_namespace_there_is_no_fork()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Ns | Uts, 42));
        Assert.DoesNotContain(Opcode.Fork, compiled.Opcodes());
        Assert.False(compiled.Result.TwoStep);
    }

    [Fact]
    public void In_a_user_namespace_it_becomes_root_before_anything_else()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Pid | Ns | User, 42));
        Assert.Equal([Opcode.JoinNamespace, Opcode.Fork, Opcode.BecomeRoot, Opcode.NewSession], compiled.Opcodes()[..4]);
    }

    [Theory]
    [InlineData(0u, "net mnt pid user")]
    [InlineData(1000u, "user pid net mnt")]
    public void By_files_the_user_namespace_comes_where_it_leaves_the_rights_to_join_the_others(uint euid, string unordered)
    {
        var joins = NamespaceSet.OfFiles(Pid | Ns | User | CloneFlags.NewNet, 42, new HostFacts { Euid = euid }).Joins;
        Assert.Equal(4, joins.Length);
        int user = Array.FindIndex(joins, static join => join.Path == "/proc/42/ns/user");
        Assert.Equal(euid == 0 ? 3 : 0, user);
        foreach (string name in unordered.Split(' '))
            Assert.Contains(joins, join => join.Path == "/proc/42/ns/" + name);
    }

    [Fact]
    public void A_container_in_the_hosts_mount_namespace_is_entered_by_chroot()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Uts, 42));
        Assert.Contains(Opcode.OpenRootfs, compiled.Opcodes());
        Assert.Contains(Opcode.ChangeRoot, compiled.Opcodes());
    }

    [Fact]
    public void Nothing_is_made_in_the_container()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Pid | Ns, 42), process: """ "cwd": "/work", "args": ["/bin/true"], "terminal": true """);
        Assert.All(compiled.All<ChangeDirectory>(Opcode.ChangeDirectory), static directory => Assert.Equal(0u, directory.Create));
        Assert.Equal((1u, 0u), (compiled.All<ChangeDirectory>(Opcode.ChangeDirectory)[0].Again, compiled.All<ChangeDirectory>(Opcode.ChangeDirectory)[1].Again));
        Assert.Equal(0u, compiled.One<OpenConsole>(Opcode.OpenConsole).BindConsole);
    }

    [Fact]
    public void Added_variables_come_last_and_replace()
    {
        var compiled = Exec(NamespaceSet.OfProcess(Ns, 42), process: """ "cwd": "/", "args": ["x"], "env": ["A=1", "PATH=/a"] """,
            options: s_options with { AddedEnv = ["A=2", "PATH=/b"] });
        Assert.Equal(["A=2", "PATH=/b"], compiled.Plan.Strings(compiled.One<Execute>(Opcode.Execute).Environment));
        Assert.Equal(["/b/x"], compiled.Plan.Strings(compiled.One<FindExecutable>(Opcode.FindExecutable).Candidates));
    }

    private static Compiled Exec(NamespaceSet namespaces, string process = """ "cwd": "/", "args": ["/bin/true"] """, CompileOptions? options = null)
    {
        var config = new Config { Process = ConfigReader.ReadProcess(Encoding.UTF8.GetBytes("{" + process + "}"), "process.json") };
        return new Compiled(PlanCompiler.CompileExec(config, options ?? s_options, Compiled.Root, namespaces));
    }
}
