namespace Csrun.Runtime.Cli;

/// <summary>What kind of value an option takes.</summary>
internal enum OptionKind
{
    /// <summary>True or false; the name alone means true.</summary>
    Flag,

    /// <summary>Any text, empty too; empty is the same as absent.</summary>
    Text,

    /// <summary>A decimal number that is not negative.</summary>
    Number,

    /// <summary>One of <see cref="Option.Choices"/>.</summary>
    Choice,
}

/// <summary>
/// One option of the command line, as declared in <see cref="Options"/>. The parser, the help texts, the man pages and
/// the shell completions all come from it.
/// </summary>
internal sealed class Option(string name, OptionKind kind, string help)
{
    /// <summary>The long name, without dashes.</summary>
    public string Name { get; } = name;

    public OptionKind Kind { get; } = kind;

    /// <summary>One sentence without a full stop.</summary>
    public string Help { get; } = help;

    /// <summary>The one-letter name, or null.</summary>
    public string? Short { get; init; }

    /// <summary>What the help calls the value.</summary>
    public string ValueName { get; init; } = "value";

    /// <summary>What the help gives as the default; null if there is nothing to say.</summary>
    public string? Default { get; init; }

    /// <summary>The values that a <see cref="OptionKind.Choice"/> may have.</summary>
    public string[]? Choices { get; init; }

    /// <summary>The value is a path of a directory or a file: shells complete it as such.</summary>
    public bool IsPath { get; init; }

    /// <summary>Whether <paramref name="given"/>, without its dashes, names this option.</summary>
    public bool IsNamed(string given) => given == Name || (Short is not null && given == Short);
}
