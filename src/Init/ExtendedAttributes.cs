namespace Csrun.Init;

/// <summary>
/// xattr(7), of a file to its copy: what programs wrote (user), file capabilities and access control lists. Labels of a
/// security module are the policy's affair, and trusted ones those of the file system that the file lies in.
/// </summary>
internal static unsafe class ExtendedAttributes
{
    /// <summary>More names than that has no file of an image; the rest of them is left out.</summary>
    private const int ListSize = 4096;
    private const int ValueSize = 4096;

    /// <param name="from">A file that is open for reading.</param>
    /// <param name="to">Its copy.</param>
    /// <param name="withCapabilities">Those of the file, too: not those that somebody whom we do not know gave it.</param>
    public static nint Copy(nint from, nint to, bool withCapabilities)
    {
        byte* names = stackalloc byte[ListSize + 1];
        nint length = Kernel.Call(Nr.FListXAttr, from, (nint)names, ListSize);
        // A file system without any, or with too many.
        if (length is -C.EOPNOTSUPP or -C.ENOSYS or -C.ERANGE or -C.EPERM)
            return 0;
        if (length < 0)
            return length;
        names[length] = 0;
        for (nint at = 0; at < length; at += Text.Length(names + at) + 1)
        {
            byte* name = names + at;
            bool wanted = Text.StartsWith(name, "user."u8.Pointer) || Text.StartsWith(name, "system.posix_acl_"u8.Pointer)
                || (withCapabilities && Text.Equal(name, "security.capability"u8.Pointer));
            nint result = wanted ? CopyOne(from, to, name) : 0;
            if (result < 0)
                return result;
        }
        return 0;
    }

    private static nint CopyOne(nint from, nint to, byte* name)
    {
        byte* value = stackalloc byte[ValueSize];
        nint length = Kernel.Call(Nr.FGetXAttr, from, (nint)name, (nint)value, ValueSize);
        // Removed meanwhile, or longer than a tmpfs would take.
        if (length is -C.ENODATA or -C.ERANGE or -C.EOPNOTSUPP)
            return 0;
        if (length < 0)
            return length;
        nint result = Kernel.Call(Nr.FSetXAttr, to, (nint)name, (nint)value, length, 0);
        // A tmpfs has no user attributes before Linux 6.6, and lists may be left out of the kernel; ids in them, or the
        // right to give capabilities, may be missing in our user namespace.
        return result is -C.EOPNOTSUPP or -C.EPERM or -C.EINVAL or -C.ENOSPC ? 0 : result;
    }
}
