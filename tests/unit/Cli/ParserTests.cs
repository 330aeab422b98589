using System;
using System.Linq;
using CsCheck;
using Csrun.Runtime;
using Csrun.Runtime.Cli;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

public class ParserTests
{
    [Theory, Trait("contract", "C1")]
    [InlineData("--root /r --log /l --log-format json create --bundle /b --pid-file /p id")]
    [InlineData("create --root /r --log /l --log-format json --bundle /b --pid-file /p id")]
    [InlineData("--root /r create --bundle /b --log /l --pid-file /p --log-format json id")]
    public void Global_options_stand_before_the_command_or_among_its_own(string line)
    {
        var invocation = Parse(line);

        Assert.Equal("create", invocation.Command?.Name);
        Assert.Equal(["id"], invocation.Arguments);
        Assert.Equal("/r", invocation.Text(Options.Root));
        Assert.Equal("/l", invocation.Text(Options.Log));
        Assert.Equal("json", invocation.Text(Options.LogFormat));
        Assert.Equal("/b", invocation.Text(Options.Bundle));
        Assert.Equal("/p", invocation.Text(Options.PidFile));
    }

    [Theory, Trait("contract", "C2")]
    [InlineData("create --bundle /b id")]
    [InlineData("create --bundle=/b id")]
    [InlineData("create -bundle /b id")]
    [InlineData("create -bundle=/b id")]
    [InlineData("create -b /b id")]
    [InlineData("create -b=/b id")]
    [InlineData("create --b /b id")]
    [InlineData("create id --bundle /b")]
    public void An_option_has_one_dash_or_two_and_a_short_name(string line) =>
        Assert.Equal("/b", Parse(line).Text(Options.Bundle));

    [Theory, Trait("contract", "C2")]
    [InlineData("run -no-subreaper id", true)]
    [InlineData("run --no-subreaper id", true)]
    [InlineData("run --no-subreaper=true id", true)]
    [InlineData("run --no-subreaper=1 id", true)]
    [InlineData("run --no-subreaper=T id", true)]
    [InlineData("run --no-subreaper=false id", false)]
    [InlineData("run --no-subreaper=0 id", false)]
    [InlineData("run id", false)]
    public void A_flag_takes_a_boolean_after_an_equals_sign_only(string line, bool expected)
    {
        var invocation = Parse(line);

        Assert.Equal(expected, invocation.Flag(Options.NoSubreaper));
        Assert.Equal(["id"], invocation.Arguments);
    }

    [Fact, Trait("contract", "C2")]
    public void Every_short_name_that_engines_use_is_known()
    {
        Assert.True(Parse("run -d id").Flag(Options.Detach));
        Assert.True(Parse("kill -a id 9").Flag(Options.All));
        Assert.True(Parse("delete -f id").Flag(Options.Force));
        Assert.True(Parse("list -q").Flag(Options.Quiet));
        Assert.Equal("json", Parse("list -f json").Text(Options.ListFormat));
        Assert.Equal("other.json", Parse("create -f other.json id").Text(Options.Config));
    }

    [Theory, Trait("contract", "C2")]
    [InlineData("--root= state id")]
    [InlineData("--root  state id")]
    public void An_empty_value_is_an_absent_one(string line)
    {
        var invocation = Parse(line);

        Assert.Null(invocation.Text(Options.Root));
        Assert.Equal("state", invocation.Command?.Name);
    }

    [Fact, Trait("contract", "C2")]
    public void Two_dashes_end_the_options()
    {
        Assert.Equal(["--force"], Parse("delete -- --force").Arguments);
        Assert.Equal(["-"], Parse("delete -").Arguments);
    }

    [Fact, Trait("contract", "C3")]
    public void The_last_of_several_wins()
    {
        Assert.Equal("/b", Parse("--root=/a --systemd-cgroup --root=/b --systemd-cgroup state id").Text(Options.Root));
        Assert.False(Parse("--debug --debug=false state id").Flag(Options.Debug));
        Assert.Equal("json", Parse("--log-format text list --log-format json").Text(Options.LogFormat));
    }

