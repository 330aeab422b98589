using System;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>The directory that has a directory for each container (<c>--root</c>).</summary>
public sealed class StateRoot : IDisposable
{
    private const string HostRoot = "/run/csrun";

    // What cleans old files out of $XDG_RUNTIME_DIR spares those with the sticky bit (basedir-spec).
    private const uint RootlessMode = Csrun.Linux.Mode.OwnerAll | Csrun.Linux.Mode.Sticky;

    private readonly Fd _fd;

    private StateRoot(string path, Fd fd)
    {
        Path = path;
        _fd = fd;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>The open directory.</summary>
    public int Number => _fd.Number;

    /// <summary>
    /// Where the root is: <c>--root</c>; else <c>$XDG_RUNTIME_DIR/csrun</c> for a user without root's rights on the
    /// host; else /run/csrun. An empty variable is one that is not set: Podman hands over such.
    /// </summary>
    public static string PathOf(RuntimeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Root is not null)
            return Given(options.Root);
        string? user = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return string.IsNullOrEmpty(user) || !IsRootless() ? HostRoot : System.IO.Path.Join(user, "csrun");
    }

    /// <summary>Opens the root; null if there is none, and so no containers.</summary>
    public static StateRoot? TryOpen(RuntimeOptions options)
    {
        string path = PathOf(options);
        int fd = OpenDirectory(path);
        return fd == -Errno.ENOENT ? null : new StateRoot(path, Own(fd, path));
    }

    /// <summary>Opens the root, and makes it if there is none.</summary>
    public static StateRoot OpenOrMake(RuntimeOptions options)
    {
        string path = PathOf(options);
        int fd = OpenDirectory(path);
        if (fd != -Errno.ENOENT)
            return new StateRoot(path, Own(fd, path));
        try
        {
            bool isRootless = options?.Root is null && path != HostRoot;
            Directories.Make(path, isRootless ? RootlessMode : Csrun.Linux.Mode.OwnerAll).Dispose();
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.RootInvalid, "--root");
        }
        return new StateRoot(path, Own(OpenDirectory(path), path));
    }

    public void Dispose() => _fd.Dispose();

    private static string Given(string root)
    {
        if (root.Length == 0)
            throw new CsrunException(ErrorCodes.RootInvalid, "the state directory's name is empty", where: "--root");
        string path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(root));
        return path == "/"
            ? throw new CsrunException(ErrorCodes.RootInvalid, "the state directory cannot be", "/", where: "--root")
            : path;
    }

    // An engine in a user namespace (RootlessKit, Podman) has euid 0 there, and the owner's XDG_RUNTIME_DIR; USER is
    // "root" for somebody who became root of the whole machine inside a container.
    private static bool IsRootless() =>
        Syscalls.GetEffectiveUid() != 0
        || (Environment.GetEnvironmentVariable("USER") != "root" && Self.IsInUserNamespace());

    private static int OpenDirectory(string path) =>
        Syscalls.OpenAt(At.Cwd, path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);

    // Whoever can put a link in the root's place could show us a directory of his own making.
    private static Fd Own(int fd, string path) => fd switch
    {
        >= 0 => new Fd(fd),
        -Errno.ELOOP or -Errno.ENOTDIR => throw new CsrunException(
            ErrorCodes.RootInvalid, "cannot use", path, where: "--root", hint: "it is a symbolic link or not a directory"),
        _ => throw new CsrunException(ErrorCodes.RootInvalid, "cannot open", path, -fd, "--root"),
    };
}
