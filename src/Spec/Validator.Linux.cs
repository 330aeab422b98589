using System;
using System.Collections.Generic;

namespace Csrun.Spec;

public static partial class Validator
{
    private static void ValidateLinux(LinuxSection linux, Config config, Findings found)
    {
        NamespacesAreUnique(linux, found);
        NamespacePathsAreAbsolute(linux, found);
        ValidateIdMappings(linux, config.Process?.User, found);
        TimeOffsetsNeedANewNamespace(linux, found);
        TimeOffsetsAreInRange(linux, found);
        ValidateDevices(linux, found);
        if (linux.NetDevices is { Count: > 0 } devices)
            ValidateNetDevices(devices, linux, found);
        CgroupsPathStaysBelow(linux, found);
        if (linux.Resources is { } resources)
            ValidateResources(resources, "linux.resources.", found);
        if (linux.IntelRdt is { } rdt)
            ValidateIntelRdt(rdt, found);
        if (linux.MemoryPolicy is { } policy)
            ValidateMemoryPolicy(policy, found);
        if (linux.Sysctl is { Count: > 0 } sysctl)
            SysctlsAreNamespaced(sysctl, linux, found);
        if (linux.Seccomp is { } seccomp)
            ValidateSeccomp(seccomp, found);
        MaskedPathsAreAbsolute(linux, found);
        ReadonlyPathsAreAbsolute(linux, found);
        HiddenPathsNeedAMountNamespace(linux, found);
        PersonalityHasNoFlags(linux, found);
    }

    /// <summary>config-linux.md#namespaces.</summary>
    private static void NamespacesAreUnique(LinuxSection linux, Findings found)
    {
        uint seen = 0;
        for (int i = 0; i < linux.Namespaces?.Length; i++)
        {
            uint bit = 1u << (int)linux.Namespaces[i].Type;
            if ((seen & bit) != 0)
            {
                found.Error(ConfigCodes.DuplicateEntry, Place.Item("linux.namespaces", i) + "type",
                    $"a namespace of type {Names.NamespaceTypes[(int)linux.Namespaces[i].Type]} is there already");
            }
            seen |= bit;
        }
    }

    /// <summary>config-linux.md#namespaces.</summary>
    private static void NamespacePathsAreAbsolute(LinuxSection linux, Findings found)
    {
        for (int i = 0; i < linux.Namespaces?.Length; i++)
        {
            if (linux.Namespaces[i].IsJoined())
                MustBeAbsolute(Place.Item("linux.namespaces", i) + "path", linux.Namespaces[i].Path!, found);
        }
    }

    /// <summary>config-linux.md#offset-for-time-namespace; time_namespaces(7): only before the first process enters.</summary>
    private static void TimeOffsetsNeedANewNamespace(LinuxSection linux, Findings found)
    {
        if (linux.TimeOffsets is not { } offsets || (offsets.Monotonic is null && offsets.Boottime is null))
            return;
        Need(NamespaceType.Time, "linux.timeOffsets", linux, found);
        if (linux.Find(NamespaceType.Time)?.IsJoined() == true)
            found.Error(ConfigCodes.NamespaceJoined, "linux.timeOffsets", "needs a new time namespace, not one that is joined by path");
    }

    /// <summary>config-linux.md#offset-for-time-namespace; KTIME_SEC_MAX of the kernel.</summary>
    private static void TimeOffsetsAreInRange(LinuxSection linux, Findings found)
    {
        const long MostSeconds = long.MaxValue / 1_000_000_000;
        const long MostNanoseconds = 999_999_999;
        MustBeWithin(-MostSeconds, MostSeconds, "linux.timeOffsets.monotonic.secs", linux.TimeOffsets?.Monotonic?.Secs, found);
        MustBeWithin(-MostSeconds, MostSeconds, "linux.timeOffsets.boottime.secs", linux.TimeOffsets?.Boottime?.Secs, found);
        MustBeWithin(0, MostNanoseconds, "linux.timeOffsets.monotonic.nanosecs", linux.TimeOffsets?.Monotonic?.Nanosecs, found);
        MustBeWithin(0, MostNanoseconds, "linux.timeOffsets.boottime.nanosecs", linux.TimeOffsets?.Boottime?.Nanosecs, found);
    }

