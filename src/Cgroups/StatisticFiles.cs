using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>Reads the files of one cgroup, all into one buffer: what was read counts until the next is.</summary>
internal sealed class StatisticFiles(int directory)
{
    private byte[] _buffer = new byte[16384];

    /// <summary>A file's bytes; empty if there is no such file.</summary>
    public ReadOnlySpan<byte> Read(string file)
    {
        int fd = Syscalls.OpenAt(directory, file, OpenFlags.ReadOnly | OpenFlags.NoFollow);
        if (fd < 0)
        {
            return default;
        }
        using Fd owned = new(fd);
        int length = 0;
        while (true)
        {
            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 4);
            }
            long read = Syscalls.Read(fd, _buffer.AsSpan(length));
            if (read == -Errno.EINTR)
            {
                continue;
            }
            // An error: the cgroup was removed meanwhile.
            if (read <= 0)
            {
                return read < 0 ? default : _buffer.AsSpan(0, length);
            }
            length += (int)read;
        }
    }

    /// <summary>Whether there is a file.</summary>
    public bool Has(string file) => Syscalls.Stat(directory, file, At.SymlinkNoFollow, out _) == 0;

    /// <summary>A file's number; "max" is the largest there is.</summary>
    public ulong Number(string file) => NumberIn(Read(file));

    /// <summary>The number behind a name, in a file with a line for each.</summary>
    public static ulong Named(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith(name) && line.Length > name.Length && line[name.Length] == ' ')
            {
                return NumberIn(line[(name.Length + 1)..]);
            }
        }
        return 0;
    }

    /// <summary>All lines "NAME NUMBER".</summary>
    public static void AddNamed(ReadOnlySpan<byte> text, List<(string Name, ulong Value)> to)
    {
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (NextWord(ref line, out ReadOnlySpan<byte> name) && NextWord(ref line, out ReadOnlySpan<byte> value))
            {
                to.Add((Encoding.ASCII.GetString(name), NumberIn(value)));
            }
        }
    }

    /// <summary>A list like 0-3,7 as its numbers.</summary>
    public void AddList(string file, List<ulong> to)
    {
        ReadOnlySpan<byte> text = Read(file);
        while (Utf8Parser.TryParse(text, out ulong first, out int used))
        {
            ulong last = first;
            text = text[used..];
            if (text.StartsWith("-"u8) && Utf8Parser.TryParse(text[1..], out last, out used))
            {
                text = text[(used + 1)..];
            }
            for (ulong number = first; number <= last; number++)
            {
                to.Add(number);
            }
            text = text[Math.Min(1, text.Length)..];
        }
    }

    /// <summary>Numbers between blanks.</summary>
    public static void AddNumbers(ReadOnlySpan<byte> text, List<ulong> to)
    {
        while (NextWord(ref text, out ReadOnlySpan<byte> word))
        {
            to.Add(NumberIn(word));
        }
    }

    /// <summary>A file of pressure; null if the kernel has none, or it is switched off.</summary>
    public Pressure? Pressure(string file)
    {
        ReadOnlySpan<byte> text = Read(file);
        if (text.IsEmpty)
        {
            return null;
        }
        PressureLine some = default, full = default;
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith("some "u8))
            {
                some = PressureIn(line);
            }
            else if (line.StartsWith("full "u8))
            {
                full = PressureIn(line);
            }
        }
        return new(some, full);
    }

    /// <summary>The next line, without its end.</summary>
    public static bool NextLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line) => Next(ref text, "\n"u8, out line);

    /// <summary>The next word between blanks.</summary>
    public static bool NextWord(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> word) => Next(ref text, " \n\t"u8, out word);

    public static ulong NumberIn(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out ulong value, out _) ? value : text.StartsWith("max"u8) ? ulong.MaxValue : 0;

    /// <summary>Lines "8:0 Read 1282048" or "8:0 1282048"; false if there is no such file.</summary>
    public bool AddDevices(string file, List<BlockIOEntry> to)
    {
        if (!Has(file))
        {
            return false;
        }
        to.Clear();
        ReadOnlySpan<byte> text = Read(file);
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            // The last line is the sum of all.
            if (!TryDevice(ref line, out ulong major, out ulong minor) || !NextWord(ref line, out ReadOnlySpan<byte> second))
            {
                continue;
            }
            bool named = NextWord(ref line, out ReadOnlySpan<byte> third);
            to.Add(new(major, minor, named ? Encoding.ASCII.GetString(second) : "", NumberIn(named ? third : second)));
        }
        return true;
    }

    /// <summary>"8:0" at the beginning of a line.</summary>
    public static bool TryDevice(ref ReadOnlySpan<byte> line, out ulong major, out ulong minor)
    {
        minor = 0;
        if (!Utf8Parser.TryParse(line, out major, out int used) || used >= line.Length || line[used] != ':'
            || !Utf8Parser.TryParse(line[(used + 1)..], out minor, out int more))
        {
            return false;
        }
        line = line[(used + 1 + more)..];
        return true;
    }

    /// <summary>The sizes of huge pages that the kernel has, as the files of cgroups name them.</summary>
    public static List<string> HugepageSizes()
    {
        const string place = "/sys/kernel/mm/hugepages";
        List<string> sizes = [];
        int fd = Syscalls.OpenAt(At.Cwd, place, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (fd < 0)
        {
            return sizes;
        }
        using Fd owned = new(fd);
        foreach (DirectoryEntry entry in Directories.List(fd, place))
        {
            string[] parts = entry.Name.Split('-');
            if (parts.Length == 2 && parts[1].EndsWith("kB", StringComparison.Ordinal)
                && ulong.TryParse(parts[1].AsSpan(0, parts[1].Length - 2), out ulong kilobytes))
            {
                sizes.Add(SizeName(kilobytes));
            }
        }
        return sizes;
    }

    private static string SizeName(ulong kilobytes)
    {
        const ulong mega = 1024, giga = 1024 * 1024;
        return kilobytes >= giga ? FormattableString.Invariant($"{kilobytes / giga}GB")
            : kilobytes >= mega ? FormattableString.Invariant($"{kilobytes / mega}MB")
            : FormattableString.Invariant($"{kilobytes}KB");
    }

    private static PressureLine PressureIn(ReadOnlySpan<byte> line)
    {
        double ten = 0, sixty = 0, threeHundred = 0;
        ulong total = 0;
        while (NextWord(ref line, out ReadOnlySpan<byte> word))
        {
            ReadOnlySpan<byte> value = word[(word.IndexOf((byte)'=') + 1)..];
            _ = word.StartsWith("avg10="u8) ? Utf8Parser.TryParse(value, out ten, out _)
                : word.StartsWith("avg60="u8) ? Utf8Parser.TryParse(value, out sixty, out _)
                : word.StartsWith("avg300="u8) ? Utf8Parser.TryParse(value, out threeHundred, out _)
                : word.StartsWith("total="u8) && Utf8Parser.TryParse(value, out total, out _);
        }
        return new(ten, sixty, threeHundred, total);
    }

    private static bool Next(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> ends, out ReadOnlySpan<byte> part)
    {
        while (!text.IsEmpty && ends.Contains(text[0]))
        {
            text = text[1..];
        }
        int end = text.IndexOfAny(ends);
        part = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        return !part.IsEmpty;
    }
}
