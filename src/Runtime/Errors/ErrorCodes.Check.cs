using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode NoEffect = new(
        "no-effect",
        "A part of the config has no effect on this host; the container runs without it (a warning).",
        "A capability or system call that this kernel does not know, or that the caller has not got to give.",
        "Take it out, unless the config is for other hosts too.");

    public static readonly ErrorCode ArgumentsTooLong = new(
        "arguments-too-long",
        "process.args and process.env are longer than the kernel takes, so the program could not be executed.",
        "An environment with a variable for each of thousands of services, or a whole file in one argument.",
        "Hand large data over in a file; the limit is a quarter of the stack's, between 128 KiB and 6 MiB, and 128 KiB for one text.");

    public static readonly ErrorCode LimitLow = new(
        "limit-low",
        "A limit is so low that the container may not start, or its program not run (a warning).",
        "A value in KiB or MiB where bytes are meant.",
        "Compare the value with its unit: memory is in bytes.");

    private static readonly ErrorCode[] s_check = [NoEffect, ArgumentsTooLong, LimitLow];
}
