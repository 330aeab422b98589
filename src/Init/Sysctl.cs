using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Kernel parameters of the container's namespaces.</summary>
internal static unsafe class Sysctl
{
    public static nint Write(State* s, WriteSysctl* operands)
    {
        byte* name = PlanView.String(s, operands->Name);
        byte* value = PlanView.String(s, operands->Value);
        byte* path = stackalloc byte[C.PATH_MAX];
        const int prefix = 4;
        int length = Text.Length(name);
        if (length >= C.PATH_MAX - prefix)
            return -C.ENAMETOOLONG;
        Text.Copy(path, "sys/"u8.Pointer, prefix);
        Text.Copy(path + prefix, name, length + 1);
        return Procfs.Write(s, path, value, operands->Value.Length);
    }
}
