using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// What the security modules are told of this process. The attributes are the thread's that writes them; there is one.
/// </summary>
internal static unsafe class Labels
{
    public static nint Set(State* s, SetLabel* operands)
    {
        byte* value = PlanView.String(s, operands->Value);
        uint length = operands->Value.Length;
        nint result;
        switch (operands->Attribute)
        {
            case LabelAttribute.Exec:
                result = Procfs.Write(s, "thread-self/attr/exec"u8.Pointer, value, length);
                return result < 0 ? result : ReadBack(s, "thread-self/attr/exec"u8.Pointer);
            case LabelAttribute.KeyCreate:
                return Procfs.Write(s, "thread-self/attr/keycreate"u8.Pointer, value, length);
            case LabelAttribute.AppArmorExec:
                result = Procfs.Write(s, "thread-self/attr/apparmor/exec"u8.Pointer, value, length);
                if (result >= 0)
                    return ReadBack(s, "thread-self/attr/apparmor/exec"u8.Pointer);
                if (result != -C.ENOENT || s->Step != Step.Open)
                    return result;
                // < 5.8: the attribute is the one module's that has it.
                result = Procfs.Write(s, "thread-self/attr/exec"u8.Pointer, value, length);
                return result < 0 ? result : ReadBack(s, "thread-self/attr/exec"u8.Pointer);
            default:
                PlanView.Malformed(s, "no such attribute"u8.Pointer);
                return 0;
        }
    }

    /// <summary>Nothing there: the kernel took the value and forgot it, so that the program would run without it.</summary>
    private static nint ReadBack(State* s, byte* path)
    {
        byte first;
        nint count = Procfs.Read(s, path, &first, 1);
        if (count < 0)
            return count;
        s->Step = Step.ReadBack;
        return count == 0 || first == 0 ? -C.EPERM : 0;
    }
}
