using System;
using System.Globalization;

namespace Csrun.Linux;

/// <summary>unix(7) sockets: pairs, names in a directory held by descriptor, messages with a descriptor.</summary>
public static class UnixSocket
{
    /// <summary>Two sockets connected with one another.</summary>
    public static (Fd Ours, Fd Theirs) Pair(SocketKind kind)
    {
        LinuxException.Check(Syscalls.SocketPair(kind, out int first, out int second), "make socket pair", null);
        return (new(first), new(second));
    }

    /// <summary>Makes a socket in a directory and listens on it. The name must not exist.</summary>
    public static Fd Listen(int directory, string name, SocketKind kind, int backlog = 16)
    {
        Fd socket = Bind(directory, name, kind, Mode.OwnerReadWrite);
        try
        {
            LinuxException.Check(Syscalls.Listen(socket.Number, backlog), "listen on", name);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes a socket in a directory. The name must not exist.</summary>
    /// <param name="directory">The directory's descriptor.</param>
    /// <param name="name">The name in it.</param>
    /// <param name="kind">SOCK_DGRAM, to receive at once; or what is to listen.</param>
    /// <param name="mode">Permission bits of the name, exact whatever the umask: who may write may connect.</param>
    public static Fd Bind(int directory, string name, SocketKind kind, uint mode)
    {
        Fd socket = Fd.Own(Syscalls.Socket(kind), "make socket", name);
        try
        {
            // bind(2) takes the mode of the socket's own inode, less the umask.
            LinuxException.Check(Syscalls.Fchmod(socket.Number, mode), "set the mode of", name);
            uint umask = Syscalls.Umask(0);
            int bound = Syscalls.Bind(socket.Number, PathBelow(directory, name));
            Syscalls.Umask(umask);
            LinuxException.Check(bound, "bind socket", name);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Connects to a socket in a directory held by descriptor: the socket, or -errno (ENOENT: no such name;
    /// ECONNREFUSED: nobody listens any more; EAGAIN, if <paramref name="wait"/> is false: somebody listens, but has
    /// not yet taken those who came before).
    /// </summary>
    public static int TryConnect(int directory, string name, SocketKind kind, bool wait = true)
    {
        int socket = Syscalls.Socket(kind, nonBlocking: !wait);
        if (socket < 0)
        {
            return socket;
        }
        int result;
        do
        {
            result = Syscalls.Connect(socket, PathBelow(directory, name));
        }
        while (result == -Errno.EINTR);
        if (result < 0)
        {
            _ = Syscalls.Close(socket);
            return result;
        }
        return socket;
    }

    /// <summary>Connects to a socket by its path, which may be longer than what sockaddr_un holds.</summary>
    public static Fd Connect(string path, SocketKind kind)
    {
        int slash = path.LastIndexOf('/');
        string parent = slash < 0 ? "." : path[..(slash + 1)];
        using Fd directory = Fd.Own(
            Syscalls.OpenAt(At.Cwd, parent, OpenFlags.Path | OpenFlags.Directory), "connect to", path);
        return Fd.Own(TryConnect(directory.Number, path[(slash + 1)..], kind), "connect to", path);
    }

    /// <summary>Sends one message whole, with up to one descriptor: 0, or -errno (EPIPE: the other side is gone).</summary>
    public static int Send(int socket, ReadOnlySpan<byte> data, int fd = -1)
    {
        while (true)
        {
            long sent = Syscalls.SendMessage(socket, data, fd);
            if (sent != -Errno.EINTR)
            {
                return sent < 0 ? (int)sent : sent == data.Length ? 0 : -Errno.EMSGSIZE;
            }
        }
    }

    /// <summary>Receives one message, with up to one descriptor: its length, 0 at the end of file, or -errno.</summary>
    public static int Receive(int socket, Span<byte> buffer, out int fd)
    {
        while (true)
        {
            long received = Syscalls.ReceiveMessage(socket, buffer, out fd);
            if (received != -Errno.EINTR)
            {
                return (int)received;
            }
        }
    }

    /// <summary>Waits until there is something to receive, or the end of file; false if neither came in that time.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="milliseconds">Longest wait; negative for ever.</param>
    public static bool AwaitInput(int socket, int milliseconds)
    {
        Span<PollFd> fds = [new(socket, PollFd.In)];
        int result;
        do
        {
            fds[0].Returned = 0;
            result = Syscalls.Poll(fds, milliseconds);
        }
        while (result == -Errno.EINTR);
        LinuxException.Check(result, "wait for", "the other side of a socket");
        return result > 0;
    }

    /// <summary>A short path to a name in a directory: sun_path has room for 107 bytes.</summary>
    private static string PathBelow(int directory, string name) =>
        directory == At.Cwd ? name : string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory}/{name}");
}
