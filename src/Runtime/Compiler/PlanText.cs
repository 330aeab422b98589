using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>All that <c>csrun plan</c> shows.</summary>
internal sealed record PlanDocument(Config Config, CompileOptions Options, HostFacts Facts, CompiledPlan Compiled);

/// <summary>A plan for a person: first what is done around Init, then what Init does, line by line.</summary>
internal static class PlanText
{
    public static string Write(PlanDocument document)
    {
        var text = new StringBuilder(8192);
        var plan = new PlanReader(document.Compiled.Plan);
        AppendSummary(text, document, plan);
        var phrases = new PlanPhrases(plan, document.Compiled);
        int width = (plan.Count - 1).ToString(CultureInfo.InvariantCulture).Length;
        string group = "";
        bool entered = false;
        for (int i = 0; i < plan.Count; i++)
        {
            // cgroup v1's tmpfs is one of several mounts, done with at once.
            string next = plan.OpcodeAt(i) == Opcode.SetPathReadonly && !entered ? group : PlanPhrases.Group(plan.OpcodeAt(i));
            entered |= plan.OpcodeAt(i) is Opcode.PivotRoot;
            if (!string.Equals(next, group, StringComparison.Ordinal))
                text.Append('\n').Append(next).Append('\n');
            group = next;
            text.Append(' ').Append(i.ToString(CultureInfo.InvariantCulture).PadLeft(width + 1)).Append(' ')
                .Append(OneLine(phrases.Describe(i))).Append('\n');
        }
        AppendAfter(text, document.Config.Hooks);
        return text.ToString();
    }

    private static void AppendSummary(StringBuilder text, PlanDocument document, PlanReader plan)
    {
        var compiled = document.Compiled;
        text.Append(CultureInfo.InvariantCulture,
            $"Container {document.Options.Id}: {plan.Count} instructions for Init, {compiled.Plan.Length} bytes\n");
        Append(text, "bundle", document.Options.Bundle);
        ulong made = NamespaceSet.ReadFrom(document.Config, document.Facts).New;
        ulong joined = 0;
        foreach (var join in compiled.Joins)
            joined |= join.Kind;
        Append(text, "new namespaces", PlanWords.Namespaces(made));
        if (joined != 0)
            Append(text, "joined", PlanWords.Namespaces(joined));
        Append(text, "the host's", PlanWords.Namespaces(CloneFlags.AllNamespaces & ~(made | joined)));
        AppendMappings(text, document.Config.Linux);
        foreach (var fact in document.Facts.Cgroups)
            Append(text, "cgroup", fact.ContainerPath);
        if (document.Config.Linux?.IntelRdt is { } rdt)
            Append(text, "resctrl class", rdt.ClosID ?? document.Options.Id);
        if (document.Config.Process?.OomScoreAdj is { } score)
            Append(text, "oom score", score.ToString(CultureInfo.InvariantCulture));
        if (document.Config is { Process: not null, Linux.Seccomp: { } seccomp })
            Append(text, "seccomp", SeccompSetup.Summary(seccomp));
        if (compiled.PreservedFds > 0)
            Append(text, "descriptors", FormattableString.Invariant($"0 to {2 + compiled.PreservedFds} are kept"));
        foreach (string warning in compiled.Warnings)
            Append(text, "warning", warning);

        text.Append("\nBefore Init\n");
        Line(text, "make the container's state directory and cgroups");
        Line(text, "start Init in its cgroups, with new namespaces: " + PlanWords.Namespaces(compiled.CloneFlags));
        if ((compiled.CloneFlags & CloneFlags.NewUser) != 0)
            Line(text, "map its ids" + (compiled.DenySetgroups ? ", with setgroups denied" : ""));
        foreach (var (name, device) in document.Config.Linux?.NetDevices ?? [])
        {
            Line(text, "when Init asks for network devices: move " + name
                + (device.Name is null || string.Equals(device.Name, name, StringComparison.Ordinal) ? "" : " there as " + device.Name));
        }
        AppendHooks(text, "when Init asks for hooks: ", document.Config.Hooks?.Prestart, "prestart");
        AppendHooks(text, "when Init asks for hooks: ", document.Config.Hooks?.CreateRuntime, "createRuntime");
    }

    private static void AppendMappings(StringBuilder text, LinuxSection? linux)
    {
        foreach (var (name, mappings) in ((string, IdMapping[]?)[])[("uid map", linux?.UidMappings), ("gid map", linux?.GidMappings)])
        {
            foreach (var map in mappings ?? [])
                Append(text, name, FormattableString.Invariant($"{map.ContainerID} here is {map.HostID} there, {map.Size} of them"));
        }
    }

    private static void AppendAfter(StringBuilder text, Hooks? hooks)
    {
        if (hooks is not ({ Poststart.Length: > 0 } or { Poststop.Length: > 0 }))
            return;
        text.Append("\nAfterwards, on the host\n");
        AppendHooks(text, "once the program runs: ", hooks.Poststart, "poststart");
        AppendHooks(text, "once the container is deleted: ", hooks.Poststop, "poststop");
    }

    private static void AppendHooks(StringBuilder text, string when, Hook[]? hooks, string kind)
    {
        foreach (var hook in hooks ?? [])
        {
            Line(text, string.Concat(when, kind, " hook ", hook.Path) + " as: "
                + PlanWords.CommandLine(hook.Args is { Length: > 0 } arguments ? arguments : [hook.Path]));
        }
    }

    private static void Append(StringBuilder text, string name, string value) =>
        text.Append("  ").Append(name.PadRight(16)).Append(OneLine(value)).Append('\n');

    private static void Line(StringBuilder text, string line) => text.Append("    ").Append(OneLine(line)).Append('\n');

    /// <summary>What comes from a config must not pass for lines, or for the terminal's control sequences.</summary>
    private static string OneLine(string text)
    {
        foreach (char c in text)
        {
            if (char.IsControl(c))
                return string.Create(text.Length, text, static (to, from) =>
                {
                    for (int i = 0; i < to.Length; i++)
                        to[i] = char.IsControl(from[i]) ? '?' : from[i];
                });
        }
        return text;
    }
}
