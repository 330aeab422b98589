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
        s->Step = Step.FsOpen;
        Messages.SetText(s, type);
        nint context = Kernel.Call(Nr.FsOpen, (nint)type, C.FSOPEN_CLOEXEC);
        if (context < 0)
            return context;

        nint result = 0;
        byte* source = PlanView.OptionalString(s, operands->Source);
        if (source != null)
            result = Configure(s, context, "source"u8.Pointer, source);
        if (result >= 0 && (operands->Flags & MountFlags.KeepMode) != 0)
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
        }
        if (result < 0)
            AddLog(s, context);
        Kernel.Close(context);
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
