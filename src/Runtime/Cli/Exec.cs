using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun exec</c>.</summary>
internal static class ExecCommand
{
    public static int Run(Invocation invocation) => Lifecycle.Exec(new ExecRequest
    {
        Id = invocation.Arguments[0],
        Options = GlobalOptions.Of(invocation),
        ProcessFile = invocation.Text(Options.Process),
        Arguments = invocation.Arguments.GetRange(1, invocation.Arguments.Count - 1).ToArray(),
        Terminal = invocation.Flag(Options.Tty),
        Cwd = invocation.Text(Options.Cwd),
        Env = invocation.All(Options.Env),
        User = invocation.Text(Options.User),
        AdditionalGids = invocation.All(Options.AdditionalGids),
        ApparmorProfile = invocation.Text(Options.Apparmor),
        ProcessLabel = invocation.Text(Options.ProcessLabel),
        NoNewPrivileges = invocation.Flag(Options.NoNewPrivs),
        Capabilities = invocation.All(Options.Cap),
        Detach = invocation.Flag(Options.Detach),
        PidFile = invocation.Text(Options.PidFile),
        ConsoleSocket = invocation.Text(Options.ConsoleSocket),
        PidfdSocket = invocation.Text(Options.PidfdSocket),
        PreserveFds = invocation.Number(Options.PreserveFds),
        IgnorePaused = invocation.Flag(Options.IgnorePaused),
        Cgroups = invocation.All(Options.Cgroup),
    });
}
