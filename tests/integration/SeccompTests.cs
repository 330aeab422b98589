using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config-linux.md#seccomp, in the kernel. Numbers of calls are x86_64's.</summary>
public sealed class SeccompTests : ContainerTest
{
    private const int Getppid = 110, Personality = 135, Mkdir = 83;
    private const int Sigsys = 31;

    [Fact, Checklist(431, 485)]
    public void A_filter_is_installed()
    {
        Rule("SCMP_ACT_ERRNO", "getppid")["errnoRet"] = 25;
        Assert.Equal("2", StatusLine(Report(), "Seccomp"));
        Assert.Equal("-25", Call(Getppid));
    }

    [Fact, Checklist(506)]
    public void A_filter_that_is_not_there_is_an_error()
    {
        Known.PeersDeviate("do not look");
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        Rule("SCMP_ACT_ERRNO", "getppid");
        Bundle.Args("report");
        Bundle.Save();
        // Of the calls of prctl(2) it is the last: the first run tells which that is, the second has the kernel say 0.
        var trace = Path.Combine(Home, "trace");
        ReportOf(Traced(trace, "trace=prctl"));
        var calls = File.ReadAllLines(trace).Where(static l => l.Contains(" prctl(", StringComparison.Ordinal)).ToList();
        var asked = calls.FindIndex(static l => l.Contains("PR_GET_SECCOMP", StringComparison.Ordinal));
        Assert.Contains("= 2", calls[asked]);
        var own = calls[asked].Split(' ')[0];
        var when = calls.Take(asked + 1).Count(l => l.StartsWith(own + " ", StringComparison.Ordinal));
        Assert.Contains("[seccomp-failed]", Traced(trace, $"inject=prctl:retval=0:when={when}").Error);

        Result Traced(string file, string expression) =>
            new Command("/usr/bin/strace", "-f", "-qq", "-o", file, "-e", expression, Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
            {
                Environment = RuntimeEnvironment(),
            }.Run(Home);
    }

    [Theory, Checklist(506)]
    [InlineData(true, 0)]
    [InlineData(true, 1000)]
    [InlineData(false, 0)]
    [InlineData(false, 1000)]
    public void Only_what_the_program_itself_calls_has_to_be_allowed(bool noNewPrivileges, int user)
    {
        Known.PeersDeviate("need some calls of their own");
        Bundle.Process["noNewPrivileges"] = noNewPrivileges;
        Bundle.Process["user"] = new JsonObject { ["uid"] = user, ["gid"] = user };
        // Init's own: credentials, sockets, files, polls.
        Profile("SCMP_ACT_ALLOW");
        Rule("SCMP_ACT_KILL_PROCESS", "setgroups", "setresuid", "setresgid", "capset", "sendmsg", "recvmsg", "accept4", "dup3", "close_range",
            "faccessat2", "chdir", "fchdir", "seccomp", "execveat", "fsopen");
        var report = Report();
        Assert.Equal("2", StatusLine(report, "Seccomp"));
        Assert.Equal("0000000020000420", StatusLine(report, "CapBnd"));
        // The privilege that installing takes is gone.
        Assert.Equal(user == 0 ? "0000000020000420" : "0000000000000000", StatusLine(report, "CapPrm"));
        Assert.Equal(user == 0 ? "0000000020000420" : "0000000000000000", StatusLine(report, "CapEff"));
    }

    [Theory, Checklist(490, 491, 492, 493, 494, 495, 496, 488)]
    [InlineData("SCMP_CMP_EQ", "4294967298", "4294967298", true)]
    [InlineData("SCMP_CMP_EQ", "4294967298", "2", false)]
    [InlineData("SCMP_CMP_NE", "8", "9", true)]
    [InlineData("SCMP_CMP_NE", "8", "8", false)]
    [InlineData("SCMP_CMP_LT", "4294967298", "4294967297", true)]
    [InlineData("SCMP_CMP_LT", "4294967298", "4294967298", false)]
    [InlineData("SCMP_CMP_LE", "4294967298", "4294967298", true)]
    [InlineData("SCMP_CMP_LE", "4294967298", "8589934592", false)]
    [InlineData("SCMP_CMP_GE", "4294967298", "4294967298", true)]
    [InlineData("SCMP_CMP_GE", "4294967298", "4294967297", false)]
    [InlineData("SCMP_CMP_GT", "4294967298", "8589934592", true)]
    [InlineData("SCMP_CMP_GT", "4294967298", "4294967298", false)]
    [InlineData("SCMP_CMP_MASKED_EQ", "6", "13", true)]
    [InlineData("SCMP_CMP_MASKED_EQ", "6", "10", false)]
    public void A_condition_decides(string op, string value, string argument, bool holds)
    {
        var rule = Rule("SCMP_ACT_ERRNO", "personality");
        rule["errnoRet"] = 99;
        rule["args"] = new JsonArray(new JsonObject
        {
            ["index"] = 1,
            ["op"] = op,
            ["value"] = ulong.Parse(value, System.Globalization.CultureInfo.InvariantCulture),
            // (argument & 6) == 4
            ["valueTwo"] = op == "SCMP_CMP_MASKED_EQ" ? 4 : 0,
        });
        Assert.Equal(holds ? "-99" : "0", Call(Personality, "4294967295", argument));
    }

    [Theory]
    [InlineData("SCMP_ACT_KILL_PROCESS", 128 + Sigsys), Checklist(475, 476, 478)]
    [InlineData("SCMP_ACT_TRAP", 128 + Sigsys)]
    public void A_call_ends_the_program(string action, int status)
    {
        Rule(action, "mkdir");
        Bundle.Args("call", $"{Mkdir}");
        Assert.Equal(status, RunContainer().ExitCode);
    }

    [Fact, Checklist(477)]
    public void Only_the_thread_is_killed()
    {
        Rule("SCMP_ACT_KILL_THREAD", "mkdir");
        Bundle.Args("call-in-thread", $"{Mkdir}");
        Assert.Equal("alive\n", Success(RunContainer()).Out);
    }

    [Theory, Checklist(479, 480, 481, 482)]
    [InlineData("SCMP_ACT_ERRNO", "-1")]
    [InlineData("SCMP_ACT_TRACE", "-38")]
    [InlineData("SCMP_ACT_ALLOW", "0")]
    [InlineData("SCMP_ACT_LOG", "0")]
    public void A_call_returns(string action, string result)
    {
        Profile(action is "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW");
        Rule(action, "personality");
        Assert.Equal(result, Call(Personality, "4294967295"));
    }

    [Theory, Checklist(437)]
    [InlineData(true, 25)]
    [InlineData(false, 128 + Sigsys)]
    public void Programs_of_32_bits_are_under_the_filter_if_their_architecture_is_named_and_killed_else(bool named, int expected)
    {
        Assert.SkipUnless(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64, "this machine is no x86_64");
        var program = Bundle.Inside("/program32");
        File.WriteAllBytes(program, Program32);
        Libc.chmod(program, 0x1ed);
        Bundle.Process["args"] = new JsonArray("/program32");
        var free = RunContainer();
        Assert.SkipUnless(free.ExitCode is not (1 or 126), "this kernel runs no 32-bit programs: " + free.Error);
        Rule("SCMP_ACT_ERRNO", "getppid")["errnoRet"] = 25;
        Bundle.Linux["seccomp"]!["architectures"] = named ? new JsonArray("SCMP_ARCH_X86_64", "SCMP_ARCH_X86") : new JsonArray("SCMP_ARCH_X86_64");
        Assert.Equal(expected, RunContainer().ExitCode);
    }

    /// <summary>An ELF file for i386 whose exit status is -getppid(): "mov eax, 64; int 128; neg eax; mov ebx, eax; mov eax, 1; int 128".</summary>
    private static byte[] Program32 =>
    [
        0x7f, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 0x04, 0x08, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x04, 0x08, 0, 0x80, 0x04, 0x08, 0x66, 0, 0, 0, 0x66, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
        0xb8, 64, 0, 0, 0, 0xcd, 0x80, 0xf7, 0xd8, 0x89, 0xc3, 0xb8, 1, 0, 0, 0, 0xcd, 0x80,
    ];

    [Fact, Checklist(434, 507)]
    public void Calls_that_are_newer_than_the_profile_do_not_exist()
    {
        Known.PeersDeviate("may lack the stub");
        Bundle.Linux["seccomp"] = DockersProfile();
        Assert.Equal("-38", Call(9999));
        // kexec_load, which the profile leaves out.
        Assert.Equal("-1", Call(246));
        Assert.Equal("0", Call(Personality, "4294967295"));
        Assert.Equal("-1", Call(Personality, "1"));
    }

    [Fact, Checklist(432)]
    public void A_filter_that_kills_everything_is_told_of_and_hangs_nothing()
    {
        Profile("SCMP_ACT_KILL");
        if (!Target.IsCsrun)
        {
            Known.Deviates("runc", "hangs");
            Assert.NotEqual(0, RunContainer().ExitCode);
            return;
        }

        Bundle.Save();
        var result = Runtime("run", "--bundle", Bundle.Path, Id);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("[seccomp-blocked]", result.Error, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("SCMP_ACT_ERRNO")]
    [InlineData("SCMP_ACT_TRAP")]
    [InlineData("SCMP_ACT_KILL_PROCESS")]
    public void A_filter_without_execve_is_told_of(string action)
    {
        Known.PeersDeviate("are not under test here");
        Profile(action);
        Created();
        var result = Runtime("start", Id);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("seccomp", result.Error, StringComparison.Ordinal);
        AwaitStatus("stopped");
    }

    [Fact, Checklist(461, 462, 463)]
    public void Flags_are_passed_to_the_kernel()
    {
        Rule("SCMP_ACT_ERRNO", "mkdir");
        Seccomp["flags"] = Bundle.Json("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW");
        Assert.Equal("-1", Call(Mkdir));
        // Without SPEC_ALLOW, a filter turns mitigations on, for what the processor needs.
        var with = StatusLine(Report(), "Speculation_Store_Bypass");
        Seccomp["flags"] = Bundle.Json();
        var without = StatusLine(Report(), "Speculation_Store_Bypass");
        if (with is "not vulnerable" or "vulnerable" or "globally mitigated" or "unknown")
            Assert.Equal(with, without);
        else
            Assert.NotEqual(with, without);
    }

    [Theory, Checklist(466, 467, 470, 471, 483, 500, 501, 502, 503, 504, 505)]
    [InlineData(true)]
    [InlineData(false)]
    public void An_agent_decides(bool noNewPrivileges)
    {
        Known.PeersDeviate("may have been built without it");
        Bundle.Process["noNewPrivileges"] = noNewPrivileges;
        Rule("SCMP_ACT_NOTIFY", "getppid", "personality");
        Rule("SCMP_ACT_ERRNO", "mkdir")["errnoRet"] = 25;
        var socket = Path.Combine(Home, "agent.sock");
        Seccomp["listenerPath"] = socket;
        Seccomp["listenerMetadata"] = "who=\"me\"";
        Seccomp["flags"] = Bundle.Json("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
        Bundle.Config["annotations"] = new JsonObject { ["some.key"] = "value" };
        using var agent = new SeccompAgent(socket, 13);
        Bundle.Args("call", $"{Getppid}", ",", "call", $"{Mkdir}", ",", "call", $"{Personality}", "4294967295", ",", "report", "--out", "/report");
        var pid = Created();
        Host.Eventually(() => agent.State is not null, "a container process state");
        Assert.Equal("1.3.0", agent.State!["ociVersion"]!.GetValue<string>());
        Assert.Equal("seccompFd", agent.State["fds"]!.AsArray().Single()!.GetValue<string>());
        Assert.Equal(pid, agent.State["pid"]!.GetValue<int>());
        Assert.Equal("who=\"me\"", agent.State["metadata"]!.GetValue<string>());
        var state = agent.State["state"]!;
        Assert.Equal("creating", state["status"]!.GetValue<string>());
        Assert.Equal(Id, state["id"]!.GetValue<string>());
        Assert.Equal(pid, state["pid"]!.GetValue<int>());
        Assert.Equal(Bundle.Path, state["bundle"]!.GetValue<string>());
        Assert.Equal("value", state["annotations"]!["some.key"]!.GetValue<string>());
        Assert.Equal(1, agent.Descriptors);
        Assert.True(agent.Closed);

        Succeeds("start", Id);
        AwaitStatus("stopped");
        Assert.Equal("0000000020000420", StatusLine(Lines(Bundle.Inside("/report"))[0], "CapPrm"));
        lock (agent.Calls)
            Assert.Equal([Getppid, Personality], agent.Calls.Distinct());
    }

    [Fact, Checklist(483)]
    public void An_agent_may_let_calls_go_on_even_those_of_Init()
    {
        Known.PeersDeviate("may have been built without it");
        Rule("SCMP_ACT_NOTIFY", "getppid", "sendmsg", "recvmsg", "close", "read", "accept4", "execve");
        var socket = Path.Combine(Home, "agent.sock");
        Seccomp["listenerPath"] = socket;
        using var agent = new SeccompAgent(socket, 0);
        Assert.Equal("0", Call(Getppid));
        Assert.Null(agent.State!["metadata"]);
    }

    [Fact, Checklist(468)]
    public void An_agent_that_is_not_there_is_an_error()
    {
        Rule("SCMP_ACT_NOTIFY", "getppid");
        Seccomp["listenerPath"] = Path.Combine(Home, "no.sock");
        Known.Deviates("crun", "takes it");
        RunFails("linux.seccomp.listenerPath: cannot connect");
    }

    [Fact, Checklist(469)]
    public void An_agent_that_nobody_asks_need_not_be_there()
    {
        Known.PeersDeviate("connect in any case");
        Rule("SCMP_ACT_ERRNO", "getppid");
        Seccomp["listenerPath"] = Path.Combine(Home, "no.sock");
        Assert.Equal("-1", Call(Getppid));
    }

    [Fact]
    public void A_startContainer_hook_does_not_run_under_the_filter()
    {
        Known.PeersDeviate("may have it run under the filter");
        Bundle.Process["noNewPrivileges"] = false;
        Rule("SCMP_ACT_ERRNO", "mkdir");
        Bundle.Config["hooks"] = new JsonObject
        {
            ["startContainer"] = new JsonArray(new JsonObject { ["path"] = "/checker", ["args"] = Bundle.Json("checker", "report", "--out", "/hook") }),
        };
        Assert.Equal("-1", Call(Mkdir));
        Assert.Equal("0", StatusLine(Lines(Bundle.Inside("/hook"))[0], "Seccomp"));
    }

    [Fact]
    public void A_filter_is_installed_in_a_user_namespace()
    {
        Bundle.Namespace("user");
        Bundle.Linux["uidMappings"] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        Bundle.Linux["gidMappings"] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        Bundle.Process["noNewPrivileges"] = false;
        Rule("SCMP_ACT_ERRNO", "getppid")["errnoRet"] = 25;
        Assert.Equal("-25", Call(Getppid));
    }

    [Fact]
    public void The_filter_of_a_profile_can_be_seen_and_asked()
    {
        Known.PeersDeviate("have no such command");
        Bundle.Linux["seccomp"] = DockersProfile();
        Bundle.Save();
        var listing = Succeeds("seccomp", "compile", Bundle.ConfigFile).Out;
        Assert.Matches(@"^\s*0: ld \[4\]  ; architecture\n\s*1: jeq #0xc000003e, 2, ", listing);
        Assert.Equal(listing.Split('\n').Length - 1, System.Text.RegularExpressions.Regex.Count(listing, "^ *[0-9]+: (ld|jeq|jge|jgt|jset|and|jmp|ret) ", System.Text.RegularExpressions.RegexOptions.Multiline));
        Assert.Equal("x86_64: kexec_load (246): SCMP_ACT_ERRNO (EPERM), by defaultAction\nx86: kexec_load (283): SCMP_ACT_ERRNO (EPERM), by defaultAction\nx32: kexec_load (1073742352): SCMP_ACT_ERRNO (EPERM), by defaultAction\n",
            Succeeds("seccomp", "explain", Bundle.ConfigFile, "kexec_load").Out);
        Assert.Contains("x86_64: personality (135): SCMP_ACT_ALLOW, by syscalls[", Succeeds("seccomp", "explain", Bundle.ConfigFile, "personality", "0xffffffff").Out, StringComparison.Ordinal);
        Assert.Contains("x86_64: personality (135): depends on the arguments:\n  SCMP_ACT_ALLOW if arg0 == 0 (syscalls[", Succeeds("seccomp", "explain", Bundle.ConfigFile, "personality").Out, StringComparison.Ordinal);
        Assert.Contains("newer than the profile", Succeeds("seccomp", "explain", Bundle.ConfigFile, "9999").Out, StringComparison.Ordinal);
        Fails("[seccomp-question]", "seccomp", "explain", Bundle.ConfigFile, "frob");
        Fails("[seccomp-question]", "seccomp", "explain", Bundle.ConfigFile, "personality", "x");

        // What a config has as linux.seccomp does as well, alone in a file.
        var profile = DockersProfile();
        profile["syscalls"]!.AsArray().Add(new JsonObject { ["names"] = Bundle.Json("kexec_load"), ["action"] = "SCMP_ACT_LOG" });
        var other = Path.Combine(Home, "profile.json");
        File.WriteAllText(other, profile.ToJsonString());
        var difference = Runtime("seccomp", "diff", Bundle.ConfigFile, other);
        Assert.Equal(1, difference.ExitCode);
        Assert.Contains("x86_64 kexec_load: SCMP_ACT_ERRNO (EPERM), then SCMP_ACT_LOG\n", difference.Out, StringComparison.Ordinal);
        Assert.Equal("", Succeeds("seccomp", "diff", other, other).Out);
        Assert.Contains("  seccomp         SCMP_ACT_ERRNO (EPERM), but for", Succeeds("plan", Bundle.Path).Out, StringComparison.Ordinal);
    }

    [Fact, Checklist(474)]
    public void Unknown_calls_are_skipped_and_check_reports_them()
    {
        Rule("SCMP_ACT_ERRNO", "frob", "getppid");
        Assert.Equal("-1", Call(Getppid));
        if (Target.IsCsrun)
            Assert.Contains("linux.seccomp.syscalls[0].names: no architecture of Linux", Runtime("check", Bundle.Path).Out, StringComparison.Ordinal);
    }

    private JsonObject Seccomp => (Bundle.Linux["seccomp"] ??= new JsonObject { ["defaultAction"] = "SCMP_ACT_ALLOW" }).AsObject();

    private void Profile(string defaultAction) => Bundle.Linux["seccomp"] = new JsonObject { ["defaultAction"] = defaultAction };

    private JsonObject Rule(string action, params string[] names)
    {
        var rule = new JsonObject { ["names"] = Bundle.Json(names), ["action"] = action };
        (Seccomp["syscalls"] ??= new JsonArray()).AsArray().Add((JsonNode)rule);
        return rule;
    }

    private string Call(int number, params string[] arguments)
    {
        Bundle.Args(["call", $"{number}", .. arguments]);
        return Success(RunContainer()).Out.TrimEnd('\n');
    }

    private static string StatusLine(JsonNode report, string name) =>
        report["status"]!.GetValue<string>().Split('\n').Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    private static JsonObject DockersProfile() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Target.Repository, "tests", "data", "specs", "docker.json")))!["linux"]!["seccomp"]!.DeepClone().AsObject();
}
