using System.Collections.Generic;
using System.IO;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>Podman with storage of its own and contrib/podman/50-csrun.conf as it is.</summary>
public sealed class PodmanRoom : Room
{
    private static readonly string Configuration = Path.Combine(Target.Repository, "contrib", "podman", "50-csrun.conf");

    public PodmanRoom()
        : base("podman", "/usr/bin/podman", "/usr/bin/conmon")
    {
        if (Archive.Length > 0)
        {
            Succeeds("load", "--input", Archive);
        }
    }

    private protected override IEnumerable<string> StateRoots => ["/run/csrun", "/run/runc", "/run/crun"];

    internal Command Podman(params string[] arguments) => Command(
        [.. Variables, "CONTAINERS_CONF=" + Configuration],
        "/usr/bin/podman",
        [
            "--root", Home + "/root", "--runroot", Home + "/run", "--tmpdir", Home + "/tmp", "--volumepath", Home + "/volumes",
            "--network-config-dir", Home + "/networks", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver", "overlay",
            .. arguments,
        ]);

    internal Result Run(params string[] arguments) => Podman(arguments).Run(Home);

    internal string Succeeds(params string[] arguments)
    {
        var result = Run(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Out.TrimEnd('\n');
    }

    // Podman leaves the cgroups of its conmons and of pods, whose names are bare ids.
    private protected override bool IsOwnCgroup(string path) => path is "/libpod_parent/conmon" || (path.Split('/') is ["", "libpod_parent", { Length: 64 }]);

    private protected override void Clear()
    {
        Succeeds("pod", "rm", "--all", "--force", "--time", "0");
        Succeeds("rm", "--all", "--force", "--time", "0");
        // conmon's last act is a podman that cleans up, which still writes events.
        Host.Eventually(() => Processes().Count == 0, "the ends of conmon and its like", 20_000);
        // What podman holds mounted itself while there is storage.
        Succeeds("system", "reset", "--force");
    }
}
