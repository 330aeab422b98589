using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>
/// The <c>linux</c> object (config-linux.md). Called so, and not <c>Linux</c>, because that is the kernel's namespace here.
/// </summary>
public sealed class LinuxSection
{
    public Namespace[]? Namespaces { get; set; }

    public IdMapping[]? UidMappings { get; set; }

    public IdMapping[]? GidMappings { get; set; }

    public TimeOffsets? TimeOffsets { get; set; }

    public Device[]? Devices { get; set; }

    /// <summary>Moved into the container's network namespace; the key is the name on the host.</summary>
    public Dictionary<string, NetDevice>? NetDevices { get; set; }

    /// <summary>Absolute: from the cgroup mount; relative: below a place of the runtime's choice.</summary>
    public string? CgroupsPath { get; set; }

    public Resources? Resources { get; set; }

    public IntelRdt? IntelRdt { get; set; }

    public MemoryPolicy? MemoryPolicy { get; set; }

    /// <summary>Names with <c>.</c> or <c>/</c> between the parts, as sysctl(8) takes them.</summary>
    public Dictionary<string, string>? Sysctl { get; set; }

    public SeccompProfile? Seccomp { get; set; }

    public RootfsPropagation? RootfsPropagation { get; set; }

    public string[]? MaskedPaths { get; set; }

    public string[]? ReadonlyPaths { get; set; }

    /// <summary>SELinux context of the container's mounts.</summary>
    public string? MountLabel { get; set; }

    public Personality? Personality { get; set; }
}

/// <summary>config-linux.md#namespaces.</summary>
public sealed class Namespace
{
    public NamespaceType Type { get; set; }

    /// <summary>An existing one to join, absolute in the runtime's mount namespace; null or empty for a new one.</summary>
    public string? Path { get; set; }
}

/// <summary>One line of uid_map or gid_map (config-linux.md#user-namespace-mappings).</summary>
public sealed class IdMapping
{
    public uint ContainerID { get; set; }

    public uint HostID { get; set; }

    public uint Size { get; set; }
}

/// <summary>The clocks that a time namespace can shift (config-linux.md#offset-for-time-namespace).</summary>
public sealed class TimeOffsets
{
    public TimeOffset? Monotonic { get; set; }

    public TimeOffset? Boottime { get; set; }
}

public sealed class TimeOffset
{
    public long Secs { get; set; }

    /// <summary>Below 1,000,000,000.</summary>
    public uint Nanosecs { get; set; }
}

/// <summary>config-linux.md#devices.</summary>
public sealed class Device
{
    public DeviceType Type { get; set; }

    /// <summary>Full path in the container, which may lie outside /dev.</summary>
    public string Path { get; set; } = "";

    /// <summary>Required unless <see cref="Type"/> is a fifo, as <see cref="Minor"/>.</summary>
    public long? Major { get; set; }

    public long? Minor { get; set; }

    /// <summary>Permission bits, exact whatever the umask.</summary>
    public uint? FileMode { get; set; }

    public uint? Uid { get; set; }

    public uint? Gid { get; set; }
}

/// <summary>config-linux.md#network-devices.</summary>
public sealed class NetDevice
{
    /// <summary>Its name in the container; null keeps the host's.</summary>
    public string? Name { get; set; }
}

/// <summary>config-linux.md#intelrdt.</summary>
public sealed class IntelRdt
{
    /// <summary>Directory in resctrl, <c>/</c> for the root class; null for one named like the container.</summary>
    public string? ClosID { get; set; }

    public string[]? Schemata { get; set; }

    public string? L3CacheSchema { get; set; }

    public string? MemBwSchema { get; set; }

    public bool EnableMonitoring { get; set; }
}

/// <summary>set_mempolicy(2) (config-linux.md#memory-policy).</summary>
public sealed class MemoryPolicy
{
    public MemoryPolicyMode Mode { get; set; }

    /// <summary>A list like <c>0-3,7</c>.</summary>
    public string? Nodes { get; set; }

    public MemoryPolicyFlag[]? Flags { get; set; }
}

/// <summary>personality(2) (config-linux.md#personality).</summary>
public sealed class Personality
{
    public PersonalityDomain Domain { get; set; }

    /// <summary>The spec defines none.</summary>
    public string[]? Flags { get; set; }
}
