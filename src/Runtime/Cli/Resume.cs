using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun resume</c>.</summary>
internal static class ResumeCommand
{
    public static int Run(Invocation invocation)
    {
        Lifecycle.Resume(GlobalOptions.Of(invocation), invocation.Arguments[0]);
        return 0;
    }
}
