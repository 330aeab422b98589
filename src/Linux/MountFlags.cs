namespace Csrun.Linux;

/// <summary>MS_*: mount(2)'s flags.</summary>
public static class Ms
{
    /// <summary>MS_RDONLY.</summary>
    public const ulong ReadOnly = 1;

    /// <summary>MS_NOSUID.</summary>
    public const ulong NoSuid = 2;

    /// <summary>MS_NODEV.</summary>
    public const ulong NoDev = 4;

    /// <summary>MS_NOEXEC.</summary>
    public const ulong NoExec = 8;

    /// <summary>MS_SYNCHRONOUS.</summary>
    public const ulong Synchronous = 16;

    /// <summary>MS_REMOUNT.</summary>
    public const ulong Remount = 32;

    /// <summary>MS_MANDLOCK.</summary>
    public const ulong MandLock = 64;

    /// <summary>MS_DIRSYNC.</summary>
    public const ulong DirSync = 128;

    /// <summary>MS_NOSYMFOLLOW, since Linux 5.10.</summary>
    public const ulong NoSymFollow = 256;

    /// <summary>MS_NOATIME.</summary>
    public const ulong NoAtime = 1024;

    /// <summary>MS_NODIRATIME.</summary>
    public const ulong NoDirAtime = 2048;

    /// <summary>MS_BIND.</summary>
    public const ulong Bind = 4096;

    /// <summary>MS_MOVE.</summary>
    public const ulong Move = 8192;

    /// <summary>MS_REC.</summary>
    public const ulong Rec = 16384;

    /// <summary>MS_SILENT.</summary>
    public const ulong Silent = 32768;

    /// <summary>MS_UNBINDABLE.</summary>
    public const ulong Unbindable = 1 << 17;

    /// <summary>MS_PRIVATE.</summary>
    public const ulong Private = 1 << 18;

    /// <summary>MS_SLAVE.</summary>
    public const ulong Slave = 1 << 19;

    /// <summary>MS_SHARED.</summary>
    public const ulong Shared = 1 << 20;

    /// <summary>MS_RELATIME.</summary>
    public const ulong RelAtime = 1 << 21;

    /// <summary>MS_I_VERSION.</summary>
    public const ulong IVersion = 1 << 23;

    /// <summary>MS_STRICTATIME.</summary>
    public const ulong StrictAtime = 1 << 24;

    /// <summary>MS_LAZYTIME.</summary>
    public const ulong LazyTime = 1 << 25;
}

/// <summary>MOUNT_ATTR_*: fsmount(2), mount_setattr(2).</summary>
public static class MountAttr
{
    /// <summary>MOUNT_ATTR_RDONLY.</summary>
    public const ulong ReadOnly = 0x0000_0001;

    /// <summary>MOUNT_ATTR_NOSUID.</summary>
    public const ulong NoSuid = 0x0000_0002;

    /// <summary>MOUNT_ATTR_NODEV.</summary>
    public const ulong NoDev = 0x0000_0004;

    /// <summary>MOUNT_ATTR_NOEXEC.</summary>
    public const ulong NoExec = 0x0000_0008;

    /// <summary>MOUNT_ATTR__ATIME: the mask of the three that exclude one another. To be cleared with any of them.</summary>
    public const ulong AtimeMask = 0x0000_0070;

    /// <summary>MOUNT_ATTR_RELATIME.</summary>
    public const ulong RelAtime = 0;

    /// <summary>MOUNT_ATTR_NOATIME.</summary>
    public const ulong NoAtime = 0x0000_0010;

    /// <summary>MOUNT_ATTR_STRICTATIME.</summary>
    public const ulong StrictAtime = 0x0000_0020;

    /// <summary>MOUNT_ATTR_NODIRATIME.</summary>
    public const ulong NoDirAtime = 0x0000_0080;

    /// <summary>MOUNT_ATTR_IDMAP, since Linux 5.12.</summary>
    public const ulong IdMap = 0x0010_0000;

    /// <summary>MOUNT_ATTR_NOSYMFOLLOW, since Linux 5.14.</summary>
    public const ulong NoSymFollow = 0x0020_0000;
}
