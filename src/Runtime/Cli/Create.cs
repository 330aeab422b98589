using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun create</c>.</summary>
internal static class CreateCommand
{
    public static int Run(Invocation invocation)
    {
        var request = Request(invocation);
        if (request.DryRun)
            return CheckCommand.Print(Check.Run(request, asCreate: true), asJson: false);
        Lifecycle.Create(request);
        return 0;
    }

    /// <summary>What create and run have in common.</summary>
    public static CreateRequest Request(Invocation invocation) => new()
    {
        Id = invocation.Arguments[0],
        Options = GlobalOptions.Of(invocation),
        Bundle = invocation.Text(Options.Bundle) ?? ".",
        Config = invocation.Text(Options.Config),
        PidFile = invocation.Text(Options.PidFile),
        ConsoleSocket = invocation.Text(Options.ConsoleSocket),
        PidfdSocket = invocation.Text(Options.PidfdSocket),
        NoPivot = invocation.Flag(Options.NoPivot),
        NoNewKeyring = invocation.Flag(Options.NoNewKeyring),
        PreserveFds = invocation.Number(Options.PreserveFds),
        DryRun = invocation.Flag(Options.DryRun),
    };
}
