using Csrun.Linux;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun help [command]</c>.</summary>
internal static class HelpCommand
{
    public static int Run(Invocation invocation)
    {
        string? topic = invocation.Argument(0);
        _ = Output.Stdout(topic is null ? HelpText.ForAll() : HelpText.For(Parser.FindCommand(topic)));
        return 0;
    }
}
