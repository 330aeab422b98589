using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Csrun.Spec;

namespace Csrun.Bench.Micro;

/// <summary>A config.json to objects.</summary>
public partial class Configs
{
    [Benchmark]
    public Config Csrun() => ConfigReader.Read(Inputs.Config, "docker.json");

    /// <summary>Its source-generated deserialiser, which checks less: no duplicate names, no ranges, no path of an error.</summary>
    [Benchmark(Baseline = true)]
    public object? SystemTextJson() => JsonSerializer.Deserialize(Inputs.Config, Model.Default.Document);

    internal sealed record Document(string? OciVersion, RootPart? Root, MountPart[]? Mounts, ProcessPart? Process, string? Hostname,
        Dictionary<string, string>? Annotations, LinuxPart? Linux);

    internal sealed record RootPart(string Path, bool Readonly);

    internal sealed record MountPart(string Destination, string? Type, string? Source, string[]? Options);

    internal sealed record ProcessPart(bool Terminal, UserPart? User, string[]? Args, string[]? Env, string? Cwd, CapabilitiesPart? Capabilities,
        RlimitPart[]? Rlimits, bool NoNewPrivileges, string? ApparmorProfile, int? OomScoreAdj);

    internal sealed record UserPart(uint Uid, uint Gid, uint? Umask, uint[]? AdditionalGids);

    internal sealed record CapabilitiesPart(string[]? Bounding, string[]? Effective, string[]? Inheritable, string[]? Permitted, string[]? Ambient);

    internal sealed record RlimitPart(string Type, ulong Hard, ulong Soft);

    internal sealed record LinuxPart(NamespacePart[]? Namespaces, string? CgroupsPath, ResourcesPart? Resources, SeccompPart? Seccomp,
        string[]? MaskedPaths, string[]? ReadonlyPaths, Dictionary<string, string>? Sysctl);

    internal sealed record NamespacePart(string Type, string? Path);

    internal sealed record ResourcesPart(DevicePart[]? Devices);

    internal sealed record DevicePart(bool Allow, string? Type, long? Major, long? Minor, string? Access);

    internal sealed record SeccompPart(string DefaultAction, uint? DefaultErrnoRet, string[]? Architectures, RulePart[]? Syscalls);

    internal sealed record RulePart(string[] Names, string Action, uint? ErrnoRet, ArgumentPart[]? Args);

    internal sealed record ArgumentPart(uint Index, ulong Value, ulong ValueTwo, string Op);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Document))]
    internal sealed partial class Model : JsonSerializerContext;
}
