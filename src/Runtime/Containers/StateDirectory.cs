using System;
using System.Diagnostics;
using System.Threading;
using Csrun.Linux;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>
/// A container's directory below the root: <c>intent.json</c> (what create is going to make), <c>state.json</c> (once it
/// is made), <c>config.json</c> (as create read it), the socket that
/// the container's first process waits on, and the directory of the notification socket.
/// </summary>
/// <remarks>
/// Commands that change something hold an exclusive flock(2) on the directory's descriptor; it ends with the process,
/// however that ends. <c>state</c>, <c>list</c> and <c>kill</c> take none: files are replaced whole.
/// </remarks>
public sealed class StateDirectory : IDisposable
{
    /// <summary>Longest state.json that is believed: annotations and hooks of a config of 16 MiB.</summary>
    private const int MaxState = 64 << 20;
    private const string StateName = "state.json";

    // Not the same file: to replace one makes ext4 write it to the disk at once.
    private const string IntentName = "intent.json";

    /// <summary>The socket that Init waits on for start.</summary>
    public const string StartSocketName = "start.sock";

    /// <summary>The copy of the config.</summary>
    public const string ConfigName = "config.json";

    /// <summary>How the hooks ran: a line of JSON each (see <c>HookRecord</c>).</summary>
    public const string HooksName = "hooks.jsonl";

    /// <summary>The directory that is bound on /run/notify.</summary>
    public const string NotifyName = "notify";

    /// <summary>The socket in it.</summary>
    public const string NotifySocketName = "notify.sock";

    private readonly StateRoot _root;
    private readonly Fd _fd;

    private StateDirectory(StateRoot root, string id, Fd fd)
    {
        _root = root;
        _fd = fd;
        Id = id;
    }

    public string Id { get; }

    /// <summary>Absolute.</summary>
    public string Path => _root.Path + "/" + Id;

    /// <summary>The open directory.</summary>
    public int Number => _fd.Number;

    /// <summary>Makes the directory if it is missing (0700) and opens it.</summary>
    /// <param name="root">Its parent.</param>
    /// <param name="id">Its name, checked.</param>
    /// <param name="made">False: it was there.</param>
    public static StateDirectory Make(StateRoot root, string id, out bool made)
    {
        ArgumentNullException.ThrowIfNull(root);
        while (true)
        {
            int result = Syscalls.MkdirAt(root.Number, id, Csrun.Linux.Mode.OwnerAll);
            if (result is not (0 or -Errno.EEXIST))
                throw new CsrunException(ErrorCodes.RootInvalid, "cannot make directory", root.Path + "/" + id, -result, "--root");
            made = result == 0;
            try
            {
                if (TryOpen(root, id) is { } directory)
                    return directory;
            }
            catch
            {
                if (made)
                    _ = Syscalls.UnlinkAt(root.Number, id, At.RemoveDir);
                throw;
            }
        }
    }

    /// <summary>Opens a container's directory; null if there is none.</summary>
    public static StateDirectory? TryOpen(StateRoot root, string id)
    {
        ArgumentNullException.ThrowIfNull(root);
        int fd = Syscalls.OpenAt(root.Number, id, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        if (fd is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP)
            return null;
        if (fd < 0)
            throw new CsrunException(ErrorCodes.StateUnreadable, "cannot open", root.Path + "/" + id, -fd);
        return new StateDirectory(root, id, new Fd(fd));
    }

    /// <summary>
    /// Takes the lock. False: another has held it all the time. A directory that was removed meanwhile can be locked
    /// too: ask <see cref="IsLinked"/> afterwards.
    /// </summary>
    public bool TryLock(TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (!Directories.Lock(Number, exclusive: true, wait: false, Path))
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
                return false;
            Thread.Sleep(2);
        }
        return true;
    }

    /// <summary>Gives the lock back before the end.</summary>
    public void Unlock() => Directories.Unlock(Number);

