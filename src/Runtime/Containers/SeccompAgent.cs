using System;
using System.Buffers;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// The agent that decides about calls with SCMP_ACT_NOTIFY (config-linux.md#seccomp): it gets the listener and the
/// container process state in one message, over a connection that is made before the container is.
/// </summary>
internal sealed class SeccompAgent : IDisposable
{
    private readonly DescriptorSocket _socket;
    private readonly string? _metadata;

    private SeccompAgent(DescriptorSocket socket, string? metadata)
    {
        _socket = socket;
        _metadata = metadata;
    }

    /// <summary>Connects to a profile's agent; null if it has no call to ask about.</summary>
    /// <param name="profile"><c>linux.seccomp</c>.</param>
    /// <param name="configName">The config's name, for errors.</param>
    public static SeccompAgent? Connect(SeccompProfile? profile, string configName)
    {
        if (profile is null || !SeccompSetup.Notifies(profile))
            return null;
        var socket = DescriptorSocket.Connect(profile.ListenerPath, configName + ": linux.seccomp.listenerPath", ErrorCodes.SeccompAgent);
        return new SeccompAgent(socket!, profile.ListenerMetadata);
    }

    /// <summary>Sends the listener of a process's filter.</summary>
    /// <param name="pid">The process, as we see it.</param>
    /// <param name="listener">The descriptor, by the name seccompFd.</param>
    /// <param name="container">The container's state.</param>
    public void Send(int pid, Fd listener, ContainerView container)
    {
        _socket.Send(Message(pid, container), listener);
        // One state a connection: agents read on to its end, and only then answer what the process asks.
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> Message(int pid, ContainerView container)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonText.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("ociVersion"u8, ContainerView.OciVersion);
            json.WriteStartArray("fds"u8);
            json.WriteStringValue("seccompFd"u8);
            json.WriteEndArray();
            json.WriteNumber("pid"u8, pid);
            if (!string.IsNullOrEmpty(_metadata))
                json.WriteString("metadata"u8, _metadata);
            json.WritePropertyName("state"u8);
            container.Write(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan;
    }
}