    [Theory, Trait("contract", "C4")]
    [InlineData("--root=/r")]
    [InlineData("--log=/l")]
    [InlineData("--log-format=json")]
    [InlineData("--log-format=text")]
    [InlineData("--log-level=debug")]
    [InlineData("--debug")]
    [InlineData("--systemd-cgroup")]
    [InlineData("--cgroup-manager=systemd")]
    [InlineData("--cgroup-manager=cgroupfs")]
    [InlineData("--cgroup-manager=disabled")]
    [InlineData("--rootless=true")]
    [InlineData("--rootless=false")]
    [InlineData("--rootless=auto")]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("--version")]
    [InlineData("-v")]
    public void Every_command_takes_every_global_option(string option)
    {
        foreach (string name in CommandTable.Names)
        {
            Assert.Equal(name, Parse($"{option} {name}").Command?.Name);
            // spec has a flag of its own by that name, as runc has.
            if (name != "spec" || !option.StartsWith("--rootless"))
                Assert.Equal(name, Parse($"{name} {option}").Command?.Name);
        }
    }

    [Theory, Trait("contract", "C5")]
    [InlineData("create")]
    [InlineData("start")]
    [InlineData("state")]
    [InlineData("kill")]
    [InlineData("delete")]
    [InlineData("run")]
    [InlineData("exec")]
    [InlineData("list")]
    [InlineData("spec")]
    [InlineData("features")]
    public void The_commands_are_there(string name) => Assert.Contains(name, CommandTable.Names);

    [Theory, Trait("contract", "C5")]
    [InlineData("checkpoint --help")]
    [InlineData("restore --lsm-mount-context")]
    public void Commands_that_are_not_there_say_so(string line)
    {
        var refused = Refused(line);

        Assert.Equal("command-not-supported", refused.Code.Name);
        Assert.StartsWith(line.Split(' ')[0] + ": not supported yet", refused.Message);
        Assert.DoesNotContain(line.Split(' ')[0], CommandTable.Names);
    }

    [Theory, Trait("contract", "C6")]
    [InlineData("--bad state id", "-bad")]
    [InlineData("-bad state id", "-bad")]
    [InlineData("create --nope=3 id", "-nope")]
    [InlineData("create -it id", "-it")]
    [InlineData("state --bundle /b id", "-bundle")]
    public void An_unknown_option_is_named(string line, string name)
    {
        var refused = Refused(line);

        Assert.Equal("unknown-option", refused.Code.Name);
        Assert.StartsWith("flag provided but not defined: " + name, refused.Message);
    }

    [Theory, Trait("contract", "C6")]
    [InlineData("create --bundle", "-bundle")]
    [InlineData("create -b", "-b")]
    [InlineData("--root", "-root")]
    public void A_missing_value_is_an_error_that_engines_know(string line, string name)
    {
        var refused = Refused(line);

        Assert.Equal("option-needs-argument", refused.Code.Name);
        Assert.StartsWith("flag needs an argument: " + name, refused.Message);
    }

    [Theory, Trait("contract", "C6")]
    [InlineData("--log-format foo list", "invalid log-format: foo")]
    [InlineData("--rootless maybe list", "invalid rootless: maybe")]
    [InlineData("--cgroup-manager x list", "invalid cgroup-manager: x")]
    [InlineData("list -f xml", "invalid format: xml")]
    [InlineData("create --preserve-fds x id", "invalid value \"x\" for flag -preserve-fds")]
    [InlineData("create --preserve-fds -1 id", "invalid value \"-1\" for flag -preserve-fds")]
    [InlineData("create --preserve-fds 99999999999 id", "invalid value \"99999999999\" for flag -preserve-fds")]
    [InlineData("create --no-pivot=perhaps id", "invalid boolean value \"perhaps\" for -no-pivot")]
    public void A_value_that_the_option_does_not_take_is_an_error(string line, string message)
    {
        var refused = Refused(line);

        Assert.Equal("option-invalid", refused.Code.Name);
        Assert.StartsWith(message, refused.Message);
    }

    [Theory, Trait("contract", "C6")]
    [InlineData("create", "\"create\" requires exactly 1 argument(s)")]
    [InlineData("create a b", "\"create\" requires exactly 1 argument(s)")]
    [InlineData("start", "\"start\" requires exactly 1 argument(s)")]
    [InlineData("state a b", "\"state\" requires exactly 1 argument(s)")]
    [InlineData("delete", "\"delete\" requires exactly 1 argument(s)")]
    [InlineData("run", "\"run\" requires exactly 1 argument(s)")]
    [InlineData("kill", "\"kill\" requires a minimum of 1 argument(s)")]
    [InlineData("kill a 9 b", "\"kill\" requires a maximum of 2 argument(s)")]
    [InlineData("list a", "\"list\" requires exactly 0 argument(s)")]
    [InlineData("spec a", "\"spec\" requires exactly 0 argument(s)")]
    public void A_wrong_number_of_arguments_is_an_error(string line, string message)
    {
        var refused = Assert.Throws<CsrunException>(() => Parser.CheckArguments(Parse(line)));

        Assert.Equal("wrong-arguments", refused.Code.Name);
        Assert.StartsWith(message, refused.Message);
    }

    [Fact]
    public void An_unknown_command_has_no_help_topic()
    {
        var refused = Refused("frobnicate id");

        Assert.Equal("unknown-command", refused.Code.Name);
        Assert.StartsWith("No help topic for 'frobnicate'", refused.Message);
    }

    [Fact]
    public void What_stood_before_an_error_is_kept_for_the_log()
    {
        var invocation = new Invocation();

        Assert.Throws<CsrunException>(() => Parser.Parse(["--log", "/l", "--log-format", "json", "create", "--bad"], invocation));

        Assert.Equal("/l", invocation.Text(Options.Log));
        Assert.Equal("json", invocation.Text(Options.LogFormat));
    }

    [Fact]
    public void Any_words_are_either_read_or_refused_in_one_line()
    {
        var word = Gen.OneOf(
            Gen.String,
            Gen.OneOf(CommandTable.Names),
            Gen.OneOf<string>([.. Options.Global.Select(static option => "--" + option.Name), "-b", "-f=", "--bundle", "-a", "--", "-", "--=", "-="]));

        word.Array[0, 8].Sample(static words =>
        {
            var invocation = new Invocation();
            try
            {
                Parser.Parse(words, invocation);
                Parser.CheckArguments(invocation);
            }
            catch (CsrunException refused)
            {
                Assert.DoesNotContain('\n', refused.Message);
                Assert.EndsWith("]", refused.Message);
            }
        });
    }

    private static Invocation Parse(string line)
    {
        var invocation = new Invocation();
        Parser.Parse(line.Split(' '), invocation);
        return invocation;
    }

    private static CsrunException Refused(string line) => Assert.Throws<CsrunException>(() => Parse(line));
}
