using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// Device rules as DevicePolicy and DeviceAllow (systemd.resource-control(5)), which systemd sets anew whenever it
/// reloads: without them a container would lose its devices then. They allow at least what the rules do; what those
/// deny out of a wider permission, systemd cannot say, and our own program does.
/// </summary>
internal static class DeviceProperties
{
    /// <summary>None for no rules.</summary>
    public static List<(string Name, BusValue Value)> From(IReadOnlyList<DeviceRule> rules)
    {
        if (rules.Count == 0)
        {
            return [];
        }
        // The same walk as the kernel's: what is behind a rule for all counts alone.
        bool all = true;
        List<DeviceRule> allowed = [];
        foreach (DeviceRule rule in rules)
        {
            if (rule.IsWildcard)
            {
                all = rule.Allow;
                allowed.Clear();
            }
            else if (rule.Allow)
            {
                allowed.Add(rule);
            }
            else
            {
                allowed.RemoveAll(other => other with { Allow = false } == rule);
            }
        }
        if (all)
        {
            return [("DevicePolicy", new("s", "auto")), ("DeviceAllow", new("a(ss)", Array.Empty<object>()))];
        }
        List<object> entries = [];
        foreach (DeviceRule rule in allowed)
        {
            if (rule.Type == DeviceCgroupType.All || rule is { Major: null, Minor: not null })
            {
                // Not to be said in systemd's words.
                continue;
            }
            entries.Add(new object[] { Node(rule), Access(rule.Access) });
        }
        return [("DevicePolicy", new("s", "strict")), ("DeviceAllow", new("a(ss)", entries.ToArray()))];
    }

    private static string Node(in DeviceRule rule)
    {
        string type = rule.Type == DeviceCgroupType.Block ? "block" : "char";
        return rule.Major is not { } major ? type + "-*"
            : rule.Minor is not { } minor ? FormattableString.Invariant($"{type}-{major}")
            : FormattableString.Invariant($"/dev/{type}/{major}:{minor}");
    }

    private static string Access(DeviceAccess access) =>
        (access.HasFlag(DeviceAccess.Read) ? "r" : "") + (access.HasFlag(DeviceAccess.Write) ? "w" : "") + (access.HasFlag(DeviceAccess.Mknod) ? "m" : "");
}
