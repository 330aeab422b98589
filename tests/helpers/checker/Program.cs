using System;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace Csrun.Tests.Checker;

/// <summary>
/// <c>checker ACTION [ARGS] [, ACTION [ARGS]]...</c>: reports what a process in a container sees, and does small things there.
/// The actions run in turn; the first that fails ends the program with 99.
/// </summary>
internal static unsafe class Program
{
    private static int Main()
    {
        var arguments = Native.Strings(Native.checker_state_at_start()->Argv);
        for (var start = 1; start < arguments.Length;)
        {
            var end = Array.IndexOf(arguments, ",", start);
            end = end < 0 ? arguments.Length : end;
            var status = Actions.Run(arguments[start], arguments.AsSpan(start + 1, end - start - 1));
            if (status != 0)
            {
                return status;
            }

            start = end + 1;
        }

        return 0;
    }
}
