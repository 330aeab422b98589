using System;
using System.Collections.Generic;
using System.Globalization;

namespace Csrun.Runtime.Cli;

/// <summary>One command line, parsed: the command, its options in the order given, its arguments.</summary>
internal sealed class Invocation
{
    private readonly List<(Option Option, string Value)> _options = new(8);

    /// <summary>The command; null when none was given.</summary>
    public Command? Command { get; set; }

    /// <summary>What is neither the command nor an option.</summary>
    public List<string> Arguments { get; } = new(2);

    /// <summary>The argument at an index, or null.</summary>
    public string? Argument(int index) => index < Arguments.Count ? Arguments[index] : null;

    public void Add(Option option, string value) => _options.Add((option, value));

    /// <summary>The value of a text or choice option; null if it is absent or empty.</summary>
    public string? Text(Option option)
    {
        string? value = Last(option);
        return value is { Length: > 0 } ? value : null;
    }

    /// <summary>All values of a text option that are not empty, in order.</summary>
    public string[] All(Option option)
    {
        var values = new List<string>();
        foreach (var (given, value) in _options)
        {
            if (ReferenceEquals(given, option) && value.Length > 0)
                values.Add(value);
        }
        return values.ToArray();
    }

    /// <summary>Whether a flag is set.</summary>
    public bool Flag(Option option) => Last(option) == "true";

    /// <summary>The value of a number option, 0 if it is absent.</summary>
    public int Number(Option option) =>
        Last(option) is { } value ? int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    private string? Last(Option option)
    {
        for (int i = _options.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_options[i].Option, option))
                return _options[i].Value;
        }
        return null;
    }
}
