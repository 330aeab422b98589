using System;
using System.Collections.Generic;

namespace Csrun.Tests.OciValidation;

/// <summary>A case with the name that it has in the validation suite of opencontainers/runtime-tools.</summary>
internal sealed record Case(string Name, Action Run)
{
    internal static IReadOnlyList<Case> All { get; } =
    [
        Of<LifecycleCases>("config_updates_without_affect", static c => c.ConfigUpdatesWithoutEffect()),
        Of<LifecycleCases>("create", static c => c.Create_()),
        Of<ProcessCases>("default", static c => c.Default()),
        Of<LifecycleCases>("delete", static c => c.Delete()),
        Of<LifecycleCases>("delete_only_create_resources", static c => c.DeleteOnlyCreatedResources()),
        Of<LifecycleCases>("delete_resources", static c => c.DeleteResources()),
        Of<HookCases>("hooks", static c => c.Hooks()),
        Of<HookCases>("hooks_stdin", static c => c.HooksStdin()),
        Of<ProcessCases>("hostname", static c => c.Hostname()),
        Of<LifecycleCases>("kill", static c => c.Kill()),
        Of<LifecycleCases>("kill_no_effect", static c => c.KillNoEffect()),
        Of<LifecycleCases>("killsig", static c => c.KillSignals()),
        Of<CgroupCases>("linux_cgroups_blkio", static c => c.BlockIO(absolute: true)),
        Of<CgroupCases>("linux_cgroups_cpus", static c => c.Cpus(absolute: true)),
        Of<CgroupCases>("linux_cgroups_devices", static c => c.Devices(absolute: true)),
        Of<CgroupCases>("linux_cgroups_hugetlb", static c => c.Hugetlb(absolute: true)),
        Of<CgroupCases>("linux_cgroups_memory", static c => c.Memory(absolute: true)),
        Of<CgroupCases>("linux_cgroups_network", static c => c.Network(absolute: true)),
        Of<CgroupCases>("linux_cgroups_pids", static c => c.Pids(absolute: true)),
        Of<CgroupCases>("linux_cgroups_relative_blkio", static c => c.BlockIO(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_cpus", static c => c.Cpus(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_devices", static c => c.Devices(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_hugetlb", static c => c.Hugetlb(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_memory", static c => c.Memory(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_network", static c => c.Network(absolute: false)),
        Of<CgroupCases>("linux_cgroups_relative_pids", static c => c.Pids(absolute: false)),
        Of<FilesystemCases>("linux_devices", static c => c.Devices()),
        Of<FilesystemCases>("linux_masked_paths", static c => c.MaskedPaths()),
        Of<FilesystemCases>("linux_mount_label", static c => c.MountLabel()),
        Of<NamespaceCases>("linux_ns_itype", static c => c.InheritedTypes()),
        Of<NamespaceCases>("linux_ns_nopath", static c => c.NewWithoutPath()),
        Of<NamespaceCases>("linux_ns_path", static c => c.JoinedByPath()),
        Of<NamespaceCases>("linux_ns_path_type", static c => c.PathOfAnotherType()),
        Of<ProcessCases>("linux_process_apparmor_profile", static c => c.AppArmorProfile()),
        Of<FilesystemCases>("linux_readonly_paths", static c => c.ReadonlyPaths()),
        Of<FilesystemCases>("linux_rootfs_propagation", static c => c.RootfsPropagation()),
        Of<ProcessCases>("linux_seccomp", static c => c.Seccomp()),
        Of<ProcessCases>("linux_sysctl", static c => c.Sysctl()),
        Of<NamespaceCases>("linux_uid_mappings", static c => c.IdMappings()),
        Of<LifecycleCases>("misc_props", static c => c.MiscellaneousProperties()),
        Of<FilesystemCases>("mounts", static c => c.Mounts()),
        Of<LifecycleCases>("pidfile", static c => c.PidFile()),
        Of<HookCases>("poststart", static c => c.Poststart()),
        Of<HookCases>("poststart_fail", static c => c.PoststartFails()),
        Of<HookCases>("poststop", static c => c.Poststop()),
        Of<HookCases>("poststop_fail", static c => c.PoststopFails()),
        Of<HookCases>("prestart", static c => c.Prestart()),
        Of<HookCases>("prestart_fail", static c => c.PrestartFails()),
        Of<ProcessCases>("process", static c => c.Process()),
        Of<ProcessCases>("process_capabilities", static c => c.Capabilities()),
        Of<ProcessCases>("process_capabilities_fail", static c => c.UnknownCapability()),
        Of<ProcessCases>("process_oom_score_adj", static c => c.OomScore()),
        Of<ProcessCases>("process_rlimits", static c => c.Limits()),
        Of<ProcessCases>("process_rlimits_fail", static c => c.UnknownLimit()),
        Of<ProcessCases>("process_user", static c => c.User()),
        Of<FilesystemCases>("root_readonly_true", static c => c.RootReadonly()),
        Of<LifecycleCases>("start", static c => c.Start()),
        Of<LifecycleCases>("state", static c => c.State_()),
    ];

    private static Case Of<T>(string name, Action<T> body)
        where T : OciCase, new() =>
        new(name, () =>
        {
            using var container = new T();
            body(container);
        });
}
