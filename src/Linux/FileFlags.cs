using System.Runtime.InteropServices;

namespace Csrun.Linux;

/// <summary>O_*: open(2). Four of them have other values on arm64 than on x64.</summary>
public static class OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    public const int ReadOnly = 0;

    /// <summary>O_WRONLY.</summary>
    public const int WriteOnly = 1;

    /// <summary>O_RDWR.</summary>
    public const int ReadWrite = 2;

    /// <summary>O_CREAT.</summary>
    public const int Create = 0x40;

    /// <summary>O_EXCL.</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_NOCTTY.</summary>
    public const int NoCtty = 0x100;

    /// <summary>O_TRUNC.</summary>
    public const int Truncate = 0x200;

    /// <summary>O_APPEND.</summary>
    public const int Append = 0x400;

    /// <summary>O_NONBLOCK.</summary>
    public const int NonBlock = 0x800;

    /// <summary>O_CLOEXEC.</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH.</summary>
    public const int Path = 0x200000;

    /// <summary>O_DIRECTORY.</summary>
    public static int Directory => Abi.IsArm64 ? 0x4000 : 0x10000;

    /// <summary>O_TMPFILE: a file without a name, in the directory that is opened.</summary>
    public static int TemporaryFile => 0x400000 | Directory;

    /// <summary>O_NOFOLLOW.</summary>
    public static int NoFollow => Abi.IsArm64 ? 0x8000 : 0x20000;
}

/// <summary>Which of the two supported system call interfaces this process has.</summary>
public static class Abi
{
    /// <summary>A constant for the native compiler, which drops the other branch.</summary>
    public static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
}

/// <summary>AT_*: the system calls whose names end in "at".</summary>
public static class At
{
    /// <summary>AT_FDCWD.</summary>
    public const int Cwd = -100;

    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    public const int SymlinkNoFollow = 0x100;

    /// <summary>AT_REMOVEDIR.</summary>
    public const int RemoveDir = 0x200;

    /// <summary>AT_SYMLINK_FOLLOW.</summary>
    public const int SymlinkFollow = 0x400;

    /// <summary>AT_NO_AUTOMOUNT.</summary>
    public const int NoAutomount = 0x800;

    /// <summary>AT_EMPTY_PATH.</summary>
    public const int EmptyPath = 0x1000;

    /// <summary>AT_RECURSIVE.</summary>
    public const int Recursive = 0x8000;
}

/// <summary>RESOLVE_*: openat2(2).</summary>
public static class Resolve
{
    /// <summary>RESOLVE_NO_XDEV.</summary>
    public const ulong NoXdev = 0x01;

    /// <summary>RESOLVE_NO_MAGICLINKS.</summary>
    public const ulong NoMagicLinks = 0x02;

    /// <summary>RESOLVE_NO_SYMLINKS.</summary>
    public const ulong NoSymlinks = 0x04;

    /// <summary>RESOLVE_BENEATH.</summary>
    public const ulong Beneath = 0x08;

    /// <summary>RESOLVE_IN_ROOT.</summary>
    public const ulong InRoot = 0x10;
}

/// <summary>S_IF* and permission bits: inode(7).</summary>
public static class Mode
{
    /// <summary>S_IFMT.</summary>
    public const uint TypeMask = 0xF000;

    /// <summary>S_IFSOCK.</summary>
    public const uint Socket = 0xC000;

    /// <summary>S_IFLNK.</summary>
    public const uint Symlink = 0xA000;

    /// <summary>S_IFREG.</summary>
    public const uint Regular = 0x8000;

    /// <summary>S_IFBLK.</summary>
    public const uint Block = 0x6000;

    /// <summary>S_IFDIR.</summary>
    public const uint Directory = 0x4000;

    /// <summary>S_IFCHR.</summary>
    public const uint Character = 0x2000;

    /// <summary>S_IFIFO.</summary>
    public const uint Fifo = 0x1000;

    /// <summary>S_ISUID.</summary>
    public const uint SetUid = 0x800;

    /// <summary>S_ISGID.</summary>
    public const uint SetGid = 0x400;

    /// <summary>S_ISVTX.</summary>
    public const uint Sticky = 0x200;

    /// <summary>rwx------, octal 0700.</summary>
    public const uint OwnerAll = 0x1C0;

    /// <summary>rw-------, octal 0600.</summary>
    public const uint OwnerReadWrite = 0x180;
}

/// <summary>The magic numbers of file systems that statfs(2) gives.</summary>
public static class FsMagic
{
    /// <summary>PROC_SUPER_MAGIC.</summary>
    public const long Proc = 0x9FA0;

    /// <summary>CGROUP_SUPER_MAGIC.</summary>
    public const long Cgroup = 0x27E0EB;

    /// <summary>SELINUX_MAGIC.</summary>
    public const long Selinux = 0xF97CFF8C;

    /// <summary>NSFS_MAGIC.</summary>
    public const long Nsfs = 0x6E736673;
}
