using System;
using System.Text;

namespace Csrun.Linux;

/// <summary>
/// The command's own standard streams. Engines hand over odd ones (a /dev/null opened read-only for 1 and 2, a pipe
/// whose reader is gone, a full non-blocking one): what cannot be written is dropped, and changes nothing.
/// </summary>
public static class Output
{
    private const int Patience = 1000;

    /// <summary>Writes to standard output; false if not all of it went out.</summary>
    public static bool Stdout(ReadOnlySpan<byte> data) => Write(1, data);

    /// <summary>Writes text to standard output; false if not all of it went out.</summary>
    public static bool Stdout(string text) => Write(1, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes text to standard error; false if not all of it went out.</summary>
    public static bool Stderr(string text) => Write(2, Encoding.UTF8.GetBytes(text));

    private static bool Write(int fd, ReadOnlySpan<byte> data)
    {
        Span<PollFd> wait = [new(fd, PollFd.Out)];
        while (!data.IsEmpty)
        {
            long written = Syscalls.Write(fd, data);
            if (written > 0)
            {
                data = data[(int)written..];
            }
            else if (written == -Errno.EAGAIN)
            {
                if (Syscalls.Poll(wait, Patience) <= 0)
                {
                    return false;
                }
            }
            else if (written != -Errno.EINTR)
            {
                return false;
            }
        }
        return true;
    }
}
