using System;
using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>
/// Checks what a config says, beyond its form: one function a rule, each with the line of the spec that it comes from.
/// Decided here is what can be decided from the config alone, before anything is changed; what depends on the host (does
/// the source exist, is the file system known) shows when it is done.
/// </summary>
/// <remarks>
/// Where peers differ the spec's text decides, except that nothing is refused which Docker, containerd, CRI-O, Podman or
/// <c>runc spec</c> write by default.
/// </remarks>
public static partial class Validator
{
    /// <summary>
    /// All that is wrong with a config, in no particular order, without lines and columns: <see cref="JsonLocation.Fill"/>
    /// adds them.
    /// </summary>
    public static List<Finding> Validate(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var found = new Findings();
        VersionIsSupported(config, found);
        RootIsGiven(config, found);
        if (config.Mounts is { } mounts)
            ValidateMounts(mounts, config, found);
        if (config.Process is { } process)
            ValidateProcess(process, "process.", found);
        HostnameNeedsUts(config, found);
        DomainnameNeedsUts(config, found);
        if (config.Hooks is { } hooks)
            ValidateHooks(hooks, found);
        AnnotationKeysAreNotEmpty(config, found);
        if (config.Linux is { } linux)
            ValidateLinux(linux, config, found);
        return found.All;
    }

    /// <summary>The same for a process alone, as <c>exec --process</c> takes it; paths start at the process.</summary>
    public static List<Finding> ValidateProcess(Process process)
    {
        ArgumentNullException.ThrowIfNull(process);
        var found = new Findings();
        ValidateProcess(process, "", found);
        return found.All;
    }

    /// <summary>
    /// The same for limits that are changed, as <c>update</c> takes them; paths start at the resources. What they must
    /// fit may be what is set already: the memory limit of a container whose swap is changed.
    /// </summary>
    public static List<Finding> ValidateUpdate(Resources resources)
    {
        ArgumentNullException.ThrowIfNull(resources);
        var found = new Findings();
        ValidateResources(resources, "", found);
        if (resources.Memory?.Limit is null or 0)
            found.All.RemoveAll(static finding => finding.Code == ConfigCodes.MemorySwapInvalid);
        return found.All;
    }

    /// <summary>config.md#specification-version.</summary>
    private static void VersionIsSupported(Config config, Findings found)
    {
        const int NewestMinor = 3;
        const string Path = "ociVersion";
        if (!SemVer.TryParse(config.OciVersion, out int major, out int minor))
            found.Error(ConfigCodes.VersionInvalid, Path, $"is not a SemVer 2.0.0 version: {Show.Quoted(config.OciVersion)}");
        else if (major != 1)
            found.Error(ConfigCodes.VersionUnsupported, Path, $"only 1.x is supported, not {config.OciVersion}");
        // Minor versions only add, and engines write the version of the library they were built with: no reason to refuse.
        else if (minor > NewestMinor)
            found.Warn(ConfigCodes.VersionNewer, Path, $"{config.OciVersion} is newer than 1.3; what it adds is ignored");
    }

    /// <summary>config.md#root: required on Linux, and not empty.</summary>
    private static void RootIsGiven(Config config, Findings found)
    {
        if (config.Root is null)
            found.Error(ConfigCodes.Missing, "root", "is required, but missing");
        else if (config.Root.Path.Length == 0)
            found.Error(ConfigCodes.EmptyValue, "root.path", "must not be empty");
    }

    /// <summary>config.md#hostname: without its own UTS namespace it would rename the host.</summary>
    private static void HostnameNeedsUts(Config config, Findings found) => CheckHostName("hostname", config.Hostname, config, found);

    /// <summary>config.md#domainname.</summary>
    private static void DomainnameNeedsUts(Config config, Findings found) =>
        CheckHostName("domainname", config.Domainname, config, found);

    private static void CheckHostName(Place path, string? name, Config config, Findings found)
    {
        if (string.IsNullOrEmpty(name))
            return;
        Need(NamespaceType.Uts, path, config.Linux, found);
        // __NEW_UTS_LEN of the kernel.
        MaxBytes(64, path, name, found);
    }

    /// <summary>config.md#annotations.</summary>
    private static void AnnotationKeysAreNotEmpty(Config config, Findings found)
    {
        if (config.Annotations?.ContainsKey("") == true)
            found.Error(ConfigCodes.EmptyValue, Show.Join("annotations", ""), "must not have an empty key");
    }

    private static void Need(NamespaceType type, Place path, LinuxSection? linux, Findings found)
    {
        if (!linux.Has(type))
            found.Error(ConfigCodes.NamespaceMissing, path, $"needs a {Names.NamespaceTypes[(int)type]} namespace in linux.namespaces");
    }

    private static void MustBeAbsolute(Place path, string value, Findings found)
    {
        if (value.Length == 0)
            found.Error(ConfigCodes.EmptyValue, path, "must not be empty");
        else if (!ContainerPath.IsAbsolute(value))
            found.Error(ConfigCodes.PathNotAbsolute, path, $"must be an absolute path, but is {Show.Quoted(value)}");
    }

    private static void MustBeWithin(long smallest, long largest, Place path, long? value, Findings found)
    {
        if (value < smallest || value > largest)
            found.Error(ConfigCodes.OutOfRange, path, FormattableString.Invariant($"must be from {smallest} to {largest}, but is {value}"));
    }

    private static void MustBeAnId(Place path, uint? value, Findings found)
    {
        if (value == uint.MaxValue)
            found.Error(ConfigCodes.InvalidId, path, "must not be 4294967295, which means no id");
    }

    private static void MustBeAList(Place path, string? value, Findings found)
    {
        if (value is not null && !NumberList.IsValid(value))
            found.Error(ConfigCodes.ListInvalid, path, $"must be a list like 0-3,7, but is {Show.Quoted(value)}");
    }

    private static void MaxBytes(int most, Place path, string value, Findings found)
    {
        int bytes = System.Text.Encoding.UTF8.GetByteCount(value);
        if (bytes > most)
            found.Error(ConfigCodes.TooLong, path, FormattableString.Invariant($"has {bytes} bytes, more than {most}"));
    }
}
