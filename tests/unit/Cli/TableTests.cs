using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Csrun.Runtime.Cli;
using Csrun.Runtime.Cli.Docs;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

/// <summary>What holds for all commands and options, and for what is made from their table.</summary>
public class TableTests
{
    public static TheoryData<string> Commands => [.. CommandTable.Names];

    [Fact]
    public void Each_name_finds_its_command()
    {
        foreach (string name in CommandTable.Names)
            Assert.Equal(name, CommandTable.Find(name)?.Name);
        foreach (string name in CommandTable.NotYet)
            Assert.Null(CommandTable.Find(name));
    }

    [Theory, MemberData(nameof(Commands)), Trait("contract", "C5")]
    public void Help_names_every_option_and_argument(string name)
    {
        var command = CommandTable.Find(name)!;
        string text = HelpText.For(command);

        Assert.Contains(command.Summary, text);
        Assert.Contains("USAGE:\n   csrun " + name, text);
        Assert.Contains(command.Arguments, text);
        foreach (var option in command.Options)
            Assert.Contains("--" + option.Name, text);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 120, line));
        Assert.Contains("   " + name, HelpText.ForAll());
    }

    [Theory, MemberData(nameof(Commands))]
    public void No_name_of_an_option_stands_for_two(string name)
    {
        var own = CommandTable.Find(name)!.Options;
        var names = own.SelectMany(Names).ToList();

        Assert.Equal(names.Distinct(), names);
        // The short names that engines use globally stay free. ("rootless" of spec is runc's own exception.)
        var global = Options.Global.SelectMany(Names).ToHashSet();
        Assert.DoesNotContain(names, used => global.Contains(used) && !(name == "spec" && used == "rootless"));
    }

    [Fact]
    public void Every_declared_option_is_read_by_its_command()
    {
        string directory = Path.Combine(SourceTree.Root, "src/Runtime/Cli");
        string Source(string file) => File.ReadAllText(Path.Combine(directory, file));
        string shared = Source("GlobalOptions.cs") + Source("Dispatcher.cs") + Source("LogSink.cs");
        foreach (string field in Fields(Options.Global))
            Assert.Contains("Options." + field + ")", shared);

        foreach (string name in CommandTable.Names)
        {
            string source = Source(char.ToUpperInvariant(name[0]) + name[1..] + ".cs");
            if (source.Contains("CreateCommand.Request("))
                source += Source("Create.cs");
            foreach (string field in Fields(CommandTable.Find(name)!.Options))
                Assert.True(source.Contains("Options." + field + ")"), $"{name} does not read Options.{field}");
        }
    }

    [Theory]
    [InlineData("create")]
    [InlineData("run")]
    public void Every_option_changes_what_is_asked_for(string name)
    {
        object Request(params string[] options)
        {
            var invocation = new Invocation();
            Parser.Parse([name, .. options, "id"], invocation);
            return name == "run" ? RunCommand.Request(invocation) : CreateCommand.Request(invocation);
        }
        foreach (var option in CommandTable.Find(name)!.Options)
        {
            string value = option.Kind switch { OptionKind.Flag => "", OptionKind.Number => "=7", _ => "=other" };
            Assert.NotEqual(Request(), Request("--" + option.Name + value));
        }
        Assert.NotEqual(Request(), Request("--root=/other"));
        Assert.NotEqual(Request(), Request("--systemd-cgroup"));
        Assert.NotEqual(Request(), Request("--cgroup-manager=disabled"));
        Assert.NotEqual(Request(), Request("--rootless=true"));
    }

    [Fact]
    public void The_generated_files_are_current()
    {
        foreach (var (path, content) in DocsCommand.Files())
        {
            string file = Path.Combine(SourceTree.Root, path);
            Assert.True(File.Exists(file) && File.ReadAllText(file) == content, path + " is out of date: run `make docs`");
        }
    }

    [Fact]
    public void No_generated_file_is_left_over()
    {
        var made = DocsCommand.Files().Select(file => Path.GetFileName(file.Path)).ToHashSet();

        Assert.All(Directory.GetFiles(Path.Combine(SourceTree.Root, "contrib/man")), file => Assert.Contains(Path.GetFileName(file), made));
    }

    [Fact]
    public void Every_error_code_is_explained_and_unique()
    {
        var codes = ErrorPages.All();

        Assert.Equal(codes.Select(code => code.Name).Distinct(), codes.Select(code => code.Name));
        Assert.All(codes, code =>
        {
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", code.Name);
            Assert.EndsWith(".", code.Meaning);
            Assert.EndsWith(".", code.Causes);
            Assert.EndsWith(".", code.Remedy);
        });
    }

    /// <summary>The fields of <see cref="Options"/> that hold these options.</summary>
    private static IEnumerable<string> Fields(IEnumerable<Option> options) =>
        options.Select(option => typeof(Options).GetFields().First(field => ReferenceEquals(field.GetValue(null), option)).Name);

    private static IEnumerable<string> Names(Option option) =>
        option.Short is null ? [option.Name] : [option.Name, option.Short];
}
