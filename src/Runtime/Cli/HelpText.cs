using System;
using System.Text;

namespace Csrun.Runtime.Cli;

/// <summary>The texts of <c>help</c> and <c>--help</c>, made when asked for.</summary>
internal static class HelpText
{
    private const int Width = 100;

    /// <summary>Help for the whole program.</summary>
    public static string ForAll()
    {
        var text = new StringBuilder(4096);
        text.Append("NAME:\n   csrun - run containers from OCI bundles\n\n")
            .Append("USAGE:\n   csrun [global options] command [options] [arguments]\n\n")
            .Append("COMMANDS:\n");
        foreach (string name in CommandTable.Names)
            text.Append("   ").Append(name.PadRight(10)).Append(CommandTable.Find(name)!.Summary).Append('\n');
        text.Append("\nGLOBAL OPTIONS:\n");
        AppendOptions(text, Options.Global);
        text.Append("\nEXAMPLE:\n   mkdir -p demo/rootfs && csrun spec --bundle demo    # then fill rootfs and edit config.json\n")
            .Append("   csrun plan demo                                     # what would happen\n")
            .Append("   csrun run --bundle demo my-container\n");
        return text.ToString();
    }

    /// <summary>Help for one command.</summary>
    public static string For(Command command)
    {
        var text = new StringBuilder(2048);
        text.Append("NAME:\n   csrun ").Append(command.Name).Append(" - ").Append(command.Summary).Append("\n\n")
            .Append("USAGE:\n   ").Append(Usage(command)).Append('\n');
        if (command.Description.Length > 0)
            text.Append("\nDESCRIPTION:\n").Append(Indent(command.Description)).Append('\n');
        if (command.Example.Length > 0)
            text.Append("\nEXAMPLE:\n").Append(Indent(command.Example)).Append('\n');
        if (command.Options.Length > 0)
        {
            text.Append("\nOPTIONS:\n");
            AppendOptions(text, command.Options);
        }
        return text.Append("\nThe global options (\"csrun --help\") are accepted too.\n").ToString();
    }

    /// <summary><c>csrun create [options] &lt;container-id&gt;</c>.</summary>
    public static string Usage(Command command) =>
        "csrun " + command.Name + (command.Options.Length > 0 ? " [options]" : "") + (command.Arguments.Length > 0 ? " " + command.Arguments : "");

    /// <summary><c>--bundle dir, -b dir</c>.</summary>
    public static string Names(Option option)
    {
        string value = option.Kind == OptionKind.Flag ? "" : " " + option.ValueName;
        string names = "--" + option.Name + value;
        return option.Short is null ? names : names + ", -" + option.Short + value;
    }

    /// <summary>What an option does, with its choices and its default.</summary>
    public static string Explanation(Option option)
    {
        string text = option.Help;
        if (option.Choices is { } choices)
            text += ": " + string.Join(", ", choices);
        return option.Default is null ? text : text + " (default: " + option.Default + ")";
    }

    private static void AppendOptions(StringBuilder text, Option[] options)
    {
        int widest = 0;
        foreach (var option in options)
            widest = Math.Max(widest, Names(option).Length);
        foreach (var option in options)
        {
            text.Append("   ").Append(Names(option).PadRight(widest + 2));
            AppendWrapped(text, Explanation(option), widest + 5);
            text.Append('\n');
        }
    }

    private static void AppendWrapped(StringBuilder text, string line, int indent)
    {
        int column = indent;
        foreach (string word in line.Split(' '))
        {
            if (column > indent && column + 1 + word.Length > Width)
            {
                text.Append('\n').Append(' ', indent);
                column = indent;
            }
            else if (column > indent)
            {
                text.Append(' ');
                column++;
            }
            text.Append(word);
            column += word.Length;
        }
    }

    private static string Indent(string text) => "   " + text.Replace("\n", "\n   ", StringComparison.Ordinal).Replace("\n   \n", "\n\n", StringComparison.Ordinal);
}
