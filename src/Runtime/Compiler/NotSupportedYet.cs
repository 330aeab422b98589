using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// What the specification has and csrun does not do yet is refused, never ignored: a container that runs has all that
/// its config asks for. This is the only place to lift one of these from.
/// </summary>
internal static class NotSupportedYet
{
    public static void Check(Compilation to)
    {
        var config = to.Config;
        if (config.Process is { } process)
        {
            // "unconfined" is what a process is without AppArmor's help.
            Refuse(to, !string.IsNullOrEmpty(process.ApparmorProfile) && process.ApparmorProfile is not "unconfined",
                "process.apparmorProfile");
            Refuse(to, !string.IsNullOrEmpty(process.SelinuxLabel), "process.selinuxLabel");
        }
        for (int i = 0; i < config.Mounts?.Length; i++)
        {
            Refuse(to, config.Mounts[i].UidMappings is { Length: > 0 }, Compilation.Path("mounts", i, ".uidMappings"));
            Refuse(to, config.Mounts[i].GidMappings is { Length: > 0 }, Compilation.Path("mounts", i, ".gidMappings"));
        }
        if (config.Linux is not { } linux)
            return;
        Refuse(to, linux.NetDevices is { Count: > 0 }, "linux.netDevices");
        Refuse(to, linux.IntelRdt is not null, "linux.intelRdt");
        Refuse(to, linux.Seccomp is not null, "linux.seccomp");
        Refuse(to, !string.IsNullOrEmpty(linux.MountLabel), "linux.mountLabel");
        if (linux.Resources is { } resources)
            CheckResources(to, resources);
    }

    /// <summary>
    /// Empty objects, the zeros that engines write for "not set" and -1 for "unlimited" limit nothing that a new cgroup
    /// does not allow anyway. Device rules stand in every engine's default config: whoever runs the plan says whether it
    /// applies them.
    /// </summary>
    private static void CheckResources(Compilation to, Resources resources)
    {
        const string Path = "linux.resources.";
        if (resources.Devices is { Length: > 0 } && !to.Facts.AppliesDeviceRules)
            to.Warn("linux.resources.devices: the rules are not enforced yet on this host");
        if (resources.Memory is { } memory)
            CheckMemory(to, memory);
        if (resources.Cpu is { } cpu)
            CheckCpu(to, cpu);
        if (resources.BlockIO is { } block)
            CheckBlockIO(to, block);
        Refuse(to, resources.Pids is { Limit: > 0 }, Path + "pids.limit");
        Refuse(to, resources.HugepageLimits is { Length: > 0 }, Path + "hugepageLimits");
        Refuse(to, resources.Network is { ClassID: not (null or 0) }, Path + "network.classID");
        Refuse(to, resources.Network is { Priorities.Length: > 0 }, Path + "network.priorities");
        Refuse(to, resources.Rdma is { Count: > 0 }, Path + "rdma");
        Refuse(to, resources.Unified is { Count: > 0 }, Path + "unified");
    }

    private static void CheckMemory(Compilation to, Memory memory)
    {
        const string Path = "linux.resources.memory.";
        Refuse(to, memory.Limit > 0, Path + "limit");
        Refuse(to, memory.Reservation > 0, Path + "reservation");
        Refuse(to, memory.Swap > 0, Path + "swap");
        Refuse(to, memory.Kernel > 0, Path + "kernel");
        Refuse(to, memory.KernelTCP > 0, Path + "kernelTCP");
        Refuse(to, memory.Swappiness is not null, Path + "swappiness");
        Refuse(to, memory.DisableOOMKiller is true, Path + "disableOOMKiller");
    }

    // A period alone, without a quota, is none of anything.
    private static void CheckCpu(Compilation to, Cpu cpu)
    {
        const string Path = "linux.resources.cpu.";
        Refuse(to, cpu.Shares is not (null or 0), Path + "shares");
        Refuse(to, cpu.Quota > 0, Path + "quota");
        Refuse(to, cpu.Burst is not (null or 0), Path + "burst");
        Refuse(to, cpu.RealtimeRuntime is not (null or 0), Path + "realtimeRuntime");
        Refuse(to, cpu.RealtimePeriod is not (null or 0), Path + "realtimePeriod");
        Refuse(to, !string.IsNullOrEmpty(cpu.Cpus), Path + "cpus");
        Refuse(to, !string.IsNullOrEmpty(cpu.Mems), Path + "mems");
        Refuse(to, cpu.Idle is not (null or 0), Path + "idle");
    }

    private static void CheckBlockIO(Compilation to, BlockIO block)
    {
        const string Path = "linux.resources.blockIO.";
        Refuse(to, block.Weight is not (null or 0), Path + "weight");
        Refuse(to, block.LeafWeight is not (null or 0), Path + "leafWeight");
        Refuse(to, block.WeightDevice is { Length: > 0 }, Path + "weightDevice");
        Refuse(to, block.ThrottleReadBpsDevice is { Length: > 0 }, Path + "throttleReadBpsDevice");
        Refuse(to, block.ThrottleWriteBpsDevice is { Length: > 0 }, Path + "throttleWriteBpsDevice");
        Refuse(to, block.ThrottleReadIOPSDevice is { Length: > 0 }, Path + "throttleReadIOPSDevice");
        Refuse(to, block.ThrottleWriteIOPSDevice is { Length: > 0 }, Path + "throttleWriteIOPSDevice");
    }

    private static void Refuse(Compilation to, bool isSet, string path)
    {
        if (isSet)
            to.Refuse(ErrorCodes.NotSupported, path, "is not supported yet");
    }
}
