using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Csrun.Linux;

/// <summary>The kinds of unix(7) sockets in use here.</summary>
public enum SocketKind
{
    /// <summary>SOCK_STREAM.</summary>
    Stream = 1,

    /// <summary>SOCK_DGRAM.</summary>
    Datagram = 2,

    /// <summary>SOCK_SEQPACKET: connected, and keeps the bounds of messages.</summary>
    SeqPacket = 5,
}

public static unsafe partial class Syscalls
{
    private const int UnixFamily = 1;
    private const int SocketCloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;

    /// <summary>socket(2) of AF_UNIX.</summary>
    public static int Socket(SocketKind kind, bool nonBlocking = false) =>
        Result(LibC.socket(UnixFamily, (int)kind | SocketCloseOnExec | (nonBlocking ? OpenFlags.NonBlock : 0), 0));

    /// <summary>socket(2) of AF_NETLINK: rtnetlink(7).</summary>
    public static int RouteSocket()
    {
        const int netlink = 16, raw = 3, route = 0;
        return Result(LibC.socket(netlink, raw | SocketCloseOnExec, route));
    }

    /// <summary>socketpair(2) of AF_UNIX.</summary>
    public static int SocketPair(SocketKind kind, out int first, out int second)
    {
        int* fds = stackalloc int[2];
        int result = Result(LibC.socketpair(UnixFamily, (int)kind | SocketCloseOnExec, 0, fds));
        (first, second) = result < 0 ? (-1, -1) : (fds[0], fds[1]);
        return result;
    }

    /// <summary>bind(2) to a path; -ENAMETOOLONG if it has more than 107 bytes.</summary>
    public static int Bind(int socket, string path)
    {
        byte* address = stackalloc byte[UnixAddress.Size];
        int length = UnixAddress.Fill(new Span<byte>(address, UnixAddress.Size), path);
        return length < 0 ? length : Result(LibC.bind(socket, (sockaddr*)address, length));
    }

    /// <summary>connect(2) to a path; -ENAMETOOLONG if it has more than 107 bytes.</summary>
    public static int Connect(int socket, string path)
    {
        byte* address = stackalloc byte[UnixAddress.Size];
        int length = UnixAddress.Fill(new Span<byte>(address, UnixAddress.Size), path);
        return length < 0 ? length : Result(LibC.connect(socket, (sockaddr*)address, length));
    }

    /// <summary>listen(2).</summary>
    public static int Listen(int socket, int backlog) => Result(LibC.listen(socket, backlog));

    /// <summary>accept4(2).</summary>
    public static int Accept(int socket) => Result(LibC.accept4(socket, null, null, SocketCloseOnExec));

    /// <summary>sendmsg(2) without SIGPIPE, with up to one descriptor (SCM_RIGHTS).</summary>
    /// <param name="socket">A connected socket.</param>
    /// <param name="data">At least one byte, or the descriptor would never arrive.</param>
    /// <param name="fd">The descriptor to send; negative for none.</param>
    public static long SendMessage(int socket, ReadOnlySpan<byte> data, int fd = -1)
    {
        ControlMessage control = new() { Length = ControlMessage.LengthWithOneFd, Level = 1, Type = 1, Fd = fd };
        fixed (byte* p = data)
        {
            IoVector vector = new() { Base = p, Length = (nuint)data.Length };
            MessageHeader header = new() { Vectors = &vector, VectorCount = 1 };
            if (fd >= 0)
            {
                header.Control = &control;
                header.ControlLength = (nuint)sizeof(ControlMessage);
            }
            return Result(LibC.sendmsg(socket, (msghdr*)&header, NoSignal));
        }
    }

    /// <summary>sendmsg(2) on a netlink socket, with the kernel's address (sockaddr_nl of zeros).</summary>
    public static long SendToKernel(int socket, ReadOnlySpan<byte> data)
    {
        const int addressLength = 12;
        byte* address = stackalloc byte[addressLength];
        new Span<byte>(address, addressLength).Clear();
        address[0] = 16;
        fixed (byte* p = data)
        {
            IoVector vector = new() { Base = p, Length = (nuint)data.Length };
            MessageHeader header = new() { Name = address, NameLength = addressLength, Vectors = &vector, VectorCount = 1 };
            return Result(LibC.sendmsg(socket, (msghdr*)&header, NoSignal));
        }
    }

    /// <summary>recvmsg(2) with up to one descriptor, which is close-on-exec.</summary>
    /// <param name="socket">A connected socket.</param>
    /// <param name="buffer">For the data. A message that is longer gives -EMSGSIZE.</param>
    /// <param name="fd">The descriptor that came along, or -1.</param>
    /// <returns>The number of bytes; 0 at the end of file; or -errno.</returns>
    public static long ReceiveMessage(int socket, Span<byte> buffer, out int fd)
    {
        const int closeOnExec = 0x40000000;
        const int truncated = 0x20;
        const int controlTruncated = 0x8;
        ControlMessage control = default;
        fd = -1;
        fixed (byte* p = buffer)
        {
            IoVector vector = new() { Base = p, Length = (nuint)buffer.Length };
            MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = &control,
                // Exactly one descriptor's room: the kernel drops any others itself, so that none can be forced on us.
                ControlLength = ControlMessage.LengthWithOneFd,
            };
            long result = Result(LibC.recvmsg(socket, (msghdr*)&header, closeOnExec));
            if (result < 0)
            {
                return result;
            }
            if (header.ControlLength >= ControlMessage.LengthWithOneFd && control.Level == 1 && control.Type == 1)
            {
                fd = control.Fd;
            }
            if ((header.Flags & (truncated | controlTruncated)) != 0)
            {
                if (fd >= 0)
                {
                    _ = Close(fd);
                    fd = -1;
                }
                return -Errno.EMSGSIZE;
            }
            return result;
        }
    }

    // The kernel's own layouts on 64-bit machines; Tmds.LibC's msghdr and cmsghdr have 32-bit lengths.
    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
        public int Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ControlMessage
    {
        /// <summary>CMSG_LEN(sizeof(int)).</summary>
        public const int LengthWithOneFd = 20;

        public nuint Length;

        /// <summary>SOL_SOCKET is 1.</summary>
        public int Level;

        /// <summary>SCM_RIGHTS is 1.</summary>
        public int Type;
        public int Fd;
        public int Padding;
    }

    private static class UnixAddress
    {
        /// <summary>sizeof(struct sockaddr_un).</summary>
        public const int Size = 110;

        /// <summary>Writes family and path; gives the address's length, or -errno.</summary>
        public static int Fill(Span<byte> address, string path)
        {
            address.Clear();
            MemoryMarshal.Write(address, (ushort)UnixFamily);
            // An empty path or a leading NUL would mean an abstract or autobound name, which is never wanted.
            if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            {
                return -Errno.EINVAL;
            }
            return System.Text.Encoding.UTF8.TryGetBytes(path, address[2..^1], out int length)
                ? 2 + length + 1
                : -Errno.ENAMETOOLONG;
        }
    }
}
