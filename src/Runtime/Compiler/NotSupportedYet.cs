using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// What the specification has and csrun does not do yet is refused, never ignored: a container that runs has all that
/// its config asks for. This is the only place to lift one of these from.
/// </summary>
internal static class NotSupportedYet
{
    public static void Check(Compilation to)
    {
        var config = to.Config;
        if (config.Linux is not { } linux)
            return;
        Refuse(to, linux.Seccomp is not null, "linux.seccomp");
    }

    private static void Refuse(Compilation to, bool isSet, string path)
    {
        if (isSet)
            to.Refuse(ErrorCodes.NotSupported, path, "is not supported yet");
    }
}
