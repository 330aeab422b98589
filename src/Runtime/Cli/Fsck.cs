using System.Text;
using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun fsck</c>.</summary>
internal static class FsckCommand
{
    public static int Run(Invocation invocation)
    {
        var found = Leftovers.Find(GlobalOptions.Of(invocation));
        var text = new StringBuilder();
        foreach (var leftover in found)
            text.Append(leftover.Id).Append(": ").Append(leftover.What).Append('\n');
        _ = Output.Stdout(text.ToString());
        return found.Count == 0 ? 0 : 1;
    }
}
