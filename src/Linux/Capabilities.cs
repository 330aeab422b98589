using System;

namespace Csrun.Linux;

/// <summary>capabilities(7): names and numbers.</summary>
public static class Capabilities
{
    /// <summary>The highest number known here, CAP_CHECKPOINT_RESTORE; a kernel may know fewer or more.</summary>
    public const int Last = 40;

    /// <summary>CAP_SETGID.</summary>
    public const int SetGid = 6;

    /// <summary>CAP_SETUID.</summary>
    public const int SetUid = 7;

    /// <summary>CAP_SYS_ADMIN.</summary>
    public const int SysAdmin = 21;

    /// <summary>CAP_SYS_RESOURCE.</summary>
    public const int SysResource = 24;

    private static readonly string[] s_names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>All 41 names; a name's index is its number.</summary>
    public static ReadOnlySpan<string> Names => s_names;

    /// <summary>
    /// The number of a capability by its C name; -1 if there is none. As runc and crun do, any case is taken and the
    /// prefix may be missing: engines pass on what users wrote.
    /// </summary>
    public static int Number(ReadOnlySpan<char> name)
    {
        if (name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase))
        {
            name = name[4..];
        }
        for (int i = 0; i < s_names.Length; i++)
        {
            if (name.Equals(s_names[i].AsSpan(4), StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }
        return -1;
    }
}
