using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Where the sysctl vm.memfd_noexec forbids to execute memory files: it is one of the pid namespace.</summary>
public sealed class MemoryFileTests : ContainerTest
{
    private const string Sysctl = "/proc/sys/vm/memfd_noexec";

    [Fact]
    public void A_container_runs_where_memory_files_may_not_be_executed()
    {
        Known.PeersDeviate("copy themselves in other ways");
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(Forbidden($"exec {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}"));
        Assert.Equal("inside", report["hostname"]!.GetValue<string>());
    }

    [Fact]
    public void The_file_that_waits_instead_can_be_written_by_nobody()
    {
        Known.PeersDeviate("copy themselves in other ways");
        Bundle.Args("sleep");
        Bundle.Save();
        var result = Forbidden($"""
            {Target.Path} --debug --root {Root} create --bundle {Bundle.Path} --pid-file {Home}/pid {Id}
            exe=/proc/$(cat {Home}/pid)/exe
            readlink $exe
            (echo x > $exe) || true
            findmnt -n -o TARGET | grep csrun:init || echo not mounted
            {Target.Path} --root {Root} delete --force {Id}
            """);
        Success(result);
        Assert.Equal("/csrun:init\nnot mounted\n", result.Out);
        Assert.Contains("Read-only file system", result.Error);
        Assert.Contains("vm.memfd_noexec is 2", result.Error);
    }

    [Fact]
    public void A_user_who_may_not_mount_runs_a_container_there_too()
    {
        Known.PeersDeviate("copy themselves in other ways");
        Assert.SkipWhen(Host.Text("/proc/sys/user/max_user_namespaces") is "0\n" || Host.Text("/proc/sys/kernel/unprivileged_userns_clone") is "0\n", "users may not make user namespaces here");
        foreach (var path in new[] { Home, Bundle.Path, Bundle.Rootfs, Bundle.Inside("/proc"), Bundle.Inside("/dev"), Bundle.Inside("/sys") })
        {
            Libc.lchown(path, 1000, 1000);
        }

        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 1000, ["size"] = 1 });
        }

        Bundle.Linux.Remove("cgroupsPath");
        Bundle.Args("report");
        Bundle.Save();
        var report = ReportOf(Forbidden($"exec setpriv --reuid 1000 --regid 1000 --clear-groups {Target.Path} --root {Root} run --bundle {Bundle.Path} {Id}"));
        Assert.Equal("[0,0,0,0]", report["uid"]!.ToJsonString());
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    private Result Forbidden(string script)
    {
        Assert.SkipUnless(File.Exists(Sysctl), "this kernel has no vm.memfd_noexec (Linux 6.3)");
        return new Command("/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-ec", $"echo 2 > {Sysctl}; {script}")
        {
            WorkingDirectory = Home,
            Environment = RuntimeEnvironment(),
        }.Run(Home);
    }
}
