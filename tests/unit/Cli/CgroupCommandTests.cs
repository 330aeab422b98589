using System;
using System.IO;
using Csrun.Runtime;
using Csrun.Runtime.Cli;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

/// <summary>What update and ps make of their command lines.</summary>
public class CgroupCommandTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-1", -1)]
    [InlineData("32", 32)]
    [InlineData("9007199254740993", 9007199254740993)]
    [InlineData("32b", 32)]
    [InlineData("32k", 32768)]
    [InlineData("32KB", 32768)]
    [InlineData("32KiB", 32768)]
    [InlineData("1M", 1048576)]
    [InlineData("1.5 MB", 1572864)]
    [InlineData("2g", 2147483648)]
    [InlineData("1Tb", 1099511627776)]
    [InlineData("1p", 1125899906842624)]
    public void Sizes_are_read_as_docker_writes_them(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("b")]
    [InlineData("M")]
    [InlineData("-2")]
    [InlineData("-1M")]
    [InlineData("1e6")]
    [InlineData("1ib")]
    [InlineData("1Mi")]
    [InlineData("1x")]
    [InlineData("1Bm")]
    [InlineData("9999p")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData("5s", 5000)]
    [InlineData("1m30s", 90000)]
    [InlineData("1.5h", 5400000)]
    [InlineData("500ms", 500)]
    [InlineData("+1us", 1)]
    [InlineData("1ns", 1)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("-2s", -2000)]
    public void Durations_are_read_as_go_writes_them(string text, long milliseconds)
    {
        Assert.True(Duration.TryParse(text, out long value));
        Assert.Equal(milliseconds, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("1..5s")]
    [InlineData("5s3")]
    [InlineData("99999999999999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void Every_option_of_update_sets_one_limit()
    {
        var r = Update("--blkio-weight", "100", "--cpu-period", "1000", "--cpu-quota", "-1", "--cpu-burst", "3", "--cpu-share", "4",
            "--cpu-rt-period", "5", "--cpu-rt-runtime", "-6", "--cpu-idle", "1", "--cpuset-cpus", "0-1", "--cpuset-mems", "0",
            "--memory", "1M", "--memory-reservation", "512k", "--memory-swap", "2M", "--pids-limit", "-1");
        Assert.Equal((ushort)100, r.BlockIO!.Weight);
        Assert.Equal((1000UL, -1L, 3UL, 4UL), (r.Cpu!.Period!.Value, r.Cpu.Quota!.Value, r.Cpu.Burst!.Value, r.Cpu.Shares!.Value));
        Assert.Equal((5UL, -6L, 1L), (r.Cpu.RealtimePeriod!.Value, r.Cpu.RealtimeRuntime!.Value, r.Cpu.Idle!.Value));
        Assert.Equal(("0-1", "0"), (r.Cpu.Cpus!, r.Cpu.Mems!));
        Assert.Equal((1048576L, 524288L, 2097152L, -1L), (r.Memory!.Limit!.Value, r.Memory.Reservation!.Value, r.Memory.Swap!.Value, r.Pids!.Limit!.Value));
    }

    [Fact]
    public void What_is_not_given_is_not_set()
    {
        var r = Update();
        Assert.Empty(Csrun.Cgroups.CgroupDrivers.For(Csrun.Cgroups.CgroupRecord.Disabled).Check(r, ""));
        Assert.Empty(Csrun.Cgroups.CgroupDrivers.For(Csrun.Cgroups.CgroupRecord.Disabled).Check(Update("--memory", "", "--cpu-share", "0"), ""));
    }

    [Theory]
    [InlineData("--memory", "lots", "invalid value for memory")]
    [InlineData("--cpu-share", "-1", "invalid value for cpu-share")]
    [InlineData("--blkio-weight", "1001", "invalid value for blkio-weight")]
    [InlineData("--blkio-weight", "9", "--blkio-weight: must be from 10 to 1000")]
    [InlineData("--cpu-period", "1", "--cpu-period: must be from 1000 to 1000000")]
    [InlineData("--cpu-idle", "2", "--cpu-idle: must be from 0 to 1")]
    [InlineData("--cpuset-cpus", "x", "--cpuset-cpus: must be a list")]
    [InlineData("--resources", "/nonexistent", "--resources: cannot open /nonexistent")]
    public void A_wrong_value_is_named_with_its_option(string option, string value, string text) =>
        Assert.StartsWith(text, Assert.Throws<CsrunException>(() => Update(option, value)).Message, StringComparison.Ordinal);

    [Fact]
    public void Limits_are_read_from_a_file_and_options_ignored_then()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"memory": {"swap": 5}, "unknown": {}}""");
            Assert.Equal((5L, null), (Update("--resources", file, "--memory", "1M").Memory!.Swap!.Value, Update("-r", file).Memory!.Limit));
            File.WriteAllText(file, """{"memory": {"limit": 9, "swap": 5}}""");
            Assert.Equal("memory.swap", Assert.Single(Assert.Throws<ConfigException>(() => Update("-r", file)).Findings).Path);
            File.WriteAllText(file, "{");
            Assert.Throws<ConfigException>(() => Update("-r", file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void What_follows_the_id_belongs_to_ps()
    {
        var invocation = new Invocation();
        Parser.Parse(["ps", "-f", "table", "id", "-o", "pid,comm", "--root", "x", "--"], invocation);
        Parser.CheckArguments(invocation);
        Assert.Equal(["id", "-o", "pid,comm", "--root", "x", "--"], invocation.Arguments);
        Assert.Null(invocation.Text(Options.Root));
    }

    [Fact]
    public void Lines_of_other_processes_are_left_out_wherever_the_column_is()
    {
        const string Table = "USER   PID COMMAND\nroot     1 init 12\nroot    12 sh\nroot   120 12\n";
        Assert.Equal("USER   PID COMMAND\nroot    12 sh\n", PsCommand.Table(Table, [12, 13]));
        Assert.Equal("USER   PID COMMAND\n", PsCommand.Table(Table, []));
        Assert.Throws<CsrunException>(() => PsCommand.Table("COMMAND\nsh\n", [1]));
        Assert.Throws<CsrunException>(() => PsCommand.Table("", [1]));
    }

    private static Resources Update(params string[] options)
    {
        var invocation = new Invocation();
        Parser.Parse(["update", .. options, "id"], invocation);
        return UpdateCommand.Request(invocation).Resources;
    }
}
