using System;
using System.IO;
using Csrun.Spec;

namespace Csrun.Bench.Micro;

/// <summary>What Docker gives a container: 18 KB, of which the seccomp profile is the greater part.</summary>
internal static class Inputs
{
    public static byte[] Config { get; } = File.ReadAllBytes(Path.Combine("tests", "data", "specs", "docker.json"));

    public static SeccompProfile Profile { get; } = ConfigReader.Read(Config, "docker.json").Linux?.Seccomp
        ?? throw new InvalidOperationException("the config has no linux.seccomp");
}
