using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Csrun.Runtime.Cli;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

/// <summary>Exit codes, streams and the log file.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("csrun-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_a_command_help_is_shown()
    {
        var (code, output, error) = Command.Run();

        Assert.Equal(0, code);
        Assert.Equal(HelpText.ForAll(), output);
        Assert.Empty(error);
    }

    [Theory, Trait("contract", "C5")]
    [InlineData("create --help")]
    [InlineData("kill -h")]
    [InlineData("--help run")]
    [InlineData("help list")]
    public void Help_of_a_command_succeeds(string line)
    {
        var (code, output, error) = Command.Run(line.Split(' '));

        Assert.Equal(0, code);
        Assert.Contains("USAGE:\n   csrun ", output);
        Assert.Empty(error);
    }

    [Theory, Trait("contract", "C5")]
    [InlineData("checkpoint --help")]
    [InlineData("help checkpoint")]
    public void The_probe_for_checkpoint_fails(string line)
    {
        var (code, output, error) = Command.Run(line.Split(' '));

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("csrun: checkpoint: not supported yet", error);
    }

    [Fact]
    public void An_unknown_command_exits_with_3()
    {
        var (code, output, error) = Command.Run("frobnicate");

        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Equal("csrun: No help topic for 'frobnicate' [unknown-command]\n", error);
    }

    [Theory, Trait("contract", "C8")]
    [InlineData("create --bad id")]
    [InlineData("create")]
    [InlineData("--log-format foo list")]
    [InlineData("explain no-such-code")]
    public void A_failure_is_one_line_on_standard_error(string line)
    {
        var (code, output, error) = Command.Run(line.Split(' '));

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Matches(@"\Acsrun: [^\n]+ \[[a-z-]+\]\n\z", error);
    }

    [Fact, Trait("contract", "C8")]
    public void A_failure_is_one_object_in_the_log_file_too()
    {
        string log = Path.Combine(_directory, "log.json");
        var (_, _, first) = Command.Run("--log", log, "--log-format", "json", "create", "--bad", "id");
        var (_, _, second) = Command.Run("--log", log, "--log-format", "json", "create", "a", "b");

        string[] lines = File.ReadAllLines(log);
        Assert.Equal(2, lines.Length);
        Assert.Equal([first, second], lines.Select(line => "csrun: " + JsonDocument.Parse(line).RootElement.GetProperty("msg").GetString() + "\n"));
        foreach (string line in lines)
        {
            var entry = JsonDocument.Parse(line).RootElement;
            Assert.Equal("error", entry.GetProperty("level").GetString());
            Assert.Matches(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\z", entry.GetProperty("time").GetString()!);
            Assert.Equal(DateTimeOffset.UtcNow, entry.GetProperty("time").GetDateTimeOffset(), TimeSpan.FromMinutes(5));
            Assert.Contains("[" + entry.GetProperty("code").GetString() + "]", entry.GetProperty("msg").GetString());
        }
    }

    [Fact]
    public void The_log_file_is_made_even_if_nothing_is_logged()
    {
        var (code, _, _) = Command.Run(_directory, ["--log", "log.json", "--log-format", "json", "features"]);

        Assert.Equal(0, code);
        Assert.Empty(File.ReadAllText(Path.Combine(_directory, "log.json")));
    }

    [Fact]
    public void A_log_file_that_cannot_be_written_is_an_error_before_anything_else()
    {
        var (code, output, error) = Command.Run("--log", Path.Combine(_directory, "none/log"), "create", "--bad");

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Matches(@"\Acsrun: --log: cannot open \S+/none/log: no such file or directory \(ENOENT\) \[log-unusable\]\n\z", error);
    }

    [Fact]
    public void The_word_version_is_in_the_first_line_only()
    {
        var (code, output, error) = Command.Run("--version");

        Assert.Equal(0, code);
        Assert.Empty(error);
        string[] lines = output.Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Matches(@"\Acsrun version \d+\.\d+\.\d+\S*\z", lines[0]);
        Assert.Matches(@"\Acommit: \S+\z", lines[1]);
        Assert.Equal("spec: 1.3.0", lines[2]);
        Assert.DoesNotContain(lines.Skip(1), line => line.Contains("version", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Explain_gives_meaning_causes_and_remedy()
    {
        var (code, output, error) = Command.Run("explain", "[unknown-option]");

        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.StartsWith("unknown-option\n  ", output);
        Assert.Contains("Causes:", output);
        Assert.Contains("What to do:", output);
    }

    [Fact]
    public void Spec_writes_a_configuration_once()
    {
        var (code, output, error) = Command.Run("spec", "--bundle", _directory);
        Assert.Equal((0, "", ""), (code, output, error));

        string written = File.ReadAllText(Path.Combine(_directory, "config.json"));
        Assert.StartsWith("{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n\t\t\"terminal\": true,", written);

        (code, output, error) = Command.Run("spec", "--bundle", _directory);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("csrun: File config.json exists. Remove it first", error);
        Assert.Equal(written, File.ReadAllText(Path.Combine(_directory, "config.json")));
    }

    [Fact]
    public void Plan_shows_what_would_be_done_and_does_nothing()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "rootfs"));
        Assert.Equal(0, Command.Run("spec", "--bundle", _directory).ExitCode);

        var (code, output, error) = Command.Run("plan", _directory);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("/dev/pts", output);

        (code, output, error) = Command.Run("plan", "--json", "--bundle", _directory);
        Assert.Equal((0, ""), (code, error));
        var plan = JsonDocument.Parse(output).RootElement;
        Assert.Equal(Path.GetFileName(_directory), plan.GetProperty("id").GetString());
        Assert.Contains(plan.GetProperty("instructions").EnumerateArray(), instruction => instruction.GetProperty("opcode").GetString() == "PivotRoot");
        Assert.Equal(["config.json", "rootfs"], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName).Order());
    }
}
