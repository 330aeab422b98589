using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Options, logs, and the commands that need no container.</summary>
public sealed class CommandLineTests : ContainerTest
{
    [Fact]
    public void The_version_has_the_lines_that_engines_read()
    {
        foreach (var option in new[] { "--version", "-v" })
        {
            var result = new Command(Target.Path, option).Run(Home);
            Success(result);
            var lines = result.Out.Split('\n');
            Assert.Matches($@"^{Target.Name} version \S+$", lines[0]);
            Assert.Contains(lines, static l => l.StartsWith("spec: 1.", StringComparison.Ordinal));
            Assert.Equal("", result.Error);
        }
    }

    [Fact, Checklist(548, 549, 550, 551, 552, 553, 555, 556, 557, 558, 559, 560, 601), Contract("C7")]
    public void Features_is_json_alone_and_needs_nothing()
    {
        Known.PeersDeviate("these versions lack it, or parts");
        var result = Success(new Command(Target.Path, "features") { Environment = [] }.Run(Home));
        Assert.Equal("", result.Error);
        var features = JsonNode.Parse(result.Out)!;
        Assert.Matches(@"^1\.\d+\.\d+", features["ociVersionMin"]!.GetValue<string>());
        Assert.Matches(@"^1\.\d+\.\d+", features["ociVersionMax"]!.GetValue<string>());
        Assert.Equal(["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"], Sorted(features["hooks"]!));
        Assert.Contains("rro", Sorted(features["mountOptions"]!));
        Assert.DoesNotContain("size", Sorted(features["mountOptions"]!));
        Assert.Equal(["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"], Sorted(features["linux"]!["namespaces"]!));
        Assert.True(Sorted(features["linux"]!["capabilities"]!).Count >= 41);
        Assert.True(features["linux"]!["seccomp"]!["enabled"]!.GetValue<bool>());
        Assert.NotNull(features["linux"]!["cgroup"]!["v1"]);
    }

    [Fact, Checklist(554)]
    public void Every_mount_option_that_features_lists_is_recognised()
    {
        Known.PeersDeviate("these versions lack it, or parts");
        var options = Sorted(JsonNode.Parse(Succeeds("features").Out)!["mountOptions"]!);
        var source = Path.Combine(Home, "source");
        Directory.CreateDirectory(source);
        string[] special = ["bind", "rbind", "remount", "idmap", "ridmap", "tmpcopyup"];
        foreach (var option in options.Except(special, StringComparer.Ordinal))
        {
            Bundle.Mount("/o/" + option, "bind", source, "rbind", option);
        }

        var report = Report();
        Assert.True(MountLine.All(report).Count(static m => m.Point.StartsWith("/o/", StringComparison.Ordinal)) > 50);
    }

    [Fact, Checklist(549, 550, 17, 18, 19, 20)]
    public void Versions_of_the_specification_are_judged()
    {
        Known.PeersDeviate("accept anything (obs)");
        foreach (var good in new[] { "1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0", "1.3.0+x" })
        {
            Bundle.Config["ociVersion"] = good;
            Success(RunContainer());
        }

        foreach (var bad in new[] { "x", "1", "01.0.0", "2.0.0", "0.9.0", "" })
        {
            Bundle.Config["ociVersion"] = bad;
            RunFails("ociVersion");
        }

        Bundle.Config.Remove("ociVersion");
        RunFails("ociVersion");
    }

