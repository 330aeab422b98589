using System.Linq;
using System.Runtime.InteropServices;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>Numbers of system calls (asm/unistd_64.h of x86-64; the suite that supervises calls runs on no other).</summary>
internal static class SystemCalls
{
    internal const int Write = 1, Poll = 7, Socket = 41, Connect = 42, Sendmsg = 46, Recvmsg = 47, Bind = 49, Listen = 50,
        Socketpair = 53, Clone = 56, Execve = 59, Wait4 = 61, Kill = 62, Fcntl = 72, Flock = 73, Unlink = 87, PivotRoot = 155, Prctl = 157,
        OpenAt = 257, MakeNode = 259, Unshare = 272, Dup3 = 292, Pipe2 = 293, Setns = 308, MemfdCreate = 319, Execveat = 322, PidfdSendSignal = 424,
        PidfdOpen = 434, Clone3 = 435;

    /// <summary>Those that take a path, or act on what a path led to.</summary>
    internal static readonly int[] WithPaths =
    [
        2, 4, 6, 21, Execve, 76, 80, 81, 82, 83, 84, 85, 86, Unlink, 88, 89, 90, 92, 94, 133, 137, PivotRoot, 161, 165, 166, 188,
        257, 258, 259, 260, 262, 263, 264, 265, 266, 267, 268, 269, 280, 316, Execveat, 332, 428, 429, 430, 431, 432, 437, 439, 442, 452,
    ];

    /// <summary>Those that change something outside of the process, or tell somebody something.</summary>
    internal static readonly int[] WithEffects =
    [
        .. WithPaths.Where(static c => c is not (4 or 6 or 21 or 137 or 262 or 332 or 439 or 269 or 89 or 267)),
        Write, Sendmsg, Recvmsg, Socket, Bind, Listen, Socketpair, Connect, Clone, Clone3, Unshare, Setns, MemfdCreate, Dup3, Pipe2,
        Fcntl, Flock, Kill, PidfdOpen, PidfdSendSignal, Wait4, Poll,
    ];

    /// <summary>Those that make a process what it may do.</summary>
    internal static readonly int[] OfIdentity =
        [Prctl, 95, 112, 116, 117, 119, 118, 120, 124, 125, 126, 160, 302, 317, 250];

    /// <summary>Skips what needs these numbers where they are others.</summary>
    internal static void Need() =>
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the supervisor knows the system calls of x86-64 only");
}
