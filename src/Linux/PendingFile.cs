using System;
using System.Globalization;

namespace Csrun.Linux;

/// <summary>
/// A file's new content, written beside it under another name: <see cref="Commit"/> puts it in its place as a whole. One
/// that is disposed of before leaves nothing.
/// </summary>
public sealed class PendingFile : IDisposable
{
    private readonly int _directory;
    private readonly string _path;
    private readonly string _temporary;
    private bool _done;

    /// <summary>Writes the content.</summary>
    /// <param name="directory">The directory that the path starts from; it stays open until the end of this.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="data">The content.</param>
    /// <param name="mode">Permissions, whatever the umask.</param>
    public PendingFile(int directory, string path, ReadOnlySpan<byte> data, uint mode)
    {
        _directory = directory;
        _path = path;
        _temporary = TemporaryName(path);
        // Left by one that was killed: only a process of the same id could be using it now, and that is us.
        _ = Syscalls.UnlinkAt(directory, _temporary);
        try
        {
            using Fd fd = Files.Open(
                directory, _temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, mode);
            LinuxException.Check(Syscalls.Fchmod(fd.Number, mode), "set the mode of", _temporary);
            Files.WriteAll(fd.Number, data, _temporary);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives it its name.</summary>
    public void Commit()
    {
        LinuxException.Check(Syscalls.RenameAt(_directory, _temporary, _directory, _path), "rename to", _path);
        _done = true;
    }

    public void Dispose()
    {
        if (!_done)
        {
            _ = Syscalls.UnlinkAt(_directory, _temporary);
        }
        _done = true;
    }

    /// <summary>".NAME.PID" beside the file, so that concurrent writers do not meet.</summary>
    private static string TemporaryName(string path)
    {
        int slash = path.LastIndexOf('/') + 1;
        return string.Concat(path.AsSpan(0, slash), ".", path.AsSpan(slash), string.Create(CultureInfo.InvariantCulture, $".{Syscalls.GetPid()}"));
    }
}
