using System;
using System.Linq;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Linux;

public class NamesTests
{
    [Theory]
    [InlineData(Errno.ENOENT, "ENOENT", "no such file or directory")]
    [InlineData(Errno.EACCES, "EACCES", "permission denied")]
    [InlineData(Errno.EPERM, "EPERM", "operation not permitted")]
    [InlineData(Errno.EAGAIN, "EAGAIN", "resource temporarily unavailable")]
    [InlineData(Errno.ENOEXEC, "ENOEXEC", "exec format error")]
    [InlineData(18, "EXDEV", "invalid cross-device link")]
    [InlineData(75, "EOVERFLOW", "value too large for defined data type")]
    [InlineData(5000, "5000", "unknown error")]
    public void An_error_number_has_its_name_and_the_c_librarys_text(int errno, string name, string text)
    {
        Assert.Equal(name, Errno.Name(errno));
        Assert.Equal(text, Errno.Text(errno));
    }

    [Fact]
    public void No_error_text_starts_with_a_capital_unless_it_is_an_abbreviation()
    {
        foreach (string text in Enumerable.Range(1, 133).Select(Errno.Text))
            Assert.True(!char.IsUpper(text[0]) || char.IsUpper(text[1]) || text[1] == '/', text);
    }

    [Theory]
    [InlineData("15", 15)]
    [InlineData("TERM", 15)]
    [InlineData("SIGTERM", 15)]
    [InlineData("sigterm", 15)]
    [InlineData("Kill", 9)]
    [InlineData("SIGCHLD", 17)]
    [InlineData("CLD", 17)]
    [InlineData("SIGPOLL", 29)]
    [InlineData("SIGRTMIN", 34)]
    [InlineData("rtmin+3", 37)]
    [InlineData("SIGRTMAX-1", 63)]
    [InlineData("RTMIN+30", 64)]
    [InlineData("0", 0)]
    [InlineData("64", 64)]
    [InlineData("65", -1)]
    [InlineData("-1", -1)]
    [InlineData("+9", -1)]
    [InlineData("", -1)]
    [InlineData("SIG", -1)]
    [InlineData("SIG9", -1)]
    [InlineData("RTMIN+31", -1)]
    [InlineData("RTMIN-1", -1)]
    [InlineData("TERMINATE", -1)]
    public void A_signal_is_parsed_by_number_or_name_in_any_case(string text, int expected) =>
        Assert.Equal(expected, Signals.Parse(text));

    [Fact]
    public void Every_signals_name_is_parsed_to_its_number()
    {
        for (int signal = 1; signal <= Signals.RealTimeMax; signal++)
            Assert.Equal(signal, Signals.Parse(Signals.Name(signal)));
    }

    [Theory]
    [InlineData("CAP_CHOWN", 0)]
    [InlineData("CAP_SYS_ADMIN", Capabilities.SysAdmin)]
    [InlineData("cap_sys_admin", Capabilities.SysAdmin)]
    [InlineData("SYS_ADMIN", Capabilities.SysAdmin)]
    [InlineData("CAP_CHECKPOINT_RESTORE", Capabilities.Last)]
    [InlineData("CAP_SYS_RESOURCE", Capabilities.SysResource)]
    [InlineData("CAP_", -1)]
    [InlineData("CAP_CAP_CHOWN", -1)]
    [InlineData("CAP_NONE", -1)]
    public void A_capability_has_its_number(string name, int number) => Assert.Equal(number, Capabilities.Number(name));

    [Fact]
    public void There_are_41_capabilities_each_with_a_name_of_its_own()
    {
        Assert.Equal(Capabilities.Last + 1, Capabilities.Names.Length);
        Assert.Equal(41, Capabilities.Names.ToArray().Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void The_kernels_capabilities_are_counted()
    {
        ulong set = Self.BoundingCapabilities(out int last);
        Assert.InRange(last, 36, 63);
        Assert.Equal(0UL, set >> last >> 1);
    }

    [Theory]
    [InlineData("RLIMIT_CPU", 0)]
    [InlineData("RLIMIT_NOFILE", Rlimits.NoFile)]
    [InlineData("RLIMIT_RTTIME", 15)]
    [InlineData("RLIMIT_nofile", -1)]
    [InlineData("NOFILE", -1)]
    public void A_resource_limit_has_its_number(string name, int number) => Assert.Equal(number, Rlimits.Number(name));

    [Fact]
    public void A_failed_call_says_what_was_to_be_done_on_what_and_why_not()
    {
        LinuxException error = Assert.Throws<LinuxException>(static () => LinuxException.Check(-Errno.EACCES, "open", "/a"));
        Assert.Equal("cannot open /a: permission denied (EACCES)", error.Message);
        Assert.Equal("cannot wait: no child processes (ECHILD): a hint", new LinuxException("wait", null, Errno.ECHILD, "a hint").Message);
    }
}
