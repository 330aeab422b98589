using System.Runtime;

namespace Csrun.Init;

/// <summary>Where Init begins, and the order of all it does.</summary>
internal static unsafe class Program
{
    [RuntimeExport("init_main")]
    private static int Main(nint* stack)
    {
        Kernel.Call(Nr.Prctl, 4, 0);
        Kernel.Exit(1);
        return 0;
    }
}
