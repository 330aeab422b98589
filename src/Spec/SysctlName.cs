using System;

namespace Csrun.Spec;

/// <summary>
/// Names of kernel parameters, which come with dots or with slashes between their parts; the first of the two in a name is
/// the separator, and the other then stands for a dot inside of a part, as in <c>net/ipv4/conf/eth0.1/forwarding</c> and
/// <c>net.ipv4.conf.eth0/1.forwarding</c> (sysctl.d(5)).
/// </summary>
public static class SysctlName
{
    /// <summary>
    /// The file below /proc/sys: <c>net/ipv4/conf/eth0.1/forwarding</c>. Null if a part is empty, <c>.</c> or <c>..</c>:
    /// such a name would lead elsewhere than the check of its first parts says.
    /// </summary>
    public static string? ToPath(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int separator = name.AsSpan().IndexOfAny('.', '/');
        string path = separator >= 0 && name[separator] == '.'
            ? string.Create(name.Length, name, static (swapped, original) =>
            {
                for (int i = 0; i < original.Length; i++)
                    swapped[i] = original[i] switch { '.' => '/', '/' => '.', char c => c };
            })
            : name;
        foreach (Range part in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(part) is "" or "." or "..")
                return null;
        }
        return path;
    }
}
