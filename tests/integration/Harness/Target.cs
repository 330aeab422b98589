using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The runtime under test: the program that RUNTIME names, else out/csrun of this checkout.</summary>
internal static class Target
{
    /// <summary>The checkout's root.</summary>
    internal static string Repository { get; } = System.IO.Path.GetFullPath(
        typeof(Target).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static a => a.Key is "RepositoryRoot").Value!);

    internal static string Path { get; } = Environment.GetEnvironmentVariable("RUNTIME") is { Length: > 0 } path
        ? System.IO.Path.GetFullPath(path)
        : System.IO.Path.Combine(Repository, "out", "csrun");

    /// <summary>csrun, runc or crun.</summary>
    internal static string Name { get; } = System.IO.Path.GetFileName(Path) is { } name && (name.StartsWith("runc", StringComparison.Ordinal) || name.StartsWith("crun", StringComparison.Ordinal))
        ? name[..4]
        : "csrun";

    internal static bool IsCsrun => Name is "csrun";

    /// <summary>The static program that runs in the containers.</summary>
    internal static string Checker { get; } = Environment.GetEnvironmentVariable("CHECKER") is { Length: > 0 } path
        ? path
        : System.IO.Path.Combine(Repository, "out", "helpers", "checker");
}

/// <summary>Where a peer is known to differ from the specification or from our contract.</summary>
internal static class Known
{
    /// <summary>Skips the test when it runs against that peer.</summary>
    internal static void Deviates(string runtime, string reason)
    {
        Assert.SkipWhen(string.Equals(Target.Name, runtime, StringComparison.Ordinal), $"{runtime}: {reason}");
    }

    /// <summary>Skips the test for both peers.</summary>
    internal static void PeersDeviate(string reason)
    {
        Assert.SkipUnless(Target.IsCsrun, $"{Target.Name}: {reason}");
    }
}
