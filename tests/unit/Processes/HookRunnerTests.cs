using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using Csrun.Runtime;
using Csrun.Runtime.Processes;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Processes;

public sealed class HookRunnerTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private string Log => _temporary.Path + "/log";

    public void Dispose() => _temporary.Dispose();

    [Fact]
    [Checklist(215, 216, 219, 220)]
    public void Hooks_run_in_order_with_their_arguments_environment_directory_and_state()
    {
        Hook first = Shell("{ echo $0 $1; cat; echo; pwd; env | grep -v -e PWD -e _= -e SHLVL; } >> log");
        first.Args = ["name of its own", "-c", first.Args![2], "zero", "one"];
        first.Env = ["A=1", "PATH=/usr/bin:/bin"];
        HookRunner.RunAll("prestart", [first, Shell("echo second >> log")], "{\"id\":\"x\"}"u8, _temporary.Path);
        Assert.Equal($"zero one\n{{\"id\":\"x\"}}\n{_temporary.Path}\nA=1\nPATH=/usr/bin:/bin\nsecond\n", File.ReadAllText(Log));
    }

    [Fact]
    public void A_hook_without_arguments_is_called_by_its_path()
    {
        HookRunner.RunAll("prestart", [new Hook { Path = "/bin/true" }], "{}"u8, _temporary.Path);
    }

    [Fact]
    public void A_state_larger_than_a_pipe_holds_does_not_hold_up_a_hook_that_reads_none_of_it() =>
        HookRunner.RunAll("prestart", [Shell("exit 0")], new byte[1 << 20], _temporary.Path);

    [Fact]
    [Checklist(225)]
    public void The_first_hook_that_fails_ends_it_with_its_last_words()
    {
        CsrunException error = Assert.Throws<CsrunException>(() => HookRunner.RunAll(
            "createRuntime", [Shell("exit 0"), Shell("echo first; echo last words >&2; exit 3"), Shell("touch log")], "{}"u8, _temporary.Path));
        Assert.Matches(
            @"^config\.json: hooks\.createRuntime\[1\]: error running hook /bin/sh: exit status 3 after \d+ ms: stdout: first; stderr: last words \[hook-failed\]$",
            error.Message);
        Assert.False(File.Exists(Log));
    }

    [Fact]
    public void Of_what_a_hook_prints_only_the_end_is_shown()
    {
        CsrunException error = Assert.Throws<CsrunException>(() => HookRunner.RunAll(
            "prestart", [Shell("head -c 1000000 /dev/zero | tr '\\0' x; echo the end; exit 1")], "{}"u8, _temporary.Path));
        Assert.EndsWith("the end [hook-failed]", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 2300);
    }

    [Fact]
    [Checklist(217)]
    public void A_hook_that_takes_too_long_is_killed_with_what_it_started()
    {
        Hook slow = Shell("sleep 100 & echo $! > log; wait");
        slow.Timeout = 1;
        long start = Stopwatch.GetTimestamp();
        CsrunException error = Assert.Throws<CsrunException>(() => HookRunner.RunAll("prestart", [slow], "{}"u8, _temporary.Path));
        Assert.Equal(ErrorCodes.HookTimeout, error.Code);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 1, 30);
        string child = $"/proc/{File.ReadAllText(Log).Trim()}/stat";
        for (int i = 0; i < 500 && File.Exists(child) && !File.ReadAllText(child).Contains(") Z ", StringComparison.Ordinal); i++)
            System.Threading.Thread.Sleep(10);
        Assert.True(!File.Exists(child) || File.ReadAllText(child).Contains(") Z ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hook_that_cannot_be_executed_says_why()
    {
        CsrunException error = Assert.Throws<CsrunException>(() => HookRunner.RunAll(
            "prestart", [new Hook { Path = "/nonexistent/hook" }], "{}"u8, _temporary.Path));
        Assert.Contains("/nonexistent/hook: no such file or directory (ENOENT) [hook-failed]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void How_each_hook_ran_is_kept()
    {
        List<HookRecord> records = [];
        Hook slow = Shell("sleep 100");
        slow.Timeout = 1;
        Hook[] hooks = [Shell("head -c 10000 /dev/zero | tr '\\0' x; echo out; echo err >&2"), Shell("kill -9 $$"), slow];
        HookRunner.RunAll("prestart", hooks[..1], "{}"u8, _temporary.Path, records.Add);
        Assert.Throws<CsrunException>(() => HookRunner.RunAll("createRuntime", hooks[1..2], "{}"u8, _temporary.Path, records.Add));
        Assert.Throws<CsrunException>(() => HookRunner.RunAll("createRuntime", hooks[2..], "{}"u8, _temporary.Path, records.Add));
        Assert.Equal([("hooks.prestart[0]", 0, null, false), ("hooks.createRuntime[0]", null, "SIGKILL", false), ("hooks.createRuntime[0]", null, "SIGKILL", true)],
            records.ConvertAll(static record => (record.Where, record.ExitCode, record.Signal, record.TimedOut)));
        Assert.Equal((HookRecord.MostKept, "err\n"), (records[0].Stdout.Length, records[0].Stderr));
        Assert.EndsWith("xxxout\n", records[0].Stdout, StringComparison.Ordinal);
        Assert.True(records[2].Duration.TotalMilliseconds >= 1000);
        using var line = JsonDocument.Parse(records[2].ToJsonLine());
        Assert.Equal(("hooks.createRuntime[0]", "/bin/sh", "SIGKILL", true), (line.RootElement.GetProperty("hook").GetString(),
            line.RootElement.GetProperty("path").GetString(), line.RootElement.GetProperty("signal").GetString(), line.RootElement.GetProperty("timedOut").GetBoolean()));
        Assert.True(line.RootElement.GetProperty("milliseconds").GetDouble() >= 1000);
        Assert.Equal((byte)'\n', records[2].ToJsonLine().Span[^1]);
    }

    [Fact]
    [Checklist(241)]
    public void A_poststop_hook_that_fails_does_not_keep_the_others_from_running()
    {
        HookRunner.RunAllAndWarn("poststop", [Shell("exit 1"), new Hook { Path = "/nonexistent" }, Shell("touch log")], "{}"u8, _temporary.Path);
        Assert.True(File.Exists(Log));
    }

    private static Hook Shell(string script) => new() { Path = "/bin/sh", Args = ["sh", "-c", script], Env = ["PATH=/usr/bin:/bin"] };
}
