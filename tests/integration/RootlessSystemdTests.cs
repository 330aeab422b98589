using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// A user's containers with limits of their own: with the user's systemd, and without it where he was given a part of
/// the tree of cgroups.
/// </summary>
public sealed class RootlessSystemdTests : ContainerTest
{
    private const int User = 1000;
    private const string RuntimeDirectory = "/run/user/1000";

    [Fact, Contract("C31")]
    public void A_users_systemd_makes_the_scope_and_keeps_its_limits()
    {
        Prepare($"user.slice:test:{Mark}");
        var pidFile = Path.Combine(Home, "pid");
        Success(AsUser("--systemd-cgroup", "create", "--bundle", Bundle.Path, "--pid-file", pidFile, Id));
        var pid = int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture);
        var cgroup = File.ReadLines($"/proc/{pid}/cgroup").Single(static l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
        Assert.EndsWith($"/user@1000.service/user.slice/test-{Mark}.scope", cgroup, StringComparison.Ordinal);
        Assert.Equal(("67108864", "21"), (Value(cgroup, "memory.max"), Value(cgroup, "pids.max")));
        Success(AsUser("start", Id));
        Success(AsUser("update", "--pids-limit", "31", Id));
        Assert.Equal("31", Value(cgroup, "pids.max"));
        Success(AsUser("pause", Id));
        Assert.Contains("paused", AsUser("state", Id).Out, StringComparison.Ordinal);
        Success(AsUser("resume", Id));
        Success(AsUser("delete", "--force", Id));
        Assert.False(Directory.Exists(Host.CgroupMounts[0] + cgroup));
    }

    [Fact, Contract("C31")]
    public void Without_systemd_a_users_part_of_the_tree_is_used()
    {
        // A service that systemd delegates stands for whoever gave it; its own process goes out of the way, for a
        // cgroup with processes can give no controllers to those below it.
        var unit = $"delegated-{Mark}.service";
        Prepare($"/system.slice/{unit}/container");
        var script = $"""
            set -e
            own=/sys/fs/cgroup/system.slice/{unit}
            mkdir $own/self; echo $$ >$own/self/cgroup.procs
            {Target.Path} --root {Home}/xdg/root create --bundle {Bundle.Path} {Id}
            cat $own/container/memory.max $own/container/pids.max
            {Target.Path} --root {Home}/xdg/root start {Id}
            {Target.Path} --root {Home}/xdg/root update --pids-limit 31 {Id}
            cat $own/container/pids.max
            {Target.Path} --root {Home}/xdg/root delete --force {Id}
            test ! -e $own/container
            """;
        // systemd-run would take "$$" for its own.
        var file = Path.Combine(Home, "script");
        File.WriteAllText(file, script);
        var result = Success(new Command("/usr/bin/systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--unit", unit, "--property", "Delegate=yes", "--uid", "1000", "--gid", "1000",
            "--setenv", "CSRUN_TEST=" + Mark, "/bin/sh", file)
        { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home));
        Assert.Equal("67108864\n21\n31\n", result.Out);
    }

    [Fact]
    public void A_cgroup_that_a_user_may_not_make_is_refused()
    {
        Known.PeersDeviate("have other texts");
        Prepare($"/{Host.CgroupParent}/{Mark}");
        var result = AsUser("create", "--bundle", Bundle.Path, Id);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("linux.cgroupsPath: cannot make cgroup", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    private static string Value(string cgroup, string file) => File.ReadAllText(Host.CgroupMounts[0] + cgroup + "/" + file).Trim();

    private void Prepare(string cgroupsPath)
    {
        Assert.SkipWhen(Host.HasCgroupV1 || !Directory.Exists("/run/systemd/system") || !File.Exists(RuntimeDirectory + "/bus"), "no cgroup v2 with systemd and a user's own here");
        foreach (var directory in new[] { "xdg", "xdg/root" })
        {
            Directory.CreateDirectory(Path.Combine(Home, directory));
            Libc.lchown(Path.Combine(Home, directory), User, User);
        }

        foreach (var path in new[] { Home, Bundle.Path, Bundle.Rootfs, Bundle.Inside("/proc"), Bundle.Inside("/dev"), Bundle.Inside("/sys"), Bundle.Inside("/tmp") })
        {
            Libc.lchown(path, User, User);
        }

        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = User, ["size"] = 1 });
        }

        Bundle.Args("sleep");
        Bundle.Linux["cgroupsPath"] = cgroupsPath;
        Bundle.Linux["resources"] = JsonNode.Parse("""{ "memory": { "limit": 67108864 }, "pids": { "limit": 21 } }""");
        Bundle.Save();
    }

    private Result AsUser(params string[] arguments)
    {
        List<string> environment = [.. RuntimeEnvironment(), "XDG_RUNTIME_DIR=" + RuntimeDirectory, $"DBUS_SESSION_BUS_ADDRESS=unix:path={RuntimeDirectory}/bus", "HOME=" + Home];
        return new Command("/usr/bin/setpriv", ["--reuid", "1000", "--regid", "1000", "--clear-groups", Target.Path, "--root", Path.Combine(Home, "xdg", "root"), .. arguments]) { WorkingDirectory = Home, Environment = environment }.Run(Home);
    }
}
