using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>Documentation/admin-guide/cgroup-v1/devices.rst.</summary>
internal static class Devices
{
    /// <summary>Writes the rules in their order: the kernel keeps the list.</summary>
    /// <remarks>Lenient: without privilege the caller's own restrictions are all there is.</remarks>
    public static void Apply(int directory, IReadOnlyList<DeviceRule> rules, bool lenient)
    {
        foreach (DeviceRule rule in rules)
        {
            string file = rule.Allow ? "devices.allow" : "devices.deny";
            // Only the bare letter is taken as every device, all access (< 6.0 reads no further either way).
            string text = rule.IsWildcard ? "a" : rule.ToString();
            int written = CgroupDirectory.Write(directory, file, text);
            if (written < 0 && !(lenient && written is -Errno.EPERM or -Errno.EACCES))
            {
                string? hint = written == -Errno.EPERM ? "the cgroup above does not allow this device" : null;
                throw new LinuxException("write to", $"{file} \"{text}\"", -written, hint);
            }
        }
    }
}
