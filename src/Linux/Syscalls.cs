using System;
using System.Text;
using Tmds.Linux;

namespace Csrun.Linux;

/// <summary>
/// System calls as they are: each gives its value, or -errno, and never throws. Descriptors are plain numbers here;
/// <see cref="Fd"/> owns them. Calls that make descriptors make them close-on-exec. None is repeated on EINTR.
/// </summary>
/// <remarks>
/// The C library's functions come from Tmds.LibC where the kernel's structures pass through them unchanged; what it
/// lacks, or what its types would narrow (a 16-bit mode_t), goes through syscall(2) by number.
/// </remarks>
public static unsafe partial class Syscalls
{
    /// <summary>Bytes on the stack for a path; longer ones go to the heap.</summary>
    private const int PathBuffer = 512;

    private static int Result(int result) => result == -1 ? -LibC.errno : result;

    private static long Result(ssize_t result) => result == -1 ? -LibC.errno : (long)result;

    private static long Result(off_t result) => result == -1 ? -LibC.errno : (long)result;

    private static int Call(int number, syscall_arg a) => (int)Result(LibC.syscall(number, a));

    private static int Call(int number, syscall_arg a, syscall_arg b) => (int)Result(LibC.syscall(number, a, b));

    private static int Call(int number, syscall_arg a, syscall_arg b, syscall_arg c) =>
        (int)Result(LibC.syscall(number, a, b, c));

    private static int Call(int number, syscall_arg a, syscall_arg b, syscall_arg c, syscall_arg d) =>
        (int)Result(LibC.syscall(number, a, b, c, d));

    private static int Call(int number, syscall_arg a, syscall_arg b, syscall_arg c, syscall_arg d, syscall_arg e) =>
        (int)Result(LibC.syscall(number, a, b, c, d, e));

    /// <summary>
    /// The NUL-terminated UTF-8 of a text. One with a NUL inside would silently mean something shorter: it becomes a
    /// null pointer, which the kernel refuses with EFAULT.
    /// </summary>
    private static Span<byte> Utf8(string text, Span<byte> buffer)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return default;
        }
        int most = Encoding.UTF8.GetMaxByteCount(text.Length) + 1;
        if (buffer.Length < most)
        {
            buffer = new byte[most];
        }
        int length = Encoding.UTF8.GetBytes(text, buffer);
        buffer[length] = 0;
        return buffer;
    }
}
