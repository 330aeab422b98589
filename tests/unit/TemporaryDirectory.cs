using System;
using System.IO;
using Csrun.Linux;

namespace Csrun.Tests.Unit;

/// <summary>A directory of a test's own, removed with all in it at the end.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory()
    {
        Path = Directory.CreateTempSubdirectory("csrun-unit-").FullName;
        Fd = Directories.Make(Path, Mode.OwnerAll);
    }

    public string Path { get; }

    public Fd Fd { get; }

    public void Dispose()
    {
        Fd.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
