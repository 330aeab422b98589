using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using Csrun.Cgroups;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>Writes <see cref="State"/> as JSON; <see cref="StateReader"/> reads it.</summary>
public static class StateWriter
{
    private static readonly JsonWriterOptions s_options =
        new() { SkipValidation = true, Encoder = JsonText.Encoder };

    public static ReadOnlyMemory<byte> Write(State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, s_options);
        json.WriteStartObject();
        json.WriteNumber("version"u8, State.CurrentVersion);
        json.WriteString("id"u8, state.Id);
        json.WriteString("bundle"u8, state.Bundle);
        json.WriteString("rootfs"u8, state.Rootfs);
        json.WriteString("created"u8, state.Created);
        json.WriteNumber("owner"u8, state.Owner);
        json.WriteString("bootId"u8, state.BootId);
        Write(json, "creator"u8, state.Creator);
        if (state.IsComplete)
            Write(json, "process"u8, state.Process);
        json.WriteBoolean("privatePids"u8, state.PrivatePids);
        json.WriteBoolean("hasProcess"u8, state.HasProcess);
        json.WriteBoolean("notify"u8, state.Notify);
        json.WriteBoolean("noNewKeyring"u8, state.NoNewKeyring);
        json.WriteBoolean("hooksReached"u8, state.HooksReached);
        Write(json, state.Cgroup);
        if (state.Resctrl is { } resctrl)
        {
            json.WriteStartObject("resctrl"u8);
            json.WriteString("group"u8, resctrl.Group);
            json.WriteBoolean("made"u8, resctrl.Made);
            if (resctrl.Monitoring is not null)
                json.WriteString("monitoring"u8, resctrl.Monitoring);
            json.WriteEndObject();
        }
        if (state.Annotations is { Count: > 0 })
        {
            json.WriteStartObject("annotations"u8);
            foreach (var (name, value) in state.Annotations)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        Write(json, "poststart"u8, state.Poststart);
        Write(json, "poststop"u8, state.Poststop);
        Write(json, state.StartSteps);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, ProcessIdentity process)
    {
        json.WriteStartObject(name);
        json.WriteNumber("pid"u8, process.Pid);
        json.WriteNumber("startTime"u8, process.StartTime);
        json.WriteEndObject();
    }

    /// <summary>The word for a mode: what <see cref="StateReader"/> looks for.</summary>
    public static string ModeName(CgroupMode mode) => mode switch
    {
        CgroupMode.V1 => "v1",
        CgroupMode.Hybrid => "hybrid",
        CgroupMode.V2 => "v2",
        _ => "none",
    };

    private static void Write(Utf8JsonWriter json, CgroupRecord cgroup)
    {
        json.WriteStartObject("cgroup"u8);
        json.WriteString("mode"u8, ModeName(cgroup.Mode));
        json.WriteBoolean("lenient"u8, cgroup.Lenient);
        if (cgroup.Unit is { } unit)
        {
            json.WriteStartObject("unit"u8);
            json.WriteString("name"u8, unit.Name);
            json.WriteString("bus"u8, unit.Bus);
            json.WriteString("below"u8, unit.Below);
            json.WriteEndObject();
        }
        json.WriteStartArray("places"u8);
        foreach (var place in cgroup.Places)
        {
            json.WriteStartObject();
            json.WriteString("hierarchy"u8, place.Hierarchy);
            json.WriteString("mountPoint"u8, place.MountPoint);
            json.WriteString("path"u8, place.Path);
            json.WriteString("existing"u8, place.Existing);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<Hook> hooks)
    {
        if (hooks.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var hook in hooks)
        {
            json.WriteStartObject();
            json.WriteString("path"u8, hook.Path);
            Write(json, "args"u8, hook.Args);
            Write(json, "env"u8, hook.Env);
            if (hook.Timeout is int timeout)
                json.WriteNumber("timeout"u8, timeout);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string>? texts)
    {
        if (texts is null)
            return;
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<StartStep> steps)
    {
        json.WriteStartArray("startSteps"u8);
        foreach (var step in steps)
        {
            json.WriteStartObject();
            json.WriteNumber("instruction"u8, step.Instruction);
            json.WriteNumber("opcode"u8, (ushort)step.Opcode);
            json.WriteString("path"u8, step.JsonPath);
            json.WriteString("operation"u8, step.Operation);
            if (step.Object is not null)
                json.WriteString("object"u8, step.Object);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
