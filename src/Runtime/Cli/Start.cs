using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun start</c>.</summary>
internal static class StartCommand
{
    public static int Run(Invocation invocation)
    {
        Lifecycle.Start(GlobalOptions.Of(invocation), invocation.Arguments[0]);
        return 0;
    }
}
