using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>
/// A container's configuration, <c>config.json</c> (config.md, runtime-spec 1.3). Members keep the spec's names in .NET
/// casing; what is optional there is nullable here, and JSON null is the same as absent. The blocks of other platforms
/// (<c>windows</c>, <c>vm</c>, <c>solaris</c>, <c>freebsd</c>, <c>zos</c>) are unknown members: ignored.
/// </summary>
public sealed class Config
{
    /// <summary>SemVer 2.0.0 version of the spec that the bundle follows (config.md#specification-version).</summary>
    public string OciVersion { get; set; } = "";

    /// <summary>The container's root file system (config.md#root); required on Linux.</summary>
    public Root? Root { get; set; }

    /// <summary>Mounts beyond the root, made in this order (config.md#mounts).</summary>
    public Mount[]? Mounts { get; set; }

    /// <summary>The container's process (config.md#process); may be absent at create, but start needs it.</summary>
    public Process? Process { get; set; }

    public string? Hostname { get; set; }

    public string? Domainname { get; set; }

    public Hooks? Hooks { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }

    /// <summary>What is particular to Linux (config-linux.md).</summary>
    public LinuxSection? Linux { get; set; }
}

/// <summary>config.md#root.</summary>
public sealed class Root
{
    /// <summary>Absolute, or relative to the bundle.</summary>
    public string Path { get; set; } = "";

    public bool Readonly { get; set; }
}

/// <summary>One entry of <c>mounts</c> (config.md#mounts).</summary>
public sealed class Mount
{
    /// <summary>Where, in the container; a relative one counts from <c>/</c> (deprecated).</summary>
    public string Destination { get; set; } = "";

    /// <summary>A device, a dummy, or for a bind a path, absolute or relative to the bundle.</summary>
    public string? Source { get; set; }

    public string? Type { get; set; }

    public string[]? Options { get; set; }

    public IdMapping[]? UidMappings { get; set; }

    public IdMapping[]? GidMappings { get; set; }
}

/// <summary>config.md#posix-platform-hooks.</summary>
public sealed class Hooks
{
    /// <summary>Deprecated kind, called before <see cref="CreateRuntime"/>.</summary>
    public Hook[]? Prestart { get; set; }

    public Hook[]? CreateRuntime { get; set; }

    public Hook[]? CreateContainer { get; set; }

    public Hook[]? StartContainer { get; set; }

    public Hook[]? Poststart { get; set; }

    public Hook[]? Poststop { get; set; }
}

/// <summary>A program to call at a point of the lifecycle (config.md#posix-platform-hooks).</summary>
public sealed class Hook
{
    /// <summary>Absolute.</summary>
    public string Path { get; set; } = "";

    /// <summary>argv with argv[0], as for execv(3); absent means argv is the path alone.</summary>
    public string[]? Args { get; set; }

    public Utf8Texts? Env { get; set; }

    /// <summary>Seconds before the hook is given up, above 0; null for none.</summary>
    public int? Timeout { get; set; }
}
