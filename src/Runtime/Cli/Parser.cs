using System;
using System.Globalization;

namespace Csrun.Runtime.Cli;

/// <summary>
/// Reads a command line against <see cref="CommandTable"/> with the grammar that engines know from runc: one dash or two,
/// <c>--name value</c> or <c>--name=value</c>, one-letter names, global options before the command or among its own, the
/// last of several wins, <c>--</c> ends the options. Options may follow the arguments, but for
/// commands whose arguments are another program's.
/// </summary>
internal static class Parser
{
    /// <summary>
    /// Fills <paramref name="invocation"/>. What was read before an error stays in it, so that the error can go to the
    /// log file that was named.
    /// </summary>
    /// <exception cref="CsrunException">What is wrong, in the words that callers look for.</exception>
    public static void Parse(string[] words, Invocation invocation)
    {
        bool options = true;
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (options && word == "--")
                options = false;
            else if (options && word.Length > 1 && word[0] == '-')
                i = ParseOption(words, i, invocation);
            else if (invocation.Command is { } command)
            {
                invocation.Arguments.Add(word);
                options &= !command.RawAfterFirst;
            }
            else
                invocation.Command = FindCommand(word);
        }
    }

    /// <summary>The command of this name, or an error that says whether there will be one.</summary>
    public static Command FindCommand(string name) => CommandTable.Find(name)
        ?? throw (Array.IndexOf(CommandTable.NotYet, name) >= 0
            ? new CsrunException(ErrorCodes.CommandNotSupported, $"{name}: not supported yet")
            : new CsrunException(ErrorCodes.UnknownCommand, $"No help topic for '{name}'"));

    /// <summary>Refuses too few and too many arguments.</summary>
    public static void CheckArguments(Invocation invocation)
    {
        if (invocation.Command is not { } command)
            return;
        int given = invocation.Arguments.Count;
        if (given >= command.MinArguments && given <= command.MaxArguments)
            return;
        string wanted = command.MinArguments == command.MaxArguments ? "exactly"
            : given < command.MinArguments ? "a minimum of" : "a maximum of";
        int limit = given < command.MinArguments ? command.MinArguments : command.MaxArguments;
        throw new CsrunException(ErrorCodes.WrongArguments,
            string.Create(CultureInfo.InvariantCulture, $"\"{command.Name}\" requires {wanted} {limit} argument(s)"),
            hint: HelpHint(command));
    }

    /// <summary>One option at <paramref name="index"/>; returns the index of the last word that it took.</summary>
    private static int ParseOption(string[] words, int index, Invocation invocation)
    {
        string word = words[index];
        string name = word[(word[1] == '-' ? 2 : 1)..];
        string? value = null;
        int equals = name.IndexOf('=', StringComparison.Ordinal);
        if (equals >= 0)
        {
            value = name[(equals + 1)..];
            name = name[..equals];
        }

        var option = invocation.Command?.FindOption(name) ?? Command.Find(Options.Global, name)
            ?? throw new CsrunException(ErrorCodes.UnknownOption, $"flag provided but not defined: -{name}", hint: HelpHint(invocation.Command));
        if (option.Kind == OptionKind.Flag)
        {
            invocation.Add(option, Boolean(option, value ?? "true"));
            return index;
        }
        if (value is null)
        {
            if (++index == words.Length)
                throw new CsrunException(ErrorCodes.OptionNeedsArgument, $"flag needs an argument: -{name}", hint: HelpHint(invocation.Command));
            value = words[index];
        }
        Check(option, value);
        invocation.Add(option, value);
        return index;
    }

    /// <summary>The forms that Go's strconv.ParseBool takes: engines were written against it.</summary>
    private static string Boolean(Option option, string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => "true",
        "0" or "f" or "F" or "false" or "FALSE" or "False" => "false",
        _ => throw new CsrunException(ErrorCodes.OptionInvalid, $"invalid boolean value \"{value}\" for -{option.Name}"),
    };

    private static void Check(Option option, string value)
    {
        if (option.Kind == OptionKind.Number && !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new CsrunException(ErrorCodes.OptionInvalid, $"invalid value \"{value}\" for flag -{option.Name}: not a number");
        // An empty choice is the default, as an empty text is.
        if (option.Choices is { } choices && value.Length > 0 && Array.IndexOf(choices, value) < 0)
            throw new CsrunException(ErrorCodes.OptionInvalid, $"invalid {option.Name}: {value}", hint: "one of " + string.Join(", ", choices));
    }

    private static string HelpHint(Command? command) =>
        command is null ? "see \"csrun --help\"" : $"see \"csrun {command.Name} --help\"";
}
