using System;
using System.Diagnostics;
using System.Text;
using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Processes;

/// <summary>
/// sd_notify(3) for a container under a service manager. The container sees a socket of ours on /run/notify; what it
/// says there, <c>start</c> passes on to the manager's own (NOTIFY_SOCKET), which a container must not reach.
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    private const int BarrierPatience = 30_000;
    private const string Variable = "NOTIFY_SOCKET";
    private readonly Fd _container;
    private readonly Fd _manager;

    private NotifySocket(Fd container, Fd manager)
    {
        _container = container;
        _manager = manager;
    }

    /// <summary>csrun was started by a service manager that wants to be told.</summary>
    public static bool IsWanted => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Where the container's socket is going to be on the host.</summary>
    public static string PathOf(StateRoot root, string id) =>
        $"{root.Path}/{id}/{StateDirectory.NotifyName}/{StateDirectory.NotifySocketName}";

    /// <summary>Makes the directory that is bound into the container.</summary>
    public static void MakeDirectory(StateDirectory directory)
    {
        const uint mode = 0x1ED; // 0755: the container's user must get through.
        LinuxException.Check(
            Syscalls.MkdirAt(directory.Number, StateDirectory.NotifyName, mode), "make directory", StateDirectory.NotifyName);
        using var made = Files.Open(directory.Number, StateDirectory.NotifyName, OpenFlags.ReadOnly | OpenFlags.Directory);
        LinuxException.Check(Syscalls.Fchmod(made.Number, mode), "set the mode of", StateDirectory.NotifyName);
    }

    /// <summary>Makes the container's socket and connects to the manager's; null if start was not told of one.</summary>
    public static NotifySocket? Open(StateDirectory directory)
    {
        if (!IsWanted)
            return null;
        string path = Environment.GetEnvironmentVariable(Variable)!;
        Fd manager;
        try
        {
            manager = UnixSocket.Connect(path, SocketKind.Datagram);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.NotifySocket, Variable);
        }
        using var notify = Files.Open(
            directory.Number, StateDirectory.NotifyName, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        _ = Syscalls.UnlinkAt(notify.Number, StateDirectory.NotifySocketName);
        // Any user of the container may write to it.
        return new NotifySocket(
            UnixSocket.Bind(notify.Number, StateDirectory.NotifySocketName, SocketKind.Datagram, mode: 0x1FF), manager);
    }

    /// <summary>
    /// Waits until the container says READY=1 and tells the manager so, then which process is the main one, then waits
    /// until the manager has taken it all. Ends early if the container does.
    /// </summary>
    public void Forward(int pid, int pidfd)
    {
        Span<byte> buffer = stackalloc byte[4096];
        Span<PollFd> fds = [new(_container.Number, PollFd.In), new(pidfd, PollFd.In)];
        while (true)
        {
            int result = Syscalls.Poll(fds, -1);
            if (result < 0 && result != -Errno.EINTR)
                throw new LinuxException("wait for", "READY=1 of the container", -result);
            if (fds[0].Returned != 0)
            {
                int length = UnixSocket.Receive(_container.Number, buffer, out int fd);
                if (fd >= 0)
                    _ = Syscalls.Close(fd);
                if (length > 0 && HasReady(buffer[..length]))
                    break;
            }
            else if (fds[1].Returned != 0)
            {
                return;
            }
        }
        Tell("READY=1"u8);
        Tell(Encoding.ASCII.GetBytes(FormattableString.Invariant($"MAINPID={pid}")));
        Barrier();
    }

    public void Dispose()
    {
        _container.Dispose();
        _manager.Dispose();
    }

    // Nothing but readiness is passed on: a container must not tell the manager which process is the service's.
    private static bool HasReady(ReadOnlySpan<byte> message)
    {
        foreach (var range in message.Split((byte)'\n'))
        {
            if (message[range].SequenceEqual("READY=1"u8))
                return true;
        }
        return false;
    }

    private void Tell(ReadOnlySpan<byte> text, int fd = -1)
    {
        int result = UnixSocket.Send(_manager.Number, text, fd);
        if (result < 0)
            throw new CsrunException(ErrorCodes.NotifySocket, "cannot tell the service manager", null, -result, Variable);
    }

    // The manager closes the pipe's end when it has come to this message: then it knows the main process, and may be
    // left alone with it.
    private void Barrier()
    {
        LinuxException.Check(Syscalls.Pipe(out int reader, out int writer), "make pipe", null);
        using var read = new Fd(reader);
        using (var write = new Fd(writer))
            Tell("BARRIER=1"u8, write.Number);
        Span<PollFd> fds = [new(read.Number, 0)];
        long start = Stopwatch.GetTimestamp();
        while (Syscalls.Poll(fds, BarrierPatience) == -Errno.EINTR && Stopwatch.GetElapsedTime(start).TotalMilliseconds < BarrierPatience)
            fds[0].Returned = 0;
    }
}
