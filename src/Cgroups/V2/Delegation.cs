using System;
using Csrun.Linux;

namespace Csrun.Cgroups.V2;

/// <summary>cgroup-v2.rst#delegation: whose a cgroup is.</summary>
internal static class Delegation
{
    private const int Limit = 65536;

    /// <summary>
    /// Gives the directory and the files that its owner must be able to write to a user; limits stay the host's. Files
    /// that this kernel lacks are passed over (config-linux.md#cgroup-ownership).
    /// </summary>
    public static void Give(int directory, string cgroup, uint uid)
    {
        Change(directory, ".", cgroup, uid);
        string files = Files.TryReadText(At.Cwd, "/sys/kernel/cgroup/delegate", Limit)
            // < 4.15: those of cgroups(7).
            ?? "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";
        foreach (string file in files.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Change(directory, file, cgroup, uid);
        }
    }

    private static void Change(int directory, string file, string cgroup, uint uid)
    {
        int result = Syscalls.FchownAt(directory, file, uid, uint.MaxValue, At.SymlinkNoFollow);
        if (result is not (0 or -Errno.ENOENT))
        {
            throw new LinuxException("give to user " + FormattableString.Invariant($"{uid}"), $"{cgroup}/{file}", -result);
        }
    }
}
