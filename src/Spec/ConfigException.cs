using System;
using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>A config that cannot be used: all that is wrong with it, in the order of the file.</summary>
public sealed class ConfigException : Exception
{
    public ConfigException(string fileName, IReadOnlyList<Finding> findings)
        : base(Describe(fileName, findings))
    {
        FileName = fileName;
        Findings = findings;
    }

    /// <summary>The file as the user knows it: <c>config.json</c>.</summary>
    public string FileName { get; }

    /// <summary>At least one.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    private static string Describe(string fileName, IReadOnlyList<Finding> findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        string first = $"{fileName}: {findings[0]} [{findings[0].Code.Name}]";
        return findings.Count == 1
            ? first
            : FormattableString.Invariant($"{first} and {findings.Count - 1} more");
    }
}
