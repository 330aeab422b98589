using System.Collections.Generic;
using System.IO;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>containerd with directories of its own and contrib/containerd/csrun.toml as it is.</summary>
public sealed class ContainerdRoom : Room
{
    private readonly string socket;
    private int daemon;

    public ContainerdRoom()
        : base("containerd", "/usr/bin/containerd", "/usr/bin/ctr")
    {
        socket = Home + "/containerd.sock";
        if (Archive.Length == 0)
        {
            return;
        }

        var contributed = Target.Repository + "/contrib/containerd/csrun.toml";
        const int resource = 24;
        if (!Host.HasCapability(resource))
        {
            // Without CAP_SYS_RESOURCE nobody gets the oom score that containerd gives to pods' first containers.
            File.WriteAllText(Home + "/csrun.toml", File.ReadAllText(contributed) + "\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n");
            contributed = Home + "/csrun.toml";
        }

        File.WriteAllText(Home + "/config.toml", $"""
            version = 2
            root = "{Home}/root"
            state = "/run/containerd"
            imports = ["{contributed}"]
            disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.tracing"]
            [grpc]
              address = "{socket}"
            """);
        StartDaemon();
        Succeeds("image", "import", Archive);
        Succeeds("--namespace", "k8s.io", "image", "import", Archive);
    }

    /// <summary>The socket of containerd's API, and of its CRI plugin.</summary>
    internal string Socket => socket;

    internal int Daemon => daemon;

    private protected override IEnumerable<string> StateRoots => ["/run/containerd/runc/default", "/run/containerd/csrun/k8s.io"];

    internal Command Ctr(params string[] arguments) => Command("/usr/bin/ctr", ["--address", socket, .. arguments]);

    internal Result Run(params string[] arguments) => Ctr(arguments).Run(Home);

    internal string Succeeds(params string[] arguments)
    {
        var result = Run(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Out.TrimEnd('\n');
    }

    internal void StartDaemon()
    {
        daemon = Start(Command("/usr/bin/containerd", "--config", Home + "/config.toml"), Home + "/containerd.log");
        Host.Eventually(() => Run("version").ExitCode == 0, "containerd answers", 30_000);
    }

    internal void StopDaemon()
    {
        // The process that the test started waits for containerd in the room.
        foreach (var pid in Processes())
        {
            if (Host.Text($"/proc/{pid}/cmdline")?.StartsWith("/usr/bin/containerd\0", System.StringComparison.Ordinal) == true)
            {
                Libc.kill(pid, 15);
            }
        }

        Assert.True(Reaper.Wait(daemon, 20_000, out _), "containerd does not end");
    }

    private protected override void Clear()
    {
        Assert.Equal("", Succeeds("tasks", "ls", "--quiet"));
        Assert.Equal("", Succeeds("containers", "ls", "--quiet"));
        StopDaemon();
    }
}
