using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>A message that Init sent, or the end of its file.</summary>
internal sealed record InitMessage(MessageKind Kind, uint Instruction, Step Step, int Errno, ulong Value, string Text, Fd? Descriptor)
{
    public static readonly InitMessage End = new(MessageKind.Invalid, 0, Step.None, 0, 0, "", null);
}

/// <summary>Init, really executed with a plan; this is the runtime's side of the talk with it.</summary>
internal sealed class InitProcess : IDisposable
{
    public const ulong Isolated = CloneFlags.NewNs | CloneFlags.NewPid | CloneFlags.NewUts | CloneFlags.NewIpc | CloneFlags.NewNet;
    public const int Patience = 20_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("csrun-init-").FullName;
    private readonly SpawnedProcess _process;
    private readonly Fd _sync;
    private bool _reaped;

    private InitProcess(byte[] plan, ulong flags, Fd[] inherited, string? wrapper, Action<int>? writeIdMaps)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketKind.SeqPacket);
        _sync = ours;
        using Fd directory = Files.Open(At.Cwd, _directory, OpenFlags.Path | OpenFlags.Directory);
        using Fd listener = UnixSocket.Listen(directory.Number, "start", SocketKind.SeqPacket);
        byte[] file = new byte[InitImage.Length(plan.Length)];
        InitImage.WriteTo(file, plan);
        using (theirs)
        {
            if (wrapper is null)
            {
                using Fd image = Memfd.Create("init", file, executable: true);
                _process = Spawn.Start(new()
                {
                    Image = image,
                    CloneFlags = flags,
                    Inherited = [theirs, listener, .. inherited],
                    WriteIdMaps = writeIdMaps,
                });
                return;
            }
            // Through a shell, which can hand over no more than the first three.
            string program = Path.Combine(_directory, "init");
            File.WriteAllBytes(program, file);
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            string script = $"exec 3<&0 4<&1 </dev/null >/dev/null 2>&1; exec {wrapper} unshare --mount --pid --fork --uts --ipc --net {program}";
            _process = Spawn.Program(new()
            {
                Path = "/bin/sh",
                Arguments = ["sh", "-c", script],
                Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                Stdin = theirs.Number,
                Stdout = listener.Number,
            });
        }
    }

    public int Pid => _process.Pid;

    /// <summary>Starts Init in new namespaces.</summary>
    public static InitProcess Start(byte[] plan, ulong flags = Isolated, params Fd[] inherited) => new(plan, flags, inherited, null, null);

    /// <summary>Starts it in a user namespace of its own, in which it has rights over nothing of the host's.</summary>
    public static InitProcess StartUnprivileged(byte[] plan, uint hostId) =>
        new(plan, Isolated | CloneFlags.NewUser, [], null, pid => WriteIdMaps(pid, hostId));

    /// <summary>
    /// Starts it under strace, which lets a system call fail as if the kernel did not have it; one that strace itself
    /// does not know is left as it is.
    /// </summary>
    public static InitProcess StartWithout(byte[] plan, params string[] systemCalls)
    {
        var injections = new StringBuilder();
        foreach (string call in systemCalls)
            injections.Append(CultureInfo.InvariantCulture, $" -e inject='?{call}':error=ENOSYS");
        return new(plan, 0, [], $"strace -f -qq -o /dev/null{injections}", null);
    }

    /// <summary>Starts it under strace with any options.</summary>
    public static InitProcess StartUnder(byte[] plan, string wrapper) => new(plan, 0, [], wrapper, null);

    public static void WriteIdMaps(int pid, uint hostId)
    {
        string map = string.Create(CultureInfo.InvariantCulture, $"0 {hostId} 65536\n");
        File.WriteAllText($"/proc/{pid}/uid_map", map);
        File.WriteAllText($"/proc/{pid}/gid_map", map);
    }

    public InitMessage Read() => Read(_sync);

    /// <summary>Whether there is something to read in this time.</summary>
    public bool Speaks(int milliseconds) => Wait(_sync.Number, milliseconds);

    /// <summary>What the hooks printed that were told of: standard output, then standard error, of each.</summary>
    public List<string> HookOutput { get; } = [];

    /// <summary>Reads until something else than a warning, or of a hook, comes.</summary>
    public InitMessage ReadPastWarnings()
    {
        InitMessage message;
        do
        {
            message = Read();
        }
        while (message.Kind == MessageKind.Warning || IsOfHook(message));
        return message;
    }

    private bool IsOfHook(InitMessage message)
    {
        if (message.Kind is not (MessageKind.HookOutput or MessageKind.HookEnded))
            return false;
        using (message.Descriptor)
            HookOutput.Add(HookRecord.Tail(message.Descriptor!.Number));
        return true;
    }

    public static InitMessage Read(Fd socket)
    {
        Assert.True(Wait(socket.Number, Patience), "Init says nothing");
        byte[] buffer = new byte[4096];
        int length = UnixSocket.Receive(socket.Number, buffer, out int fd);
        if (length <= 0)
            return InitMessage.End;
        int fixedPart = Marshal.SizeOf<Message>();
        Assert.True(length >= fixedPart, "a message is cut short");
        var message = MemoryMarshal.Read<Message>(buffer);
        Assert.Equal((uint)(length - fixedPart), message.TextLength);
        string text = Encoding.UTF8.GetString(buffer, fixedPart, length - fixedPart);
        return new(message.Kind, message.Instruction, message.Step, message.Errno, message.Value, text, fd < 0 ? null : new Fd(fd));
    }

    public void Say(MessageKind kind, Fd? descriptor = null) => Say(_sync, kind, descriptor);

    /// <summary>Lets the process start: the connection on which errors come from now on.</summary>
    public Fd Go()
    {
        Fd connection = Connect();
        Say(connection, MessageKind.Go, null);
        return connection;
    }

    public Fd Connect() => UnixSocket.Connect(Path.Combine(_directory, "start"), SocketKind.SeqPacket);

    /// <summary>From the beginning to the waiting container.</summary>
    public void Create()
    {
        var message = ReadPastWarnings();
        Assert.True(message.Kind == MessageKind.Ready, $"{message}");
        Say(MessageKind.Commit);
    }

    /// <summary>From the beginning to the process's end: the exit code, as a shell tells it.</summary>
    public int Run()
    {
        Create();
        using Fd connection = Go();
        InitMessage message;
        do
        {
            message = Read(connection);
        }
        while (IsOfHook(message));
        Assert.True(message == InitMessage.End, $"{message}");
        return ExitCode();
    }

    /// <summary>The runtime is gone.</summary>
    public void HangUp() => _sync.Dispose();

    public int ExitCode() => Status().ExitCode;

    public ChildStatus Status()
    {
        var status = _process.Wait(Patience);
        Assert.True(status is not null, "Init does not end");
        _reaped = true;
        return status.Value;
    }

    /// <summary>Whether it ends in this time; then <see cref="Status"/> says how.</summary>
    public bool HasEnded(int milliseconds) => PidFd.WaitForEnd(_process.PidFd.Number, milliseconds);

    public void Signal(int signal) => Assert.Equal(0, Syscalls.Kill(Pid, signal));

    public void Dispose()
    {
        _sync.Dispose();
        if (!_reaped)
            _process.Kill();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Say(Fd socket, MessageKind kind, Fd? descriptor)
    {
        Span<byte> buffer = stackalloc byte[Marshal.SizeOf<Message>()];
        var message = new Message { Kind = kind };
        MemoryMarshal.Write(buffer, in message);
        // Init may be gone already: then the test sees that.
        _ = UnixSocket.Send(socket.Number, buffer, descriptor?.Number ?? -1);
    }

    private static bool Wait(int fd, int milliseconds)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            int left = milliseconds - (int)watch.ElapsedMilliseconds;
            if (left <= 0)
                return false;
            Span<PollFd> polled = [new PollFd(fd, PollFd.In)];
            if (Syscalls.Poll(polled, left) > 0)
                return true;
        }
    }
}
