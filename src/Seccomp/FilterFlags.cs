using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>SECCOMP_FILTER_FLAG_* (seccomp(2), linux/seccomp.h).</summary>
public static class FilterFlags
{
    public const uint Tsync = 1;
    public const uint Log = 2;
    public const uint SpecAllow = 4;
    public const uint NewListener = 8;
    public const uint WaitKillableRecv = 32;

    /// <summary>
    /// The flags of a profile's filter. None at all means SPEC_ALLOW, as with runc: what filters cost in speculation
    /// was once the default, and profiles are older than the flag. TSYNC is for other threads; Init has none.
    /// </summary>
    public static uint Of(SeccompProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (profile.Flags is null)
            return SpecAllow;
        return (Has(profile, SeccompFlag.Log) ? Log : 0) | (Has(profile, SeccompFlag.SpecAllow) ? SpecAllow : 0);
    }

    /// <summary>What the filter with the listener has beside them.</summary>
    public static uint OfListener(SeccompProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return NewListener | (Has(profile, SeccompFlag.WaitKillableRecv) ? WaitKillableRecv : 0);
    }

    /// <summary>Those that this kernel does not know.</summary>
    public static SeccompFlag[] Unknown(ReadOnlySpan<SeccompFlag> flags)
    {
        List<SeccompFlag>? unknown = null;
        foreach (var flag in flags)
        {
            if (!IsKnown(flag))
                (unknown ??= []).Add(flag);
        }
        return unknown?.ToArray() ?? [];
    }

    /// <summary>The flags' names.</summary>
    public static List<string> Names(uint flags)
    {
        List<string> names = [];
        foreach (var (flag, name) in (ReadOnlySpan<(uint, string)>)
            [(Tsync, "TSYNC"), (Log, "LOG"), (SpecAllow, "SPEC_ALLOW"), (NewListener, "NEW_LISTENER"), (WaitKillableRecv, "WAIT_KILLABLE_RECV")])
        {
            if ((flags & flag) != 0)
                names.Add("SECCOMP_FILTER_FLAG_" + name);
        }
        return names;
    }

    private static bool IsKnown(SeccompFlag flag) => Syscalls.ProbeSeccompFlags(flag switch
    {
        SeccompFlag.Tsync => Tsync,
        SeccompFlag.Log => Log,
        SeccompFlag.SpecAllow => SpecAllow,
        // The kernel takes it with a listener only.
        _ => WaitKillableRecv | NewListener,
    }) == -Errno.EFAULT;

    private static bool Has(SeccompProfile profile, SeccompFlag flag) => Array.IndexOf(profile.Flags ?? [], flag) >= 0;
}
