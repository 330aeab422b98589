using System;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>What a filter returns: SECCOMP_RET_*, with data in the lower 16 bits (linux/seccomp.h).</summary>
public static class Verdict
{
    public const uint KillProcess = 0x8000_0000;
    public const uint KillThread = 0;
    public const uint Trap = 0x0003_0000;
    public const uint Fail = 0x0005_0000;
    public const uint UserNotify = 0x7FC0_0000;
    public const uint Trace = 0x7FF0_0000;
    public const uint Log = 0x7FFC_0000;
    public const uint Allow = 0x7FFF_0000;

    private const uint DataMask = 0xFFFF;

    /// <summary>The call fails with ENOSYS, as on a kernel that does not have it.</summary>
    public const uint NoSuchCall = Fail | Errno.ENOSYS;

    /// <summary>The value for an action; <paramref name="errno"/> is for ERRNO and TRACE, where none means EPERM.</summary>
    public static uint Of(SeccompAction action, uint? errno) => action switch
    {
        SeccompAction.Kill or SeccompAction.KillThread => KillThread,
        SeccompAction.KillProcess => KillProcess,
        SeccompAction.Trap => Trap,
        SeccompAction.Errno => Fail | ((errno ?? Errno.EPERM) & DataMask),
        SeccompAction.Trace => Trace | ((errno ?? Errno.EPERM) & DataMask),
        SeccompAction.Allow => Allow,
        SeccompAction.Log => Log,
        SeccompAction.Notify => UserNotify,
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    /// <summary>"SCMP_ACT_ERRNO (EPERM)".</summary>
    public static string Text(uint verdict)
    {
        uint data = verdict & DataMask;
        return (verdict & ~DataMask) switch
        {
            KillProcess => "SCMP_ACT_KILL_PROCESS",
            KillThread => "SCMP_ACT_KILL_THREAD",
            Trap => "SCMP_ACT_TRAP",
            Fail => FormattableString.Invariant($"SCMP_ACT_ERRNO ({Errno.Name((int)data)})"),
            UserNotify => "SCMP_ACT_NOTIFY",
            Trace => FormattableString.Invariant($"SCMP_ACT_TRACE ({data})"),
            Log => "SCMP_ACT_LOG",
            Allow => "SCMP_ACT_ALLOW",
            _ => FormattableString.Invariant($"0x{verdict:x8}"),
        };
    }
}
