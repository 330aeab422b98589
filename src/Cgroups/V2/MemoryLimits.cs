using System;
using System.Globalization;
using Csrun.Spec;

namespace Csrun.Cgroups.V2;

/// <summary>
/// linux.resources.memory. The spec's swap is memory and swap together, as on v1; memory.swap.max is the swap alone.
/// </summary>
internal static class MemoryLimits
{
    private const long Unlimited = -1;

    public static void Add(Settings to, Memory memory, string at, int current)
    {
        long limit = memory.Limit ?? 0;
        if (limit != 0 || memory.Swap is not (null or 0))
        {
            if (memory.CheckBeforeUpdate is true && current >= 0)
            {
                CheckUsage(to, memory, at, current);
            }
            // Before the limit: what is lowered first must not push pages to where they may not be.
            if (SwapMax(to, memory, at, current) is { } swap)
            {
                // Without swap in the kernel there is no file, and these are what it does.
                to.Add(new("memory", "memory.swap.max", swap, at + (memory.Swap is null or 0 ? "limit" : "swap")) { Optional = swap is "max" or "0" });
            }
        }
        if (limit != 0)
        {
            to.Add(new("memory", "memory.max", Text(limit), at + "limit"));
        }
        if (memory.Reservation is { } reservation and not 0)
        {
            to.Add(new("memory", "memory.low", Text(reservation), at + "reservation"));
        }
        if (memory.Swappiness is not null)
        {
            to.Refuse(at + "swappiness", "cgroup v2 has no swappiness of a cgroup; see memory.swap.max");
        }
        if (memory.DisableOOMKiller is true)
        {
            to.Refuse(at + "disableOOMKiller", "cgroup v2 cannot do without the OOM killer; see memory.high");
        }
    }

    /// <summary>What to write to memory.swap.max; null for nothing.</summary>
    private static string? SwapMax(Settings to, Memory memory, string at, int current)
    {
        long limit = memory.Limit ?? 0;
        long swap = memory.Swap ?? 0;
        if (swap == Unlimited || (swap == 0 && limit == Unlimited))
        {
            return "max";
        }
        long oldLimit = Number(current, "memory.max");
        if (swap == 0)
        {
            // Memory alone is changed: memory and swap together stay as they are, if they have a limit.
            long oldSwap = Number(current, "memory.swap.max");
            if (limit <= 0 || oldLimit < 0 || oldSwap < 0)
            {
                return null;
            }
            if (oldLimit + oldSwap < limit)
            {
                to.Refuse(at + "limit", FormattableString.Invariant(
                    $"must not be above the limit of memory and swap together, which is {oldLimit + oldSwap}: change swap too"));
            }
            return Text(Math.Max(oldLimit + oldSwap - limit, 0));
        }
        if (limit == Unlimited)
        {
            return Text(swap);
        }
        long memoryPart = limit > 0 ? limit : oldLimit;
        if (memoryPart < 0)
        {
            to.Refuse(at + "swap", "needs a memory limit");
        }
        else if (swap < memoryPart)
        {
            to.Refuse(at + "swap", FormattableString.Invariant($"is memory and swap together, so at least limit ({memoryPart}), but is {swap}"));
        }
        return Text(Math.Max(swap - memoryPart, 0));
    }

    /// <summary>config-linux.md#memory: the kernel would not refuse the limit, but kill until it is kept.</summary>
    private static void CheckUsage(Settings to, Memory memory, string at, int current)
    {
        long used = Number(current, "memory.current");
        if (memory.Limit > 0 && memory.Limit < used)
        {
            to.Refuse(at + "limit", FormattableString.Invariant($"is below what is in use, {used} bytes, and checkBeforeUpdate is set"));
        }
        if (memory.Swap > 0 && memory.Swap < used + Math.Max(Number(current, "memory.swap.current"), 0))
        {
            to.Refuse(at + "swap", FormattableString.Invariant($"is below what is in use, {used} bytes, and checkBeforeUpdate is set"));
        }
    }

    /// <summary>A file's number; -1 where it says "max", or where there is no such file.</summary>
    private static long Number(int directory, string file) =>
        directory >= 0 && long.TryParse(CgroupDirectory.Read(directory, file), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : Unlimited;

    private static string Text(long number) => number < 0 ? "max" : number.ToString(CultureInfo.InvariantCulture);
}
