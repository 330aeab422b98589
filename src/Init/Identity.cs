using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The process's user and capabilities: set in the one order that works, and read back.</summary>
internal static unsafe class Identity
{
    private const uint Nobody = uint.MaxValue;
    private const int Capabilities = 64;

    /// <summary>Supplementary groups that are compared one by one; NGROUPS_MAX of them would take minutes.</summary>
    private const int MostCompared = 1024;

    public static nint Become(State* s, SetIdentity* operands)
    {
        uint groupCount;
        var groups = (uint*)PlanView.Items(s, operands->Groups, sizeof(uint), &groupCount);
        // setresuid(2) takes 4294967295 as "leave it": the process would stay root.
        s->Step = Step.Uid;
        if (operands->Uid == Nobody)
            return -C.EINVAL;
        s->Step = Step.Gid;
        if (operands->Gid == Nobody)
            return -C.EINVAL;

        s->Step = Step.Capabilities;
        CapabilityData now;
        nint result = GetCapabilities(&now);
        if (result < 0)
            return result;
        result = ClearSecureBits();
        if (result < 0)
            return result;

        // Not a capability of the process, but for what comes before it.
        ulong kept = (operands->Flags & SetIdentityFlags.KeepSysAdmin) != 0 ? now.Permitted & C.CAP_SYS_ADMIN : 0;

        // What nobody can give is left out, and said: a container that needs it will tell.
        ulong permitted = operands->Permitted & now.Permitted;
        ulong effective = operands->Effective & permitted;
        ulong inheritable = operands->Inheritable & (now.Permitted | now.Inheritable);
        ulong ambient = operands->Ambient & permitted & inheritable;
        ulong bounding;
        result = DropBounding(operands->Bounding, &bounding);
        if (result < 0)
            return result;
        inheritable &= bounding | now.Inheritable;
        ambient &= inheritable;
        ulong refused = (operands->Permitted & ~permitted) | (operands->Effective & ~effective) | (operands->Inheritable & ~inheritable)
            | (operands->Ambient & ~ambient) | (operands->Bounding & ~bounding);

        result = Kernel.Call(Nr.Prctl, C.PR_SET_KEEPCAPS, 1);
        if (result < 0)
            return result;
        if ((operands->Flags & SetIdentityFlags.KeepGroups) == 0)
        {
            s->Step = Step.Groups;
            result = Kernel.Call(Nr.SetGroups, (nint)groupCount, (nint)groups);
            // A user namespace may forbid it (setgroups is "deny"); without groups none is needed, as is read back below.
            if (result < 0 && !(result == -C.EPERM && groupCount == 0))
                return result;
        }
        s->Step = Step.Gid;
        result = Kernel.Call(Nr.SetResGid, (nint)operands->Gid, (nint)operands->Gid, (nint)operands->Gid);
        if (result < 0)
            return result;
        s->Step = Step.Uid;
        result = Kernel.Call(Nr.SetResUid, (nint)operands->Uid, (nint)operands->Uid, (nint)operands->Uid);
        if (result < 0)
            return result;
        // Other ids set it to fs.suid_dumpable.
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);

        s->Step = Step.Capabilities;
        result = Kernel.Call(Nr.Prctl, C.PR_SET_KEEPCAPS, 0);
        if (result >= 0)
            result = SetCapabilities(effective, permitted | kept, inheritable);
        if (result < 0)
            return result;
        s->Step = Step.Ambient;
        result = SetAmbient(ambient);
        if (result < 0)
            return result;
        Kernel.Call(Nr.Prctl, C.PR_SET_DUMPABLE, 0);

