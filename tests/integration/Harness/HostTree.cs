using System;
using System.IO;

namespace Csrun.Tests.Integration;

/// <summary>A tmpfs on the host with another one below it, in the test's own directory.</summary>
internal sealed class HostTree : IDisposable
{
    internal HostTree(string path, bool shared = false)
    {
        Path = path;
        Directory.CreateDirectory(path);
        Libc.Check(Libc.mount("tmpfs", path, "tmpfs", 0, "mode=755"), "mount");
        Libc.Check(Libc.mount("none", path, null, shared ? 1UL << 20 : 1UL << 18, null), "propagation");
        Directory.CreateDirectory(System.IO.Path.Combine(path, "below"));
        Libc.Check(Libc.mount("tmpfs", System.IO.Path.Combine(path, "below"), "tmpfs", 0, "mode=755"), "mount");
        File.WriteAllText(System.IO.Path.Combine(path, "below", "file"), "below");
    }

    internal string Path { get; }

    public void Dispose()
    {
        Libc.umount2(System.IO.Path.Combine(Path, "below"), 2);
        Libc.umount2(Path, 2);
    }
}
