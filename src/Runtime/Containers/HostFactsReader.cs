using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>Asks the kernel what the compiler must know of the machine and of ourselves.</summary>
internal static class HostFactsReader
{
    /// <param name="config">What it does not ask for is not looked at.</param>
    public static HostFacts Read(Config config)
    {
        ulong bounding = Self.BoundingCapabilities(out int last);
        return new HostFacts
        {
            Euid = Syscalls.GetEffectiveUid(),
            Egid = Syscalls.GetEffectiveGid(),
            InUserNamespace = Self.IsInUserNamespace(),
            SetgroupsDenied = Files.TryReadText(At.Cwd, "/proc/self/setgroups", 64)?.StartsWith("deny", System.StringComparison.Ordinal) == true,
            CapabilityBounding = bounding,
            LastCapability = last,
            AppArmor = Labels.HasProfile(config.Process) ? ReadAppArmor() : AppArmorState.Off,
            UnknownSeccompFlags = FilterFlags.Unknown(config.Linux?.Seccomp?.Flags ?? []),
            SelinuxEnabled = (Labels.HasLabel(config.Process) || config.Linux?.MountLabel is { Length: > 0 }) && SecurityModules.IsSelinuxEnabled(),
        };
    }

    private static AppArmorState ReadAppArmor() => !SecurityModules.IsAppArmorEnabled() ? AppArmorState.Off
        : SecurityModules.IsAppArmorConfined() ? AppArmorState.Confined : AppArmorState.Unconfined;
}
