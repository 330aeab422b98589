using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// Goes along a path component by component, each opened O_PATH|O_NOFOLLOW below the one before, and makes what is
/// missing on the way. It stays inside the root by construction: it never opens "..", but begins again at the root with
/// the names that it came by, and takes a symbolic link's text as a path in the root. A link that leads to something
/// missing is followed, too, and its target made (as runc and crun do).
/// </summary>
internal static unsafe class Walker
{
    private const int MostLinks = 40;

    public enum Missing
    {
        IsError,
        IsDirectory,

        /// <summary>The last component is made as an empty file, the others as directories.</summary>
        IsFile,
    }

    public static nint Walk(State* s, byte* path, ulong resolve, Missing missing)
    {
        // The way still to go stands at the end of its buffer, so that the text of a link can be put before it.
        byte* buffer = stackalloc byte[2 * C.PATH_MAX];
        byte* gone = stackalloc byte[C.PATH_MAX];
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        int length = Text.Length(path);
        if (length >= C.PATH_MAX)
            return -C.ENAMETOOLONG;
        byte* rest = buffer + 2 * C.PATH_MAX - 1 - length;
        Text.Copy(rest, path, length + 1);

        int goneLength = 0;
        int links = 0;
        nint current = -1; // -1 is the root itself, which is not ours to close.
        while (true)
        {
            int nameLength = Next(&rest, name);
            if (nameLength < 0)
                return nameLength;
            if (nameLength == 0)
                break;
            if (name[0] == '.' && nameLength == 1)
                continue;
            if (name[0] == '.' && name[1] == '.' && nameLength == 2)
            {
                while (goneLength > 0 && gone[--goneLength] != '/')
                {
                    // One name less.
                }
                Kernel.Close(current);
                current = Again(s, gone, goneLength);
                if (current < -1)
                    return current;
                continue;
            }

            bool last = IsEnd(rest);
            nint next = OpenOrMake(s, current < 0 ? Rootfs.Root(s) : current, name, last ? missing : ToDirectory(missing));
            if (next < 0)
            {
                Kernel.Close(current);
                return next;
            }
            FileStatus status;
            nint result = Kernel.Status(next, &status);
            if (result < 0)
                return result;

            if (status.Type == C.S_IFLNK)
            {
                if ((resolve & C.RESOLVE_NO_SYMLINKS) != 0 || ++links > MostLinks)
                    return -C.ELOOP;
                result = Prepend(next, buffer, &rest);
                Kernel.Close(next);
                if (result < 0)
                    return result;
                if (*rest == '/')
                {
                    Kernel.Close(current);
                    current = -1;
                    goneLength = 0;
                }
                continue;
            }
            if ((!last || missing == Missing.IsDirectory) && status.Type != C.S_IFDIR)
                return -C.ENOTDIR;
            if (goneLength + nameLength + 1 >= C.PATH_MAX)
                return -C.ENAMETOOLONG;
            gone[goneLength++] = (byte)'/';
            Text.Copy(gone + goneLength, name, nameLength);
            goneLength += nameLength;
            Kernel.Close(current);
            current = next;
        }
        return current >= 0 ? current : Kernel.OpenAt(Rootfs.Root(s), "."u8.Pointer, C.O_PATH | C.O_DIRECTORY);
    }

    private static Missing ToDirectory(Missing missing) => missing == Missing.IsError ? missing : Missing.IsDirectory;

    /// <summary>Takes the next name off the way: its length, 0 at the end.</summary>
    private static int Next(byte** rest, byte* name)
    {
        byte* at = *rest;
        while (*at == '/')
            at++;
        int length = 0;
        while (at[length] is not (0 or (byte)'/'))
        {
            if (length == C.NAME_MAX)
                return -C.ENAMETOOLONG;
            name[length] = at[length];
            length++;
        }
        name[length] = 0;
        *rest = at + length;
        return length;
    }

    private static bool IsEnd(byte* rest)
    {
        while (*rest == '/')
            rest++;
        return *rest == 0;
    }

    /// <summary>Opens one name, and makes it if it is missing.</summary>
    private static nint OpenOrMake(State* s, nint directory, byte* name, Missing missing)
    {
        const int flags = C.O_PATH | C.O_NOFOLLOW;
        nint next = Kernel.OpenAt(directory, name, flags);
        if (next != -C.ENOENT || missing == Missing.IsError)
        {
            if (next < 0)
                Messages.SetText(s, name);
            return next;
        }
        s->Step = missing == Missing.IsFile ? Step.Make : Step.MakeParent;
        Messages.SetText(s, name);
        nint result = missing == Missing.IsFile
            ? Kernel.Call(Nr.MkNodAt, directory, (nint)name, (nint)(C.S_IFREG | 0x1A4 /* 0644 */), 0)
            : Kernel.Call(Nr.MkDirAt, directory, (nint)name, 0x1ED /* 0755 */);
        // Somebody was faster: what is there is looked at like all else.
        if (result < 0 && result != -C.EEXIST)
            return result;
        s->Made = result == 0;
        return Kernel.OpenAt(directory, name, flags);
    }

    /// <summary>Opens the directory that lies the given names below the root; -1 for the root itself.</summary>
    private static nint Again(State* s, byte* gone, int length)
    {
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        gone[length] = 0;
        nint current = -1;
        while (true)
        {
            if (Next(&gone, name) == 0)
                return current;
            nint next = Kernel.OpenAt(current < 0 ? Rootfs.Root(s) : current, name, C.O_PATH | C.O_NOFOLLOW | C.O_DIRECTORY);
            Kernel.Close(current);
            // EPERM would read as -1.
            if (next < 0)
                return next == -1 ? -C.EACCES : next;
            current = next;
        }
    }

    /// <summary>Puts a link's text before the way still to go.</summary>
    private static nint Prepend(nint link, byte* buffer, byte** rest)
    {
        byte* text = stackalloc byte[C.PATH_MAX];
        nint length = Kernel.Call(Nr.ReadLinkAt, link, (nint)"\0"u8.Pointer, (nint)text, C.PATH_MAX);
        if (length < 0)
            return length;
        if (length == 0)
            return -C.ENOENT;
        if (length == C.PATH_MAX || *rest - length - 1 < buffer)
            return -C.ENAMETOOLONG;
        *rest -= 1;
        **rest = (byte)'/';
        *rest -= length;
        Text.Copy(*rest, text, (int)length);
        return 0;
    }
}
