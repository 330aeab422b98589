using System.Runtime.InteropServices;
using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Namespaces, joined and left, and what belongs to a fresh one: ids, names, session, keyring, loopback.</summary>
internal static unsafe class Namespaces
{
    public static nint Join(State* s, JoinNamespace* operands)
    {
        s->Step = Step.Namespace;
        int descriptor = PlanView.Inherited(s, operands->Inherited);
        // In one that somebody else made, setgroups may be denied: let go of the host's groups while that can be done.
        if ((operands->Kind & C.CLONE_NEWUSER) != 0)
            Kernel.Call(Nr.SetGroups, 0, 0);
        nint result = Kernel.Call(Nr.SetNs, descriptor, (nint)operands->Kind);
        Kernel.Close(descriptor);
        // A user namespace that we joined made us dumpable again.
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);
        return result;
    }

    public static nint Leave(State* s, Unshare* operands)
    {
        if ((operands->Flags & ~C.CLONE_NEW_ALL) != 0)
            PlanView.Malformed(s, "flags are not namespaces"u8.Pointer);
        s->Step = Step.Namespace;
        return Kernel.Call(Nr.Unshare, (nint)operands->Flags);
    }

    public static nint WriteTimeOffsets(State* s, WriteTimeOffsets* operands)
    {
        byte* text = PlanView.String(s, operands->Text);
        nint result = Procfs.Write(s, "self/timens_offsets"u8.Pointer, text, operands->Text.Length);
        if (result != -C.EACCES)
            return result;
        // In a user namespace that we joined: the file is the global root's while we are not dumpable.
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 1);
        result = Procfs.Write(s, "self/timens_offsets"u8.Pointer, text, operands->Text.Length);
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);
        return result;
    }

    /// <summary>
    /// clone(2), not clone3: seccomp profiles of containers that we may be in do not know the latter, and all flags
    /// that we need fit.
    /// </summary>
    public static nint GoOn(State* s, Fork* operands)
    {
        // CLONE_NEWTIME has the place of the exit signal in clone(2); it is left by unshare.
        if ((operands->Flags & ~C.CLONE_NEW_ALL) != 0 || (operands->Flags & 0xFF) != 0)
            PlanView.Malformed(s, "flags are not namespaces"u8.Pointer);
        s->Step = Step.Clone;
        int* gone = stackalloc int[2];
        nint result = Kernel.Call(Nr.Pipe2, (nint)gone, C.O_CLOEXEC);
        if (result < 0)
            return result;
        nint pid = Kernel.Call(Nr.Clone, (nint)(operands->Flags | C.CLONE_PARENT | C.SIGCHLD));
        if (pid < 0)
            return pid;
        if (pid > 0)
        {
            s->Value = (ulong)pid;
            Messages.Say(s, MessageKind.Forked);
            Kernel.Exit(0);
        }
        // The runtime must know of this process before it hears from it: end of file once the other one is gone.
        Kernel.Close(gone[1]);
        byte nothing;
        Kernel.Read(gone[0], &nothing, 1);
        Kernel.Close(gone[0]);
        return 0;
    }

    public static nint AwaitIdMap(State* s, AwaitIdMap* operands)
    {
        if (operands->Dumpable != 0)
            Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 1);
        Messages.Say(s, MessageKind.IdMapWanted);
        Messages.Await(s, MessageKind.IdMapDone);
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);
        return 0;
    }

    public static nint BecomeRoot(State* s, BecomeRoot* operands)
    {
        nint result;
        if (operands->ClearGroups != 0)
        {
            s->Step = Step.Groups;
            result = Kernel.Call(Nr.SetGroups, 0, 0);
            if (result < 0)
                return result;
        }
        s->Step = Step.Gid;
        result = Kernel.Call(Nr.SetResGid, 0, 0, 0);
        if (result < 0)
            return result;
        s->Step = Step.Uid;
        result = Kernel.Call(Nr.SetResUid, 0, 0, 0);
        // A change of ids sets it to fs.suid_dumpable.
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);
        return result;
    }

    public static nint NewSession(State* s)
    {
        s->Step = Step.Namespace;
        nint result = Kernel.Call(Nr.SetSid);
        // EPERM: we lead one already.
        if (result == -C.EPERM && Kernel.Call(Nr.GetSid, 0) == Kernel.Call(Nr.GetPid))
            return 0;
        return result < 0 ? result : 0;
    }

    public static nint SessionKeyring(State* s, SessionKeyring* operands)
    {
        s->Step = Step.Keyring;
        nint key = Kernel.Call(Nr.KeyCtl, C.KEYCTL_JOIN_SESSION_KEYRING, (nint)PlanView.String(s, operands->Name));
        // A kernel without keyrings has nothing that could leak, either.
        if (key == -C.ENOSYS)
            return 0;
        if (key < 0)
            return key;

        // "keyring;UID;GID;PERM;NAME": the user may search it, or a process that joins later could not possess it.
        const int size = 1024;
        byte* text = stackalloc byte[size];
        nint length = Kernel.Call(Nr.KeyCtl, C.KEYCTL_DESCRIBE, key, (nint)text, size);
        if (length < 0)
            return length;
        int fields = 0;
        uint permissions = 0;
        for (int i = 0; i < length && i < size && fields < 4; i++)
        {
            byte c = text[i];
            if (c == ';')
                fields++;
            else if (fields == 3)
                permissions = permissions << 4 | (uint)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        nint result = Kernel.Call(Nr.KeyCtl, C.KEYCTL_SETPERM, key, (nint)(permissions | C.KEY_USR_SEARCH));
        return result < 0 ? result : 0;
    }

    public static nint BringLoopbackUp(State* s)
    {
        s->Step = Step.Socket;
        Messages.SetText(s, "lo"u8.Pointer);
        // The ioctls are the same on any socket; this kind is always there.
        nint socket = Kernel.Call(Nr.Socket, C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_CLOEXEC, 0);
        if (socket < 0)
            return socket;
        InterfaceRequest request = default;
        request.Name[0] = (byte)'l';
        request.Name[1] = (byte)'o';
        nint result = Kernel.Call(Nr.Ioctl, socket, C.SIOCGIFFLAGS, (nint)(&request));
        if (result >= 0)
        {
            request.Flags |= C.IFF_UP;
            result = Kernel.Call(Nr.Ioctl, socket, C.SIOCSIFFLAGS, (nint)(&request));
        }
        Kernel.Close(socket);
        return result;
    }

    public static nint RequestNetDevices(State* s)
    {
        s->Step = Step.Socket;
        nint socket = Kernel.Call(Nr.Socket, C.AF_NETLINK, C.SOCK_RAW | C.SOCK_CLOEXEC, C.NETLINK_ROUTE);
        if (socket < 0)
            return socket;
        Messages.Say(s, MessageKind.NetDevicesDue, (int)socket);
        Messages.Await(s, MessageKind.NetDevicesDone);
        Kernel.Close(socket);
        return 0;
    }

    public static nint SetName(State* s, int systemCall, PlanRef name)
    {
        s->Step = Step.Namespace;
        return Kernel.Call(systemCall, (nint)PlanView.String(s, name), (nint)name.Length);
    }

    /// <summary>struct ifreq of netdevice(7), for its flags.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    private struct InterfaceRequest
    {
        public fixed byte Name[16];
        public short Flags;
    }
}
