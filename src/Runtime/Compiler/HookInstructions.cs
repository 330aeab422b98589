using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using Csrun.Plan;
using Csrun.Runtime.Containers;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The hooks that are part of the plan: createContainer and startContainer run in the container's namespaces. Those of
/// the runtime's namespaces (prestart, createRuntime, poststart, poststop) are the runtime's; the plan only says when
/// the first two are due.
/// </summary>
internal static class HookInstructions
{
    // Enough for the largest process id, 4194304, with room.
    private static ReadOnlySpan<byte> PidHole => "          "u8;

    public static void CompileBeforePivot(Compilation to)
    {
        var hooks = to.Config.Hooks;
        // Also where the runtime has none to run now: from this point on, an end of any kind is followed by poststop's.
        if (hooks is { Prestart.Length: > 0 } or { CreateRuntime.Length: > 0 } or { CreateContainer.Length: > 0 }
            or { Poststop.Length: > 0 })
            to.Add(Opcode.RequestHooks, default(RequestHooks), "hooks", "run the prestart and createRuntime hooks");
        Compile(to, hooks?.CreateContainer, "hooks.createContainer", "creating");
    }

    public static void CompileBeforeExecute(Compilation to) =>
        Compile(to, to.Config.Hooks?.StartContainer, "hooks.startContainer", "created");

    private static void Compile(Compilation to, Hook[]? hooks, string path, string status)
    {
        if (hooks is not { Length: > 0 })
            return;
        byte[] json = State(to, status, out uint pidOffset);
        var state = to.Writer.Bytes(json);
        for (int i = 0; i < hooks.Length; i++)
        {
            var hook = hooks[i];
            to.Add(Opcode.RunHook, new RunHook
            {
                Path = to.Writer.String(hook.Path),
                Arguments = to.Writer.Strings(hook.Args is { Length: > 0 } arguments ? arguments : [hook.Path]),
                // Absent means empty: nothing of ours is handed on.
                Environment = to.Writer.Strings(hook.Env ?? []),
                State = state,
                PidOffset = pidOffset,
                Timeout = hook.Timeout is { } seconds and > 0 ? (uint)seconds : 0,
            }, Compilation.Path(path, i), "run the hook", hook.Path);
        }
    }

    /// <summary>The state of runtime.md#state, with a hole where Init writes the process id that the hook sees.</summary>
    internal static byte[] State(Compilation to, string status, out uint pidOffset)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        // As the runtime's own hooks get it: readable for scripts, not escaped for HTML.
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonText.Encoder });
        writer.WriteStartObject();
        writer.WriteString("ociVersion"u8, ContainerView.OciVersion);
        writer.WriteString("id"u8, to.Options.Id);
        writer.WriteString("status"u8, status);
        writer.WritePropertyName("pid"u8);
        pidOffset = (uint)(writer.BytesCommitted + writer.BytesPending);
        writer.WriteRawValue(PidHole, skipInputValidation: true);
        writer.WriteString("bundle"u8, to.Options.Bundle);
        if (to.Config.Annotations is { Count: > 0 } annotations)
        {
            writer.WriteStartObject("annotations"u8);
            foreach (var (key, value) in annotations)
                writer.WriteString(key, value);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
