namespace Csrun.Runtime;

internal static class Program
{
    private static int Main(string[] arguments) => Cli.Dispatcher.Run(arguments);
}
