using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The HOME of a user, from the /etc/passwd of the root file system: a hostile file, of which we read no more than is good.</summary>
internal static unsafe class Home
{
    private const int MostBytes = 1 << 20;

    /// <summary>Puts HOME into an environment that has none, or an empty one. There is room for one more pointer.</summary>
    public static void Add(State* s, byte** environment, uint count, uint uid)
    {
        byte* name = "HOME="u8.Pointer;
        const int nameLength = 5;
        uint at = 0;
        while (at < count && !Text.StartsWith(environment[at], name))
            at++;
        if (at < count && environment[at][nameLength] != 0)
            return;

        nint memory = Kernel.Map(MostBytes + nameLength + 1);
        if (memory < 0)
        {
            environment[at] = "HOME=/"u8.Pointer;
            return;
        }
        // The text is found behind the room for its name.
        byte* text = (byte*)memory + nameLength;
        byte* home = Find(text, Read(s, text), uid);
        if (home == null)
        {
            environment[at] = "HOME=/"u8.Pointer;
            return;
        }
        // What stood before it is of no use any more.
        Text.Copy(home - nameLength, name, nameLength);
        environment[at] = home - nameLength;
    }

    /// <summary>Reads the file, if it is one: a FIFO or a device is not opened for good.</summary>
    private static nint Read(State* s, byte* text)
    {
        const int flags = C.O_RDONLY | C.O_NONBLOCK | C.O_NOCTTY;
        nint file = Rootfs.OpenAt2(s, Rootfs.Root(s), "etc/passwd"u8.Pointer, flags, C.RESOLVE_IN_ROOT);
        // We are in the root file system by now: it is the only one that a path leads to.
        if (file == -C.ENOSYS)
            file = Kernel.OpenAt(C.AT_FDCWD, "/etc/passwd"u8.Pointer, flags);
        if (file < 0)
            return 0;
        FileStatus status;
        nint length = 0;
        if (Kernel.Status(file, &status) >= 0 && status.Type == C.S_IFREG)
        {
            nint count = 1;
            while (length < MostBytes && count > 0)
            {
                count = Kernel.Read(file, text + length, MostBytes - length);
                length += count > 0 ? count : 0;
            }
        }
        Kernel.Close(file);
        return length;
    }

    /// <summary>passwd(5): name:password:UID:GID:comment:home:shell. Returns the home of the first line with the id.</summary>
    private static byte* Find(byte* text, nint length, uint uid)
    {
        nint at = 0;
        while (at < length)
        {
            nint end = at;
            while (end < length && text[end] != '\n')
                end++;
            nint home = 0, homeEnd = end;
            int field = 0;
            ulong id = 0;
            bool isNumber = false;
            for (nint i = at; i < end; i++)
            {
                byte c = text[i];
                if (c == ':')
                {
                    field++;
                    if (field == 3 && (!isNumber || id != uid))
                        break;
                    if (field == 5)
                        home = i + 1;
                    else if (field == 6)
                        homeEnd = i;
                }
                else if (field == 2)
                {
                    isNumber = c is >= (byte)'0' and <= (byte)'9' && (isNumber || text[i - 1] == ':') && id <= uint.MaxValue;
                    if (!isNumber)
                        break;
                    id = id * 10 + c - '0';
                }
                else if (c == 0)
                {
                    break;
                }
            }
            if (field >= 5 && homeEnd > home && homeEnd - home < C.PATH_MAX)
            {
                text[homeEnd] = 0;
                return text + home;
            }
            at = end + 1;
        }
        return null;
    }
}
