using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime;

/// <summary>Makes a <see cref="CsrunException"/> of whatever else was thrown, and the text of all findings of a config.</summary>
public static class ErrorText
{
    /// <summary>conmon hands 8 KiB of our stderr on: more findings than this are counted, not shown.</summary>
    private const int MaxFindings = 20;

    /// <summary>The line that is shown and logged for an exception that reached <c>Main</c>.</summary>
    public static string Of(Exception exception) => exception switch
    {
        CsrunException known => known.Message,
        ConfigException config => Of(config),
        LinuxException failed => FromLinux(failed).Message,
        OutOfMemoryException => new CsrunException(ErrorCodes.OutOfMemory, "out of memory").Message,
        _ => new CsrunException(
            ErrorCodes.Internal, $"unforeseen {exception.GetType().Name}: {exception.Message}").Message,
    };

    /// <summary>A failed system call that nobody gave a better name to.</summary>
    /// <param name="failed">The failure.</param>
    /// <param name="code">Its kind; <see cref="ErrorCodes.SystemCallFailed"/> if not given.</param>
    /// <param name="where">The part of the config or the option that asked for it.</param>
    public static CsrunException FromLinux(LinuxException failed, ErrorCode? code = null, string? where = null)
    {
        ArgumentNullException.ThrowIfNull(failed);
        return new CsrunException(
            code ?? ErrorCodes.SystemCallFailed, "cannot " + failed.Operation, failed.Target, failed.Errno, where,
            failed.Hint ?? Hints.For(failed.Errno));
    }

    private static string Of(ConfigException config)
    {
        var text = new StringBuilder();
        text.Append(config.FileName).Append(": ");
        Append(text, config.Findings);
        return text.ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<Finding> findings)
    {
        for (int i = 0; i < findings.Count && i < MaxFindings; i++)
        {
            if (i > 0)
                text.Append("; ");
            foreach (char c in findings[i].ToString())
                text.Append(char.IsControl(c) ? ' ' : c);
            text.Append(" [").Append(findings[i].Code.Name).Append(']');
        }
        if (findings.Count > MaxFindings)
            text.Append("; and ").Append(findings.Count - MaxFindings).Append(" more");
    }
}
