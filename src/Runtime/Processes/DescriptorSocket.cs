using System;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Processes;

/// <summary>
/// A socket of the engine's that takes one descriptor: <c>--console-socket</c>, <c>--pidfd-socket</c>. It is connected
/// once, before anything is made; conmon closes its listener after the first connection, and containerd accepts only
/// when csrun has ended, so no answer is waited for.
/// </summary>
internal sealed class DescriptorSocket : IDisposable
{
    private readonly Fd _socket;
    private readonly string _path;
    private readonly string _option;
    private readonly ErrorCode _code;

    private DescriptorSocket(Fd socket, string path, string option, ErrorCode code)
    {
        _socket = socket;
        _path = path;
        _option = option;
        _code = code;
    }

    /// <summary>Connects; null if no path was given.</summary>
    /// <param name="path">The socket's path, or null.</param>
    /// <param name="option">The option that gave it, for errors.</param>
    /// <param name="code">The kind of errors.</param>
    public static DescriptorSocket? Connect(string? path, string option, ErrorCode code)
    {
        if (path is null)
            return null;
        try
        {
            return new DescriptorSocket(UnixSocket.Connect(path, SocketKind.Stream), path, option, code);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, code, option);
        }
    }

    /// <summary>Sends the descriptor, with a text that must have at least one byte (else nothing would arrive).</summary>
    public void Send(ReadOnlySpan<byte> text, Fd fd)
    {
        int result = UnixSocket.Send(_socket.Number, text, fd.Number);
        if (result < 0)
            throw new CsrunException(_code, "cannot send to", _path, -result, _option);
    }

    public void Dispose() => _socket.Dispose();
}
