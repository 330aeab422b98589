namespace Csrun.Plan;

/// <summary>
/// What newer kernels have, and filters around us may refuse, and Init does in another way where it is missing: the bits
/// of <see cref="Step.Fallbacks"/>.
/// </summary>
public enum KernelFeature : uint
{
    None = 0,

    /// <summary>openat2(2), Linux 5.6.</summary>
    OpenAt2 = 1,

    /// <summary>mount_setattr(2), Linux 5.12.</summary>
    MountSetAttr = 2,

    /// <summary>MOUNT_ATTR_NOSYMFOLLOW, Linux 5.14.</summary>
    NoSymFollow = 4,

    /// <summary>faccessat2(2), Linux 5.8.</summary>
    FAccessAt2 = 8,

    /// <summary>fchmodat2(2), Linux 6.6.</summary>
    FChModAt2 = 16,

    /// <summary>mknodat(2) of devices, which user namespaces and containers lack.</summary>
    DeviceNodes = 32,

    /// <summary>close_range(2), Linux 5.9.</summary>
    CloseRange = 64,
}
