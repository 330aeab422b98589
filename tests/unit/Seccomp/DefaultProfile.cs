using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Seccomp;

/// <summary>What engines give a container: from their configs in tests/data/specs, and from the package that Podman and CRI-O take theirs from.</summary>
internal static class DefaultProfile
{
    // golang-github-containers-common
    private const string Package = "/usr/share/containers/seccomp.json";

    public static SeccompProfile Read(string engine)
    {
        if (engine != "containers-common")
        {
            var config = ConfigReader.Read(SpecFiles.Bytes(engine + ".json"), engine);
            return config.Linux!.Seccomp!;
        }
        Assert.SkipUnless(File.Exists(Package), Package + " is not installed (golang-github-containers-common)");
        return Flatten(JsonNode.Parse(File.ReadAllBytes(Package))!.AsObject());
    }

    /// <summary>The profile for an amd64 machine and a container without capabilities.</summary>
    private static SeccompProfile Flatten(JsonObject profile)
    {
        var rules = new JsonArray();
        foreach (var rule in profile["syscalls"]!.AsArray().Select(static node => node!.AsObject()))
        {
            if (!Includes(rule["includes"], "arches", "amd64", true) || !Includes(rule["includes"], "caps", "", true)
                || Includes(rule["excludes"], "arches", "amd64", false) || Includes(rule["excludes"], "caps", "", false))
            {
                continue;
            }
            var flat = new JsonObject { ["names"] = rule["names"]!.DeepClone(), ["action"] = rule["action"]!.DeepClone() };
            if (rule["errnoRet"] is { } errno)
                flat["errnoRet"] = errno.DeepClone();
            if (rule["args"] is JsonArray { Count: > 0 } args)
                flat["args"] = args.DeepClone();
            rules.Add(flat);
        }
        var seccomp = new JsonObject
        {
            ["defaultAction"] = profile["defaultAction"]!.DeepClone(),
            ["defaultErrnoRet"] = profile["defaultErrnoRet"]!.DeepClone(),
            ["architectures"] = new JsonArray("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
            ["syscalls"] = rules,
        };
        var config = new JsonObject { ["ociVersion"] = "1.2.0", ["linux"] = new JsonObject { ["seccomp"] = seccomp } };
        return ConfigReader.Read(JsonSerializer.SerializeToUtf8Bytes(config), "containers-common").Linux!.Seccomp!;
    }

    private static bool Includes(JsonNode? lists, string member, string word, bool ifAbsent) =>
        lists?[member] is JsonArray { Count: > 0 } list ? list.Any(item => item!.GetValue<string>() == word) : ifAbsent;
}
