using Csrun.Plan;

namespace Csrun.Init;

/// <summary>
/// What proc_pid_mountinfo(5) says of our mount namespace: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS TAG... - TYPE
/// SOURCE SUPEROPTIONS" in each line.
/// </summary>
internal static unsafe class MountInfo
{
    private const int MostBytes = 64 << 20;

    /// <summary>
    /// Reads all of it into fresh memory, whose address it returns: <paramref name="length"/> bytes of text in
    /// <paramref name="size"/> bytes to unmap. There is room for a NUL behind the text.
    /// </summary>
    public static nint Read(State* s, nint* length, nint* size)
    {
        nint proc = Procfs.Root(s);
        if (proc < 0)
            return proc;
        s->Step = Step.Read;
        Messages.SetText(s, "mountinfo"u8.Pointer);
        for (*size = 1 << 16; *size <= MostBytes; *size *= 4)
        {
            nint buffer = Kernel.Map(*size);
            if (buffer < 0)
                return buffer;
            *length = ReadAll(proc, (byte*)buffer, *size);
            if (*length < 0)
                return *length;
            if (*length < *size)
                return buffer;
            Kernel.Unmap((void*)buffer, *size);
        }
        return -C.EIO;
    }

    /// <summary>The fifth field of a line: the mount point, which ends at a space.</summary>
    public static byte* Point(byte* line)
    {
        for (int i = 0; i < 4; i++)
        {
            while (*line is not (0 or (byte)' ' or (byte)'\n'))
                line++;
            if (*line == ' ')
                line++;
        }
        return line;
    }

    /// <summary>Ends a field and undoes its octal escapes, in place.</summary>
    public static void Unescape(byte* text)
    {
        byte* to = text;
        while (*text is not (0 or (byte)' '))
        {
            if (text[0] == '\\' && text[1] is >= (byte)'0' and <= (byte)'3' && text[2] != 0 && text[3] != 0)
            {
                *to++ = (byte)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
                text += 4;
                continue;
            }
            *to++ = *text++;
        }
        *to = 0;
    }

    /// <summary>Reads a decimal number, and steps over it and the space behind.</summary>
    public static ulong Number(byte** at)
    {
        ulong value = 0;
        while (**at is >= (byte)'0' and <= (byte)'9')
            value = value * 10 + (ulong)(*(*at)++ - '0');
        if (**at == ' ')
            (*at)++;
        return value;
    }

    private static nint ReadAll(nint proc, byte* buffer, nint size)
    {
        nint file = Kernel.OpenAt(proc, "self/mountinfo"u8.Pointer, C.O_RDONLY);
        if (file < 0)
            return file;
        nint length = 0;
        while (length < size)
        {
            nint count = Kernel.Read(file, buffer + length, size - length);
            if (count <= 0)
            {
                if (count < 0)
                    length = count;
                break;
            }
            length += count;
        }
        Kernel.Close(file);
        return length;
    }
}
