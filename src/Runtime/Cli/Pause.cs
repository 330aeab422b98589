using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun pause</c>.</summary>
internal static class PauseCommand
{
    public static int Run(Invocation invocation)
    {
        Lifecycle.Pause(GlobalOptions.Of(invocation), invocation.Arguments[0]);
        return 0;
    }
}
