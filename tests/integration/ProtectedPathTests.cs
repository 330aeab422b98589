using System.IO;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config-linux.md#masked-paths and #readonly-paths.</summary>
public sealed class ProtectedPathTests : ContainerTest
{
    [Fact, Checklist(420, 422)]
    public void Masked_paths_show_nothing()
    {
        Directory.CreateDirectory(Bundle.Inside("/secret-directory"));
        File.WriteAllText(Bundle.Inside("/secret-directory/file"), "secret");
        File.WriteAllText(Bundle.Inside("/secret-file"), "secret");
        Bundle.Linux["maskedPaths"] = Bundle.Json("/secret-directory", "/secret-file", "/missing", "/secret-file", "/proc/keys");
        var report = Report("--list", "/secret-directory", "--read", "/secret-file", "--read", "/proc/keys", "--probe", "create:/secret-directory/x");
        Assert.Empty(report["list:/secret-directory"]!.AsArray());
        Assert.Equal("", report["read:/secret-file"]!.GetValue<string>());
        Assert.Equal("", report["read:/proc/keys"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:create:/secret-directory/x"]!.GetValue<string>());
    }

    [Fact, Checklist(423, 425)]
    public void Readonly_paths_cannot_be_written()
    {
        using var tree = new HostTree(Path.Combine(Home, "tree"));
        Directory.CreateDirectory(Bundle.Inside("/directory"));
        File.WriteAllText(Bundle.Inside("/file"), "x");
        Bundle.Mount("/tree", "bind", tree.Path, "rbind", "nosuid");
        Bundle.Linux["readonlyPaths"] = Bundle.Json("/directory", "/file", "/missing", "/tree", "/proc/sys");
        var report = Report("--probe", "create:/directory/x", "--probe", "write:/file", "--probe", "create:/tree/x", "--probe", "write:/proc/sys/kernel/hostname");
        Assert.Equal("EROFS", report["probe:create:/directory/x"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:write:/file"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:create:/tree/x"]!.GetValue<string>());
        Assert.Equal("EROFS", report["probe:write:/proc/sys/kernel/hostname"]!.GetValue<string>());
        Assert.Contains("nosuid", Mountinfo(report, "/tree").Options);
    }
}
