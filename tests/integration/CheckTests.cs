using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary><c>csrun check</c> and <c>create --dry-run</c>: everything that is wrong, before anything is made.</summary>
public sealed class CheckTests : ContainerTest
{
    public CheckTests() => Known.PeersDeviate("have no such command");

    [Fact]
    public void A_bundle_that_runs_has_no_findings()
    {
        Bundle.Save();
        Assert.Equal("nothing was found\n", Success(Runtime("check", Bundle.Path)).Out);
        Assert.Equal("nothing was found\n", Success(Create("--dry-run")).Out);
        AssertNothingLeft();
        Bundle.Args("true");
        Success(RunContainer());
    }

    [Fact]
    public void All_errors_of_the_content_come_at_once_with_place_and_code()
    {
        Bundle.Process["cwd"] = "relative";
        Bundle.Process["rlimits"] = JsonNode.Parse("""[{ "type": "RLIMIT_CORE", "soft": 2, "hard": 1 }]""");
        Bundle.Config["root"]!["path"] = "nowhere";
        Bundle.Save();
        var result = Runtime("check", Bundle.Path);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Error);
        var lines = result.Out.Split('\n');
        Assert.Matches(@"^error: config\.json: process\.cwd: must be an absolute path, but is ""relative"" \(line 1, column \d+\) \[path-not-absolute\]$", lines[0]);
        Assert.Matches(@"^error: config\.json: process\.rlimits\[0\]\.soft: .* \[rlimit-soft-above-hard\]$", lines[1]);
        Assert.Matches(@"^error: config\.json: root\.path: cannot open .*/nowhere: no such file or directory \(ENOENT\) \(line 1, .*\) \[rootfs-missing\]$", lines[2]);
        Assert.Equal("3 errors, 0 warnings", lines[3]);
    }

    [Theory]
    [InlineData("mounts", """[{ "destination": "/x", "source": "/no/where", "options": ["bind"] }]""", "mounts[0].source", "mount-source-missing")]
    [InlineData("mounts", """[{ "destination": "/x", "type": "nosuchfs" }]""", "mounts[0]", "mount-failed", false)]
    [InlineData("hooks", """{ "createRuntime": [{ "path": "/no/hook" }] }""", "hooks.createRuntime[0].path", "hook-failed")]
    [InlineData("hooks", """{ "poststop": [{ "path": "/bin/true" }, { "path": "/etc/passwd" }] }""", "hooks.poststop[1].path", "hook-failed")]
    [InlineData("hooks", """{ "createContainer": [{ "path": "/etc" }] }""", "hooks.createContainer[0].path", "hook-failed")]
    [InlineData("hooks", """{ "startContainer": [{ "path": "/bin/busybox" }] }""", "hooks.startContainer[0].path", "hook-failed")]
    [InlineData("process.args", """["nope"]""", "process.args[0]", "executable-not-found")]
    [InlineData("process.args", """["/nope"]""", "process.args[0]", "executable-not-found")]
    [InlineData("process.args", """["/etc"]""", "process.args[0]", "executable-invalid")]
    [InlineData("process.args", """["/link"]""", "process.args[0]", "executable-not-found")]
    [InlineData("process.rlimits", """[{ "type": "RLIMIT_NOFILE", "soft": 100, "hard": 100000000000 }]""", "process.rlimits[0].hard", "limit-failed")]
    [InlineData("process.rlimits", """[{ "type": "RLIMIT_NOFILE", "soft": 1, "hard": 100 }]""", "process.rlimits[0].soft", "limit-low", false)]
    [InlineData("process.capabilities", """{ "bounding": ["CAP_FOO"] }""", "process.capabilities", "no-effect", false)]
    [InlineData("linux.resources", """{ "memory": { "limit": 4096 } }""", "linux.resources.memory.limit", "limit-low", false)]
    [InlineData("linux.netDevices", """{ "nosuchdevice": {} }""", "linux.netDevices.nosuchdevice", "net-device-missing")]
    [InlineData("linux.namespaces", """[{ "type": "mount" }, { "type": "network", "path": "/etc/passwd" }, { "type": "uts" }, { "type": "pid" }]""", "linux.namespaces[1].path", "namespace-failed")]
    public void What_this_host_lacks_is_found(string member, string value, string path, string code, bool isError = true)
    {
        File.CreateSymbolicLink(Bundle.Inside("/link"), "/bin/true");
        Set(member, value);
        Bundle.Save();
        var (report, exitCode) = Json("check", "--json", Bundle.Path);
        var finding = report["findings"]!.AsArray().First(f => f!["path"]!.GetValue<string>() == path)!;
        Assert.Equal(code, finding["code"]!.GetValue<string>());
        Assert.Equal(isError ? "error" : "warning", finding["severity"]!.GetValue<string>());
        Assert.True(finding["line"]!.GetValue<int>() > 0);
        Assert.Equal(isError ? 1 : 2, exitCode);
        AssertNothingLeft();
        // It does not lie: what is called an error fails.
        if (isError && !path.StartsWith("hooks.poststop", StringComparison.Ordinal))
        {
            var result = Failure($"[{code}]", RunContainer());
            AssertNothingLeft();
        }
    }

    [Fact]
    public void The_program_is_looked_for_in_what_is_bound_over_the_root()
    {
        var tools = Directory.CreateDirectory(Path.Combine(Home, "tools")).FullName;
        File.Copy(Target.Checker, Path.Combine(tools, "tool"));
        Bundle.Mount("/opt", null, tools, "rbind");
        Bundle.Process["args"] = Bundle.Json("/opt/tool", "true");
        Bundle.Save();
        Assert.Equal(0, Runtime("check", Bundle.Path).ExitCode);
        Bundle.Process["args"] = Bundle.Json("/opt/other");
        Bundle.Save();
        Assert.Equal(1, Runtime("check", Bundle.Path).ExitCode);
        // Of what a new file system will hold nothing is known.
        Bundle.Mount("/opt", "tmpfs", "tmpfs");
        Bundle.Save();
        Assert.Equal(0, Runtime("check", Bundle.Path).ExitCode);
        Bundle.Args("true");
    }

    [Fact]
    public void Arguments_that_the_kernel_does_not_take_are_found()
    {
        Bundle.Process["env"] = new JsonArray([.. Enumerable.Range(0, 50).Select(static i => (JsonNode)$"V{i}={new string('x', 100_000)}")]);
        Bundle.Save();
        var (report, exitCode) = Json("check", "--json", Bundle.Path);
        Assert.Equal(("arguments-too-long", 1), (report["findings"]![0]!["code"]!.GetValue<string>(), exitCode));
        Failure("E2BIG", RunContainer());
        Bundle.Process["env"] = Bundle.Json("V=" + new string('x', 200_000));
        Bundle.Save();
        (report, _) = Json("check", "--json", Bundle.Path);
        Assert.Equal("process.env[0]", report["findings"]![0]!["path"]!.GetValue<string>());
        Failure("E2BIG", RunContainer());
    }

    [Fact]
    public void An_environment_just_below_the_limit_is_fine()
    {
        Bundle.Process["rlimits"] = JsonNode.Parse("""[{ "type": "RLIMIT_STACK", "soft": 2097152, "hard": 8388608 }]""");
        Bundle.Process["env"] = Bundle.Json([.. Enumerable.Range(0, 5).Select(static i => $"V{i}={new string('x', 100_000)}"), "CSRUN_TEST=" + Mark]);
        Bundle.Args("true");
        Bundle.Save();
        Assert.Equal(0, Runtime("check", Bundle.Path).ExitCode);
        Success(RunContainer());
        Bundle.Process["env"]!.AsArray().Add((JsonNode)("LAST=" + new string('x', 40_000)));
        Bundle.Save();
        Assert.Equal(1, Runtime("check", Bundle.Path).ExitCode);
        Failure("E2BIG", RunContainer());
    }

    [Fact]
    public void A_dry_run_finds_that_the_id_is_in_use()
    {
        Bundle.Args("sleep", "300");
        Created();
        var result = Create("--dry-run");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("[container-exists]", result.Out);
        Assert.Equal("created", Status());
    }

    [Fact]
    public void A_dry_run_checks_the_options_too()
    {
        Bundle.Process["terminal"] = true;
        Bundle.Save();
        Assert.Contains("[terminal-options]", Create("--dry-run").Out);
        Assert.Equal(0, Runtime("check", Bundle.Path).ExitCode);
        Bundle.Unmount("/dev/pts");
        Bundle.Unmount("/dev");
        Bundle.Save();
        var result = Runtime("check", Bundle.Path);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("warning: config.json: process.terminal: ", result.Out);
    }

    [Theory]
    [InlineData("{", "[")]
    [InlineData("""{ "ociVersion": 1 }""", "ociVersion: must be a string")]
    public void A_file_that_is_no_config_is_a_finding(string text, string expected)
    {
        File.WriteAllText(Bundle.ConfigFile, text);
        var result = Runtime("check", Bundle.Path);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Out);
        Assert.EndsWith("errors, 0 warnings\n", result.Out);
    }

    [Fact]
    public void A_bundle_that_is_missing_is_a_finding()
    {
        var (report, exitCode) = Json("check", "--json", "/no/bundle");
        Assert.Equal(("bundle-invalid", 1), (report["findings"]![0]!["code"]!.GetValue<string>(), exitCode));
    }

    private (JsonNode Report, int ExitCode) Json(params string[] arguments)
    {
        var result = Runtime(arguments);
        Assert.Empty(result.Error);
        return (JsonNode.Parse(result.Out)!, result.ExitCode);
    }

    private void Set(string path, string value)
    {
        var parts = path.Split('.');
        var at = Bundle.Config;
        foreach (var part in parts[..^1])
        {
            at = at[part]!.AsObject();
        }

        at[parts[^1]] = JsonNode.Parse(value);
    }
}
