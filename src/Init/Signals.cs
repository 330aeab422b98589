namespace Csrun.Init;

/// <summary>What signals do to Init.</summary>
internal static unsafe class Signals
{
    /// <summary>
    /// Undoes what the caller ignored, and empties the mask. As the first process of a namespace the kernel would
    /// shield us from every signal that has its default action; so those that end a process get a handler that does
    /// that, and `kill` of a container that waits works at once. execve(2) resets it.
    /// </summary>
    public static void Reset()
    {
        for (int signal = 1; signal <= C.LastSignal; signal++)
            Set(signal, Ends(signal) ? (ulong)Kernel.ExitHandler : C.SIG_DFL);
        // Last: the runtime blocked them all, and one that came meanwhile is to find its action.
        ulong none = 0;
        Kernel.Call(Nr.RtSigProcMask, C.SIG_SETMASK, (nint)(&none), 0, sizeof(ulong));
    }

    /// <summary>Lets a write to a pipe that nobody reads fail instead of ending us, or not.</summary>
    public static void IgnoreBrokenPipes(bool ignore) => Set(C.SIGPIPE, ignore ? C.SIG_IGN : (ulong)Kernel.ExitHandler);

    private static void Set(int signal, ulong handler)
    {
        SignalAction action;
        action.Handler = handler;
        // x86-64 refuses to deliver without one; the handler never returns to it.
        action.Flags = C.SA_RESTORER;
        action.Restorer = handler;
        action.Mask = 0;
        // KILL and STOP give EINVAL.
        Kernel.Call(Nr.RtSigAction, signal, (nint)(&action), 0, sizeof(ulong));
    }

    /// <summary>Whether the default action ends a process. Faults are left out: they are defects, and always end it.</summary>
    private static bool Ends(int signal) => signal switch
    {
        C.SIGILL or C.SIGTRAP or C.SIGBUS or C.SIGFPE or C.SIGSEGV => false,
        C.SIGCHLD or C.SIGURG or C.SIGWINCH => false,
        >= C.SIGCONT and <= C.SIGTTOU => false,
        _ => true,
    };
}
