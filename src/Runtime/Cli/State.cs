using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun state</c>.</summary>
internal static class StateCommand
{
    public static int Run(Invocation invocation)
    {
        var view = Lifecycle.State(GlobalOptions.Of(invocation), invocation.Arguments[0]);
        _ = Output.Stdout([.. view.ToJson(indented: true), (byte)'\n']);
        return 0;
    }
}
