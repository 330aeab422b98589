using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Csrun.Runtime.Cli;
using Csrun.Spec;
using Csrun.Tests.Unit.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

/// <summary>What <c>features</c> says is what the compiler does: an engine that believes it gets no refusal.</summary>
public sealed class FeatureTests
{
    private static readonly JsonElement _document = JsonDocument.Parse(FeaturesCommand.Document()).RootElement;

    [Theory]
    [Checklist(563, 569, 570, 573, 576, 577)]
    [InlineData("seccomp", """ "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ALLOW" } } """)]
    [InlineData("apparmor", """ "process": { "cwd": "/", "args": ["a"], "apparmorProfile": "profile" } """)]
    [InlineData("selinux", """ "process": { "cwd": "/", "args": ["a"], "selinuxLabel": "a:b:c:s0" } """)]
    [InlineData("intelRdt", """ "linux": { "intelRdt": { "closID": "a" } } """)]
    [InlineData("netDevices", """ "linux": { "namespaces": [{ "type": "mount" }, { "type": "network" }], "netDevices": { "eth0": {} } } """)]
    [InlineData("idmap", """
        "linux": { "namespaces": [{ "type": "mount" }] },
        "mounts": [{ "destination": "/a", "source": "/a", "options": ["bind"],
            "uidMappings": [{ "containerID": 0, "hostID": 1, "size": 1 }], "gidMappings": [{ "containerID": 0, "hostID": 1, "size": 1 }] }]
        """)]
    public void What_is_enabled_is_not_refused_as_missing(string feature, string members)
    {
        var linux = _document.GetProperty("linux");
        bool enabled = (feature == "idmap" ? linux.GetProperty("mountExtensions") : linux).GetProperty(feature).GetProperty("enabled").GetBoolean();
        Assert.Equal(enabled, !Refused(members).Contains("not-supported", StringComparer.Ordinal));
    }

    [Fact]
    [Checklist(563, 564, 565, 566, 567, 568)]
    public void What_seccomp_lists_is_taken()
    {
        foreach (string action in Strings("seccomp", "actions"))
        {
            string listener = action == "SCMP_ACT_NOTIFY" ? ", \"listenerPath\": \"/agent\"" : "";
            Assert.Empty(Refused($$""" "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ALLOW"{{listener}}, "syscalls": [{ "names": ["getppid"], "action": "{{action}}" }] } } """));
        }
        foreach (string op in Strings("seccomp", "operators"))
        {
            Assert.Empty(Refused($$"""
                "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [{ "names": ["getppid"], "action": "SCMP_ACT_TRAP", "args": [{ "index": 0, "value": 1, "valueTwo": 1, "op": "{{op}}" }] }] } }
                """));
        }
        string Archs(string member) => string.Join(", ", Strings("seccomp", member).Select(static word => $"\"{word}\""));
        Assert.Empty(Refused($$""" "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "architectures": [{{Archs("archs")}}] } } """));
        Assert.Subset(Strings("seccomp", "knownFlags").ToHashSet(), Strings("seccomp", "supportedFlags").ToHashSet());
        Assert.Contains("SECCOMP_FILTER_FLAG_LOG", Strings("seccomp", "supportedFlags"));
    }

    [Fact]
    [Checklist(571)]
    public void Every_mode_of_memory_works()
    {
        foreach (string mode in Strings("memoryPolicy", "modes"))
        {
            string nodes = mode is "MPOL_DEFAULT" or "MPOL_LOCAL" ? "" : ", \"nodes\": \"0\"";
            Assert.Empty(Refused($$""" "linux": { "memoryPolicy": { "mode": "{{mode}}"{{nodes}} } } """));
        }
    }

    [Fact]
    [Checklist(572)]
    public void Every_flag_of_memory_works()
    {
        foreach (string flag in Strings("memoryPolicy", "flags"))
            Assert.Empty(Refused($$""" "linux": { "memoryPolicy": { "mode": "MPOL_BIND", "nodes": "0", "flags": ["{{flag}}"] } } """));
    }

    [Fact]
    [Checklist(561, 562)]
    public void The_kinds_of_cgroups_are_those_that_there_are_drivers_for()
    {
        var cgroup = _document.GetProperty("linux").GetProperty("cgroup");
        Assert.True(cgroup.GetProperty("rdma").GetBoolean());
        Assert.Equal(cgroup.GetProperty("systemd").GetBoolean(), cgroup.GetProperty("systemdUser").GetBoolean());
    }

    [Fact]
    [Checklist(578)]
    public void Annotations_are_texts_with_names()
    {
        Assert.NotEmpty(_document.GetProperty("annotations").EnumerateObject());
        Assert.All(_document.GetProperty("annotations").EnumerateObject(), static annotation =>
        {
            Assert.NotEqual("", annotation.Name);
            Assert.Equal(JsonValueKind.String, annotation.Value.ValueKind);
        });
    }

    [Fact]
    [Checklist(579)]
    public void Every_annotation_that_the_code_looks_up_is_named_as_unsafe()
    {
        var listed = _document.GetProperty("potentiallyUnsafeConfigAnnotations").EnumerateArray().Select(static name => name.GetString()!).ToList();
        Assert.Equal(listed.Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal), listed);
        var known = new List<string>();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src", "Runtime"), "*.cs", SearchOption.AllDirectories))
        {
            // Only a constant names an annotation in this code.
            foreach (string line in File.ReadLines(file).Where(static line => line.Contains("const string ", StringComparison.Ordinal) && line.Contains("Annotation", StringComparison.Ordinal)))
                known.Add(line.Split('"')[1]);
        }
        Assert.NotEmpty(known);
        Assert.All(known, name => Assert.Contains(listed, entry => entry == name || (entry.EndsWith('.') && name.StartsWith(entry, StringComparison.Ordinal))));
    }

    private static IEnumerable<string> Strings(string feature, string list)
    {
        var values = _document.GetProperty("linux").GetProperty(feature).GetProperty(list).EnumerateArray().Select(static value => value.GetString()!).ToList();
        Assert.NotEmpty(values);
        return values;
    }

    /// <summary>The codes with which a config is refused; none when it becomes a plan.</summary>
    private static string[] Refused(string members)
    {
        try
        {
            Compiled.FromJson($$"""{ "ociVersion": "1.3.0", "root": { "path": "rootfs" }, {{members}} }""");
            return [];
        }
        catch (ConfigException refused)
        {
            return [.. refused.Findings.Select(static finding => finding.Code.Name)];
        }
    }
}
