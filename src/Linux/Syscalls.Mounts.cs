namespace Csrun.Linux;

/// <summary>FSCONFIG_*: fsconfig(2).</summary>
public static class FsConfigCommand
{
    /// <summary>FSCONFIG_SET_FLAG.</summary>
    public const uint SetFlag = 0;

    /// <summary>FSCONFIG_SET_STRING.</summary>
    public const uint SetString = 1;

    /// <summary>FSCONFIG_CMD_CREATE.</summary>
    public const uint Create = 6;

    /// <summary>FSCONFIG_CMD_RECONFIGURE.</summary>
    public const uint Reconfigure = 7;
}

public static unsafe partial class Syscalls
{
    private const uint CloseOnExecBit = 1;

    /// <summary>fsopen(2), with FSOPEN_CLOEXEC: a context for a new instance of a file system.</summary>
    public static int FsOpen(string type)
    {
        fixed (byte* p = Utf8(type, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.FsOpen, p, CloseOnExecBit);
        }
    }

    /// <summary>fsconfig(2); null for a key or a value that the command does not take.</summary>
    public static int FsConfig(int context, uint command, string? key = null, string? value = null)
    {
        fixed (byte* k = key is null ? default : Utf8(key, stackalloc byte[PathBuffer]))
        fixed (byte* v = value is null ? default : Utf8(value, stackalloc byte[PathBuffer]))
        {
            return Call(SyscallNumbers.FsConfig, context, command, k, v, 0);
        }
    }

    /// <summary>fsmount(2), with FSMOUNT_CLOEXEC: a detached mount with these MOUNT_ATTR_*.</summary>
    public static int FsMount(int context, ulong attributes) =>
        Call(SyscallNumbers.FsMount, context, CloseOnExecBit, (uint)attributes);

    /// <summary>mount_setattr(2) of the mount behind a descriptor. ENOSYS before Linux 5.12.</summary>
    /// <param name="mount">A descriptor of it.</param>
    /// <param name="recursive">All mounts below, too.</param>
    /// <param name="set">MOUNT_ATTR_* to set.</param>
    /// <param name="userNamespace">With MOUNT_ATTR_IDMAP: a descriptor of the user namespace that has the maps.</param>
    public static int MountSetAttr(int mount, bool recursive, ulong set, int userNamespace = 0)
    {
        MountAttributes attributes = new() { Set = set, UserNamespace = (ulong)userNamespace };
        byte empty = 0;
        return Call(SyscallNumbers.MountSetAttr, mount, &empty, At.EmptyPath | (recursive ? At.Recursive : 0), &attributes, sizeof(MountAttributes));
    }

    /// <summary>struct mount_attr.</summary>
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
