using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun kill</c>.</summary>
internal static class KillCommand
{
    public static int Run(Invocation invocation)
    {
        Lifecycle.Kill(Request(invocation));
        return 0;
    }

    public static KillRequest Request(Invocation invocation) => new()
    {
        Id = invocation.Arguments[0],
        Options = GlobalOptions.Of(invocation),
        Signal = invocation.Argument(1) ?? "TERM",
        All = invocation.Flag(Options.All),
    };
}
