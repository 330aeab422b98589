using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config.md#process: identity, limits, environment, working directory and the program itself.</summary>
public sealed class ProcessTests : ContainerTest
{
    private const ulong AuditWrite = 1UL << 29, Kill = 1UL << 5, NetBind = 1UL << 10, SysAdmin = 1UL << 21;

    [Fact, Checklist(158, 159, 160, 161, 162)]
    public void Each_capability_set_is_exactly_the_listed_one()
    {
        Capabilities(bounding: ["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"], permitted: ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
            effective: ["CAP_KILL"], inheritable: ["CAP_NET_BIND_SERVICE"], ambient: ["CAP_NET_BIND_SERVICE"]);
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        var report = Report();
        AssertSets(report, bounding: Kill | NetBind | AuditWrite, permitted: NetBind, effective: NetBind, inheritable: NetBind, ambient: NetBind);
    }

    [Fact, Checklist(158, 159, 160, 161)]
    public void Root_has_the_listed_capabilities()
    {
        Capabilities(bounding: ["CAP_KILL", "CAP_SYS_ADMIN"], permitted: ["CAP_KILL", "CAP_SYS_ADMIN"], effective: ["CAP_KILL", "CAP_SYS_ADMIN"], inheritable: [], ambient: []);
        AssertSets(Report(), Kill | SysAdmin, Kill | SysAdmin, Kill | SysAdmin, 0, 0);
    }

