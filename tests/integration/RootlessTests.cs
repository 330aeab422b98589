using System.Collections.Generic;
using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The runtime as a user who is not root.</summary>
public sealed class RootlessTests : ContainerTest
{
    private const int User = 1000;

    private List<string> UserEnvironment => [.. RuntimeEnvironment(), "XDG_RUNTIME_DIR=" + Path.Combine(Home, "xdg"), "HOME=" + Home];

    [Fact, Contract("C31")]
    public void A_user_runs_a_container_in_a_user_namespace()
    {
        Prepare();
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(AsUser("run", "--bundle", Bundle.Path, Id));
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
        Assert.Equal(1, report["pid"]!.GetValue<int>());
        Assert.EndsWith("1000          1", report["uidMap"]!.GetValue<string>());
    }

    [Fact, Contract("C31")]
    public void A_users_containers_are_kept_in_the_runtime_directory()
    {
        Prepare();
        Bundle.Args("sleep");
        Bundle.Save();
        Success(AsUser("create", "--bundle", Bundle.Path, Id));
        Assert.True(Directory.Exists(Path.Combine(Home, "xdg", Target.Name, Id)));
        Success(AsUser("start", Id));
        Assert.Contains("running", Success(AsUser("state", Id)).Out);
        Success(AsUser("kill", Id, "KILL"));
        Host.Eventually(() => AsUser("state", Id).Out.Contains("stopped"), "stopped");
        Success(AsUser("delete", Id));
        Assert.False(Directory.Exists(Path.Combine(Home, "xdg", Target.Name, Id)));
    }

    [Fact]
    public void A_user_enters_his_containers()
    {
        Prepare();
        Bundle.Args("sleep");
        Bundle.Save();
        Success(AsUser("run", "--detach", "--bundle", Bundle.Path, Id));
        var report = ReportOf(AsUser("exec", Id, "/checker", "report"));
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
        Assert.EndsWith("1000          1", report["uidMap"]!.GetValue<string>());
        Success(AsUser("kill", Id, "KILL"));
        Host.Eventually(() => AsUser("state", Id).Out.Contains("stopped"), "stopped");
        Success(AsUser("delete", Id));
        if (Target.IsCsrun)
        {
            // One that waits for its start as well.
            Success(AsUser("create", "--bundle", Bundle.Path, Id));
            Success(AsUser("exec", Id, "/checker", "true"));
            Success(AsUser("delete", "--force", Id));
        }
    }

    [Fact]
    public void A_user_without_a_user_namespace_is_told_so()
    {
        Prepare();
        Bundle.Namespace("user", "-");
        Bundle.Linux.Remove("uidMappings");
        Bundle.Linux.Remove("gidMappings");
        Bundle.Save();
        var result = AsUser("run", "--bundle", Bundle.Path, Id);
        Assert.True(result.ExitCode != 0, result.ToString());
        if (Target.IsCsrun)
        {
            Assert.Single(result.Error.TrimEnd().Split('\n'));
        }
    }

    [Fact]
    public void The_config_that_spec_writes_for_a_user_runs()
    {
        Prepare();
        var directory = Path.Combine(Home, "spec");
        Directory.CreateDirectory(directory);
        Libc.lchown(directory, User, User);
        Success(AsUser("spec", "--rootless", "--bundle", directory));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!.AsObject();
        config["process"]!["terminal"] = false;
        config["process"]!["args"] = Bundle.Json("/checker", "report");
        config["process"]!["env"]!.AsArray().Add((JsonNode)("CSRUN_TEST=" + Mark));
        Bundle.Config = config;
        Bundle.Save();
        var report = ReportOf(AsUser("run", "--bundle", Bundle.Path, Id));
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
    }

    [Fact, Checklist(277)]
    public void More_ids_than_ones_own_are_mapped_by_the_helpers()
    {
        Prepare();
        Assert.SkipUnless(File.Exists("/usr/bin/newuidmap") && File.GetUnixFileMode("/usr/bin/newuidmap").HasFlag(UnixFileMode.SetUser), "newuidmap is missing");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name]!.AsArray().Add((JsonNode)new JsonObject { ["containerID"] = 1, ["hostID"] = 200000, ["size"] = 1000 });
        }

        Bundle.Args("report");
        Bundle.Save();

        // The helpers believe these files alone, so they get ones of the test's own in a mount namespace of its own.
        File.WriteAllText(Path.Combine(Home, "passwd"), "root:x:0:0::/:/bin/sh\ntester:x:1000:1000::/:/bin/sh\n");
        File.WriteAllText(Path.Combine(Home, "ids"), "tester:200000:1000\n");
        var script = $"""
            mount --bind {Home}/passwd /etc/passwd
            mount --bind {Home}/ids /etc/subuid
            mount --bind {Home}/ids /etc/subgid
            exec setpriv --reuid 1000 --regid 1000 --clear-groups {Target.Path} run --bundle {Bundle.Path} {Id}
            """;
        var report = ReportOf(new Command("/usr/bin/unshare", "--mount", "/bin/sh", "-ec", script) { WorkingDirectory = Home, Environment = UserEnvironment }.Run(Home));
        Assert.Equal(2, report["uidMap"]!.GetValue<string>().Split('\n').Length);
        Assert.Contains("200000", report["gidMap"]!.GetValue<string>());
    }

    private void Prepare()
    {
        Assert.SkipWhen(Host.Text("/proc/sys/user/max_user_namespaces") is "0\n" || Host.Text("/proc/sys/kernel/unprivileged_userns_clone") is "0\n", "users may not make user namespaces here");
        Directory.CreateDirectory(Path.Combine(Home, "xdg"));
        foreach (var path in new[] { Home, Path.Combine(Home, "xdg"), Bundle.Path, Bundle.Rootfs, Bundle.Inside("/proc"), Bundle.Inside("/dev"), Bundle.Inside("/sys"), Bundle.Inside("/tmp") })
        {
            Libc.lchown(path, User, User);
        }

        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = User, ["size"] = 1 });
        }

        // A user's cgroups are the session manager's business; none is there.
        Bundle.Linux.Remove("cgroupsPath");
    }

    private Result AsUser(params string[] arguments)
    {
        return new Command("/usr/bin/setpriv", ["--reuid", "1000", "--regid", "1000", "--clear-groups", Target.Path, .. arguments]) { WorkingDirectory = Home, Environment = UserEnvironment }.Run(Home);
    }
}