    [Fact, Checklist(25)]
    public void Spec_writes_a_config_that_runs()
    {
        var directory = Path.Combine(Home, "spec");
        Directory.CreateDirectory(directory);
        Succeeds("spec", "--bundle", directory);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!.AsObject();
        Assert.Equal("rootfs", config["root"]!["path"]!.GetValue<string>());
        Assert.Equal("sh", config["process"]!["args"]![0]!.GetValue<string>());
        Assert.True(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        var again = Runtime("spec", "--bundle", directory);
        Assert.True(again.ExitCode != 0, "an existing file is not overwritten");
        config["process"]!["terminal"] = false;
        config["process"]!["args"] = Bundle.Json("/checker", "report");
        config["process"]!["env"]!.AsArray().Add((JsonNode)("CSRUN_TEST=" + Mark));
        config["linux"]!["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}";
        Bundle.Config = config;
        Assert.Equal(1, ReportOf(RunContainer())["pid"]!.GetValue<int>());
    }

    [Fact]
    public void Help_succeeds_for_the_program_and_each_command()
    {
        Success(new Command(Target.Path, "--help").Run(Home));
        Success(new Command(Target.Path, "-h").Run(Home));
        foreach (var command in new[] { "create", "start", "state", "kill", "delete", "run", "list", "spec" })
        {
            var result = Success(new Command(Target.Path, command, "--help").Run(Home));
            Assert.Contains(command, result.Out);
        }
    }

    [Fact, Contract("C6")]
    public void An_unknown_option_is_named()
    {
        foreach (var arguments in new string[][] { ["--no-such-option", "list"], ["create", "--no-such-option", Id] })
        {
            var result = Runtime(arguments);
            Assert.True(result.ExitCode != 0, result.ToString());
            Assert.Contains("no-such-option", result.Error);
        }
    }

    [Fact, Contract("C6")]
    public void A_missing_value_is_said_in_the_words_that_probes_look_for()
    {
        var result = Runtime("create", "--bundle");
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.Matches("flag needs an argument|requires an argument", result.Error);
    }

    [Fact]
    public void An_unknown_command_fails()
    {
        var result = Runtime("frobnicate");
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.Contains("frobnicate", result.Out + result.Error);
    }

    [Theory]
    [InlineData("state a b")]
    [InlineData("create a b")]
    [InlineData("start a b")]
    [InlineData("delete a b")]
    public void Too_many_arguments_are_refused(string arguments)
    {
        var result = Runtime(arguments.Split(' '));
        Assert.True(result.ExitCode != 0, result.ToString());
    }

    [Fact, Contract("C2", "C3", "C4")]
    public void Every_spelling_of_an_option_is_understood()
    {
        Known.Deviates("crun", "knows other options");
        Bundle.Args("true");
        Bundle.Save();
        var forms = new List<string[]>
        {
            new[] { "--root", Root, "run", "--bundle", Bundle.Path, Id },
            new[] { "--root=" + Root, "run", "--bundle=" + Bundle.Path, Id },
            new[] { "-root", Root, "run", "-bundle", Bundle.Path, Id },
            new[] { "-root=" + Root, "run", "-b", Bundle.Path, Id },
            new[] { "--root=/nowhere", "--root=" + Root, "--log-format", "text", "--log-format", "json", "run", "-b=" + Bundle.Path, Id },
            new[] { "--debug=false", "--rootless", "auto", "--root", Root, "run", "--bundle", "/nowhere", "--bundle", Bundle.Path, "--no-pivot=false", Id },
        };
        if (Target.IsCsrun)
        {
            forms.Add(["--root", Root, "--cgroup-manager", "cgroupfs", "--log-level", "error", "run", "-b", Bundle.Path, Id]);
        }

        foreach (var form in forms)
        {
            Success(new Command(Target.Path, form) { Environment = RuntimeEnvironment() }.Run(Home));
        }
    }

    [Fact]
    public void Another_config_file_can_be_named()
    {
        Known.Deviates("runc", "has no --config");
        Bundle.Save();
        File.Move(Bundle.ConfigFile, Path.Combine(Bundle.Path, "other.json"));
        Succeeds("run", "--bundle", Bundle.Path, "--config", "other.json", Id);
    }

    [Theory, Contract("C8")]
    [InlineData("create")]
    [InlineData("start")]
    [InlineData("kill")]
    [InlineData("delete")]
    [InlineData("state")]
    public void A_failure_is_on_stderr_and_in_the_json_log(string operation)
    {
        var log = Path.Combine(Home, "log.json");
        File.WriteAllText(log, """{"level":"info","msg":"earlier","time":"2026-01-01T00:00:00Z"}""" + "\n");
        var result = Runtime("--log", log, "--log-format", "json", operation, Id + "-absent");
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.NotEqual("", result.Error);
        var lines = Lines(log);
        Assert.Equal("earlier", lines[0]["msg"]!.GetValue<string>());
        var error = lines.Last(static l => l["level"]!.GetValue<string>() == "error");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", error["time"]!.GetValue<string>());
        Assert.Contains(error["msg"]!.GetValue<string>().Trim(), result.Error);
    }

    [Fact]
    public void The_log_is_made_even_when_nothing_fails()
    {
        var log = Path.Combine(Home, "log.json");
        Bundle.Save();
        Success(Runtime("--log", log, "--log-format", "json", "run", "--bundle", Bundle.Path, Id));
        Assert.True(File.Exists(log));
        Assert.DoesNotContain(Lines(log), static l => l["level"]!.GetValue<string>() == "error");
    }

    [Fact]
    public void A_debug_log_is_json_to_its_last_line()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        var log = Path.Combine(Home, "log.json");
        Success(Runtime("--debug", "--log", log, "--log-format", "json", "create", "--bundle", Bundle.Path, Id));
        Success(Runtime("--debug", "--log", log, "--log-format", "json", "start", Id));
        Assert.NotEmpty(Lines(log));
        Assert.All(Lines(log), static l => Assert.NotNull(l["time"]));
    }

    [Fact]
    public void An_unknown_log_format_is_refused()
    {
        var result = Runtime("--log-format", "xml", "list");
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.Contains("xml", result.Error);
    }

    [Fact, Checklist(5)]
    public void Unknown_members_are_ignored_at_every_level()
    {
        Spoil(Bundle.Config);
        Report();

        static void Spoil(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject o:
                    foreach (var (_, child) in o.ToList())
                    {
                        Spoil(child);
                    }

                    o["xUnknown"] = new JsonObject { ["a"] = new JsonArray(1, "b", null) };
                    break;
                case JsonArray list:
                    foreach (var child in list)
                    {
                        Spoil(child);
                    }

                    break;
            }
        }
    }

