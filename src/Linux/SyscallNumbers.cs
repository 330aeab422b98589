namespace Csrun.Linux;

/// <summary>
/// Numbers of the system calls that the C library is not asked for. Those from 424 on are the same on all
/// architectures; of the older ones arm64 has the generic table's, x64 its own.
/// </summary>
public static class SyscallNumbers
{
    public const int PidfdSendSignal = 424;
    public const int OpenTree = 428;
    public const int FsOpen = 430;
    public const int FsConfig = 431;
    public const int FsMount = 432;
    public const int PidfdOpen = 434;
    public const int Clone3 = 435;
    public const int CloseRange = 436;
    public const int OpenAt2 = 437;
    public const int PidfdGetfd = 438;
    public const int FaccessAt2 = 439;
    public const int MountSetAttr = 442;

    public static int Seccomp => Abi.IsArm64 ? 277 : 317;

    public static int Bpf => Abi.IsArm64 ? 280 : 321;

    public static int Close => Abi.IsArm64 ? 57 : 3;

    public static int Read => Abi.IsArm64 ? 63 : 0;

    public static int Write => Abi.IsArm64 ? 64 : 1;

    public static int Dup3 => Abi.IsArm64 ? 24 : 292;

    public static int Chdir => Abi.IsArm64 ? 49 : 80;

    public static int OpenAt => Abi.IsArm64 ? 56 : 257;

    public static int MkdirAt => Abi.IsArm64 ? 34 : 258;

    public static int LinkAt => Abi.IsArm64 ? 37 : 265;

    public static int RenameAt => Abi.IsArm64 ? 38 : 264;

    public static int Flock => Abi.IsArm64 ? 32 : 73;

    public static int Fstatfs => Abi.IsArm64 ? 44 : 138;

    public static int Umask => Abi.IsArm64 ? 166 : 95;

    public static int FchownAt => Abi.IsArm64 ? 54 : 260;

    public static int Fchmod => Abi.IsArm64 ? 52 : 91;

    public static int Getdents64 => Abi.IsArm64 ? 61 : 217;

    public static int Pipe2 => Abi.IsArm64 ? 59 : 293;

    public static int Ppoll => Abi.IsArm64 ? 73 : 271;

    public static int RtSigprocmask => Abi.IsArm64 ? 135 : 14;

    public static int RtSigaction => Abi.IsArm64 ? 134 : 13;

    public static int Madvise => Abi.IsArm64 ? 233 : 28;

    public static int Waitid => Abi.IsArm64 ? 95 : 247;

    public static int Prctl => Abi.IsArm64 ? 167 : 157;

    public static int Prlimit64 => Abi.IsArm64 ? 261 : 302;

    public static int SchedGetaffinity => Abi.IsArm64 ? 123 : 204;

    public static int SchedSetaffinity => Abi.IsArm64 ? 122 : 203;

    public static int Setpgid => Abi.IsArm64 ? 154 : 109;

    public static int Setresuid => Abi.IsArm64 ? 147 : 117;

    public static int Setresgid => Abi.IsArm64 ? 149 : 119;

    public static int EventFd2 => Abi.IsArm64 ? 19 : 290;

    public static int ExitGroup => Abi.IsArm64 ? 94 : 231;

    public static int Execve => Abi.IsArm64 ? 221 : 59;

    public static int ExecveAt => Abi.IsArm64 ? 281 : 322;

    public static int Clone => Abi.IsArm64 ? 220 : 56;

    public static int Capget => Abi.IsArm64 ? 90 : 125;
}
