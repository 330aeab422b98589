namespace Csrun.Init;

/// <summary>The kernel's constants, by the names of its headers. Only what Init uses.</summary>
internal static class C
{
    // errno
    public const int EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EBADF = 9, EAGAIN = 11, EACCES = 13, EBUSY = 16, EEXIST = 17,
        ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENOSPC = 28, ERANGE = 34, ENAMETOOLONG = 36, ENOSYS = 38, ELOOP = 40, ENODATA = 61,
        EPROTO = 71, EOPNOTSUPP = 95, ECONNABORTED = 103, ETIMEDOUT = 110, ESTALE = 116;

    // fcntl.h
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000,
        O_PATH = 0x200000;
#if ARM64
    public const int O_DIRECTORY = 0x4000, O_NOFOLLOW = 0x8000;
#else
    public const int O_DIRECTORY = 0x10000, O_NOFOLLOW = 0x20000;
#endif
    public const int F_SETFD = 2, F_SETFL = 4, F_DUPFD_CLOEXEC = 1030, FD_CLOEXEC = 1;
    public const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000, AT_RECURSIVE = 0x8000;
    public const int PATH_MAX = 4096, NAME_MAX = 255;

    // openat2(2)
    public const ulong RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8, RESOLVE_IN_ROOT = 16;

    // stat.h
    public const uint S_IFMT = 0xF000, S_IFSOCK = 0xC000, S_IFLNK = 0xA000, S_IFREG = 0x8000, S_IFBLK = 0x6000, S_IFDIR = 0x4000,
        S_IFCHR = 0x2000, S_IFIFO = 0x1000;
    public const uint STATX_BASIC_STATS = 0x7FF, STATX_MNT_ID = 0x1000;
    public const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;

    // Magic numbers of file systems
    public const ulong PROC_SUPER_MAGIC = 0x9FA0, CGROUP_SUPER_MAGIC = 0x27E0EB, DEVPTS_SUPER_MAGIC = 0x1CD1, PIPEFS_MAGIC = 0x50495045, SOCKFS_MAGIC = 0x534F434B;
    public const ulong PROC_ROOT_INO = 1;

    // mount.h
    public const ulong MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_REMOUNT = 32, MS_NOSYMFOLLOW = 256,
        MS_NOATIME = 1024, MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192, MS_REC = 16384, MS_SLAVE = 1 << 19,
        MS_RELATIME = 1 << 21, MS_STRICTATIME = 1 << 24;

    /// <summary>MS_RDONLY, SYNCHRONOUS, MANDLOCK, DIRSYNC and LAZYTIME: what concerns a file system, not what mount(2) does.</summary>
    public const ulong MS_SUPERBLOCK = 1 | 16 | 64 | 128 | 1 << 25;
    public const int MNT_DETACH = 2;
    public const int OPEN_TREE_CLONE = 1;
    public const int MOVE_MOUNT_F_EMPTY_PATH = 4, MOVE_MOUNT_T_EMPTY_PATH = 64;
    public const int FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1, FSPICK_CLOEXEC = 1, FSPICK_EMPTY_PATH = 8;
    public const int FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_CMD_CREATE = 6, FSCONFIG_CMD_RECONFIGURE = 7;
    public const ulong MOUNT_ATTR_RDONLY = 1, MOUNT_ATTR_NOSUID = 2, MOUNT_ATTR_NODEV = 4, MOUNT_ATTR_NOEXEC = 8,
        MOUNT_ATTR__ATIME = 0x70, MOUNT_ATTR_IDMAP = 0x100000, MOUNT_ATTR_NOATIME = 0x10, MOUNT_ATTR_STRICTATIME = 0x20, MOUNT_ATTR_NODIRATIME = 0x80,
        MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

    // statfs.h: f_flags
    public const ulong ST_RDONLY = 1, ST_NOSUID = 2, ST_NODEV = 4, ST_NOEXEC = 8, ST_NOATIME = 1024, ST_NODIRATIME = 2048,
        ST_RELATIME = 4096, ST_NOSYMFOLLOW = 8192;

    // sched.h
    public const ulong CLONE_PIDFD = 0x1000, CLONE_PARENT = 0x8000;

    /// <summary>NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME.</summary>
    public const ulong CLONE_NEW_ALL = 0x7E02_0080, CLONE_NEWUSER = 0x1000_0000;

    // signal.h
    public const int SIGHUP = 1, SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11, SIGPIPE = 13,
        SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28, LastSignal = 64;
    public const int SIG_SETMASK = 2;
    public const ulong SIG_DFL = 0, SIG_IGN = 1, SA_RESTORER = 0x4000000;

    // prctl.h, securebits.h
    public const int PR_SET_DUMPABLE = 4, PR_SET_KEEPCAPS = 8, PR_SET_NAME = 15, PR_GET_SECCOMP = 21, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24,
        PR_GET_SECUREBITS = 27, PR_SET_SECUREBITS = 28, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39, PR_CAP_AMBIENT = 47,
        PR_CAP_AMBIENT_IS_SET = 1, PR_CAP_AMBIENT_RAISE = 2, PR_CAP_AMBIENT_CLEAR_ALL = 4;
    public const uint LINUX_CAPABILITY_VERSION_3 = 0x20080522;

    // seccomp.h, capability.h
    public const int SECCOMP_SET_MODE_FILTER = 1, SECCOMP_MODE_FILTER = 2;
    public const ulong CAP_SYS_ADMIN = 1 << 21;

    // socket.h
    public const int AF_UNIX = 1, AF_NETLINK = 16, SOCK_DGRAM = 2, SOCK_RAW = 3, NETLINK_ROUTE = 0, SOL_SOCKET = 1, SCM_RIGHTS = 1;
    public const int MSG_TRUNC = 0x20, MSG_CTRUNC = 8, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000, SOCK_CLOEXEC = 0x80000;

    // ioctl.h
    public const int SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914, IFF_UP = 1;
    public const int TIOCSCTTY = 0x540E, TIOCSWINSZ = 0x5414, TIOCSPTLCK = 0x40045431, TIOCGPTPEER = 0x5441;

    // keyctl.h
    public const int KEYCTL_JOIN_SESSION_KEYRING = 1, KEYCTL_SETPERM = 5, KEYCTL_DESCRIBE = 6;
    public const uint KEY_USR_SEARCH = 0x0008_0000;

    // mman.h, poll.h, wait.h, resource.h, memfd.h, time.h, access
    public const int PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32, MADV_DONTNEED = 4;
    public const short POLLIN = 1, POLLOUT = 4;
    public const int RLIMIT_STACK = 3, RLIMIT_NOFILE = 7;
    public const int MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8;
    public const int CLOCK_MONOTONIC = 1;
    public const int X_OK = 1;

    // ioprio.h
    public const int IOPRIO_WHO_PROCESS = 1;

    // auxvec.h
    public const int AT_NULL = 0, AT_PHDR = 3, AT_PHNUM = 5, AT_RANDOM = 25;
}
