using System;
using Csrun.Linux;

namespace Csrun.Runtime.Cli;

/// <summary>From the words of the command line to an exit code.</summary>
internal static class Dispatcher
{
    private const int Failed = 1;
    private const int NoSuchCommand = 3;

    public static int Run(string[] words)
    {
        Timing.Begin();
        var invocation = new Invocation();
        CsrunException? refused = null;
        try
        {
            Parser.Parse(words, invocation);
        }
        catch (CsrunException exception)
        {
            // Reported below, to the log file if one was named before the error.
            refused = exception;
        }

        try
        {
            LogSink.Open(invocation);
            if (refused is not null)
                return Report(refused);
            if (invocation.Flag(Options.Help) || (invocation.Command is null && !invocation.Flag(Options.Version)))
                return Print(invocation.Command is null ? HelpText.ForAll() : HelpText.For(invocation.Command));
            if (invocation.Command is not { } command || invocation.Flag(Options.Version))
                return Print(VersionText.Text);
            Parser.CheckArguments(invocation);
            Timing.Mark("read the command line");
            if (Log.IsDebug)
            {
                Log.Debug(FormattableString.Invariant($"timing: start of the process to here: {Environment.CpuUsage.TotalTime.TotalMicroseconds:F0} us of processor time"));
                Timing.Begin();
            }
            try
            {
                return command.Run(invocation);
            }
            catch (Exception exception)
            {
                return Report(exception, command.FailureCode);
            }
        }
        catch (Exception exception)
        {
            return Report(exception);
        }
    }

    private static int Report(Exception exception, int exitCode = Failed)
    {
        LogSink.Failure(exception);
        return exception is CsrunException { Code: var code } && code == ErrorCodes.UnknownCommand ? NoSuchCommand : exitCode;
    }

    private static int Print(string text)
    {
        _ = Output.Stdout(text);
        return 0;
    }
}
