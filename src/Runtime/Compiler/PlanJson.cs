using System;
using System.Buffers;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>A plan for programs: one object, described in docs/plan.md.</summary>
internal static class PlanJson
{
    public static void Write(IBufferWriter<byte> output, PlanDocument document)
    {
        using var json = new Utf8JsonWriter(output,
            new JsonWriterOptions { Indented = true, Encoder = JsonText.Encoder });
        var compiled = document.Compiled;
        var plan = new PlanReader(compiled.Plan);
        json.WriteStartObject();
        json.WriteNumber("version"u8, plan.Header.Version);
        json.WriteString("id"u8, document.Options.Id);
        json.WriteString("bundle"u8, document.Options.Bundle);
        json.WriteString("rootfs"u8, document.Options.RootfsPath);
        json.WriteNumber("bytes"u8, compiled.Plan.Length);
        WriteNamespaces(json, document);
        WriteMappings(json, "uidMappings", document.Config.Linux?.UidMappings);
        WriteMappings(json, "gidMappings", document.Config.Linux?.GidMappings);
        json.WriteStartArray("cgroups"u8);
        foreach (var fact in document.Facts.Cgroups)
            json.WriteStringValue(fact.ContainerPath);
        json.WriteEndArray();
        WriteHooks(json, document.Config.Hooks);
        json.WriteNumber("preservedFds"u8, compiled.PreservedFds);
        json.WriteNumber("slots"u8, plan.Header.Slots);
        json.WriteStartArray("warnings"u8);
        foreach (string warning in compiled.Warnings)
            json.WriteStringValue(warning);
        json.WriteEndArray();
        json.WriteStartArray("instructions"u8);
        var phrases = new PlanPhrases(plan, compiled);
        for (int i = 0; i < plan.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, i);
            json.WriteString("opcode"u8, PlanOperands.Name(plan.OpcodeAt(i)));
            json.WriteString("from"u8, compiled.Origins[i].JsonPath);
            json.WriteString("text"u8, phrases.Describe(i));
            json.WriteStartObject("operands"u8);
            PlanOperands.Write(json, plan, i);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteNamespaces(Utf8JsonWriter json, PlanDocument document)
    {
        var set = NamespaceSet.ReadFrom(document.Config, document.Facts);
        json.WriteStartObject("namespaces"u8);
        WriteKinds(json, "firstStep", set.FirstStep);
        WriteKinds(json, "secondStep", set.SecondStep);
        WriteKinds(json, "new", set.New);
        json.WriteStartArray("joined"u8);
        foreach (var join in set.Joins)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, Namespaces.Name(join.Kind));
            json.WriteString("path"u8, join.Path);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteKinds(Utf8JsonWriter json, string name, ulong flags)
    {
        json.WriteStartArray(name);
        for (var type = NamespaceType.Pid; type <= NamespaceType.Time; type++)
        {
            if ((flags & Namespaces.Kind(type)) != 0)
                json.WriteStringValue(Names.NamespaceTypes[(int)type]);
        }
        json.WriteEndArray();
    }

    private static void WriteMappings(Utf8JsonWriter json, string name, IdMapping[]? mappings)
    {
        json.WriteStartArray(name);
        foreach (var map in mappings ?? [])
        {
            json.WriteStartObject();
            json.WriteNumber("containerID"u8, map.ContainerID);
            json.WriteNumber("hostID"u8, map.HostID);
            json.WriteNumber("size"u8, map.Size);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteHooks(Utf8JsonWriter json, Hooks? hooks)
    {
        json.WriteStartObject("hostHooks"u8);
        foreach (var (name, list) in ((string, Hook[]?)[])[("prestart", hooks?.Prestart), ("createRuntime", hooks?.CreateRuntime),
            ("poststart", hooks?.Poststart), ("poststop", hooks?.Poststop)])
        {
            json.WriteStartArray(name);
            foreach (var hook in list ?? [])
                json.WriteStringValue(hook.Path);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
