namespace Csrun.Init;

/// <summary>Numbers of the system calls, per processor (asm/unistd.h).</summary>
internal static class Nr
{
#if ARM64
    public const int Fcntl = 25, Ioctl = 29, MkNodAt = 33, MkDirAt = 34, UnlinkAt = 35, SymlinkAt = 36, Umount2 = 39, Mount = 40,
        PivotRoot = 41, FStatFs = 44, FAccessAt = 48, ChDir = 49, FChDir = 50, ChRoot = 51, FChModAt = 53, FChOwnAt = 54,
        FChOwn = 55, OpenAt = 56, Close = 57, Pipe2 = 59, Read = 63, Write = 64, PRead64 = 67, PPoll = 73, ReadLinkAt = 78,
        GetCwd = 17, Dup3 = 24, Capget = 90, Capset = 91, ExitGroup = 94, Unshare = 97, ClockGetTime = 113,
        Kill = 129, RtSigAction = 134, RtSigProcMask = 135, SetResUid = 147, GetResUid = 148, SetResGid = 149, GetResGid = 150,
        SetPgid = 154, GetSid = 156, SetSid = 157, GetGroups = 158, SetGroups = 159, SetHostname = 161, SetDomainname = 162,
        Umask = 166, Prctl = 167, GetPid = 172, Socket = 198, RecvFrom = 207, SendMsg = 211, RecvMsg = 212,
        MUnmap = 215, KeyCtl = 219, Clone = 220, ExecVe = 221, MMap = 222, MAdvise = 233, Accept4 = 242, PrLimit64 = 261,
        Wait4 = 260, SetNs = 268, MemFdCreate = 279, StatX = 291;
    public const int FSetXAttr = 7, FGetXAttr = 10, FListXAttr = 13, IoPrioSet = 30, FChMod = 52, GetDEntries64 = 61, SendFile = 71, UTimeNsAt = 88, Personality = 92,
        SetMemPolicy = 237, SchedSetAttr = 274, Seccomp = 277;
#else
    public const int Read = 0, Write = 1, Close = 3, MMap = 9, MUnmap = 11, RtSigAction = 13, RtSigProcMask = 14, Ioctl = 16,
        PRead64 = 17, MAdvise = 28, GetPid = 39, Socket = 41, RecvFrom = 45, SendMsg = 46, RecvMsg = 47, Clone = 56, ExecVe = 59, Wait4 = 61,
        Kill = 62, Fcntl = 72, GetCwd = 79, ChDir = 80, FChDir = 81, FChOwn = 93, Umask = 95, SetPgid = 109, SetSid = 112,
        GetGroups = 115, SetGroups = 116, SetResUid = 117, GetResUid = 118, SetResGid = 119, GetResGid = 120, GetSid = 124,
        Capget = 125, Capset = 126, FStatFs = 138, PivotRoot = 155, Prctl = 157, ChRoot = 161, Mount = 165, Umount2 = 166,
        SetHostname = 170, SetDomainname = 171, ClockGetTime = 228, ExitGroup = 231, KeyCtl = 250, OpenAt = 257,
        MkDirAt = 258, MkNodAt = 259, FChOwnAt = 260, UnlinkAt = 263, SymlinkAt = 266, ReadLinkAt = 267, FChModAt = 268,
        FAccessAt = 269, PPoll = 271, Unshare = 272, Accept4 = 288, Dup3 = 292, Pipe2 = 293, PrLimit64 = 302, SetNs = 308,
        MemFdCreate = 319, StatX = 332;
    public const int SendFile = 40, FChMod = 91, Personality = 135, FSetXAttr = 190, FGetXAttr = 193, FListXAttr = 196, GetDEntries64 = 217, SetMemPolicy = 238,
        IoPrioSet = 251, UTimeNsAt = 280, SchedSetAttr = 314, Seccomp = 317;
#endif

    // From 424 on all processors have the same.
    public const int OpenTree = 428, MoveMount = 429, FsOpen = 430, FsConfig = 431, FsMount = 432, FsPick = 433,
        CloseRange = 436, OpenAt2 = 437, FAccessAt2 = 439, MountSetAttr = 442, FChModAt2 = 452;
}
