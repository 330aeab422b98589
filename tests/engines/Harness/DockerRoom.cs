using System.Collections.Generic;
using System.IO;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>Docker Engine with directories of its own and contrib/docker/daemon.json as it is; builds run on csrun, too.</summary>
public sealed class DockerRoom : Room
{
    private int daemon;

    public DockerRoom()
        : base("docker", "/usr/sbin/dockerd", "/usr/bin/docker", "/usr/bin/containerd")
    {
        if (Archive.Length == 0)
        {
            return;
        }

        // As docs/install-docker.md has it: BuildKit takes what is called runc.
        Directory.CreateDirectory(Home + "/bin");
        File.CreateSymbolicLink(Home + "/bin/runc", Target.Path);
        StartDaemon();
        Succeeds("load", "--input", Archive);
    }

    private protected override IEnumerable<string> StateRoots => ["/run/docker/runtime-csrun/moby", "/run/docker/runtime-runc/moby", "/run/csrun", "/run/runc", "/run/crun"];

    internal Command Docker(params string[] arguments) =>
        Command([.. Variables, "DOCKER_BUILDKIT=0"], "/usr/bin/docker", ["--host", $"unix://{Home}/docker.sock", .. arguments]);

    internal Result Run(params string[] arguments) => Docker(arguments).Run(Home);

    internal string Succeeds(params string[] arguments)
    {
        var result = Run(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Out.TrimEnd('\n');
    }

    internal void StartDaemon()
    {
        List<string> variables = [.. Variables];
        variables[0] = variables[0].Replace("PATH=", $"PATH={Home}/bin:", System.StringComparison.Ordinal);
        daemon = Start(
            Command(
                variables, "/usr/sbin/dockerd", "--config-file", Target.Repository + "/contrib/docker/daemon.json", "--data-root", Home + "/data",
                "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid", "--host", $"unix://{Home}/docker.sock", "--exec-opt", "native.cgroupdriver=cgroupfs", "--live-restore"),
            Home + "/dockerd.log");
        Host.Eventually(() => Run("version").ExitCode == 0, "Docker answers", 60_000);
    }

    internal void StopDaemon()
    {
        Libc.kill(Outer(File.ReadAllText(Inside("/run/docker.pid")).Trim()), 15);
        Assert.True(Reaper.Wait(daemon, 30_000, out _), "dockerd does not end");
    }

    // BuildKit's worker keeps an empty parent; so does the daemon for its containers.
    private protected override bool IsOwnCgroup(string path) => path is "/docker/buildkit";

    private protected override void Clear()
    {
        Assert.Equal("", Succeeds("ps", "--all", "--quiet"));
        StopDaemon();
    }

    /// <summary>The process here that has this id in the room.</summary>
    private int Outer(string inner) => Processes().Find(pid => Host.Status(pid, "NSpid").EndsWith("\t" + inner, System.StringComparison.Ordinal));
}
