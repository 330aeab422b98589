using Csrun.Plan;

namespace Csrun.Init;

/// <summary>New instances of file systems: fsopen(2), fsconfig(2), fsmount(2), and what the kernel says when it refuses.</summary>
internal static unsafe class Filesystems
{
    /// <summary>fsconfig(2) takes values that are shorter than this.</summary>
    private const int ValueSize = 256;

    /// <summary>Makes the instance that an instruction describes: a detached mount of it.</summary>
    public static nint Create(State* s, MountFilesystem* operands, nint target)
    {
        byte* type = PlanView.String(s, operands->Type);
        byte* data = PlanView.OptionalString(s, operands->Data);
        if (data != null)
            return CreateByMount(s, operands, type, data);
        s->Step = Step.FsOpen;
        Messages.SetText(s, type);
        nint context = Kernel.Call(Nr.FsOpen, (nint)type, C.FSOPEN_CLOEXEC);
        if (context < 0)
            return context;

        nint result = 0;
        byte* source = PlanView.OptionalString(s, operands->Source);
        if (source != null)
            result = Configure(s, context, "source"u8.Pointer, source);
        if (result >= 0 && (operands->Flags & MountFlags.KeepMode) != 0 && !s->Made)
            result = KeepMode(s, context, target);
        if (result >= 0)
            result = ConfigureAll(s, context, operands->Options);
        if (result >= 0)
        {
            s->Step = Step.FsCreate;
            Messages.SetText(s, type);
            result = Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_CMD_CREATE, 0, 0, 0);
        }
        if (result >= 0)
        {
            s->Step = Step.FsMount;
            result = Kernel.Call(Nr.FsMount, context, C.FSMOUNT_CLOEXEC, (nint)operands->Attributes);
            if (result == -C.EINVAL && (operands->Attributes & C.MOUNT_ATTR_NOSYMFOLLOW) != 0)
            {
                // < 5.14: only a remount can set it, once it is attached.
                s->Missing |= KernelFeature.NoSymFollow;
                result = Kernel.Call(Nr.FsMount, context, C.FSMOUNT_CLOEXEC, (nint)(operands->Attributes & ~C.MOUNT_ATTR_NOSYMFOLLOW));
            }
        }
        if (result < 0)
            AddLog(s, context);
        Kernel.Close(context);
        return result;
    }

    /// <summary>
    /// By mount(2), which takes a page of parameters in one string, where fsconfig(2) takes no more than 255 bytes of
    /// each. It wants a path: on top of "/" nobody else looks, as the root directory of this process is the one below,
    /// and "/.." is what lies on top. A copy of that is what is attached, and nothing stays there.
    /// </summary>
    private static nint CreateByMount(State* s, MountFilesystem* operands, byte* type, byte* data)
    {
        byte* root = "/"u8.Pointer;
        byte* top = "/.."u8.Pointer;
        byte* source = PlanView.OptionalString(s, operands->Source);
        if ((operands->DataFlags & ~C.MS_SUPERBLOCK) != 0)
            PlanView.Malformed(s, "flags are not the superblock's"u8.Pointer);
        s->Step = Step.Mount;
        Messages.SetText(s, type);
        nint flags = (nint)(Attributes.ToMountFlags(operands->Attributes) | operands->DataFlags);
        nint result = Kernel.Call(Nr.Mount, (nint)(source == null ? type : source), (nint)root, (nint)type, flags, (nint)data);
        if (result < 0)
        {
            Messages.AddText(s, ": "u8.Pointer, 2);
            Messages.AddText(s, data, Text.Length(data));
            return result;
        }
        s->Step = Step.Verify;
        FileStatus below = default, above = default;
        result = Kernel.StatusAt(C.AT_FDCWD, root, 0, &below);
        if (result >= 0)
            result = Kernel.StatusAt(C.AT_FDCWD, top, 0, &above);
        if (result < 0)
            return result;
        if (below.DeviceMajor == above.DeviceMajor && below.DeviceMinor == above.DeviceMinor && below.Inode == above.Inode
            && ((below.Mask & above.Mask & C.STATX_MNT_ID) == 0 || below.MountId == above.MountId))
        {
            return -C.ESTALE;
        }
        s->Step = Step.OpenTree;
        nint mount = Kernel.Call(Nr.OpenTree, C.AT_FDCWD, (nint)top, C.OPEN_TREE_CLONE | C.O_CLOEXEC);
        if (mount < 0)
            return mount;
        s->Step = Step.Unmount;
        result = Kernel.Call(Nr.Umount2, (nint)top, C.MNT_DETACH);
        return result < 0 ? result : mount;
    }

    /// <summary>Gives the root of an instance the label that SELinux is to know it by.</summary>
    public static nint Label(State* s, nint mount, byte* label)
    {
        s->Step = Step.Label;
        Messages.SetText(s, label);
        nint root = Kernel.OpenAt(mount, "."u8.Pointer, C.O_RDONLY | C.O_DIRECTORY);
        if (root < 0)
            return root;
        nint result = Kernel.Call(Nr.FSetXAttr, root, (nint)"security.selinux"u8.Pointer, (nint)label, Text.Length(label) + 1, 0);
        Kernel.Close(root);
        return result;
    }

    /// <summary>Changes parameters of the instance that is mounted behind a descriptor.</summary>
    public static nint Reconfigure(State* s, nint mount, PlanRef options)
    {
        s->Step = Step.FsOpen;
        nint context = Kernel.Call(Nr.FsPick, mount, (nint)"\0"u8.Pointer, C.FSPICK_CLOEXEC | C.FSPICK_EMPTY_PATH);
        if (context < 0)
            return context;
        nint result = ConfigureAll(s, context, options);
        if (result >= 0)
        {
            s->Step = Step.FsCreate;
            result = Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
        }
        if (result < 0)
            AddLog(s, context);
        Kernel.Close(context);
        return result;
    }

    /// <summary>The empty read-only directory that hides others. It has room for its root and nothing else.</summary>
    public static nint CreateEmpty(State* s)
    {
        s->Step = Step.FsOpen;
        Messages.SetText(s, "tmpfs"u8.Pointer);
        nint context = Kernel.Call(Nr.FsOpen, (nint)"tmpfs"u8.Pointer, C.FSOPEN_CLOEXEC);
        if (context < 0)
            return context;
        nint result = Configure(s, context, "source"u8.Pointer, "tmpfs"u8.Pointer);
        if (result >= 0)
            result = Configure(s, context, "size"u8.Pointer, "4k"u8.Pointer);
        if (result >= 0)
            result = Configure(s, context, "nr_inodes"u8.Pointer, "2"u8.Pointer);
        if (result >= 0)
            result = Configure(s, context, "mode"u8.Pointer, "555"u8.Pointer);
        if (result >= 0)
            result = Configure(s, context, "ro"u8.Pointer, null);
        if (result >= 0)
        {
            s->Step = Step.FsCreate;
            result = Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_CMD_CREATE, 0, 0, 0);
        }
        if (result >= 0)
        {
            s->Step = Step.FsMount;
            const ulong attributes = C.MOUNT_ATTR_RDONLY | C.MOUNT_ATTR_NOSUID | C.MOUNT_ATTR_NODEV | C.MOUNT_ATTR_NOEXEC;
            result = Kernel.Call(Nr.FsMount, context, C.FSMOUNT_CLOEXEC, (nint)attributes);
        }
        Kernel.Close(context);
        return result;
    }

    private static nint ConfigureAll(State* s, nint context, PlanRef options)
    {
        uint count;
        var pairs = (PlanPair*)PlanView.Items(s, options, (uint)sizeof(PlanPair), &count);
        for (uint i = 0; i < count; i++)
        {
            nint result = Configure(s, context, PlanView.String(s, pairs[i].Key), PlanView.OptionalString(s, pairs[i].Value));
            if (result < 0)
                return result;
        }
        return 0;
    }

    /// <summary>Sets one parameter; the text of an error is "key=value".</summary>
    private static nint Configure(State* s, nint context, byte* key, byte* value)
    {
        s->Step = Step.FsConfig;
        Messages.SetText(s, key);
        if (value == null)
            return Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_SET_FLAG, (nint)key, 0, 0);
        int length = Text.Length(value);
        Messages.AddText(s, "="u8.Pointer, 1);
        Messages.AddText(s, value, length);
        if (length >= ValueSize)
            return -C.ENAMETOOLONG;
        return Kernel.Call(Nr.FsConfig, context, C.FSCONFIG_SET_STRING, (nint)key, (nint)value, 0);
    }

    /// <summary>What tmpfs would do by itself if it knew: the directory looks as before it was covered.</summary>
    private static nint KeepMode(State* s, nint context, nint target)
    {
        FileStatus status;
        nint result = Kernel.Status(target, &status);
        if (result < 0)
            return result;
        byte* mode = stackalloc byte[24];
        Text.Number(mode, status.Mode & 0xFFFu, 8);
        return Configure(s, context, "mode"u8.Pointer, mode);
    }

    /// <summary>
    /// Adds what the file system wrote about its refusal, as "e tmpfs: Bad value for 'size'": one message a read.
    /// </summary>
    private static void AddLog(State* s, nint context)
    {
        byte* line = stackalloc byte[256];
        while (s->TextLength < Message.MaxText - 2)
        {
            nint length = Kernel.Read(context, line, 256);
            if (length <= 2)
                return;
            if (line[length - 1] == '\n')
                length--;
            Messages.AddText(s, ": "u8.Pointer, 2);
            Messages.AddText(s, line + 2, (int)length - 2);
        }
    }
}
