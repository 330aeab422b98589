using System;
using System.Collections.Generic;
using Csrun.Cgroups;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// What csrun remembers of a container, in <c>state.json</c> of its state directory: all that later commands need, so
/// that they need neither the bundle nor the options of create. What can be asked of the kernel (the status) is not in it.
/// </summary>
/// <remarks>
/// It is written first before anything outside the state directory is changed, as an intent: <see cref="Process"/> is not set
/// then, and whoever finds it so, with its <see cref="Creator"/> dead, cleans up what it names.
/// </remarks>
public sealed record State
{
    /// <summary>Raised when a reader of an older version could do harm.</summary>
    public const int CurrentVersion = 1;

    public required string Id { get; init; }

    /// <summary>Absolute.</summary>
    public required string Bundle { get; init; }

    /// <summary>Absolute, without symbolic links.</summary>
    public required string Rootfs { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Effective user id of whoever created it.</summary>
    public uint Owner { get; init; }

    /// <summary>/proc/sys/kernel/random/boot_id: process ids mean nothing after the next boot.</summary>
    public required string BootId { get; init; }

    /// <summary>The csrun process that creates it.</summary>
    public required ProcessIdentity Creator { get; init; }

    /// <summary>The container's process; <c>default</c> until create has succeeded.</summary>
    public ProcessIdentity Process { get; init; }

    /// <summary>The container has a process id namespace of its own, so that all in it dies with its first process.</summary>
    public bool PrivatePids { get; init; }

    /// <summary>The config has a <c>process</c>: start has something to do.</summary>
    public bool HasProcess { get; init; }

    /// <summary>The directory for a notification socket is bound into the container.</summary>
    public bool Notify { get; init; }

    /// <summary><c>--no-new-keyring</c>.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>Create came to the hooks: poststop hooks are due when the container is destroyed.</summary>
    public bool HooksReached { get; init; }

    public CgroupRecord Cgroup { get; init; } = CgroupRecord.Disabled;

    /// <summary>Its class of service and monitoring group; null if it has none.</summary>
    public ResctrlRecord? Resctrl { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public IReadOnlyList<Hook> Poststart { get; init; } = [];

    public IReadOnlyList<Hook> Poststop { get; init; } = [];

    /// <summary>What Init does after start has connected: for the text of an error from there.</summary>
    public IReadOnlyList<StartStep> StartSteps { get; init; } = [];

    /// <summary>Create has succeeded.</summary>
    public bool IsComplete => Process.Pid != 0;
}

/// <summary>A process for good: ids are used again, but not with the same start time.</summary>
/// <param name="Pid">As the runtime sees it.</param>
/// <param name="StartTime">Field 22 of /proc/PID/stat: clock ticks since boot.</param>
public readonly record struct ProcessIdentity(int Pid, ulong StartTime);

/// <summary>An instruction of the plan that is executed after <c>start</c>.</summary>
/// <param name="Instruction">Its index in the plan.</param>
/// <param name="Opcode">Its kind.</param>
/// <param name="JsonPath">The part of the config that it comes from.</param>
/// <param name="Operation">What it does, to follow "cannot".</param>
/// <param name="Object">What it does it on, or null.</param>
public readonly record struct StartStep(uint Instruction, Opcode Opcode, string JsonPath, string Operation, string? Object)
{
    internal InitStep ToInitStep() => new(Opcode, JsonPath, Operation, Object);
}
