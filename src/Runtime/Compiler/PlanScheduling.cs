using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>The instructions of <see cref="Scheduling"/> in words, and their operands as JSON.</summary>
internal static class PlanScheduling
{
    private const uint MemoryModeMask = 0xFFF;

    public static string Describe(PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.SetScheduler:
                return Describe(plan.Operands<SetScheduler>(index));
            case Opcode.SetIoPriority:
                uint value = plan.Operands<SetIoPriority>(index).Value;
                return FormattableString.Invariant($"set the I/O priority to {IoClass(value)}, level {value & 7}");
            case Opcode.SetMemoryPolicy:
                var policy = plan.Operands<SetMemoryPolicy>(index);
                var nodes = Nodes(plan, policy.Nodes);
                string text = "set the memory policy to " + string.Join(" with ", [MemoryMode(policy.Mode), .. MemoryFlags(policy.Mode)]);
                return nodes.Count == 0 ? text : text + " on the nodes " + string.Join(", ", nodes);
            default:
                return "set the personality to " + Personality(plan.Operands<SetPersonality>(index).Persona);
        }
    }

    public static void Write(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.SetScheduler:
                var scheduler = plan.Operands<SetScheduler>(index);
                json.WriteString("policy"u8, Name(Names.SchedulerPolicies, scheduler.Policy));
                json.WriteNumber("nice"u8, scheduler.Nice);
                json.WriteNumber("priority"u8, scheduler.Priority);
                WriteStrings(json, "flags"u8, SchedulerFlags(scheduler.Flags));
                json.WriteNumber("runtime"u8, scheduler.Runtime);
                json.WriteNumber("deadline"u8, scheduler.Deadline);
                json.WriteNumber("period"u8, scheduler.Period);
                break;
            case Opcode.SetIoPriority:
                uint value = plan.Operands<SetIoPriority>(index).Value;
                json.WriteString("class"u8, IoClass(value));
                json.WriteNumber("priority"u8, value & 7);
                break;
            case Opcode.SetMemoryPolicy:
                var policy = plan.Operands<SetMemoryPolicy>(index);
                json.WriteString("mode"u8, MemoryMode(policy.Mode));
                json.WriteStartArray("nodes"u8);
                foreach (string node in Nodes(plan, policy.Nodes))
                    json.WriteNumberValue(int.Parse(node, CultureInfo.InvariantCulture));
                json.WriteEndArray();
                WriteStrings(json, "flags"u8, MemoryFlags(policy.Mode));
                break;
            default:
                json.WriteString("persona"u8, Personality(plan.Operands<SetPersonality>(index).Persona));
                break;
        }
    }

    private static string Describe(in SetScheduler scheduler)
    {
        string text = "schedule as " + Name(Names.SchedulerPolicies, scheduler.Policy);
        if (scheduler.Priority != 0)
            text += FormattableString.Invariant($", priority {scheduler.Priority}");
        if (scheduler.Nice != 0)
            text += FormattableString.Invariant($", nice {scheduler.Nice}");
        if (scheduler.Runtime != 0)
            text += FormattableString.Invariant($", {scheduler.Runtime} ns until {scheduler.Deadline} ns every {scheduler.Period} ns");
        foreach (string flag in SchedulerFlags(scheduler.Flags))
            text += ", " + flag;
        return text;
    }

    private static List<string> SchedulerFlags(ulong flags)
    {
        var names = new List<string>();
        for (int i = 0; i < Names.SchedulerFlags.Length; i++)
        {
            if ((flags & 1UL << i) != 0)
                names.Add(Names.SchedulerFlags[i]);
        }
        return names;
    }

    private static string IoClass(uint value) => Name(Names.IoPriorityClasses, (value >> 13) - 1);

    private static string MemoryMode(uint mode) => Name(Names.MemoryPolicyModes, mode & MemoryModeMask);

    private static List<string> MemoryFlags(uint mode)
    {
        var names = new List<string>();
        for (int i = 0; i < Names.MemoryPolicyFlags.Length; i++)
        {
            if ((mode & 1u << (13 + i)) != 0)
                names.Add(Names.MemoryPolicyFlags[i]);
        }
        return names;
    }

    private static List<string> Nodes(PlanReader plan, PlanRef reference)
    {
        var nodes = new List<string>();
        var words = plan.Array<ulong>(reference);
        for (int i = 0; i < words.Length * 64; i++)
        {
            if ((words[i / 64] & 1UL << (i % 64)) != 0)
                nodes.Add(i.ToString(CultureInfo.InvariantCulture));
        }
        return nodes;
    }

    private static string Personality(ulong persona) => persona == 0 ? Names.PersonalityDomains[0] : Names.PersonalityDomains[1];

    private static string Name(ReadOnlySpan<string> names, uint value) =>
        value < names.Length ? names[(int)value] : value.ToString(CultureInfo.InvariantCulture);

    private static void WriteStrings(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
