using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun gc</c>.</summary>
internal static class GcCommand
{
    public static int Run(Invocation invocation)
    {
        int failed = 0;
        Leftovers.Remove(GlobalOptions.Of(invocation), (leftover, error) =>
        {
            _ = Output.Stdout(leftover.Id + ": " + leftover.What + (error is null ? "; removed\n" : "; not removed\n"));
            if (error is null)
                return;
            failed = 1;
            Log.Warning(error);
        });
        return failed;
    }
}
