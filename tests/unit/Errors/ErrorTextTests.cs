using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Errors;

public class ErrorTextTests
{
    [Fact]
    public void An_error_is_one_line_of_where_what_why_hint_and_code() => Assert.Equal(
        "config.json: mounts[3].source: cannot bind /data/missing: no such file or directory (ENOENT): make it [mount-source-missing]",
        new CsrunException(
            ErrorCodes.MountSourceMissing, "cannot bind", "/data/missing", Errno.ENOENT, "config.json: mounts[3].source", "make it").Message);

    [Fact]
    public void What_is_not_known_is_left_out() =>
        Assert.Equal("container does not exist [container-not-found]", new CsrunException(ErrorCodes.ContainerNotFound, "container does not exist").Message);

    [Fact]
    public void Nothing_in_an_error_breaks_the_line() => Assert.DoesNotContain(
        new CsrunException(ErrorCodes.HookFailed, "a\nb", "c\r\nd\u0085e\u001b[0m", hint: "f\ng").Message, char.IsControl);

    [Fact]
    public void All_findings_of_a_config_are_in_the_line()
    {
        var findings = new List<Finding>();
        for (int i = 0; i < 25; i++)
            findings.Add(new Finding(ErrorCodes.NotSupported, FormattableString.Invariant($"mounts[{i}]"), "is wrong", 1, i + 1));
        string text = ErrorText.Of(new ConfigException("config.json", findings));
        Assert.StartsWith("config.json: mounts[0]: is wrong (line 1, column 1) [not-supported]; mounts[1]", text, StringComparison.Ordinal);
        Assert.EndsWith("; and 5 more", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unforeseen_exception_is_one_line_too() => Assert.Equal(
        "unforeseen InvalidOperationException: a b [internal]", ErrorText.Of(new InvalidOperationException("a\nb")));

    [Fact]
    public void A_system_call_that_failed_says_on_what() => Assert.Equal(
        "cannot open /x: permission denied (EACCES) [system-call-failed]", ErrorText.Of(new LinuxException("open", "/x", Errno.EACCES)));

    [Fact]
    public void Every_code_has_a_name_of_its_own_and_three_sentences()
    {
        ErrorCode[] codes = [.. ErrorCodes.All];
        Assert.Equal(codes.Length, codes.Select(static code => code.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(codes, static code =>
        {
            Assert.Matches("^[a-z]+(-[a-z0-9]+)*$", code.Name);
            Assert.All([code.Meaning, code.Causes, code.Remedy], static sentence => Assert.EndsWith(".", sentence, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void No_hint_has_the_words_that_engines_sort_errors_by()
    {
        for (int errno = 1; errno < 134; errno++)
        {
            string hint = Hints.For(errno) ?? "";
            foreach (string words in (string[])["permission denied", "operation not permitted", "no such file", "not found", "executable file"])
                Assert.DoesNotContain(words, hint, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("nope", Step.Find, Errno.ENOENT, "exec: \"nope\": executable file not found in $PATH [executable-not-found]")]
    [InlineData("/nope", Step.Find, Errno.ENOENT, "exec: \"/nope\": stat /nope: no such file or directory (ENOENT) [executable-not-found]")]
    [InlineData("/etc", Step.Find, Errno.EACCES, "exec: \"/etc\": permission denied (EACCES) [executable-invalid]")]
    [InlineData("/etc", Step.Find, Errno.EISDIR, "exec: \"/etc\": is a directory (EISDIR) [executable-invalid]")]
    [InlineData("/x", Step.Exec, Errno.ENOEXEC, "exec: \"/x\": exec format error (ENOEXEC): it is neither")]
    [InlineData("/x", Step.Exec, Errno.ENOENT, "exec: \"/x\": no such file or directory (ENOENT): the interpreter in its first line")]
    public void Why_a_program_cannot_be_executed_is_said_as_engines_expect(string program, Step step, int errno, string expected)
    {
        string text = InitErrors.From(new InitStep(Opcode.FindExecutable, "process.args[0]", "run", program), step, errno, 0, "").Message;
        Assert.StartsWith("config.json: process.args[0]: " + expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_working_directory_that_is_missing_is_said_as_engines_expect() => Assert.Equal(
        "config.json: process.cwd: chdir to cwd (\"/nope\") set in config.json failed: no such file or directory (ENOENT) [working-directory]",
        InitErrors.From(new InitStep(Opcode.ChangeDirectory, "process.cwd", "enter", "/nope"), Step.Chdir, Errno.ENOENT, 0, "").Message);

    [Theory]
    [InlineData(Step.HookStatus, 0x300ul, "exit status 3", "hook-failed")]
    [InlineData(Step.HookStatus, 9ul, "signal SIGKILL", "hook-failed")]
    [InlineData(Step.HookTimeout, 0ul, "it ran for longer than its timeout", "hook-timeout")]
    public void A_hook_that_failed_says_how_it_ended_and_what_it_said_last(Step step, ulong value, string how, string code) => Assert.Equal(
        $"config.json: hooks.createContainer[0]: error running hook /h: {how}: last words [{code}]",
        InitErrors.From(new InitStep(Opcode.RunHook, "hooks.createContainer[0]", "run the hook", "/h"), step, 0, value, "last words\n").Message);

    [Fact]
    public void A_label_that_was_refused_names_its_file_as_Podman_looks_for_it() => Assert.Equal(
        "config.json: process.apparmorProfile: cannot apply the AppArmor profile p: write `/proc/thread-self/attr/apparmor/exec`: "
            + "no such file or directory (ENOENT): the profile is not loaded [label-failed]",
        InitErrors.From(new InitStep(Opcode.SetLabel, "process.apparmorProfile", "apply the AppArmor profile", "p"), Step.Write, Errno.ENOENT, 0,
            "thread-self/attr/apparmor/exec").Message);

    [Theory]
    [InlineData(Opcode.MountFilesystem, Step.FsOpen, Errno.ENODEV, "", "mount-failed")]
    [InlineData(Opcode.MountFilesystem, Step.FsConfig, Errno.EINVAL, "sizze", "mount-option")]
    [InlineData(Opcode.MountBind, Step.Resolve, Errno.ELOOP, "", "mount-destination")]
    [InlineData(Opcode.OpenSource, Step.OpenTree, Errno.ENOENT, "", "mount-source-missing")]
    [InlineData(Opcode.OpenSource, Step.OpenTree, Errno.EACCES, "", "mount-source")]
    [InlineData(Opcode.SetIdentity, Step.Groups, Errno.EINVAL, "", "identity-failed")]
    [InlineData(Opcode.WriteSysctl, Step.Open, Errno.ENOENT, "", "sysctl-failed")]
    public void The_instruction_and_the_step_make_the_code(Opcode opcode, Step step, int errno, string text, string code)
    {
        string message = InitErrors.From(new InitStep(opcode, "mounts[0]", "do it to", "/there"), step, errno, 0, text).Message;
        Assert.StartsWith("config.json: mounts[0]: cannot do it to /there", message, StringComparison.Ordinal);
        Assert.Contains($"({Errno.Name(errno)})", message, StringComparison.Ordinal);
        Assert.Contains(text, message, StringComparison.Ordinal);
        Assert.EndsWith($"[{code}]", message, StringComparison.Ordinal);
    }
}
