using System;
using System.IO;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Linux;

public sealed class DescriptorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sealed_memory_file_cannot_be_changed_by_anyone(bool executable)
    {
        using Fd fd = Memfd.Create("sealed", "content"u8, executable);
        Assert.Equal(Memfd.Sealed, Syscalls.GetSeals(fd.Number) & Memfd.Sealed);
        Assert.Equal(-Errno.EPERM, Syscalls.Write(fd.Number, "x"u8));
        Assert.Equal(-Errno.EPERM, Syscalls.Ftruncate(fd.Number, 0));
        Assert.Equal(-Errno.EPERM, Syscalls.AddSeals(fd.Number, 1));
        int again = Syscalls.OpenAt(At.Cwd, $"/proc/self/fd/{fd.Number}", OpenFlags.ReadWrite);
        Assert.True(again < 0 || Syscalls.Write(again, "x"u8) < 0);
        using Fd reader = Files.Open(At.Cwd, $"/proc/self/fd/{fd.Number}", OpenFlags.ReadOnly);
        Assert.Equal("content"u8.ToArray(), Files.ReadAll(reader.Number, 100, "memfd"));
        Syscalls.Stat(fd.Number, out FileStatus status);
        // < 6.3 has no way to make one that cannot be executed.
        Assert.True(!executable || (status.FileMode & 0x49) != 0);
    }

    [Fact]
    public void A_descriptor_is_closed_once()
    {
        Fd fd = Files.OpenDirectory("/");
        int number = fd.Number;
        fd.Dispose();
        fd.Dispose();
        Assert.Throws<ObjectDisposedException>(() => fd.Number);
        Assert.Equal(-Errno.EBADF, Syscalls.Close(0x3fffffff));
        Assert.True(number > 2);
    }

    [Fact]
    public void Every_descriptor_is_closed_by_execution()
    {
        (Fd first, Fd second) = UnixSocket.Pair(SocketKind.SeqPacket);
        Syscalls.Pipe(out int reader, out int writer);
        Fd[] all =
        [
            first, second, new(reader), new(writer), Files.OpenDirectory("/"), Memfd.Create("x", [], executable: false),
            Fd.Own(Syscalls.Duplicate(0), "copy", null), Fd.Own(Syscalls.PidfdOpen(Environment.ProcessId), "open", null),
            UnixSocket.Listen(_directory.Fd.Number, "socket", SocketKind.Stream),
            Fd.Own(Syscalls.OpenTree(At.Cwd, "/", 0), "open", "/"),
        ];
        foreach (Fd fd in all)
        {
            Assert.Equal(1, Syscalls.GetDescriptorFlags(fd.Number));
            fd.Dispose();
        }
    }

    [Fact]
    public void A_message_arrives_whole_with_its_descriptor()
    {
        (Fd ours, Fd theirs) = UnixSocket.Pair(SocketKind.SeqPacket);
        using (ours)
        using (theirs)
        using (Fd file = Memfd.Create("passed", "through"u8, executable: false))
        {
            Assert.Equal(0, UnixSocket.Send(ours.Number, "one"u8, file.Number));
            Assert.Equal(0, UnixSocket.Send(ours.Number, "second"u8));
            Span<byte> buffer = new byte[10];
            Assert.Equal(3, UnixSocket.Receive(theirs.Number, buffer, out int fd));
            using Fd passed = new(fd);
            Assert.Equal(1, Syscalls.GetDescriptorFlags(fd));
            Syscalls.Stat(fd, out FileStatus received);
            Syscalls.Stat(file.Number, out FileStatus sent);
            Assert.True(received.IsSameFile(sent));
            Assert.Equal(6, UnixSocket.Receive(theirs.Number, buffer, out fd));
            Assert.Equal(-1, fd);
        }
    }

    [Fact]
    public void A_message_that_is_too_long_is_an_error_and_its_descriptor_is_closed()
    {
        (Fd ours, Fd theirs) = UnixSocket.Pair(SocketKind.SeqPacket);
        using (ours)
        using (theirs)
        {
            UnixSocket.Send(ours.Number, "longer than the buffer"u8, ours.Number);
            Assert.Equal(-Errno.EMSGSIZE, UnixSocket.Receive(theirs.Number, new byte[4], out int fd));
            Assert.Equal(-1, fd);
        }
    }

    [Fact]
    public void The_end_of_the_other_side_is_zero_bytes_and_a_broken_pipe_without_a_signal()
    {
        (Fd ours, Fd theirs) = UnixSocket.Pair(SocketKind.SeqPacket);
        ours.Dispose();
        using (theirs)
        {
            Assert.Equal(0, UnixSocket.Receive(theirs.Number, new byte[4], out _));
            Assert.Equal(-Errno.EPIPE, UnixSocket.Send(theirs.Number, "x"u8));
        }
    }

    [Fact]
    public void A_socket_in_a_directory_is_reached_however_long_its_path()
    {
        string deep = Path.Combine(_directory.Path, new string('a', 100), new string('b', 100));
        using Fd directory = Directories.Make(deep, Mode.OwnerAll);
        Assert.Equal(-Errno.ENOENT, UnixSocket.TryConnect(directory.Number, "socket", SocketKind.SeqPacket));
        using (Fd listener = UnixSocket.Listen(directory.Number, "socket", SocketKind.SeqPacket))
        {
            using Fd client = Fd.Own(UnixSocket.TryConnect(directory.Number, "socket", SocketKind.SeqPacket), "connect", null);
            using Fd server = Fd.Own(Syscalls.Accept(listener.Number), "accept", null);
            UnixSocket.Send(client.Number, "go"u8);
            Assert.Equal(2, UnixSocket.Receive(server.Number, new byte[8], out _));
            using Fd byPath = UnixSocket.Connect(Path.Combine(deep, "socket"), SocketKind.SeqPacket);
        }
        Assert.Equal(-Errno.ECONNREFUSED, UnixSocket.TryConnect(directory.Number, "socket", SocketKind.SeqPacket));
    }

    [Fact]
    public void A_terminal_is_made_raw_and_put_back_and_has_a_size()
    {
        using Fd master = Files.Open(At.Cwd, "/dev/ptmx", OpenFlags.ReadWrite);
        Assert.True(Terminal.TryGet(master.Number, out TerminalSettings before));
        TerminalSettings raw = Terminal.MakeRaw(before);
        Assert.NotEqual(Bytes(before), Bytes(raw));
        Assert.Equal(0, Terminal.Set(master.Number, raw));
        Assert.Equal(0, Terminal.Set(master.Number, before));
        Assert.True(Terminal.TryGet(master.Number, out TerminalSettings after));
        Assert.Equal(Bytes(before), Bytes(after));

        Assert.Equal(0, Terminal.SetSize(master.Number, new(24, 80)));
        Assert.True(Terminal.TryGetSize(master.Number, out WindowSize size));
        Assert.Equal(new WindowSize(24, 80), size);
        Assert.False(Terminal.TryGetSize(_directory.Fd.Number, out _));
    }

    private static byte[] Bytes(TerminalSettings settings) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<TerminalSettings>(ref settings)).ToArray();
}
