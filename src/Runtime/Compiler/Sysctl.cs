using System;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary><c>linux.sysctl</c>. That each belongs to a namespace of the container was checked by <see cref="Validator"/>.</summary>
internal static class Sysctl
{
    public static void Compile(Compilation to)
    {
        if (to.Config.Linux?.Sysctl is not { Count: > 0 } sysctls)
            return;
        foreach (var (name, value) in sysctls)
        {
            string file = SysctlName.ToPath(name) ?? throw new InvalidOperationException($"not validated: the sysctl {name}");
            to.Add(Opcode.WriteSysctl, new WriteSysctl { Name = to.Writer.String(file), Value = to.Writer.String(value) },
                string.Concat("linux.sysctl[\"", name, "\"]"), "set the sysctl", name);
        }
    }
}
