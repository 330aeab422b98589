using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun delete</c>.</summary>
internal static class DeleteCommand
{
    public static int Run(Invocation invocation)
    {
        Lifecycle.Delete(GlobalOptions.Of(invocation), invocation.Arguments[0], invocation.Flag(Options.Force));
        return 0;
    }
}
