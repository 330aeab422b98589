using Csrun.Plan;

namespace Csrun.Runtime;

/// <summary>What Init does without newer parts of the kernel, for <c>--debug</c>.</summary>
internal static class KernelFallbacks
{
    /// <summary>Logs a line for each that was missed.</summary>
    public static void Log(KernelFeature missing)
    {
        for (uint bit = 1; bit != 0 && bit <= (uint)missing; bit <<= 1)
        {
            if (((uint)missing & bit) != 0)
                Runtime.Log.Debug(TextOf((KernelFeature)bit));
        }
    }

    private static string TextOf(KernelFeature feature) => feature switch
    {
        KernelFeature.OpenAt2 => "openat2 is missing (Linux 5.6) or forbidden: paths are gone along name by name",
        KernelFeature.MountSetAttr => "mount_setattr is missing (Linux 5.12) or forbidden: mounts are attached, then remounted one by one",
        KernelFeature.NoSymFollow => "fsmount does not know nosymfollow (Linux 5.14): it is set by a remount",
        KernelFeature.FAccessAt2 => "faccessat2 is missing (Linux 5.8) or forbidden: faccessat is asked",
        KernelFeature.FChModAt2 => "fchmodat2 is missing (Linux 6.6) or forbidden: modes are set through procfs",
        KernelFeature.DeviceNodes => "device nodes may not be made: those of the host are bound",
        KernelFeature.CloseRange => "close_range is missing (Linux 5.9) or forbidden: descriptors are closed one by one",
        _ => "something is missing that this version of csrun does not know",
    };
}
