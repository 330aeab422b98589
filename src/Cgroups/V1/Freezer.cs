using System;
using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst.</summary>
internal static class Freezer
{
    private const string StateFile = "freezer.state";

    /// <summary>Asks for it; processes that can't be held at once may still run a moment ("FREEZING").</summary>
    public static void Freeze(int directory) => _ = CgroupDirectory.Write(directory, StateFile, "FROZEN");

    /// <summary>Asks for it and waits.</summary>
    public static void Freeze(int directory, string cgroup, TimeSpan patience)
    {
        const int giveUpEvery = 50;
        Waiting waiting = new(patience);
        LinuxException.Check(CgroupDirectory.Write(directory, StateFile, "FROZEN"), "freeze", cgroup);
        for (int reads = 1; CgroupDirectory.Read(directory, StateFile) is not "FROZEN"; reads++)
        {
            if (waiting.IsOver)
            {
                Thaw(directory);
                SortedSet<int> processes = [];
                CgroupDirectory.CollectProcesses(directory, processes);
                throw Waiting.GivenUp("freeze", cgroup, processes);
            }
            waiting.Pause();
            // Some kernels stay in FREEZING until they are asked anew, and some until they were let go in between.
            if (reads % giveUpEvery == 0)
            {
                Thaw(directory);
            }
            _ = CgroupDirectory.Write(directory, StateFile, "FROZEN");
        }
    }

    public static void Thaw(int directory) => _ = CgroupDirectory.Write(directory, StateFile, "THAWED");

    public static bool IsFrozen(int directory) => CgroupDirectory.Read(directory, StateFile) is "FROZEN" or "FREEZING";
}
