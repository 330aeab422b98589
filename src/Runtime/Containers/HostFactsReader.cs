using Csrun.Linux;
using Csrun.Runtime.Compiler;

namespace Csrun.Runtime.Containers;

/// <summary>Asks the kernel what the compiler must know of the machine and of ourselves.</summary>
internal static class HostFactsReader
{
    public static HostFacts Read()
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
        };
    }
}
