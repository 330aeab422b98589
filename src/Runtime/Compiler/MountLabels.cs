using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// <c>linux.mountLabel</c>: the SELinux context of all file systems that are new. procfs, sysfs and cgroups have those of
/// the policy, and a bind those of its files, which engines relabel themselves.
/// </summary>
internal sealed class MountLabels
{
    /// <summary>crun's annotation, which Podman sets: which of SELinux's mount options the label is for.</summary>
    public const string OptionAnnotation = "run.oci.mount_context_type";

    private readonly string? _label;
    private readonly string _option = "context";

    public MountLabels(Compilation to)
    {
        if (to.Config.Linux?.MountLabel is not { Length: > 0 } label)
            return;
        if (!to.Facts.SelinuxEnabled)
        {
            // No process is confined by labels then; that of the process itself is refused (Labels.cs).
            to.Warn("linux.mountLabel: SELinux is not enabled on this host: ignored");
            return;
        }
        _label = label;
        if (to.Config.Annotations?.TryGetValue(OptionAnnotation, out string? option) != true)
            return;
        if (option is not ("context" or "fscontext" or "defcontext" or "rootcontext"))
            to.Refuse(ConfigCodes.UnknownValue, "annotations." + OptionAnnotation, "must be context, fscontext, defcontext or rootcontext");
        _option = option!;
    }

    /// <summary>Adds the label to a new file system's parameters, unless they have one.</summary>
    public void AddTo(string type, ref List<MountParameter>? parameters)
    {
        if (_label is null || type is "proc" or "sysfs" or "mqueue")
            return;
        foreach (var parameter in parameters ?? [])
        {
            if (parameter.Key.EndsWith("context", StringComparison.Ordinal))
                return;
        }
        (parameters ??= []).Add(new MountParameter(_option, _label));
    }

    /// <summary>What is written to the root of one whose parameters cannot have it; null for nothing.</summary>
    public string? OfRoot(string type) => type is "mqueue" ? _label : null;
}
