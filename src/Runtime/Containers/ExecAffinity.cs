using System;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary><c>process.execCPUAffinity</c>: the processors of a process before and after it joins the container's cgroup.</summary>
internal static class ExecAffinity
{
    /// <summary>Calls something while this thread, whose affinity children inherit, is bound as <c>initial</c> says.</summary>
    public static T Initially<T>(ExecCPUAffinity? affinity, string configName, Func<T> start)
    {
        ulong[] wanted = NumberList.ToMask(affinity?.Initial);
        if (wanted.Length == 0)
            return start();
        // 8192 processors are the most that Linux can be built for on x64.
        Span<ulong> before = stackalloc ulong[128];
        int length = Syscalls.GetAffinity(before);
        Set(0, wanted, affinity!.Initial!, configName + ": process.execCPUAffinity.initial");
        try
        {
            return start();
        }
        finally
        {
            if (length > 0)
                _ = Syscalls.SetAffinity(0, before[..(length / sizeof(ulong))]);
        }
    }

    /// <summary>Binds a process that is in the cgroup as <c>final</c> says; without one it stays as the cgroup has it.</summary>
    public static void Finally(ExecCPUAffinity? affinity, string configName, int pid)
    {
        ulong[] wanted = NumberList.ToMask(affinity?.Final);
        if (wanted.Length > 0)
            Set(pid, wanted, affinity!.Final!, configName + ": process.execCPUAffinity.final");
    }

    private static void Set(int pid, ulong[] mask, string list, string where)
    {
        int result = Syscalls.SetAffinity(pid, mask);
        if (result < 0)
        {
            throw new CsrunException(ErrorCodes.SchedulingFailed, "cannot bind the process to the processors", list, -result, where,
                result == -Errno.EINVAL ? "none of them is online and in the cgroup's cpuset" : null);
        }
    }
}
