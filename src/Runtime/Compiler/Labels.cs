using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// <c>process.apparmorProfile</c> and <c>process.selinuxLabel</c>. The attribute is written as late as the rights to
/// write it last: the hooks that run in the container after it are confined as the program is, and the profile that is
/// missing is missing at create. A module that is off is an error: never run unconfined what was to be confined.
/// </summary>
internal static class Labels
{
    /// <summary>"unconfined" is what a process is without AppArmor's help; no caller's confinement is taken off for it.</summary>
    public static bool HasProfile(Process? process) => process?.ApparmorProfile is not (null or "" or "unconfined");

    public static bool HasLabel(Process? process) => !string.IsNullOrEmpty(process?.SelinuxLabel);

    public static void Compile(Compilation to, Process process)
    {
        if (HasProfile(process))
        {
            const string Path = "process.apparmorProfile";
            if (to.Facts.AppArmor == AppArmorState.Off)
                to.Refuse(ErrorCodes.SecurityModuleOff, Path, "AppArmor is not enabled on this host");
            // Under no_new_privs the kernel lets a confined process change to a narrower profile only: that of both.
            bool stack = to.Facts.AppArmor == AppArmorState.Confined && process.NoNewPrivileges;
            Add(to, LabelAttribute.AppArmorExec, string.Concat(stack ? "stack " : "exec ", process.ApparmorProfile), Path,
                "apply the AppArmor profile", process.ApparmorProfile);
        }
        if (HasLabel(process))
        {
            const string Path = "process.selinuxLabel";
            if (!to.Facts.SelinuxEnabled)
                to.Refuse(ErrorCodes.SecurityModuleOff, Path, "SELinux is not enabled on this host");
            Add(to, LabelAttribute.Exec, process.SelinuxLabel!, Path, "apply the SELinux label", process.SelinuxLabel);
        }
    }

    /// <summary>Labels what comes next: the session keyring, which the program must be able to use.</summary>
    public static void BeginKeys(Compilation to)
    {
        if (HasLabel(to.Config.Process))
        {
            string label = to.Config.Process!.SelinuxLabel!;
            Add(to, LabelAttribute.KeyCreate, label, "process.selinuxLabel", "label the session keyring", label);
        }
    }

    public static void EndKeys(Compilation to)
    {
        // An empty line takes it back; a write of nothing would not reach the module.
        if (HasLabel(to.Config.Process))
            Add(to, LabelAttribute.KeyCreate, "\n", "process.selinuxLabel", "take back the label of keyrings", null);
    }

    private static void Add(Compilation to, LabelAttribute attribute, string value, string path, string operation, string? obj) =>
        to.Add(Opcode.SetLabel, new SetLabel { Attribute = attribute, Value = to.Writer.String(value) }, path, operation, obj);
}
