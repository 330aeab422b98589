using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;

namespace Csrun.Runtime.Containers;

/// <summary>
/// A container as others see it: what <c>state</c> and <c>list</c> print and hooks get on standard input
/// (runtime.md#state, with members that runc added: rootfs, created, owner).
/// </summary>
public sealed record ContainerView
{
    /// <summary>The spec's version that the JSON follows.</summary>
    public const string OciVersion = "1.3.0";

    public required string Id { get; init; }

    public required ContainerStatus Status { get; init; }

    /// <summary>As the runtime sees it; 0 if the container is stopped.</summary>
    public int Pid { get; init; }

    /// <summary>Absolute.</summary>
    public required string Bundle { get; init; }

    /// <summary>Absolute.</summary>
    public required string Rootfs { get; init; }

    public DateTimeOffset Created { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The name (or number) of the user who created it.</summary>
    public string Owner { get; init; } = "";

    /// <summary><see cref="Created"/> as RFC 3339 with nanoseconds, in UTC.</summary>
    public string CreatedText =>
        Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    /// <summary>One object as UTF-8, without an end of line; indented by two spaces if asked.</summary>
    public byte[] ToJson(bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options(indented)))
            Write(json);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What <c>list --format json</c> prints: an array, as UTF-8, without an end of line.</summary>
    public static byte[] ListToJson(IEnumerable<ContainerView> containers)
    {
        ArgumentNullException.ThrowIfNull(containers);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Options(indented: false)))
        {
            json.WriteStartArray();
            foreach (var container in containers)
                container.Write(json);
            json.WriteEndArray();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The word for a status in <c>state</c>: <c>running</c>.</summary>
    public static string Word(ContainerStatus status) => status switch
    {
        ContainerStatus.Creating => "creating",
        ContainerStatus.Created => "created",
        ContainerStatus.Running => "running",
        ContainerStatus.Paused => "paused",
        _ => "stopped",
    };

    private static JsonWriterOptions Options(bool indented) =>
        // Not for HTML: "<" or "+" in an annotation stays readable, and hooks written in shell can match on it.
        new() { Indented = indented, Encoder = JsonText.Encoder, SkipValidation = true };

    /// <summary>Writes the object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("ociVersion"u8, OciVersion);
        json.WriteString("id"u8, Id);
        json.WriteNumber("pid"u8, Pid);
        json.WriteString("status"u8, Word(Status));
        json.WriteString("bundle"u8, Bundle);
        json.WriteString("rootfs"u8, Rootfs);
        json.WriteString("created"u8, CreatedText);
        if (Annotations is { Count: > 0 })
        {
            json.WriteStartObject("annotations"u8);
            foreach (var (name, value) in Annotations)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        json.WriteString("owner"u8, Owner);
        json.WriteEndObject();
    }
}

/// <summary>runtime.md#state; derived whenever it is asked for, never stored.</summary>
public enum ContainerStatus
{
    /// <summary>Its create is under way.</summary>
    Creating,

    /// <summary>Set up, and waiting for start.</summary>
    Created,
    Running,

    /// <summary>Its cgroup is frozen.</summary>
    Paused,

    /// <summary>Its process has ended (also if nobody has reaped it yet), or its create was cut short.</summary>
    Stopped,
}
