using System;
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Cli;

/// <summary>
/// Where <see cref="Log"/> goes: the file of <c>--log</c>, one write for each entry, and standard error. Engines read
/// both: an error goes to both, everything else to the file, or to standard error if there is no file.
/// </summary>
internal static class LogSink
{
    private static Fd? s_file;
    private static bool s_json;
    private static LogLevel s_least = LogLevel.Error;

    /// <summary>Opens what the options name; from then on <see cref="Log"/> has a sink.</summary>
    /// <exception cref="CsrunException">The file cannot be opened.</exception>
    public static void Open(Invocation invocation)
    {
        s_json = invocation.Text(Options.LogFormat) == "json";
        s_least = invocation.Flag(Options.Debug) ? LogLevel.Debug : invocation.Text(Options.LogLevel) switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            // Standard error stays silent on success; a file is there to be asked afterwards.
            _ => invocation.Text(Options.Log) is null or "/dev/stderr" ? LogLevel.Error : LogLevel.Warning,
        };
        Log.IsDebug = s_least == LogLevel.Debug;
        Log.Sink = static (level, text) => Write(level, text, null, null, null, 0);
        if (invocation.Text(Options.Log) is { } path && path != "/dev/stderr")
            s_file = OpenFile(path);
    }

    /// <summary>Reports why the command failed: one line on standard error, one entry in the file.</summary>
    public static void Failure(Exception exception)
    {
        string text = ErrorText.Of(exception);
        switch (exception)
        {
            case CsrunException known:
                Write(LogLevel.Error, text, known.Code.Name, known.Where ?? known.Object, known.Operation, known.Errno);
                break;
            case ConfigException config:
                Write(LogLevel.Error, text, config.Findings[0].Code.Name, config.Findings[0].Path, null, 0);
                break;
            case LinuxException failed:
                Write(LogLevel.Error, text, ErrorCodes.SystemCallFailed.Name, failed.Target, failed.Operation, failed.Errno);
                break;
            default:
                Write(LogLevel.Error, text, ErrorCodes.Internal.Name, null, null, 0);
                break;
        }
        if (Log.IsDebug)
            Log.Debug(exception.ToString());
    }

    /// <summary>One entry of the file, with its end of line.</summary>
    public static byte[] Entry(bool json, LogLevel level, string text, DateTime time, string? code, string? path, string? operation, int errno)
    {
        string stamp = time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        if (!json)
            return Encoding.UTF8.GetBytes($"time=\"{stamp}\" level={Word(level)} msg=\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n");

        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonText.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteString("level"u8, Word(level));
            writer.WriteString("msg"u8, text);
            writer.WriteString("time"u8, stamp);
            if (code is not null)
                writer.WriteString("code"u8, code);
            if (!string.IsNullOrEmpty(path))
                writer.WriteString("path"u8, path);
            if (operation is not null)
                writer.WriteString("op"u8, operation);
            if (errno != 0)
                writer.WriteString("errno"u8, Errno.Name(errno));
            writer.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(LogLevel level, string text, string? code, string? path, string? operation, int errno)
    {
        if (level < s_least)
            return;
        if (s_file is not null)
        {
            // A reader follows the file: an entry that cannot be written whole in one call is torn, and so lost either way.
            byte[] entry = Entry(s_json, level, text, DateTime.UtcNow, code, path, operation, errno);
            _ = Syscalls.Write(s_file.Number, entry);
        }
        if (level == LogLevel.Error)
            _ = Output.Stderr("csrun: " + text + "\n");
        else if (s_file is null)
            _ = Output.Stderr("csrun: " + Word(level) + ": " + text + "\n");
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static Fd OpenFile(string path)
    {
        if (path.StartsWith("journald:", StringComparison.Ordinal) || path.StartsWith("syslog:", StringComparison.Ordinal))
            throw new CsrunException(ErrorCodes.LogUnusable, "not supported yet: logging to", path, where: "--log");
        int result = Syscalls.OpenAt(At.Cwd, path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append | OpenFlags.NoCtty, 0x1A4 /* 0644 */);
        if (result < 0)
            throw new CsrunException(ErrorCodes.LogUnusable, "cannot open", path, -result, where: "--log");
        return new Fd(result);
    }
}
