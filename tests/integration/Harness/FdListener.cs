using System;
using System.IO;
using System.Text;

namespace Csrun.Tests.Integration;

/// <summary>A listening Unix socket that takes one message with descriptors, as console-socket receivers do.</summary>
internal sealed unsafe class FdListener : IDisposable
{
    private readonly int socket;

    internal FdListener(string path)
    {
        Path = path;
        socket = Libc.Check(Libc.socket(1, 1 | Libc.CloseOnExec, 0), "socket");
        var address = new byte[110];
        address[0] = 1;
        Encoding.UTF8.GetBytes(path, address.AsSpan(2));
        fixed (byte* start = address)
        {
            Libc.Check(Libc.bind(socket, start, 110), "bind");
        }

        Libc.Check(Libc.listen(socket, 4), "listen");
    }

    internal string Path { get; }

    public void Dispose()
    {
        Libc.close(socket);
        File.Delete(Path);
    }

    /// <summary>Accepts one connection and reads one message; afterwards the sender must have closed.</summary>
    internal (int Payload, int[] Descriptors, bool Closed) Receive()
    {
        var (text, descriptors, closed) = ReceiveText();
        return (text.Length, descriptors, closed);
    }

    /// <summary>The same, with the message itself.</summary>
    internal (byte[] Text, int[] Descriptors, bool Closed) ReceiveText()
    {
        const int most = 16384;
        var connection = Libc.Check(Libc.accept4(socket, null, null, Libc.CloseOnExec), "accept");
        var payload = new byte[most];
        var control = stackalloc byte[256];
        var descriptors = Array.Empty<int>();
        int length;
        fixed (byte* start = payload)
        {
            var vector = stackalloc nint[2] { (nint)start, most };
            var message = stackalloc nint[7] { 0, 0, (nint)vector, 1, (nint)control, 256, 0 };
            length = (int)Libc.recvmsg(connection, message, 0x40000000);
            if (message[5] >= 16 && ((int*)control)[3] == 1)
            {
                descriptors = new Span<int>(control + 16, (int)(((long*)control)[0] - 16) / 4).ToArray();
            }
        }

        byte more;
        var closed = Libc.read(connection, &more, 1) == 0;
        Libc.close(connection);
        return (payload[..Math.Max(length, 0)], descriptors, closed);
    }
}

/// <summary>The master side of a terminal.</summary>
internal sealed unsafe class Terminal : IDisposable
{
    private readonly StringBuilder text = new();

    /// <summary>Makes a new terminal on the host.</summary>
    internal Terminal()
    {
        Master = Libc.Check(Libc.posix_openpt(Libc.ReadWrite | Libc.NoControl | Libc.CloseOnExec), "posix_openpt");
        Libc.Check(Libc.grantpt(Master), "grantpt");
        Libc.Check(Libc.unlockpt(Master), "unlockpt");
        var name = stackalloc byte[64];
        Libc.ptsname_r(Master, name, 64);
        Name = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name)!;
    }

    /// <summary>Takes over a master that a runtime sent.</summary>
    internal Terminal(int master)
    {
        Master = master;
        Name = "";
    }

    internal int Master { get; }

    internal string Name { get; }

    internal string Text => text.ToString();

    public void Dispose() => Libc.close(Master);

    internal void Resize(int rows, int columns)
    {
        var size = stackalloc ushort[4] { (ushort)rows, (ushort)columns, 0, 0 };
        Libc.Check(Libc.ioctl(Master, 0x5414, size), "TIOCSWINSZ");
    }

    internal (int Rows, int Columns) Size()
    {
        var size = stackalloc ushort[4];
        Libc.Check(Libc.ioctl(Master, 0x5413, size), "TIOCGWINSZ");
        return (size[0], size[1]);
    }

    /// <summary>The local modes: ICANON is 2, ECHO is 8.</summary>
    internal int LocalModes()
    {
        var settings = stackalloc int[32];
        Libc.Check(Libc.ioctl(Master, 0x5401, settings), "TCGETS");
        return settings[3];
    }

    internal void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        fixed (byte* start = bytes)
        {
            Libc.write(Master, start, (nuint)bytes.Length);
        }
    }

    /// <summary>Reads until the text holds what is looked for, or the terminal hangs up.</summary>
    internal string ReadUntil(string wanted, int milliseconds = 10_000)
    {
        var end = Environment.TickCount64 + milliseconds;
        var buffer = stackalloc byte[4096];
        while (!text.ToString().Contains(wanted, StringComparison.Ordinal))
        {
            var left = (int)(end - Environment.TickCount64);
            if (!Libc.AwaitInput(Master, left))
            {
                throw new TimeoutException($"no \"{wanted}\" in: {text}");
            }

            var got = Libc.read(Master, buffer, 4096);
            if (got <= 0)
            {
                return wanted.Length == 0 ? text.ToString() : throw new InvalidOperationException($"hung up without \"{wanted}\": {text}");
            }

            text.Append(Encoding.UTF8.GetString(buffer, (int)got));
        }

        return text.ToString();
    }
}
