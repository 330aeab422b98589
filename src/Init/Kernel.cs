using System.Runtime.InteropServices;

namespace Csrun.Init;

/// <summary>The door to the kernel: raw system calls that return what the kernel returns, -errno on failure.</summary>
internal static unsafe partial class Kernel
{
    [DllImport("*"), SuppressGCTransition]
    private static extern nint syscall3(nint number, nint a, nint b, nint c);

    [DllImport("*"), SuppressGCTransition]
    private static extern nint syscall5(nint number, nint a, nint b, nint c, nint d, nint e);

    [DllImport("*"), SuppressGCTransition]
    private static extern nint syscall6(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    /// <summary>The address of the signal handler in start-*.S, which ends the process with 128 + signal.</summary>
    [DllImport("*"), SuppressGCTransition]
    private static extern nint exit_handler();

    [DllImport("*"), SuppressGCTransition]
    private static extern void set_cookie(nuint value);

    public static nint ExitHandler => exit_handler();

    public static void SetCookie(nuint value) => set_cookie(value);

    // Three of them, because registers that are set to nothing make a fifth of all code.
    public static nint Call(nint number, nint a = 0, nint b = 0, nint c = 0) => syscall3(number, a, b, c);

    public static nint Call(nint number, nint a, nint b, nint c, nint d, nint e = 0) => syscall5(number, a, b, c, d, e);

    public static nint Call(nint number, nint a, nint b, nint c, nint d, nint e, nint f) => syscall6(number, a, b, c, d, e, f);

    public static void Exit(int status)
    {
        while (true)
        {
            Call(Nr.ExitGroup, status);
            // A filter keeps us from it: a fault ends whoever may make no call. Nothing is mapped there.
            *(int*)8 = status;
        }
    }
}
