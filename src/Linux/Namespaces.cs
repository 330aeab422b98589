namespace Csrun.Linux;

/// <summary>Namespaces by descriptor: ioctl_ns(2).</summary>
public static unsafe class Namespaces
{
    private const int GetNamespaceType = 0xb703;

    /// <summary>CLONE_NEW* of the namespace behind a descriptor; 0 if it is no namespace.</summary>
    public static ulong Kind(int fd)
    {
        if (Syscalls.FileSystemType(fd, out long magic) < 0 || magic != FsMagic.Nsfs)
        {
            return 0;
        }
        int kind = Syscalls.Ioctl(fd, GetNamespaceType, null);
        return kind < 0 ? 0 : (uint)kind;
    }
}
