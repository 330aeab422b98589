using System;

namespace Csrun.Runtime.Cli;

/// <summary>One command, as declared in <see cref="CommandTable"/>.</summary>
internal sealed class Command(string name, string summary, Func<Invocation, int> run)
{
    public string Name { get; } = name;

    /// <summary>What it does, in one line without a full stop.</summary>
    public string Summary { get; } = summary;

    /// <summary>Does it; returns the exit code.</summary>
    public Func<Invocation, int> Run { get; } = run;

    /// <summary>Its arguments as the usage line shows them.</summary>
    public string Arguments { get; init; } = "";

    public int MinArguments { get; init; }

    public int MaxArguments { get; init; }

    /// <summary>What follows the first argument is for another program: no word of it is an option here.</summary>
    public bool RawAfterFirst { get; init; }

    /// <summary>The exit code where the command fails; that of a usage error is 1 for all.</summary>
    public int FailureCode { get; init; } = 1;

    /// <summary>Options besides the global ones.</summary>
    public Option[] Options { get; init; } = [];

    /// <summary>Paragraphs, separated by empty lines.</summary>
    public string Description { get; init; } = "";

    /// <summary>Lines of a shell, or empty.</summary>
    public string Example { get; init; } = "";

    /// <summary>The option that <paramref name="given"/> names, its own before a global one; null if there is none.</summary>
    public Option? FindOption(string given) => Find(Options, given);

    /// <summary>The option of <paramref name="options"/> that is named so.</summary>
    public static Option? Find(Option[] options, string given)
    {
        foreach (var option in options)
        {
            if (option.IsNamed(given))
                return option;
        }
        return null;
    }
}
