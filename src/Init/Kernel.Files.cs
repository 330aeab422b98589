namespace Csrun.Init;

/// <summary>System calls on files, as C# calls.</summary>
internal static unsafe partial class Kernel
{
    /// <summary>openat(2), close-on-exec.</summary>
    public static nint OpenAt(nint directory, byte* path, int flags) =>
        Call(Nr.OpenAt, directory, (nint)path, flags | C.O_CLOEXEC);

    public static void Close(nint descriptor)
    {
        if (descriptor >= 0)
            Call(Nr.Close, descriptor);
    }

    /// <summary>Closes what a state's field holds.</summary>
    public static void Close(int* field)
    {
        Close(*field);
        *field = -1;
    }

    /// <summary>close_range(2); before Linux 5.9 one by one, as far as the limit lets descriptors be: false.</summary>
    public static bool CloseFrom(nint first)
    {
        if (Call(Nr.CloseRange, first, int.MaxValue, 0) == 0)
            return true;
        Limit limit;
        if (Call(Nr.PrLimit64, 0, C.RLIMIT_NOFILE, 0, (nint)(&limit)) < 0 || limit.Hard > 1 << 20)
            limit.Hard = 1 << 20;
        for (nint i = first; i < (nint)limit.Hard; i++)
            Call(Nr.Close, i);
        return false;
    }

    /// <summary>statx(2) of the file behind a descriptor.</summary>
    public static nint Status(nint descriptor, FileStatus* status) => StatusAt(descriptor, "\0"u8.Pointer, C.AT_EMPTY_PATH, status);

    public static nint StatusAt(nint directory, byte* path, int flags, FileStatus* status) =>
        Call(Nr.StatX, directory, (nint)path, flags, (nint)(C.STATX_BASIC_STATS | C.STATX_MNT_ID), (nint)status);

    /// <summary>The type of the file system that a descriptor is on; 0 if it cannot be had.</summary>
    public static ulong FileSystem(nint descriptor)
    {
        FileSystemStatus status;
        return Call(Nr.FStatFs, descriptor, (nint)(&status)) < 0 ? 0 : status.Type;
    }

    /// <summary>read(2), again when a signal came in between.</summary>
    public static nint Read(nint descriptor, byte* buffer, nint length)
    {
        nint count;
        do
        {
            count = Call(Nr.Read, descriptor, (nint)buffer, length);
        }
        while (count == -C.EINTR);
        return count;
    }

    /// <summary>Writes all bytes at once, as files of procfs want it; less is EIO.</summary>
    public static nint Write(nint descriptor, byte* buffer, nint length)
    {
        nint count;
        do
        {
            count = Call(Nr.Write, descriptor, (nint)buffer, length);
        }
        while (count == -C.EINTR);
        return count < 0 || count == length ? count : -C.EIO;
    }

    /// <summary>Fresh memory, all zero.</summary>
    public static nint Map(nint length) =>
        Call(Nr.MMap, 0, length, C.PROT_READ | C.PROT_WRITE, C.MAP_PRIVATE | C.MAP_ANONYMOUS, -1, 0);

    public static void Unmap(void* address, nint length) => Call(Nr.MUnmap, (nint)address, length);

    public static nint ChangeOwner(nint descriptor, uint uid, uint gid) =>
        Call(Nr.FChOwnAt, descriptor, (nint)"\0"u8.Pointer, (nint)uid, (nint)gid, C.AT_EMPTY_PATH);
}

