using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>What may be done with a device: the kernel's BPF_DEVCG_ACC_* bits.</summary>
[Flags]
public enum DeviceAccess : byte
{
    None = 0,
    Mknod = 1,
    Read = 2,
    Write = 4,
    All = Mknod | Read | Write,
}

/// <summary>One rule of a device cgroup; null for <see cref="Major"/> or <see cref="Minor"/> is every number.</summary>
public readonly record struct DeviceRule(
    bool Allow, DeviceCgroupType Type, uint? Major, uint? Minor, DeviceAccess Access)
{
    /// <summary>Every device, every access.</summary>
    public bool IsWildcard => Type == DeviceCgroupType.All && Major is null && Minor is null && Access == DeviceAccess.All;

    /// <summary>As devices.allow and devices.deny take it: "c 1:3 rwm" (cgroup-v1/devices.rst).</summary>
    public override string ToString()
    {
        char type = Type switch { DeviceCgroupType.Character => 'c', DeviceCgroupType.Block => 'b', _ => 'a' };
        string access = (Access.HasFlag(DeviceAccess.Read) ? "r" : "")
            + (Access.HasFlag(DeviceAccess.Write) ? "w" : "")
            + (Access.HasFlag(DeviceAccess.Mknod) ? "m" : "");
        return $"{type} {Major?.ToString() ?? "*"}:{Minor?.ToString() ?? "*"} {access}";
    }
}

/// <summary>
/// The rules of linux.resources.devices in their order, and after them what every container may use, as runc has it:
/// making any node, the default devices (config-linux.md#default-devices), ptys and /dev/net/tun.
/// </summary>
public static class DeviceRules
{
    private static readonly DeviceRule[] _always =
    [
        new(true, DeviceCgroupType.Character, null, null, DeviceAccess.Mknod),
        new(true, DeviceCgroupType.Block, null, null, DeviceAccess.Mknod),
        new(true, DeviceCgroupType.Character, 1, 3, DeviceAccess.All), // null
        new(true, DeviceCgroupType.Character, 1, 5, DeviceAccess.All), // zero
        new(true, DeviceCgroupType.Character, 1, 7, DeviceAccess.All), // full
        new(true, DeviceCgroupType.Character, 1, 8, DeviceAccess.All), // random
        new(true, DeviceCgroupType.Character, 1, 9, DeviceAccess.All), // urandom
        new(true, DeviceCgroupType.Character, 5, 0, DeviceAccess.All), // tty
        new(true, DeviceCgroupType.Character, 5, 2, DeviceAccess.All), // ptmx
        new(true, DeviceCgroupType.Character, 136, null, DeviceAccess.All), // pts
        new(true, DeviceCgroupType.Character, 10, 200, DeviceAccess.All), // net/tun
    ];

    /// <summary>The rules to apply; empty if the config has none, which leaves the cgroup as it is.</summary>
    public static IReadOnlyList<DeviceRule> From(DeviceCgroup[]? configured)
    {
        if (configured is null || configured.Length == 0)
            return [];
        var rules = new List<DeviceRule>(configured.Length + _always.Length);
        foreach (var rule in configured)
        {
            var type = rule.Type ?? DeviceCgroupType.All;
            // The kernel ignores numbers and access of an "a" rule on v1; the same on v2.
            rules.Add(type == DeviceCgroupType.All
                ? new DeviceRule(rule.Allow, type, null, null, DeviceAccess.All)
                : new DeviceRule(rule.Allow, type, Number(rule.Major), Number(rule.Minor), Access(rule.Access)));
        }
        rules.AddRange(_always);
        return rules;
    }

    private static uint? Number(long? value) => value is null or < 0 ? null : checked((uint)value.Value);

    private static DeviceAccess Access(string? letters)
    {
        if (string.IsNullOrEmpty(letters))
            return DeviceAccess.All;
        var access = DeviceAccess.None;
        foreach (char letter in letters)
        {
            access |= letter switch
            {
                'r' => DeviceAccess.Read,
                'w' => DeviceAccess.Write,
                'm' => DeviceAccess.Mknod,
                _ => DeviceAccess.None, // the validator refused it already
            };
        }
        return access;
    }
}
