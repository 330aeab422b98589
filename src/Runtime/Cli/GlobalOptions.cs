using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary>The global options as the operations on containers take them.</summary>
internal static class GlobalOptions
{
    public static RuntimeOptions Of(Invocation invocation) => new()
    {
        Root = invocation.Text(Options.Root),
        CgroupManager = Manager(invocation),
        Rootless = invocation.Text(Options.Rootless) switch
        {
            "true" => true,
            "false" => false,
            _ => null,
        },
    };

    private static CgroupManager Manager(Invocation invocation) => invocation.Text(Options.CgroupManager) switch
    {
        "disabled" => CgroupManager.Disabled,
        "systemd" => CgroupManager.Systemd,
        _ => invocation.Flag(Options.SystemdCgroup) ? CgroupManager.Systemd : CgroupManager.Cgroupfs,
    };
}