        s->Step = Step.NoNewPrivileges;
        bool noNewPrivileges = (operands->Flags & SetIdentityFlags.NoNewPrivileges) != 0;
        if (noNewPrivileges)
        {
            result = Kernel.Call(Nr.Prctl, C.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            if (result < 0)
                return result;
        }

        if (refused != 0)
        {
            s->Step = Step.CapabilitiesDropped;
            s->Value = refused;
            Messages.Say(s, MessageKind.Warning);
            s->Value = 0;
        }
        if (!HasIds(s, operands) || !HasGroups(s, operands, groups, groupCount)
            || !HasCapabilities(s, effective, permitted | kept, inheritable, ambient, bounding))
        {
            return -C.EPERM;
        }
        s->Step = Step.NoNewPrivileges;
        // One that was set already stays.
        return noNewPrivileges && Kernel.Call(Nr.Prctl, C.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ? -C.EPERM : 0;
    }

    /// <summary>
    /// Drops from the bounding set all that is not wanted. <paramref name="left"/>: what is wanted and there. The
    /// kernel says EINVAL to the first number that it does not know.
    /// </summary>
    private static nint DropBounding(ulong wanted, ulong* left)
    {
        *left = 0;
        for (int i = 0; i < Capabilities; i++)
        {
            bool keep = (wanted & 1ul << i) != 0;
            nint result = Kernel.Call(Nr.Prctl, keep ? C.PR_CAPBSET_READ : C.PR_CAPBSET_DROP, i);
            if (result == -C.EINVAL)
                return 0;
            // Whoever has not the right to drop it may not have it to drop.
            if (!keep && result < 0 && Kernel.Call(Nr.Prctl, C.PR_CAPBSET_READ, i) != 0)
                return result;
            if (keep && result == 1)
                *left |= 1ul << i;
        }
        return 0;
    }

    /// <summary>Whoever called us may have locked root out of its capabilities; a container expects the usual rules.</summary>
    private static nint ClearSecureBits()
    {
        nint bits = Kernel.Call(Nr.Prctl, C.PR_GET_SECUREBITS);
        return bits <= 0 ? bits : Kernel.Call(Nr.Prctl, C.PR_SET_SECUREBITS, 0);
    }

    private static nint SetAmbient(ulong wanted)
    {
        nint result = Kernel.Call(Nr.Prctl, C.PR_CAP_AMBIENT, C.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        for (int i = 0; i < Capabilities && result >= 0; i++)
        {
            if ((wanted & 1ul << i) != 0)
                result = Kernel.Call(Nr.Prctl, C.PR_CAP_AMBIENT, C.PR_CAP_AMBIENT_RAISE, i, 0, 0);
        }
        return result;
    }

    public static nint GetCapabilities(CapabilityData* data)
    {
        CapabilityHeader header;
        header.Version = C.LINUX_CAPABILITY_VERSION_3;
        header.Pid = 0;
        // Two halves, each with its three words: the kernel writes low, then high.
        uint* words = stackalloc uint[6];
        nint result = Kernel.Call(Nr.Capget, (nint)(&header), (nint)words);
        data->EffectiveLow = words[0];
        data->PermittedLow = words[1];
        data->InheritableLow = words[2];
        data->EffectiveHigh = words[3];
        data->PermittedHigh = words[4];
        data->InheritableHigh = words[5];
        return result;
    }

    public static nint SetCapabilities(ulong effective, ulong permitted, ulong inheritable)
    {
        CapabilityHeader header;
        header.Version = C.LINUX_CAPABILITY_VERSION_3;
        header.Pid = 0;
        CapabilityData data;
        data.EffectiveLow = (uint)effective;
        data.PermittedLow = (uint)permitted;
        data.InheritableLow = (uint)inheritable;
        data.EffectiveHigh = (uint)(effective >> 32);
        data.PermittedHigh = (uint)(permitted >> 32);
        data.InheritableHigh = (uint)(inheritable >> 32);
        return Kernel.Call(Nr.Capset, (nint)(&header), (nint)(&data));
    }

    private static bool HasIds(State* s, SetIdentity* operands)
    {
        uint real, effective, saved;
        s->Step = Step.Uid;
        if (Kernel.Call(Nr.GetResUid, (nint)(&real), (nint)(&effective), (nint)(&saved)) < 0
            || real != operands->Uid || effective != operands->Uid || saved != operands->Uid)
        {
            return false;
        }
        s->Step = Step.Gid;
        return Kernel.Call(Nr.GetResGid, (nint)(&real), (nint)(&effective), (nint)(&saved)) >= 0
            && real == operands->Gid && effective == operands->Gid && saved == operands->Gid;
    }

    /// <summary>As many as were asked for, and each of those.</summary>
    private static bool HasGroups(State* s, SetIdentity* operands, uint* groups, uint count)
    {
        if ((operands->Flags & SetIdentityFlags.KeepGroups) != 0)
            return true;
        s->Step = Step.Groups;
        if (Kernel.Call(Nr.GetGroups, 0, 0) != (nint)count)
            return false;
        if (count > MostCompared)
            return true;
        uint* found = stackalloc uint[MostCompared];
        if (Kernel.Call(Nr.GetGroups, MostCompared, (nint)found) != (nint)count)
            return false;
        for (uint i = 0; i < count; i++)
        {
            uint j = 0;
            while (j < count && found[j] != groups[i])
                j++;
            if (j == count)
                return false;
        }
        return true;
    }

    private static bool HasCapabilities(State* s, ulong effective, ulong permitted, ulong inheritable, ulong ambient, ulong bounding)
    {
        s->Step = Step.Capabilities;
        CapabilityData now;
        if (GetCapabilities(&now) < 0 || now.Effective != effective || now.Permitted != permitted || now.Inheritable != inheritable
            || Kernel.Call(Nr.Prctl, C.PR_GET_SECUREBITS) != 0)
        {
            return false;
        }
        for (int i = 0; i < Capabilities; i++)
        {
            nint bound = Kernel.Call(Nr.Prctl, C.PR_CAPBSET_READ, i);
            if (bound < 0)
                break;
            if (bound != (nint)(bounding >> i & 1))
                return false;
            s->Step = Step.Ambient;
            if (Kernel.Call(Nr.Prctl, C.PR_CAP_AMBIENT, C.PR_CAP_AMBIENT_IS_SET, i, 0, 0) != (nint)(ambient >> i & 1))
                return false;
            s->Step = Step.Capabilities;
        }
        return true;
    }
}
