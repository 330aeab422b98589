using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Containers;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Cli;

/// <summary>
/// <c>csrun features</c>: the document of features.md and features-linux.md. Engines decide by it what they may ask for,
/// so its lists are those that the code itself works with, and what is not there says so.
/// </summary>
internal static class FeaturesCommand
{
    private static readonly string[] s_hooks =
        ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    // Every annotation that has an effect is one that an engine must not take over from an image unseen.
    private static readonly string[] s_unsafeAnnotations = ["org.systemd.property.", MountLabels.OptionAnnotation];

    public static int Run(Invocation invocation)
    {
        _ = Output.Stdout(Document());
        return 0;
    }

    /// <summary>The document as UTF-8, with an end of line.</summary>
    public static byte[] Document()
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        var options = new JsonWriterOptions { Indented = true, IndentSize = 4, Encoder = JsonText.Encoder };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteString("ociVersionMin"u8, "1.0.0");
            json.WriteString("ociVersionMax"u8, ContainerView.OciVersion);
            WriteArray(json, "hooks", s_hooks);
            List<string> mountOptions = [.. MountOptions.Supported()];
            mountOptions.Sort(StringComparer.Ordinal);
            WriteArray(json, "mountOptions", mountOptions.ToArray());
            WriteLinux(json);
            json.WriteStartObject("annotations"u8);
            json.WriteString("csrun.version"u8, BuildVersion.Version);
            json.WriteString("csrun.commit"u8, BuildVersion.Commit);
            json.WriteEndObject();
            WriteArray(json, "potentiallyUnsafeConfigAnnotations", s_unsafeAnnotations);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteLinux(Utf8JsonWriter json)
    {
        json.WriteStartObject("linux"u8);
        WriteArray(json, "namespaces", Names.NamespaceTypes);
        WriteArray(json, "capabilities", Linux.Capabilities.Names);
        json.WriteStartObject("cgroup"u8);
        json.WriteBoolean("v1"u8, true);
        json.WriteBoolean("v2"u8, true);
        json.WriteBoolean("systemd"u8, true);
        json.WriteBoolean("systemdUser"u8, true);
        json.WriteBoolean("rdma"u8, true);
        json.WriteEndObject();
        WriteSeccomp(json);
        WriteEnabled(json, "apparmor"u8, true);
        WriteEnabled(json, "selinux"u8, true);
        json.WriteStartObject("memoryPolicy"u8);
        WriteArray(json, "modes", Names.MemoryPolicyModes);
        WriteArray(json, "flags", Names.MemoryPolicyFlags);
        json.WriteEndObject();
        json.WriteStartObject("intelRdt"u8);
        json.WriteBoolean("enabled"u8, true);
        json.WriteBoolean("schemata"u8, true);
        json.WriteBoolean("monitoring"u8, true);
        json.WriteEndObject();
        json.WriteStartObject("mountExtensions"u8);
        WriteEnabled(json, "idmap"u8, true);
        json.WriteEndObject();
        WriteEnabled(json, "netDevices"u8, true);
        json.WriteEndObject();
    }

    // features-linux.md#seccomp.
    private static void WriteSeccomp(Utf8JsonWriter json)
    {
        json.WriteStartObject("seccomp"u8);
        json.WriteBoolean("enabled"u8, true);
        WriteArray(json, "actions", Names.SeccompActions);
        WriteArray(json, "operators", Names.SeccompOperators);
        WriteArray(json, "archs", Names.SeccompArchitectures);
        WriteArray(json, "knownFlags", Names.SeccompFlags);
        var unknown = FilterFlags.Unknown(Enum.GetValues<SeccompFlag>());
        var supported = new List<string>();
        for (int i = 0; i < Names.SeccompFlags.Length; i++)
        {
            if (Array.IndexOf(unknown, (SeccompFlag)i) < 0)
                supported.Add(Names.SeccompFlags[i]);
        }
        WriteArray(json, "supportedFlags", supported.ToArray());
        json.WriteEndObject();
    }

    private static void WriteEnabled(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool enabled)
    {
        json.WriteStartObject(name);
        json.WriteBoolean("enabled"u8, enabled);
        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
