using System;

namespace Csrun.Spec;

/// <summary>
/// The options of a mount that the runtime itself understands (config.md#linux-mount-options); every other one is data for
/// the file system.
/// </summary>
public static class MountOptionNames
{
    private static readonly string[] _known =
    [
        "async", "atime", "bind", "copy-symlink", "defaults", "dev", "diratime", "dirsync", "exec", "idmap", "iversion", "lazytime", "loud",
        "mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "nomand", "norelatime",
        "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "remount",
        "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime", "rnosuid",
        "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid",
        "rsymfollow", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid", "symfollow", "sync",
        "tmpcopyup", "unbindable",
    ];

    /// <summary>All of them, in order.</summary>
    public static ReadOnlySpan<string> Known => _known;

    /// <summary>
    /// Whether the option goes to the file system; an empty one goes nowhere, and <c>idmap=...</c> is crun's for mappings.
    /// </summary>
    public static bool IsData(string option) =>
        option.Length != 0 && !option.StartsWith("idmap=", StringComparison.Ordinal) && !option.StartsWith("ridmap=", StringComparison.Ordinal)
        && Array.BinarySearch(_known, option, StringComparer.Ordinal) < 0;

    /// <summary>Whether it is a size, a mode or an owner, as a tmpfs takes them (tmpfs(5)).</summary>
    public static bool IsOfTmpfs(string option) =>
        option.AsSpan(0, option.IndexOf('=') + 1) is "mode=" or "uid=" or "gid=" or "size=" or "nr_blocks=" or "nr_inodes=";
}
