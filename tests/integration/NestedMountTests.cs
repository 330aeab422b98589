using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Mounts and devices where the runtime is not root on the whole machine: in user namespaces and in containers.</summary>
public sealed class NestedMountTests : ContainerTest
{
    [Fact, Checklist(111)]
    public void A_bind_keeps_the_flags_that_are_locked_to_its_source()
    {
        var source = Path.Combine(Home, "source");
        Bundle.Mount("/bind", "bind", source, "rbind", "ro", "rprivate");
        Prepare();
        var report = ReportOf(AsRootOfAUserNamespace($"mkdir -p {source}; mount -t tmpfs -o nosuid,nodev,noexec,noatime tmpfs {source}"));
        Assert.Equal(["ro", "nosuid", "nodev", "noexec", "noatime"], Mountinfo(report, "/bind").Options);
    }

    [Theory, Checklist(111)]
    [InlineData("suid")]
    [InlineData("exec")]
    [InlineData("strictatime")]
    public void An_option_that_would_clear_a_locked_flag_is_refused(string option)
    {
        Known.PeersDeviate("say it in other words");
        var source = Path.Combine(Home, "source");
        Bundle.Mount("/bind", "bind", source, "rbind", option);
        Prepare();
        var result = AsRootOfAUserNamespace($"mkdir -p {source}; mount -t tmpfs -o nosuid,nodev,noexec,noatime tmpfs {source}");
        Assert.True(result.Error.Contains("mounts[6]: cannot bind on /bind: mount_setattr /bind: operation not permitted (EPERM)", StringComparison.Ordinal), result.Error);
        Assert.True(result.Error.Contains("is locked", StringComparison.Ordinal), result.Error);
    }

    [Fact, Checklist(111)]
    public void A_bind_that_leaves_out_what_is_locked_below_it_is_explained()
    {
        Known.PeersDeviate("say it in other words");
        var source = Path.Combine(Home, "source");
        Bundle.Mount("/bind", "bind", source, "bind");
        Prepare();
        var result = AsRootOfAUserNamespace($"mkdir -p {source}; mount -t tmpfs tmpfs {source}; mkdir {source}/below; mount -t tmpfs tmpfs {source}/below");
        Assert.True(result.Error.Contains("locked to it in a user namespace: use rbind", StringComparison.Ordinal), result.Error);
    }

    [Fact, Checklist(120)]
    public void Sysfs_is_the_hosts_without_a_network_namespace_of_ones_own()
    {
        Bundle.Namespace("network", "-");
        Prepare();
        var report = ReportOf(AsRootOfAUserNamespace("true", "--probe", "mkdir:/sys/x"));
        Assert.Equal("sysfs", Mountinfo(report, "/sys").Type);
        Assert.Contains("ro", Mountinfo(report, "/sys").Options);
        Assert.NotEqual("ok", report["probe:mkdir:/sys/x"]!.GetValue<string>());
        // With all that is mounted in it, and none of that writable.
        Assert.All(MountLine.All(report).Where(static m => m.Point.StartsWith("/sys/", StringComparison.Ordinal)), static m => Assert.Contains("ro", m.Options));
    }

    [Fact, Checklist(119)]
    public void Procfs_is_the_hosts_without_a_pid_namespace_of_ones_own()
    {
        Known.PeersDeviate("refuse it");
        Bundle.Namespace("pid", "-");
        Prepare();
        var report = ReportOf(AsRootOfAUserNamespace("true", "--read", "/proc/self/comm"));
        Assert.Equal("proc", Mountinfo(report, "/proc").Type);
        Assert.Equal("checker", report["read:/proc/self/comm"]!.GetValue<string>().Trim());
    }

    [Fact, Checklist(119)]
    public void The_kernels_refusal_of_a_procfs_beside_a_covered_one_is_explained()
    {
        Known.PeersDeviate("say operation not permitted");
        Prepare();
        var result = AsRootOfAUserNamespace("mount -t tmpfs tmpfs /proc/fs");
        Assert.True(result.Error.Contains("mounts[0]: cannot mount proc on /proc: fsmount proc: VFS: Mount too revealing: operation not permitted (EPERM)", StringComparison.Ordinal), result.Error);
        Assert.True(result.Error.Contains("parts of it are covered", StringComparison.Ordinal), result.Error);
    }

    [Fact, Checklist(127, 128, 129, 130, 131, 132, 296)]
    public void Where_nodes_may_not_be_made_those_of_the_host_are_bound()
    {
        Known.PeersDeviate("fail");
        Bundle.Linux["devices"] = new JsonArray(new JsonObject { ["type"] = "c", ["path"] = "/dev/kmsg", ["major"] = 1, ["minor"] = 11 });
        Bundle.Args("report", "--stat", "/dev/null", "--probe", "write:/dev/full", "--stat", "/dev/kmsg");
        Bundle.Save();
        var report = ReportOf(WithoutMkNod());
        Assert.Equal("1:3", report["stat:/dev/null"]!["device"]!.GetValue<string>());
        Assert.Equal("1:11", report["stat:/dev/kmsg"]!["device"]!.GetValue<string>());
        Assert.Equal("ENOSPC", report["probe:write:/dev/full"]!.GetValue<string>());
        Assert.Equal("devtmpfs", Mountinfo(report, "/dev/null").Type);
    }

    [Theory, Checklist(289, 296)]
    [InlineData("/dev/null", 7, "no such device")]
    [InlineData("/dev/nothing-of-the-hosts", 3, "operation not permitted")]
    public void There_a_node_that_the_host_lacks_is_an_error(string path, int minor, string text)
    {
        Known.PeersDeviate("fail");
        Bundle.Linux["devices"] = new JsonArray(new JsonObject { ["type"] = "c", ["path"] = path, ["major"] = 1, ["minor"] = minor });
        Bundle.Save();
        var result = WithoutMkNod();
        Assert.Contains($"linux.devices[0]: cannot make the device {path}", result.Error);
        Assert.Contains(text, result.Error);
    }

    [Fact, Checklist(289, 290, 296)]
    public void In_a_user_namespace_another_device_at_the_path_is_an_error()
    {
        Known.PeersDeviate("bind it");
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }

        Bundle.Linux["devices"] = new JsonArray(new JsonObject { ["type"] = "c", ["path"] = "/dev/zero", ["major"] = 1, ["minor"] = 3 });
        RunFails("linux.devices[0]: cannot bind the device on /dev/zero: look at the host's: no such device (ENODEV)");
    }

    private Result WithoutMkNod() => new Command("/usr/bin/setpriv", "--bounding-set", "-mknod", "--inh-caps", "-mknod",
        Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
    { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home);

    /// <summary>The container of a root who is none on the machine, with a user namespace of its own in that one.</summary>
    private void Prepare()
    {
        Assert.SkipWhen(Host.Text("/proc/sys/user/max_user_namespaces") is "0\n", "no user namespaces here");
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 0, ["size"] = 1 });
        }

        Bundle.Linux.Remove("cgroupsPath");
        foreach (var point in new[] { "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/bind", "/tmp", "/etc" })
        {
            Directory.CreateDirectory(Bundle.Inside(point));
        }
    }

    private Result AsRootOfAUserNamespace(string script, params string[] arguments)
    {
        Bundle.Args(["report", .. arguments]);
        Bundle.Save();
        // The mounts are the machine's root's, so they are locked in the user namespace that the runtime is in.
        var command = $"{script}; exec unshare --user --map-root-user --mount {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}";
        return new Command("/usr/bin/unshare", "--mount", "/bin/sh", "-ec", command) { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home);
    }
}