    [Fact, Checklist(160, 161, 162)]
    public void A_user_has_no_capability_that_is_not_ambient()
    {
        Capabilities(bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], inheritable: [], ambient: []);
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        AssertSets(Report(), Kill, 0, 0, 0, 0);
    }

    [Fact, Checklist(165)]
    public void Without_capabilities_the_program_has_none()
    {
        Known.PeersDeviate("leave root's as they are");
        Bundle.Process.Remove("capabilities");
        AssertSets(Report(), 0, 0, 0, 0, 0);
    }

    [Fact, Checklist(163, 4)]
    public void An_unknown_capability_is_a_warning()
    {
        Capabilities(bounding: ["CAP_KILL", "CAP_FOO"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], inheritable: [], ambient: []);
        Bundle.Args("report", "--out", "/report");
        var log = Path.Combine(Home, "log");
        Bundle.Save();
        Success(Runtime("--log", log, "run", "--bundle", Bundle.Path, Id));
        AssertSets(Lines(Bundle.Inside("/report"))[0], Kill, Kill, Kill, 0, 0);
        if (Target.Name is not "crun")
        {
            Assert.Contains("CAP_FOO", File.ReadAllText(log));
        }
    }

    [Theory, Checklist(167)]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    [InlineData(null, 0)]
    public void No_new_privileges_is_as_said(bool? value, int expected)
    {
        Bundle.Process["noNewPrivileges"] = value;
        Assert.Equal(expected, Report()["noNewPrivileges"]!.GetValue<int>());
    }

    [Theory, Checklist(201, 202, 203)]
    [InlineData(0, 0)]
    [InlineData(1000, 1001)]
    [InlineData(4294967294, 4294967294)]
    public void All_ids_are_the_users(long uid, long gid)
    {
        if (uid > int.MaxValue)
        {
            Known.Deviates("runc", "takes 31 bits");
        }

        Bundle.Process["user"] = new JsonObject { ["uid"] = uid, ["gid"] = gid };
        var report = Report();
        Assert.All(report["uid"]!.AsArray(), id => Assert.Equal(uid, id!.GetValue<long>()));
        Assert.All(report["gid"]!.AsArray(), id => Assert.Equal(gid, id!.GetValue<long>()));
    }

    [Fact, Checklist(201)]
    public void Without_a_user_the_program_is_root()
    {
        Known.Deviates("crun", "wants a user");
        Bundle.Process.Remove("user");
        var report = Report();
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
        Assert.Equal("[0,0,0,0]", report["gid"]!.ToJsonString());
        Assert.Empty(report["groups"]!.AsArray());
    }

    [Fact, Checklist(206)]
    public void The_groups_are_exactly_the_listed_ones()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1, ["gid"] = 2, ["additionalGids"] = new JsonArray(10, 20, 70000) };
        Assert.Equal("[10,20,70000]", Report()["groups"]!.ToJsonString());
    }

    [Fact, Checklist(206)]
    public void The_callers_groups_do_not_stick()
    {
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command("/usr/bin/setpriv", "--groups", "5,6,7", Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id) { Environment = RuntimeEnvironment() };
        Assert.Empty(ReportOf(command.Run(Home))["groups"]!.AsArray());
    }

    [Theory, Checklist(204)]
    [InlineData(0x3f)]
    [InlineData(0)]
    [InlineData(0x1ff)]
    public void The_umask_is_the_users(int mask)
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0, ["umask"] = mask };
        Assert.Equal(mask, Report()["umask"]!.GetValue<int>());
    }

    [Fact, Checklist(205), Contract("C15")]
    public void The_umask_is_0022_when_the_config_has_none()
    {
        // The specification would keep the caller's; the engines and both peers want this.
        Bundle.Args("report");
        Bundle.Save();
        var command = new Command("/bin/sh", "-c", $"umask 027; exec {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}") { Environment = RuntimeEnvironment() };
        Assert.Equal(18, ReportOf(command.Run(Home))["umask"]!.GetValue<int>());
    }

    [Fact, Checklist(207, 151)]
    public void What_is_for_windows_is_ignored()
    {
        Bundle.Process["commandLine"] = "cmd.exe";
        Bundle.Process["user"]!["username"] = "ContainerAdministrator";
        Assert.Equal(0, Report()["uid"]![0]!.GetValue<int>());
    }

    [Fact, Checklist(152, 154, 155)]
    public void Every_limit_can_be_set()
    {
        var names = new[]
        {
            "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK",
            "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
        };
        var limits = new JsonArray();
        foreach (var name in names)
        {
            // At most what the machine grants: to raise a hard limit takes CAP_SYS_RESOURCE.
            var value = name switch { "RLIMIT_NICE" or "RLIMIT_RTPRIO" => 0L, "RLIMIT_NOFILE" => 100, "RLIMIT_NPROC" or "RLIMIT_SIGPENDING" => 50000, "RLIMIT_MEMLOCK" or "RLIMIT_MSGQUEUE" => 65536, "RLIMIT_STACK" => 4 << 20, _ => 4L << 30 };
            limits.Add((JsonNode)new JsonObject { ["type"] = name, ["soft"] = value, ["hard"] = value == 0 ? 0 : value + 10 });
        }

        Bundle.Process["rlimits"] = limits;
        var report = Report();
        foreach (var limit in limits)
        {
            Assert.Equal($"[{limit!["soft"]},{limit["hard"]}]", report["rlimits"]![limit["type"]!.GetValue<string>()]!.ToJsonString());
        }
    }

    [Fact, Checklist(154, 155, 10)]
    public void An_infinite_limit_is_exact()
    {
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_CORE", ["soft"] = ulong.MaxValue, ["hard"] = ulong.MaxValue });
        Assert.Equal($"[{ulong.MaxValue},{ulong.MaxValue}]", Report()["rlimits"]!["RLIMIT_CORE"]!.ToJsonString());
    }

    [Fact, Checklist(155)]
    public void A_soft_limit_above_the_hard_one_is_refused()
    {
        Bundle.Process["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_CORE", ["soft"] = 2, ["hard"] = 1 });
        RunFails("process.rlimits[0]");
    }

    [Fact, Checklist(156)]
    public void A_limit_given_twice_is_refused()
    {
        Known.PeersDeviate("accept it (obs)");
        var limit = new JsonObject { ["type"] = "RLIMIT_CORE", ["soft"] = 1, ["hard"] = 1 };
        Bundle.Process["rlimits"] = new JsonArray(limit, limit.DeepClone());
        RunFails("process.rlimits[1]");
    }

    [Theory, Checklist(168)]
    [InlineData(-500)]
    [InlineData(0)]
    [InlineData(1000)]
    public void The_oom_score_is_as_said(int score)
    {
        Assert.SkipWhen(score < 0 && !Host.HasCapability(24), "CAP_SYS_RESOURCE is missing here");
        Bundle.Process["oomScoreAdj"] = score;
        Assert.Equal(score.ToString(System.Globalization.CultureInfo.InvariantCulture), Report()["oomScoreAdj"]!.GetValue<string>());
    }

    [Fact]
    public void The_program_has_a_session_keyring_of_its_own()
    {
        var report = Report();
        Assert.Contains("_ses." + Id, report["keyring"]!.GetValue<string>());
    }

    [Fact]
    public void Without_a_new_keyring_the_callers_is_kept()
    {
        Bundle.Args("report");
        var report = ReportOf(RunContainer("--no-new-keyring"));
        Assert.DoesNotContain("_ses." + Id, report["keyring"]!.GetValue<string>());
    }

    [Theory, Checklist(145)]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/proc/self")]
    public void The_program_starts_in_its_working_directory(string cwd)
    {
        Bundle.Process["cwd"] = cwd;
        var expected = cwd == "/proc/self" ? "/proc/1" : cwd;
        Assert.Equal(expected, Report()["cwd"]!.GetValue<string>());
    }

    [Fact, Checklist(146)]
    public void A_missing_working_directory_is_made()
    {
        Bundle.Process["cwd"] = "/a/b/c";
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        var report = Report("--stat", "/a/b/c");
        Assert.Equal("/a/b/c", report["cwd"]!.GetValue<string>());
        Assert.Equal("755", report["stat:/a/b/c"]!["mode"]!.GetValue<string>());
    }

    [Fact, Checklist(146)]
    public void A_working_directory_that_is_a_file_is_refused()
    {
        Bundle.Process["cwd"] = "/checker";
        RunFails("process.cwd");
    }

    [Fact, Checklist(145)]
    public void A_working_directory_that_only_the_user_may_enter_works()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        Bundle.Process["cwd"] = "/private";
        Directory.CreateDirectory(Bundle.Inside("/private"));
        Libc.lchown(Bundle.Inside("/private"), 1000, 1000);
        Libc.chmod(Bundle.Inside("/private"), 0x1c0);
        Assert.Equal("/private", Report()["cwd"]!.GetValue<string>());
    }

    [Fact, Checklist(147)]
    public void The_environment_is_the_list_in_its_order()
    {
        var list = new[] { "Z=1", "PATH=/", "A=", "B=x=y", "Ü=ä", "HOME=/somewhere", "CSRUN_TEST=" + Mark };
        Bundle.Process["env"] = Bundle.Json(list);
        Assert.Equal(list, Report()["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
    }

    [Fact, Checklist(147)]
    public void Home_is_taken_from_passwd_when_it_is_not_set()
    {
        File.WriteAllText(Bundle.Inside("/etc/passwd"), "root:x:0:0::/root:/bin/sh\nx:x:1000:1000::/home/x:/bin/sh\n");
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        Assert.Contains("HOME=/home/x", Report()["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
    }

    [Fact, Checklist(148)]
    public void An_entry_without_an_equals_sign_is_refused()
    {
        Known.Deviates("crun", "accepts it (obs)");
        Known.Deviates("runc", "this version accepts it");
        Bundle.Process["env"] = Bundle.Json("NOTHING");
        RunFails("process.env[0]");
    }

    [Fact]
    public void Twelve_thousand_variables_arrive()
    {
        var list = Enumerable.Range(0, 12000).Select(static i => $"VARIABLE_{i}=value").Append("CSRUN_TEST=" + Mark).Append("HOME=/").ToArray();
        Bundle.Process["env"] = Bundle.Json(list);
        Assert.Equal(list, Report()["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
    }

    [Fact, Checklist(150)]
    public void The_first_argument_is_passed_as_it_is_given()
    {
        Bundle.Process["args"] = Bundle.Json("checker", "report", "--read", "ä b\"\\");
        Assert.Equal(["checker", "report", "--read", "ä b\"\\"], ReportOf(RunContainer())["argv"]!.AsArray().Select(static a => a!.GetValue<string>()));
    }

    [Theory, Checklist(150)]
    [InlineData("checker", "/")]
    [InlineData("./checker", "/")]
    [InlineData("../checker", "/etc")]
    [InlineData("/etc/../checker", "/etc")]
    public void The_program_is_found_as_execvp_does(string program, string cwd)
    {
        Bundle.Process["cwd"] = cwd;
        Bundle.Process["args"] = Bundle.Json(program, "report");
        Assert.Equal(cwd, ReportOf(RunContainer())["cwd"]!.GetValue<string>());
    }

    [Theory, Checklist(150)]
    [InlineData("nothing", "executable file not found in $PATH")]
    [InlineData("/bin/nothing", "no such file or directory")]
    [InlineData("/etc", "permission denied|is a directory")]
    [InlineData("/etc/data", "permission denied")]
    public void A_program_that_cannot_be_executed_fails_the_create_in_known_words(string program, string words)
    {
        Known.Deviates("crun", "has its own words");
        File.WriteAllText(Bundle.Inside("/etc/data"), "#!/checker true\n");
        Libc.chmod(Bundle.Inside("/etc/data"), 0x1a4);
        Bundle.Process["args"] = Bundle.Json(program);
        var result = Create();
        Assert.True(result.ExitCode != 0, result.ToString());
        var text = result.Error.Replace("\\\"", "\"", StringComparison.Ordinal);
        Assert.Contains(words.Split('|'), text.Contains);
        Assert.Contains("exec: \"" + program + "\"", text);
        AssertNothingLeft();
    }

    [Fact, Checklist(149)]
    public void Args_must_not_be_empty()
    {
        foreach (var args in new JsonNode?[] { null, new JsonArray() })
        {
            Bundle.Process["args"] = args;
            RunFails("process.args");
        }
    }

    [Fact, Checklist(143, 144)]
    public void The_working_directory_must_be_given_and_absolute()
    {
        Known.Deviates("crun", "accepts relative ones (obs)");
        foreach (var cwd in new[] { null, "etc", "" })
        {
            Bundle.Process["cwd"] = cwd;
            RunFails("process.cwd");
        }
    }

    private static void AssertSets(JsonNode report, ulong bounding, ulong permitted, ulong effective, ulong inheritable, ulong ambient)
    {
        var sets = report["capabilities"]!;
        var names = new[] { ("bounding", bounding), ("permitted", permitted), ("effective", effective), ("inheritable", inheritable), ("ambient", ambient) };
        foreach (var (name, value) in names)
        {
            Assert.Equal($"{name} {value:x16}", $"{name} {sets[name]}");
        }
    }

    private void Capabilities(string[] bounding, string[] permitted, string[] effective, string[] inheritable, string[] ambient)
    {
        Bundle.Process["capabilities"] = new JsonObject
        {
            ["bounding"] = Bundle.Json(bounding),
            ["permitted"] = Bundle.Json(permitted),
            ["effective"] = Bundle.Json(effective),
            ["inheritable"] = Bundle.Json(inheritable),
            ["ambient"] = Bundle.Json(ambient),
        };
    }
}
