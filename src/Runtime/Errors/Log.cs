using System;

namespace Csrun.Runtime;

public enum LogLevel
{
    Debug,
    Warning,
    Error,
}

/// <summary>
/// Where messages for people and engines go. Nothing is said on success (engines parse our standard output and error),
/// so without a sink nothing is written at all. The command line sets the sink by --log, --log-format and --debug.
/// </summary>
public static class Log
{
    /// <summary>Takes a level and a line without an end; null drops all.</summary>
    public static Action<LogLevel, string>? Sink { get; set; }

    /// <summary>Whether --debug was given. Ask before making a text that costs something.</summary>
    public static bool IsDebug { get; set; }

    public static void Error(string text) => Sink?.Invoke(LogLevel.Error, text);

    public static void Warning(string text) => Sink?.Invoke(LogLevel.Warning, text);

    public static void Debug(string text)
    {
        if (IsDebug)
            Sink?.Invoke(LogLevel.Debug, text);
    }
}