    /// <summary>Whether the directory is still the one of that name.</summary>
    public bool IsLinked() =>
        Syscalls.Stat(_root.Number, Id, At.SymlinkNoFollow, out var named) >= 0
        && Syscalls.Stat(Number, out var ours) >= 0
        && named.IsSameFile(ours);

    /// <summary>
    /// The container's state; before it is complete what create intends, and null before that is written.
    /// </summary>
    public State? ReadState() => Read(StateName) ?? Read(IntentName);

    private State? Read(string name)
    {
        int fd = Syscalls.OpenAt(Number, name, OpenFlags.ReadOnly | OpenFlags.NoFollow);
        if (fd == -Errno.ENOENT)
            return null;
        using var file = Fd.Own(fd, "open", Path + "/" + name);
        return StateReader.Read(Files.ReadAll(file.Number, MaxState, Path + "/" + name))
            ?? throw new CsrunException(ErrorCodes.StateUnreadable, "cannot understand", Path + "/" + name);
    }

    /// <summary>Replaces the container's state, or what create intends, as a whole.</summary>
    public void WriteState(State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Files.WriteAtomically(
            Number, state.IsComplete ? StateName : IntentName, StateWriter.Write(state).Span, Csrun.Linux.Mode.OwnerReadWrite);
    }

    /// <summary>Writes a state that takes the place of the container's when it is committed.</summary>
    public PendingFile PrepareState(State state) =>
        new(Number, StateName, StateWriter.Write(state).Span, Csrun.Linux.Mode.OwnerReadWrite);

    /// <summary>Keeps the config that the container is made from: later edits of the bundle must have no effect.</summary>
    /// <remarks>Nobody reads it before the state is complete.</remarks>
    public void WriteConfig(ReadOnlySpan<byte> config)
    {
        using var file = Files.Open(
            Number, ConfigName, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.NoFollow, Csrun.Linux.Mode.OwnerReadWrite);
        Files.WriteAll(file.Number, config, ConfigName);
    }

    /// <summary>The config that the container was made from.</summary>
    public byte[] ReadConfig()
    {
        string path = Path + "/" + ConfigName;
        using var file = Fd.Own(Syscalls.OpenAt(Number, ConfigName, OpenFlags.ReadOnly | OpenFlags.NoFollow), "open", path);
        return Files.ReadAll(file.Number, Spec.ConfigReader.MaxBytes, path);
    }

    /// <summary>Keeps how a hook ran. What cannot be kept is warned about: no container fails for its records.</summary>
    internal void AppendHook(HookRecord record)
    {
        int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append | OpenFlags.NoFollow;
        try
        {
            using var file = Fd.Own(Syscalls.OpenAt(Number, HooksName, flags, Csrun.Linux.Mode.OwnerReadWrite), "open", Path + "/" + HooksName);
            Files.WriteAll(file.Number, record.ToJsonLine().Span, HooksName);
        }
        catch (LinuxException e)
        {
            Log.Warning(ErrorText.Of(e));
        }
    }

    /// <summary>
    /// Removes the directory with all in it; state.json goes last, so that one who is killed on the way leaves a
    /// directory that says what it is.
    /// </summary>
    public void Remove()
    {
        Clear();
        _ = Syscalls.UnlinkAt(Number, IntentName);
        _ = Syscalls.UnlinkAt(Number, StateName);
        Directories.RemoveTree(_root.Number, Id);
    }

    /// <summary>Removes the directory if nothing is in it yet: whoever else has opened it finds it gone, and makes another.</summary>
    public void RemoveIfEmpty() => _ = Syscalls.UnlinkAt(_root.Number, Id, At.RemoveDir);

    /// <summary>Removes all that is in the directory but what says what it is.</summary>
    public void Clear()
    {
        foreach (var entry in Directories.List(Number, Path))
        {
            if (entry.Name is StateName or IntentName)
                continue;
            int result = Syscalls.UnlinkAt(Number, entry.Name);
            if (result is -Errno.EISDIR or -Errno.EPERM)
                Directories.RemoveTree(Number, entry.Name);
        }
    }

    public void Dispose() => _fd.Dispose();
}
