using System;
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// How a hook ran: one line of JSON in the state directory's <c>hooks.jsonl</c>, whether it failed or not, and the words
/// for its error. A container that is gone has taken its records along; what failed then is in the error.
/// </summary>
internal sealed record HookRecord
{
    /// <summary>Bytes of the end of each stream that are kept.</summary>
    public const int MostKept = 4096;

    // conmon hands 8 KiB of our stderr on: the error's line must have room for the rest.
    private const int MostShown = 2048;

    /// <summary><c>hooks.createRuntime[0]</c>.</summary>
    public required string Where { get; init; }

    public required string Path { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Its exit status; null if it did not exit by itself.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that killed it.</summary>
    public string? Signal { get; init; }

    /// <summary>It was killed because its time was over.</summary>
    public bool TimedOut { get; init; }

    public required string Stdout { get; init; }

    public required string Stderr { get; init; }

    /// <summary>The end of what was written to a file, as text.</summary>
    public static string Tail(int file)
    {
        if (Syscalls.Stat(file, out var status) < 0 || status.Size == 0)
            return "";
        long start = Math.Max(0, (long)status.Size - MostKept);
        if (Syscalls.Seek(file, start) < 0)
            return "";
        Span<byte> buffer = stackalloc byte[MostKept];
        long length = Syscalls.Read(file, buffer);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer[..(int)length]);
    }

    /// <summary>The end of what it printed, for an error; empty if it printed nothing.</summary>
    public string Words()
    {
        string stdout = Shown(Stdout);
        string stderr = Shown(Stderr);
        if (stdout.Length == 0)
            return stderr;
        return stderr.Length == 0 ? stdout : string.Concat("stdout: ", stdout, "; stderr: ") + stderr;
    }

    /// <summary>The line for hooks.jsonl.</summary>
    public ReadOnlyMemory<byte> ToJsonLine()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonText.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("hook"u8, Where);
            json.WriteString("path"u8, Path);
            json.WriteString("ended"u8, DateTimeOffset.UtcNow);
            json.WriteNumber("milliseconds"u8, Math.Round(Duration.TotalMilliseconds, 1));
            if (ExitCode is int code)
                json.WriteNumber("exitCode"u8, code);
            if (Signal is not null)
                json.WriteString("signal"u8, Signal);
            json.WriteBoolean("timedOut"u8, TimedOut);
            json.WriteString("stdout"u8, Stdout);
            json.WriteString("stderr"u8, Stderr);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>"exit status 3" or "signal SIGKILL", and how long it ran.</summary>
    public string End() => string.Create(CultureInfo.InvariantCulture,
        $"{(Signal is null ? $"exit status {ExitCode}" : "signal " + Signal)} after {Duration.TotalMilliseconds:0} ms");

    private static string Shown(string text)
    {
        var trimmed = text.AsSpan().Trim();
        return trimmed.Length > MostShown ? string.Concat("... ", trimmed[^MostShown..]) : trimmed.ToString();
    }
}
