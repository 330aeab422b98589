using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>One value for one file of a cgroup.</summary>
/// <param name="Controller">Whose file it is: "memory"; "cgroup" for the core of cgroup v2.</param>
/// <param name="File">The file's name.</param>
/// <param name="Value">What is written; every line by itself, as the kernel takes them.</param>
/// <param name="Where">The part of the resources that asks for it, as a JSON path: <c>linux.resources.memory.limit</c>.</param>
public sealed record Setting(string Controller, string File, string Value, string Where)
{
    /// <summary>A kernel without the file is no error: the value is what it does anyway, or only adds to another.</summary>
    public bool Optional { get; init; }

    /// <summary>What to do on kernels that lack the file.</summary>
    public Setting? Otherwise { get; init; }

    /// <summary>In a file with a line for every device or interface: the beginning of this one's line.</summary>
    public string? Key { get; init; }

    /// <summary>What takes the line of <see cref="Key"/> out again, where there was none before.</summary>
    public string? Unset { get; init; }

    /// <summary>In a file that says more than the value: what stands before it on its line ("oom_kill_disable ").</summary>
    public string? Label { get; init; }
}

/// <summary>What resources come to on one kind of host.</summary>
public sealed class Settings
{
    private readonly List<Setting> _all = [];
    private readonly List<Finding> _refused = [];

    /// <summary>In the order in which they are to be written.</summary>
    public IReadOnlyList<Setting> All => _all;

    /// <summary>What cannot be done here at all.</summary>
    public IReadOnlyList<Finding> Refused => _refused;

    internal void Add(Setting setting) => _all.Add(setting);

    internal void Refuse(string where, string why) => _refused.Add(new Finding(ConfigCodes.ResourceUnavailable, where, why));
}

/// <summary>Where resources stand and what they are for.</summary>
/// <param name="At">The path that theirs are below: "linux.resources.", or empty for a document of their own.</param>
/// <param name="Current">
/// The directory of the cgroup whose limits are changed: on v2 some values belong together, and the one that is not
/// given stays. -1 for a new cgroup.
/// </param>
public readonly record struct ResourceContext(string At, int Current = -1)
{
    public bool IsUpdate => Current >= 0;
}