    /// <summary>config-linux.md#cgroups-path: invalid values are refused; <c>..</c> would leave the place it belongs to.</summary>
    private static void CgroupsPathStaysBelow(LinuxSection linux, Findings found)
    {
        if (linux.CgroupsPath is { } path && ContainerPath.HasDotDot(path))
            found.Error(ConfigCodes.PathDotDot, "linux.cgroupsPath", $"must not contain .., but is {Show.Quoted(path)}");
    }

    private static void ValidateIntelRdt(IntelRdt rdt, Findings found)
    {
        ClosIdIsADirectoryName(rdt, found);
        RdtSchemasAreLines(rdt, found);
    }

    /// <summary>config-linux.md#intelrdt; resctrl keeps files of its own in the same directory.</summary>
    private static void ClosIdIsADirectoryName(IntelRdt rdt, Findings found)
    {
        if (rdt.ClosID is null or "/")
            return;
        bool plain = rdt.ClosID is not ("" or "." or ".." or "info" or "mon_data" or "mon_groups");
        if (!plain || rdt.ClosID.AsSpan().ContainsAny('/', '\n'))
            found.Error(ConfigCodes.RdtInvalid, "linux.intelRdt.closID", $"must be a plain directory name, but is {Show.Quoted(rdt.ClosID)}");
    }

    /// <summary>config-linux.md#intelrdt: the schemata file is written in lines.</summary>
    private static void RdtSchemasAreLines(IntelRdt rdt, Findings found)
    {
        Line(rdt.L3CacheSchema, "linux.intelRdt.l3CacheSchema");
        Line(rdt.MemBwSchema, "linux.intelRdt.memBwSchema");
        for (int i = 0; i < rdt.Schemata?.Length; i++)
            Line(rdt.Schemata[i], Place.Item("linux.intelRdt.schemata", i));
        if (rdt.L3CacheSchema is { } l3 && !l3.StartsWith("L3:", StringComparison.Ordinal))
            found.Warn(ConfigCodes.RdtInvalid, "linux.intelRdt.l3CacheSchema", $"should start with L3:, but is {Show.Quoted(l3)}");
        if (rdt.MemBwSchema is { } mb && !mb.StartsWith("MB:", StringComparison.Ordinal))
            found.Error(ConfigCodes.RdtInvalid, "linux.intelRdt.memBwSchema", $"must start with MB:, but is {Show.Quoted(mb)}");

        void Line(string? schema, Place path)
        {
            if (schema?.Contains('\n', StringComparison.Ordinal) == true)
                found.Error(ConfigCodes.RdtInvalid, path, "must be one line");
        }
    }

    private static void ValidateMemoryPolicy(MemoryPolicy policy, Findings found)
    {
        MustBeAList("linux.memoryPolicy.nodes", policy.Nodes, found);
        MemoryPolicyNodesFitTheMode(policy, found);
        MemoryPolicyFlagsAgree(policy, found);
    }

    /// <summary>set_mempolicy(2).</summary>
    private static void MemoryPolicyNodesFitTheMode(MemoryPolicy policy, Findings found)
    {
        bool none = string.IsNullOrWhiteSpace(policy.Nodes);
        string mode = Names.MemoryPolicyModes[(int)policy.Mode];
        if (policy.Mode is MemoryPolicyMode.Default or MemoryPolicyMode.Local)
        {
            if (!none)
                found.Error(ConfigCodes.MemoryPolicyConflict, "linux.memoryPolicy.nodes", $"must be absent or empty with {mode}");
        }
        else if (none && policy.Mode != MemoryPolicyMode.Preferred)
            found.Error(ConfigCodes.MemoryPolicyConflict, "linux.memoryPolicy.nodes", $"must name a node with {mode}");
    }

