using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun events</c>.</summary>
internal static class EventsCommand
{
    private const long DefaultInterval = 5000;

    public static int Run(Invocation invocation)
    {
        var options = GlobalOptions.Of(invocation);
        string id = invocation.Arguments[0];
        long interval = invocation.Text(Options.Interval) is { } text ? Interval(text) : DefaultInterval;
        if (invocation.Flag(Options.Stats))
            _ = Output.Stdout(Lifecycle.Statistics(options, id));
        else
            Lifecycle.Events(options, id, interval, static line => Output.Stdout(line));
        return 0;
    }

    private static long Interval(string text)
    {
        if (!Duration.TryParse(text, out long milliseconds))
            throw new CsrunException(ErrorCodes.OptionInvalid, $"invalid value \"{text}\" for flag -interval", hint: "a duration like 5s, 1m30s or 500ms");
        return milliseconds > 0 ? milliseconds
            : throw new CsrunException(ErrorCodes.OptionInvalid, "duration interval must be greater than 0", where: "--interval");
    }
}