    [Fact, Checklist(246, 247, 248)]
    public void Annotations_and_blocks_of_other_platforms_change_nothing()
    {
        Bundle.Config["annotations"] = new JsonObject { ["org.opencontainers.image.os"] = "plan9", ["unknown"] = "kept" };
        foreach (var name in new[] { "windows", "vm", "solaris", "freebsd", "zos" })
        {
            Bundle.Config[name] = new JsonObject { ["hypervisor"] = new JsonObject { ["path"] = "/nowhere" } };
        }

        Created();
        Assert.Equal("kept", State()["annotations"]!["unknown"]!.GetValue<string>());
        Assert.Equal("plan9", State()["annotations"]!["org.opencontainers.image.os"]!.GetValue<string>());
    }

    [Fact, Checklist(11)]
    public void Null_is_absent()
    {
        foreach (var name in new[] { "annotations", "hooks", "domainname" })
        {
            Bundle.Config[name] = null;
        }

        foreach (var name in new[] { "seccomp", "resources", "sysctl", "devices", "uidMappings", "timeOffsets", "rootfsPropagation" })
        {
            Bundle.Linux[name] = null;
        }

        foreach (var name in new[] { "rlimits", "oomScoreAdj", "consoleSize", "apparmorProfile" })
        {
            Bundle.Process[name] = null;
        }

        Report();
    }

    [Fact]
    public void Plan_prints_what_will_happen_without_doing_it()
    {
        Known.PeersDeviate("have no plan");
        Bundle.Save();
        var text = Success(new Command("/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", Target.Path, "plan", "--bundle", Bundle.Path) { Environment = [] }.Run(Home));
        Assert.Contains("/proc", text.Out);
        var json = Success(new Command(Target.Path, "plan", "--json", "--bundle", Bundle.Path) { Environment = [] }.Run(Home));
        Assert.NotNull(JsonNode.Parse(json.Out));
        AssertNothingLeft();
    }

    [Fact]
    public void Explain_knows_the_code_of_every_error_line()
    {
        Known.PeersDeviate("have no codes");
        var result = Fails("does not exist", "state", Id);
        var code = result.Error.TrimEnd()[(result.Error.LastIndexOf('[') + 1)..^1];
        var text = Success(new Command(Target.Path, "explain", code).Run(Home)).Out;
        Assert.Contains(code, text);
        Assert.NotEqual(0, new Command(Target.Path, "explain", "no-such-code").Run(Home).ExitCode);
    }

    private static List<string> Sorted(JsonNode list) => [.. list.AsArray().Select(static e => e!.GetValue<string>()).Order(StringComparer.Ordinal)];
}