    /// <summary>set_mempolicy(2).</summary>
    private static void MemoryPolicyFlagsAgree(MemoryPolicy policy, Findings found)
    {
        ReadOnlySpan<MemoryPolicyFlag> flags = policy.Flags;
        if (flags.Contains(MemoryPolicyFlag.StaticNodes) && flags.Contains(MemoryPolicyFlag.RelativeNodes))
        {
            found.Error(ConfigCodes.MemoryPolicyConflict, "linux.memoryPolicy.flags",
                "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
        }
    }

    /// <summary>config-linux.md#masked-paths.</summary>
    private static void MaskedPathsAreAbsolute(LinuxSection linux, Findings found)
    {
        for (int i = 0; i < linux.MaskedPaths?.Length; i++)
            MustBeAbsolute(Place.Item("linux.maskedPaths", i), linux.MaskedPaths[i], found);
    }

    /// <summary>config-linux.md#readonly-paths.</summary>
    private static void ReadonlyPathsAreAbsolute(LinuxSection linux, Findings found)
    {
        for (int i = 0; i < linux.ReadonlyPaths?.Length; i++)
            MustBeAbsolute(Place.Item("linux.readonlyPaths", i), linux.ReadonlyPaths[i], found);
    }

    /// <summary>In the host's mount namespace they would be hidden from the host.</summary>
    private static void HiddenPathsNeedAMountNamespace(LinuxSection linux, Findings found)
    {
        if (linux.MaskedPaths is { Length: > 0 })
            Need(NamespaceType.Mount, "linux.maskedPaths", linux, found);
        if (linux.ReadonlyPaths is { Length: > 0 })
            Need(NamespaceType.Mount, "linux.readonlyPaths", linux, found);
    }

    /// <summary>config-linux.md#personality: no flags are supported.</summary>
    private static void PersonalityHasNoFlags(LinuxSection linux, Findings found)
    {
        if (linux.Personality?.Flags is { Length: > 0 } flags)
            found.Error(ConfigCodes.PersonalityFlag, "linux.personality.flags", $"must be empty: {Show.Quoted(flags[0])} is not supported");
    }

    /// <summary>
    /// config-linux.md#sysctl: a parameter that has no namespace, or whose namespace is the host's, would change the host
    /// (CVE-2022-0811 came in that way). The list is runc's.
    /// </summary>
    private static void SysctlsAreNamespaced(Dictionary<string, string> sysctl, LinuxSection linux, Findings found)
    {
        foreach (string name in sysctl.Keys)
        {
            string? path = SysctlName.ToPath(name);
            NamespaceType? type = path is null ? null : NamespaceOf(path);
            if (type is not null && linux.Has(type.Value))
                continue;
            string at = Show.Join("linux.sysctl", name);
            if (path is null)
                found.Error(ConfigCodes.SysctlInvalid, at, "must not have empty parts, . or ..");
            else if (path is "kernel/hostname")
                found.Error(ConfigCodes.SysctlConflict, at, "is set by the config's hostname");
            else if (type is not null)
                Need(type.Value, at, linux, found);
            else
                found.Error(ConfigCodes.SysctlNotNamespaced, at, "belongs to the whole host, not to a namespace");
        }
    }

    private static NamespaceType? NamespaceOf(string sysctlPath) => sysctlPath switch
    {
        "kernel/msgmax" or "kernel/msgmnb" or "kernel/msgmni" or "kernel/sem" or "kernel/shmall" or "kernel/shmmax"
            or "kernel/shmmni" or "kernel/shm_rmid_forced" => NamespaceType.Ipc,
        "kernel/domainname" => NamespaceType.Uts,
        _ when sysctlPath.StartsWith("fs/mqueue/", StringComparison.Ordinal) => NamespaceType.Ipc,
        _ when sysctlPath.StartsWith("net/", StringComparison.Ordinal) => NamespaceType.Network,
        _ when sysctlPath.StartsWith("user/", StringComparison.Ordinal) => NamespaceType.User,
        _ => null,
    };
}
