using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>Who the process is: user, groups, capabilities, no_new_privs.</summary>
internal static class Identity
{
    /// <summary>
    /// The kernel lets an unprivileged writer map his own group alone, and only with setgroups denied
    /// (user_namespaces(7)); with newgidmap there is no such need.
    /// </summary>
    public static bool MustDenySetgroups(Compilation to) =>
        to.Namespaces.IsNew(CloneFlags.NewUser) && to.Facts.Euid != 0
        && to.Config.Linux?.GidMappings is [{ Size: 1 } only] && only.HostID == to.Facts.Egid;

    /// <summary>It is denied here: also where a user namespace above has it so, for good.</summary>
    public static bool CannotSetGroups(Compilation to) => to.Facts.SetgroupsDenied || MustDenySetgroups(to);

    public static void Compile(Compilation to, Process process)
    {
        var user = process.User;
        var flags = process.NoNewPrivileges ? SetIdentityFlags.NoNewPrivileges
            : to.Config.Linux?.Seccomp is not null ? SetIdentityFlags.KeepSysAdmin : SetIdentityFlags.None;
        if (CannotSetGroups(to))
        {
            flags |= SetIdentityFlags.KeepGroups;
            if (user?.AdditionalGids is { Length: > 0 })
            {
                to.Refuse(ConfigCodes.IdNotMapped, "process.user.additionalGids",
                    "setgroups is denied in this user namespace");
            }
        }
        var sets = new CapabilitySets(to, process.Capabilities);
        to.Add(Opcode.SetIdentity, new SetIdentity
        {
            Bounding = sets.Bounding,
            Effective = sets.Effective,
            Permitted = sets.Permitted,
            Inheritable = sets.Inheritable,
            Ambient = sets.Ambient,
            Groups = to.Writer.Array<uint>(user?.AdditionalGids ?? []),
            Uid = user?.Uid ?? 0,
            Gid = user?.Gid ?? 0,
            Flags = flags,
        }, "process.user", "become the process's user");
    }
}

/// <summary>
/// The five sets as bits. What cannot be had is taken out, with a warning as the specification demands: an unknown name,
/// one that the kernel lacks, one outside our own bounding set, and what the kernel's rules for the other sets forbid
/// (capset(2), prctl(2) PR_CAP_AMBIENT). Absent means none.
/// </summary>
internal sealed class CapabilitySets
{
    public CapabilitySets(Compilation to, Spec.Capabilities? names)
    {
        if (names is null)
            return;
        List<string>? dropped = null;
        Bounding = Read(to, names.Bounding, ref dropped);
        Permitted = Read(to, names.Permitted, ref dropped);
        Effective = Limit(to, "effective", Read(to, names.Effective, ref dropped), "permitted", Permitted);
        Inheritable = Limit(to, "inheritable", Read(to, names.Inheritable, ref dropped), "bounding", Bounding);
        Ambient = Limit(to, "ambient", Read(to, names.Ambient, ref dropped), "permitted and inheritable", Permitted & Inheritable);
        if (dropped is not null)
        {
            to.Warn(string.Concat("process.capabilities: ignoring unknown or unavailable capabilities: [",
                string.Join(' ', dropped), "]"));
        }
    }

    public ulong Bounding { get; }

    public ulong Permitted { get; }

    public ulong Effective { get; }

    public ulong Inheritable { get; }

    public ulong Ambient { get; }

    private static ulong Read(Compilation to, string[]? names, ref List<string>? dropped)
    {
        // A new user namespace gives its first process all of them.
        ulong available = to.Namespaces.Has(CloneFlags.NewUser) ? ulong.MaxValue : to.Facts.CapabilityBounding;
        ulong set = 0;
        foreach (string name in names ?? [])
        {
            int number = Linux.Capabilities.Number(name);
            if (number >= 0 && number <= to.Facts.LastCapability && (available & (1UL << number)) != 0)
                set |= 1UL << number;
            else if (!(dropped ??= []).Contains(name))
                dropped.Add(name);
        }
        return set;
    }

    private static ulong Limit(Compilation to, string name, ulong set, string limit, ulong allowed)
    {
        if ((set & ~allowed) != 0)
        {
            to.Warn(string.Concat("process.capabilities.", name, ": ignoring what is not in ",
                string.Concat(limit, ": [", NamesOf(set & ~allowed), "]")));
        }
        return set & allowed;
    }

    /// <summary>"CAP_CHOWN CAP_KILL".</summary>
    public static string NamesOf(ulong set)
    {
        var names = new List<string>();
        for (int i = 0; i < 64; i++)
        {
            if ((set & (1UL << i)) != 0)
                names.Add(i <= Linux.Capabilities.Last ? Linux.Capabilities.Names[i] : FormattableString.Invariant($"CAP_{i}"));
        }
        return string.Join(' ', names);
    }
}
