using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>
/// An attack on a runtime, whichever RUNTIME names. It passes when the attack does not succeed, whether the container
/// then runs or is refused; but the same bundle without the attack must run, or it would show nothing.
/// </summary>
public abstract class SecurityTest : ContainerTest
{
    private protected const string Secret = "this must stay secret";

    /// <summary>
    /// Of those tests that do the same once for every system call, each how many-th is done: all, unless SECURITY_STRIDE
    /// says something else, as it does in make test.
    /// </summary>
    private protected static int Stride { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("SECURITY_STRIDE"), System.Globalization.CultureInfo.InvariantCulture, out var stride) && stride > 0 ? stride : 1;

    protected SecurityTest()
    {
        Outside = Path.Combine(Home, "outside");
        Directory.CreateDirectory(Outside);
        Libc.chmod(Outside, 0x1ff);
        Bundle.Args("true");
    }

    /// <summary>A directory of the host that is none of the container's business.</summary>
    private protected string Outside { get; }

    /// <summary>Runs the bundle as it is, before the attack is put into it.</summary>
    private protected void Control(params string[] options)
    {
        var result = RunContainer(options);
        Assert.True(result.ExitCode == 0, "the control bundle does not run: " + result);
    }

    /// <summary>Nothing is mounted on /dev: there is what the image has.</summary>
    private protected void UseDevOfImage()
    {
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }
    }

    /// <summary>Paths of the rootfs with nothing masked, so that no error about a mask hides what happens.</summary>
    private protected void MaskNothing()
    {
        Bundle.Linux["maskedPaths"] = new JsonArray();
        Bundle.Linux["readonlyPaths"] = new JsonArray();
    }

    /// <summary>A directory in <see cref="ContainerTest.Home"/>.</summary>
    private protected string Folder(string name)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(path);
        return path;
    }

    private protected string[] EntriesOutside() => [.. Directory.EnumerateFileSystemEntries(Outside).Select(static e => Path.GetFileName(e)!).Order(StringComparer.Ordinal)];

    /// <summary>Paths from the container's root that lead to a file of the host's, if it can be left.</summary>
    private protected static IEnumerable<string> WaysTo(string path) =>
        Enumerable.Range(1, 12).Select(n => string.Concat(Enumerable.Repeat("../", n)) + path.TrimStart('/'));
}
