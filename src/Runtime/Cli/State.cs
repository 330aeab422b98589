using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun state</c>.</summary>
internal static class StateCommand
{
    public static int Run(Invocation invocation)
    {
        _ = Output.Stdout(Lifecycle.State(GlobalOptions.Of(invocation), invocation.Arguments[0]).ToJson(indented: true));
        return 0;
    }
}
