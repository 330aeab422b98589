using System;
using System.Linq;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class ProcessTests
{
    [Fact]
    public void The_steps_come_in_the_order_that_works()
    {
        var compiled = Process(""" "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}] """);
        Assert.Equal([Opcode.PivotRoot, Opcode.PrepareStdio, Opcode.SetRlimit, Opcode.SetUmask, Opcode.ChangeDirectory,
            Opcode.SetIdentity, Opcode.ChangeDirectory, Opcode.FindExecutable, Opcode.Ready, Opcode.AwaitStart, Opcode.Execute],
            compiled.Opcodes()[compiled.IndexOf(Opcode.PivotRoot)..]);
    }

    [Fact]
    [Checklist(136, 137)]
    public void Without_a_process_the_plan_ends_in_waiting()
    {
        var compiled = Compiled.FromJson("""
            {"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "linux": {"namespaces": [{"type": "mount"}]},
             "hooks": {"startContainer": [{"path": "/h"}]}}
            """);
        Assert.Equal([Opcode.PivotRoot, Opcode.PrepareStdio, Opcode.Ready, Opcode.AwaitStart], compiled.Opcodes()[^4..]);
    }

    [Theory]
    [Checklist(138, 139, 140, 141, 142)]
    [InlineData(""" "terminal": true """, "make a terminal, also as /dev/console, owned by 0")]
    [InlineData(""" "terminal": true, "consoleSize": {"height": 25, "width": 80}, "user": {"uid": 7, "gid": 0} """,
        "make a terminal of 25 rows and 80 columns, also as /dev/console, owned by 7")]
    [InlineData(""" "terminal": true, "consoleSize": {"height": 100000, "width": 1} """,
        "make a terminal of 65535 rows and 1 columns, also as /dev/console, owned by 0")]
    [InlineData(""" "terminal": false, "consoleSize": {"height": 25, "width": 80} """, "hand the standard streams over to user 0")]
    [InlineData(""" "user": {"uid": 7, "gid": 0} """, "hand the standard streams over to user 7")]
    public void Standard_streams_are_a_terminal_or_the_callers(string member, string expected)
    {
        var compiled = Process(member);
        Assert.Equal(expected, compiled.Lines()[compiled.IndexOf(Opcode.PivotRoot) + 1]);
    }

    [Fact]
    public void In_the_hosts_mount_namespace_the_terminal_is_bound_nowhere() =>
        Assert.Equal(0u, Compiled.From(linux: """ "namespaces": [] """, process: """ "cwd": "/", "args": ["a"], "terminal": true """)
            .One<OpenConsole>(Opcode.OpenConsole).BindConsole);

    [Fact]
    [Checklist(152, 154, 155)]
    public void Every_limit_has_its_number()
    {
        string limits = string.Join(", ", Spec.Names.RlimitTypes.ToArray().Select(
            static (name, i) => FormattableString.Invariant($$"""{"type": "{{name}}", "soft": {{i}}, "hard": 18446744073709551615}""")));
        var compiled = Process($""" "rlimits": [{limits}] """);
        foreach (var limit in compiled.All<SetRlimit>(Opcode.SetRlimit))
        {
            Assert.Equal((limit.Resource, ulong.MaxValue), (limit.Soft, limit.Hard));
            Assert.Equal(Rlimits.Names[(int)limit.Resource], Spec.Names.RlimitTypes[(int)limit.Resource]);
        }
        Assert.Equal("limit RLIMIT_CPU to 0, at most unlimited", compiled.Lines("limit")[0]);
    }

    [Theory]
    [Checklist(204, 205)]
    [InlineData("", 0x12u)]
    [InlineData(""" "user": {"uid": 0, "gid": 0, "umask": 63} """, 63u)]
    public void The_umask_is_the_users_or_0022(string member, uint expected) =>
        Assert.Equal(expected, Process(member).One<SetUmask>(Opcode.SetUmask).Mask);

    [Fact]
    [Checklist(145, 146)]
    public void The_working_directory_is_made_before_the_user_changes_and_entered_again_after()
    {
        var compiled = Compiled.From(process: """ "cwd": "/a/b", "args": ["a"], "user": {"uid": 5, "gid": 6} """);
        var steps = compiled.All<ChangeDirectory>(Opcode.ChangeDirectory);
        Assert.Equal([1u, 0u], steps.ConvertAll(static step => step.Create));
        Assert.Equal(("/a/b", 5u, 6u), (compiled.Plan.Text(steps[0].Path), steps[0].Uid, steps[0].Gid));
    }

    [Theory]
    [Checklist(150)]
    [InlineData("sh", "PATH=/a:/b", "/a/sh", "/b/sh")]
    [InlineData("sh", "PATH=/a::b", "/a/sh", "./sh", "b/sh")]
    [InlineData("sh", "PATH=", "./sh")]
    [InlineData("sh", "X=1", "/bin/sh", "/usr/bin/sh")]
    [InlineData("./sh", "PATH=/a", "./sh")]
    [InlineData("/bin/sh", "PATH=/a", "/bin/sh")]
    [InlineData("a/b", "PATH=/a", "a/b")]
    [InlineData("", "PATH=/a")]
    public void The_program_is_searched_as_execvp_does(string program, string variable, params string[] expected)
    {
        var compiled = Compiled.From(process: $$""" "cwd": "/", "args": ["{{program}}", "x"], "env": ["PATH=/first", "{{variable}}"] """
            .Replace("\"PATH=/first\", \"X", "\"X", StringComparison.Ordinal));
        Assert.Equal(expected, compiled.Plan.Strings(compiled.One<FindExecutable>(Opcode.FindExecutable).Candidates));
        Assert.Equal([program, "x"], compiled.Plan.Strings(compiled.One<Execute>(Opcode.Execute).Arguments));
    }

    [Fact]
    [Checklist(147)]
    public void Of_variables_with_one_name_the_last_one_stays_in_its_place() =>
        Assert.Equal(["B=1", "HOME=/h", "A=2", "=x", "A2=", "C"], EnvironmentOf("A=1", "B=1", "HOME=/h", "A=", "A=2", "=x", "A2=", "C"));

    [Theory]
    [InlineData(1u)]
    [InlineData(0u, "HOME=/h")]
    [InlineData(1u, "HOME=")]
    [InlineData(1u, "HOME=/h", "HOME=")]
    [InlineData(0u, "HOME=", "HOME=/h")]
    public void Home_is_looked_up_where_it_is_missing_or_empty(uint expected, params string[] environment)
    {
        var compiled = WithEnvironment(environment);
        var execute = compiled.One<Execute>(Opcode.Execute);
        Assert.Equal(expected, execute.AddHome);
        Assert.Equal(expected == 0, compiled.Plan.Strings(execute.Environment).Contains("HOME=/h"));
        Assert.DoesNotContain("HOME=", compiled.Plan.Strings(execute.Environment));
    }

    [Fact]
    public void Sockets_of_a_service_manager_are_named_last()
    {
        var compiled = Compiled.From(process: """ "cwd": "/", "args": ["a"], "env": ["LISTEN_PID=9", "A=1"] """,
            options: Compiled.Options with { ListenFds = 2, ListenNames = "web:api", PreservedFds = 1 });
        Assert.Equal(["A=1", "LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=web:api"],
            compiled.Plan.Strings(compiled.One<Execute>(Opcode.Execute).Environment));
        Assert.Equal((3u, 3u), (compiled.Result.PreservedFds, compiled.Plan.Header.PreservedFds));
    }

    [Fact]
    public void Twelve_thousand_variables_take_no_more_than_their_own_length()
    {
        static string[] Many(int count) => [.. Enumerable.Range(0, count).Select(static i => FormattableString.Invariant($"VARIABLE_{i:d5}=x"))];
        int none = WithEnvironment().Result.Plan.Length;
        int some = WithEnvironment(Many(12)).Result.Plan.Length;
        int all = WithEnvironment([.. Many(12_000), .. Many(12_000)]).Result.Plan.Length;
        // The text, its NUL and a reference for each, up to alignment.
        Assert.InRange(some - none, 12 * (16 + 1 + 8), 12 * (16 + 1 + 8) + 8);
        Assert.InRange(all - none, 12_000 * (16 + 1 + 8), 12_000 * (16 + 1 + 8) + 8);
    }

    [Fact]
    public void A_thousand_mounts_take_a_thousand_times_one()
    {
        static Compiled Many(int count) => Compiled.From($$""" "mounts": [{{string.Join(", ", Enumerable.Range(0, count).Select(static i =>
            FormattableString.Invariant($$"""{"destination": "/m/{{i:d4}}", "source": "/s/{{i:d4}}", "options": ["rbind", "ro"]}""")))}}] """);
        var one = Many(1);
        var two = Many(2);
        var thousand = Many(1000);
        Assert.Equal(one.Plan.Count + (999 * (two.Plan.Count - one.Plan.Count)), thousand.Plan.Count);
        Assert.InRange(thousand.Result.Plan.Length, 1000 * 100, one.Result.Plan.Length + (999 * (two.Result.Plan.Length - one.Result.Plan.Length + 8)));
        Assert.Equal(1000u, thousand.Plan.Header.Slots);
    }

    private static string[] EnvironmentOf(params string[] environment)
    {
        var compiled = WithEnvironment(environment);
        return compiled.Plan.Strings(compiled.One<Execute>(Opcode.Execute).Environment);
    }

    private static Compiled WithEnvironment(params string[] environment) =>
        Process($""" "env": [{string.Join(", ", environment.Select(static entry => $"\"{entry}\""))}] """);

    private static Compiled Process(string member) =>
        Compiled.From(process: """ "cwd": "/", "args": ["/a"] """ + (member.Length == 0 ? "" : ", " + member));
}
