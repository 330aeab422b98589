using System;
using System.IO;

namespace Csrun.Tests.Integration;

/// <summary>A file system that answers nothing, as a server does that is gone: a FUSE mount that nobody serves.</summary>
internal sealed class DeadStorage : IDisposable
{
    private readonly int device;

    internal DeadStorage(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
        Xunit.Assert.SkipUnless(File.Exists("/dev/fuse"), "this machine has no FUSE");
        device = Libc.open("/dev/fuse", Libc.ReadWrite | Libc.CloseOnExec, 0);
        Xunit.Assert.SkipWhen(device < 0, "/dev/fuse cannot be opened");
        Libc.Check(Libc.mount("dead", path, "fuse", 0, $"fd={device},rootmode=40000,user_id=0,group_id=0"), "mount");
    }

    internal string Path { get; }

    /// <summary>Whoever waits for it gets an error from here on.</summary>
    public void Dispose()
    {
        Libc.close(device);
        Libc.umount2(Path, 2);
    }
}
