using System;

namespace Csrun.Spec;

public static partial class Validator
{
    private static void ValidateSeccomp(SeccompProfile profile, Findings found)
    {
        DefaultErrnoHasAnAction(profile, found);
        DefaultActionIsNotNotify(profile, found);
        ListenerIsThereToBeNotified(profile, found);
        for (int i = 0; i < profile.Syscalls?.Length; i++)
        {
            SeccompRule rule = profile.Syscalls[i];
            SeccompRuleHasNames(rule, i, found);
            SeccompErrnoHasAnAction(rule, i, found);
            SeccompWriteIsNotNotified(rule, i, found);
            SeccompArgsExist(rule, i, found);
        }
    }

    /// <summary>config-linux.md#seccomp.</summary>
    private static void DefaultErrnoHasAnAction(SeccompProfile profile, Findings found) =>
        CheckErrno(profile.DefaultAction, profile.DefaultErrnoRet, "linux.seccomp.defaultErrnoRet", found);

    /// <summary>config-linux.md#seccomp.</summary>
    private static void SeccompErrnoHasAnAction(SeccompRule rule, int index, Findings found)
    {
        if (rule.ErrnoRet is not null)
            CheckErrno(rule.Action, rule.ErrnoRet, Place.Item("linux.seccomp.syscalls", index) + "errnoRet", found);
    }

    /// <summary>config-linux.md#seccomp: the runtime's own next call would wait for an agent that it has yet to connect to.</summary>
    private static void DefaultActionIsNotNotify(SeccompProfile profile, Findings found)
    {
        if (profile.DefaultAction == SeccompAction.Notify)
            found.Error(ConfigCodes.SeccompNotifyInvalid, "linux.seccomp.defaultAction", "must not be SCMP_ACT_NOTIFY");
    }

    /// <summary>The descriptor of the listener is sent by write: that call cannot wait for the agent.</summary>
    private static void SeccompWriteIsNotNotified(SeccompRule rule, int index, Findings found)
    {
        if (rule.Action == SeccompAction.Notify && Array.IndexOf(rule.Names, "write") >= 0)
        {
            found.Error(ConfigCodes.SeccompNotifyInvalid, Place.Item("linux.seccomp.syscalls", index) + "action",
                "must not be SCMP_ACT_NOTIFY for write");
        }
    }

    /// <summary>config-linux.md#seccomp: what belongs to NOTIFY needs a listener, and NOTIFY one to talk to.</summary>
    private static void ListenerIsThereToBeNotified(SeccompProfile profile, Findings found)
    {
        bool notifies = Array.Exists(profile.Syscalls ?? [], static rule => rule.Action == SeccompAction.Notify);
        bool listens = !string.IsNullOrEmpty(profile.ListenerPath);
        if (notifies && !listens)
            found.Error(ConfigCodes.SeccompNotifyInvalid, "linux.seccomp.listenerPath", "is required for SCMP_ACT_NOTIFY");
        if (notifies && listens)
            MustBeAbsolute("linux.seccomp.listenerPath", profile.ListenerPath!, found);
        if (!string.IsNullOrEmpty(profile.ListenerMetadata) && !listens)
            found.Error(ConfigCodes.SeccompNotifyInvalid, "linux.seccomp.listenerMetadata", "needs a listenerPath");
        if (!notifies && profile.Flags?.AsSpan().Contains(SeccompFlag.WaitKillableRecv) == true)
            found.Error(ConfigCodes.SeccompNotifyInvalid, "linux.seccomp.flags", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs SCMP_ACT_NOTIFY");
    }

    /// <summary>config-linux.md#seccomp: at least one.</summary>
    private static void SeccompRuleHasNames(SeccompRule rule, int index, Findings found)
    {
        if (rule.Names.Length == 0)
            found.Error(ConfigCodes.EmptyValue, Place.Item("linux.seccomp.syscalls", index) + "names", "must have at least one name");
    }

    /// <summary>A system call has six arguments.</summary>
    private static void SeccompArgsExist(SeccompRule rule, int index, Findings found)
    {
        for (int i = 0; i < rule.Args?.Length; i++)
        {
            if (rule.Args[i].Index > 5)
                MustBeWithin(0, 5, (Place.Item("linux.seccomp.syscalls", index) + "args").At(i) + "index", rule.Args[i].Index, found);
        }
    }

    private static void CheckErrno(SeccompAction action, uint? errno, Place path, Findings found)
    {
        // MAX_ERRNO, and the 16 bits of SECCOMP_RET_DATA.
        if (action == SeccompAction.Errno)
            MustBeWithin(0, 4095, path, errno, found);
        else if (action == SeccompAction.Trace)
            MustBeWithin(0, ushort.MaxValue, path, errno, found);
        else if (errno is not null)
            found.Error(ConfigCodes.SeccompErrnoUnused, path, $"has no meaning with {Names.SeccompActions[(int)action]}");
    }
}
