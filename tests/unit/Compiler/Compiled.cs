using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

/// <summary>A config compiled for a test: JSON in, instructions out.</summary>
internal sealed class Compiled
{
    public static readonly CompileOptions Options = new() { Id = "demo", Bundle = "/bundle", RootfsPath = "/bundle/rootfs" };

    public static readonly HostFacts Root = new();

    public Compiled(CompiledPlan result)
    {
        Result = result;
        Plan = new PlanReader(result.Plan);
    }

    public CompiledPlan Result { get; }

    public PlanReader Plan { get; }

    /// <summary>
    /// Compiles a config of which only the members are given that matter: by default it has a mount namespace, a root
    /// and a process.
    /// </summary>
    public static Compiled From(string members = "", string linux = """ "namespaces": [{"type": "mount"}] """,
        string process = """ "cwd": "/", "args": ["/bin/true"] """, CompileOptions? options = null, HostFacts? facts = null)
    {
        string json = $$"""
            {
              "ociVersion": "1.3.0",
              "root": {"path": "rootfs"},
              "process": { {{process}} },
              "linux": { {{linux}} }
              {{(members.Length > 0 ? "," : "")}} {{members}}
            }
            """;
        return FromJson(json, options, facts);
    }

    public static Compiled FromJson(string json, CompileOptions? options = null, HostFacts? facts = null) =>
        new(PlanCompiler.Compile(ConfigReader.Read(Encoding.UTF8.GetBytes(json), "config.json"), options ?? Options, facts ?? Root));

    /// <summary>The findings of a config that is refused, as "path: code".</summary>
    public static string[] Refused(Action compile)
    {
        var found = new List<string>();
        foreach (var finding in Assert.Throws<ConfigException>(compile).Findings)
            found.Add(finding.Path + ": " + finding.Code.Name);
        return found.ToArray();
    }

    public Opcode[] Opcodes()
    {
        var opcodes = new Opcode[Plan.Count];
        for (int i = 0; i < opcodes.Length; i++)
            opcodes[i] = Plan.OpcodeAt(i);
        return opcodes;
    }

    /// <summary>All instructions of an opcode, in order.</summary>
    public List<T> All<T>(Opcode opcode) where T : unmanaged
    {
        var all = new List<T>();
        for (int i = 0; i < Plan.Count; i++)
        {
            if (Plan.OpcodeAt(i) == opcode)
                all.Add(Plan.Operands<T>(i));
        }
        return all;
    }

    public T One<T>(Opcode opcode) where T : unmanaged => Assert.Single(All<T>(opcode));

    public int IndexOf(Opcode opcode) => Array.IndexOf(Opcodes(), opcode);

    /// <summary>Every instruction in the words of <c>csrun plan</c>.</summary>
    public string[] Lines()
    {
        var phrases = new PlanPhrases(Plan, Result);
        var lines = new string[Plan.Count];
        for (int i = 0; i < lines.Length; i++)
            lines[i] = phrases.Describe(i);
        return lines;
    }

    /// <summary>Those that start with a word.</summary>
    public string[] Lines(string start) => Array.FindAll(Lines(), line => line.StartsWith(start, StringComparison.Ordinal));
}
