using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun run</c>.</summary>
internal static class RunCommand
{
    public static int Run(Invocation invocation) => Lifecycle.Run(Request(invocation));

    public static RunRequest Request(Invocation invocation) => new()
    {
        Create = CreateCommand.Request(invocation),
        Detach = invocation.Flag(Options.Detach),
        Keep = invocation.Flag(Options.Keep),
        NoSubreaper = invocation.Flag(Options.NoSubreaper),
    };
}
