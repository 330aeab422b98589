using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;

namespace Csrun.Tests.Integration;

/// <summary>
/// A small agent for SCMP_ACT_NOTIFY: takes one container process state with its listener over a socket, then answers
/// every call that it is asked about with one errno, or lets it go on.
/// </summary>
internal sealed unsafe class SeccompAgent : IDisposable
{
    private const ulong Receive = 0xC0502100, Send = 0xC0182101;
    private const uint Continue = 1;

    private readonly FdListener _listener;
    private readonly Thread _thread;
    private readonly int _errno;
    private int _notifications = -1;

    /// <param name="path">The socket.</param>
    /// <param name="errno">What calls fail with; 0 lets them go on.</param>
    internal SeccompAgent(string path, int errno)
    {
        _errno = errno;
        _listener = new FdListener(path);
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The container process state, once it came.</summary>
    internal JsonNode? State { get; private set; }

    /// <summary>How many descriptors came with it.</summary>
    internal int Descriptors { get; private set; }

    /// <summary>The runtime closed the connection after its message.</summary>
    internal bool Closed { get; private set; }

    /// <summary>The numbers of the calls that it was asked about.</summary>
    internal List<int> Calls { get; } = [];

    public void Dispose()
    {
        _listener.Dispose();
        if (_notifications >= 0)
            Libc.close(_notifications);
    }

    private void Serve()
    {
        var (text, descriptors, closed) = _listener.ReceiveText();
        Descriptors = descriptors.Length;
        Closed = closed;
        _notifications = descriptors[0];
        State = JsonNode.Parse(Encoding.UTF8.GetString(text));
        // struct seccomp_notif and seccomp_notif_resp, linux/seccomp.h.
        var notification = stackalloc byte[80];
        var response = stackalloc long[3];
        // The last process that has the filter ends: POLLHUP.
        while (Libc.AwaitInput(_notifications, 10_000))
        {
            new Span<byte>(notification, 80).Clear();
            if (Libc.ioctl(_notifications, Receive, notification) != 0)
                return;
            lock (Calls)
                Calls.Add(*(int*)(notification + 16));
            response[0] = *(long*)notification;
            response[1] = 0;
            ((int*)(response + 2))[0] = -_errno;
            ((uint*)(response + 2))[1] = _errno == 0 ? Continue : 0;
            Libc.ioctl(_notifications, Send, response);
        }
    }
}
