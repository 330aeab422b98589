using System;

namespace Csrun.Spec;

/// <summary>Whether a finding stops the operation.</summary>
public enum Severity
{
    Error,

    /// <summary>Logged; the flow goes on as if it were not there (config.md, "warning").</summary>
    Warning,
}

/// <summary>One thing that is wrong with a config, as the reader or the validator saw it.</summary>
/// <param name="Code">Its kind.</param>
/// <param name="Path">Where, as a JSON path: <c>mounts[3].source</c>, <c>annotations["org.example.key"]</c>; empty for the whole file.</param>
/// <param name="Message">What is wrong, without the path: <c>must be a string, but is a number</c>.</param>
/// <param name="Line">Line in the file, from 1; 0 when not known (see <see cref="JsonLocation.Fill"/>).</param>
/// <param name="Column">Byte in the line, from 1; 0 when not known.</param>
/// <param name="Severity">Whether it stops the operation.</param>
public readonly record struct Finding(
    ErrorCode Code, string Path, string Message, int Line = 0, int Column = 0, Severity Severity = Severity.Error)
{
    /// <summary><c>mounts[3].source: must be a string, but is a number (line 40, column 13)</c>.</summary>
    public override string ToString()
    {
        string where = Path.Length == 0 ? "" : Path + ": ";
        string position = Line == 0 ? "" : FormattableString.Invariant($" (line {Line}, column {Column})");
        return where + Message + position;
    }
}
