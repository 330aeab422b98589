using System.Runtime.InteropServices;

namespace Csrun.Linux;

/// <summary>A terminal's size: rows and columns in characters.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct WindowSize(ushort Rows, ushort Columns, ushort PixelWidth = 0, ushort PixelHeight = 0);

/// <summary>A terminal's settings as they were, to be put back.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TerminalSettings
{
    // struct termios of the kernel, 36 bytes: four flag words, the line discipline, 19 control characters.
    internal uint Input;
    internal uint Output;
    internal uint Control;
    internal uint Local;
    internal byte Line;
    internal fixed byte Characters[19];
}

/// <summary>ioctl_tty(2).</summary>
public static unsafe class Terminal
{
    private const int TcGets = 0x5401;
    private const int TcSets = 0x5402;
    private const int GetWindowSize = 0x5413;
    private const int SetWindowSize = 0x5414;
    private const int GetPtyNumber = unchecked((int)0x80045430);

    /// <summary>What a pseudo-terminal is called in its own devpts, by its master side: "/dev/pts/3" (TIOCGPTN).</summary>
    public static string NameOf(int master)
    {
        uint number;
        LinuxException.Check(Syscalls.Ioctl(master, GetPtyNumber, &number), "ask for the name of", "the terminal");
        return System.FormattableString.Invariant($"/dev/pts/{number}");
    }

    /// <summary>Whether it is a terminal, and its settings.</summary>
    public static bool TryGet(int fd, out TerminalSettings settings)
    {
        TerminalSettings got = default;
        bool isTerminal = Syscalls.Ioctl(fd, TcGets, &got) >= 0;
        settings = got;
        return isTerminal;
    }

    /// <summary>Puts settings back, at once: 0, or -errno.</summary>
    public static int Set(int fd, TerminalSettings settings) => Syscalls.Ioctl(fd, TcSets, &settings);

    /// <summary>The same settings made raw, as cfmakeraw(3) does: every byte goes through as it is.</summary>
    public static TerminalSettings MakeRaw(TerminalSettings settings)
    {
        const uint ignoreBreak = 1, signalBreak = 2, markParity = 8, strip = 0x20, newlineToCr = 0x40, ignoreCr = 0x80,
            crToNewline = 0x100, flowControl = 0x400;
        const uint postProcess = 1;
        const uint signals = 1, canonical = 2, echo = 8, echoNewline = 0x40, extended = 0x8000;
        const uint sizeMask = 0x30, parity = 0x100, eightBits = 0x30;
        const int leastBytes = 6, time = 5;
        settings.Input &= ~(ignoreBreak | signalBreak | markParity | strip | newlineToCr | ignoreCr | crToNewline | flowControl);
        settings.Output &= ~postProcess;
        settings.Local &= ~(signals | canonical | echo | echoNewline | extended);
        settings.Control = (settings.Control & ~(sizeMask | parity)) | eightBits;
        settings.Characters[leastBytes] = 1;
        settings.Characters[time] = 0;
        return settings;
    }

    /// <summary>The terminal's size; false if it is none.</summary>
    public static bool TryGetSize(int fd, out WindowSize size)
    {
        WindowSize got = default;
        bool isTerminal = Syscalls.Ioctl(fd, GetWindowSize, &got) >= 0;
        size = got;
        return isTerminal;
    }

    /// <summary>Sets the terminal's size: 0, or -errno. Its foreground processes get SIGWINCH.</summary>
    public static int SetSize(int fd, WindowSize size) => Syscalls.Ioctl(fd, SetWindowSize, &size);
}
