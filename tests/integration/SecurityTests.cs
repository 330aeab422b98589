using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Invariants of the created state, and the old escapes that a rootfs alone can try.</summary>
public sealed class SecurityTests : ContainerTest
{
    /// <summary>A directory of the host that nothing may be written to.</summary>
    private string Canary
    {
        get
        {
            var path = Path.Combine(Home, "canary");
            Directory.CreateDirectory(path);
            return path;
        }
    }

    [Fact]
    public void The_waiting_process_is_a_sealed_memfd_with_nothing_to_steal()
    {
        Known.PeersDeviate("wait in a copy of themselves");
        Bundle.Save();
        var pid = Created();
        Assert.Matches(@"^/memfd:.* \(deleted\)$", ReadLink($"/proc/{pid}/exe"));
        var exe = Libc.Check(Libc.open($"/proc/{pid}/exe", Libc.CloseOnExec, 0), "open");
        var seals = Libc.fcntl(exe, 1034, 0);
        Libc.close(exe);
        Assert.Equal(0x0f, seals & 0x0f);
        Assert.True((seals & 0x20) != 0, $"F_SEAL_EXEC is missing: {seals:x}");
        Assert.Equal("", Host.Text($"/proc/{pid}/environ"));
        Assert.Single(Directory.GetDirectories($"/proc/{pid}/task"));
        Assert.Equal("1", Host.Status(pid, "Threads"));
        Assert.Equal("0000000000000000", Host.Status(pid, "SigBlk"));
        Assert.Equal("0000000000000000", Host.Status(pid, "SigIgn"));
        foreach (var fd in Directory.GetFiles($"/proc/{pid}/fd"))
        {
            var target = ReadLink(fd);
            Assert.True(int.Parse(Path.GetFileName(fd), CultureInfo.InvariantCulture) < 3 || target.StartsWith("socket:", StringComparison.Ordinal), $"{fd} is {target}");
        }

        Assert.True(Directory.GetFiles($"/proc/{pid}/fd").Length <= 5);
        Assert.Equal("/", ReadLink($"/proc/{pid}/cwd"));
    }

    [Fact]
    public void A_created_container_waits_in_little_memory()
    {
        Known.PeersDeviate("wait in a copy of themselves");
        var pid = Created();
        var resident = File.ReadLines($"/proc/{pid}/smaps_rollup").First(static l => l.StartsWith("Rss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.True(int.Parse(resident, CultureInfo.InvariantCulture) <= 200, $"{resident} KB");
    }

    [Fact]
    public void Two_containers_have_two_memfds()
    {
        Known.PeersDeviate("wait in a copy of themselves");
        var first = Created();
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/2";
        Bundle.Save();
        Succeeds("create", "--bundle", Bundle.Path, "--pid-file", Path.Combine(Home, "pid2"), Id + "-2");
        var second = int.Parse(File.ReadAllText(Path.Combine(Home, "pid2")), CultureInfo.InvariantCulture);
        Assert.NotEqual(Inode(first), Inode(second));

        static string Inode(int pid) => File.ReadLines($"/proc/{pid}/maps").First(static l => l.Contains("memfd:")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
    }

    [Fact]
    public void The_waiting_process_is_not_dumpable()
    {
        Known.Deviates("runc", "looks different at this point");
        var pid = Created();
        // A process that is not dumpable belongs to root:root in proc even in a user namespace; its environ cannot be read without privilege.
        var result = new Command("/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "/bin/sh", "-c", $"readlink /proc/{pid}/exe || cat /proc/{pid}/maps").Run(Home);
        Assert.NotEqual(0, result.ExitCode);
    }

    /// <summary>CVE-2024-21626.</summary>
    [Theory, Checklist(146)]
    [InlineData(3, 9)]
    [InlineData(10, 16)]
    [InlineData(17, 23)]
    [InlineData(24, 30)]
    public void A_working_directory_behind_a_descriptor_never_leads_out(int from, int to)
    {
        File.WriteAllText(Path.Combine(Canary, "secret"), "secret");
        Bundle.Args(["report", .. Enumerable.Range(1, 12).SelectMany(n => new[] { "--read", string.Concat(Enumerable.Repeat("../", n)) + Canary[1..] + "/secret" })]);
        for (var fd = from; fd <= to; fd++)
        {
            Bundle.Process["cwd"] = $"/proc/self/fd/{fd}";
            var result = RunContainer();
            Assert.DoesNotContain("\"secret\"", result.Out);
            Assert.True(result.ExitCode != 0 || result.Out.Contains("\"cwd\":\"/", StringComparison.Ordinal), result.ToString());
            Assert.DoesNotContain("(unreachable)", result.Out);
        }

        AssertNothingLeft();
    }

    /// <summary>CVE-2024-21626, by the program's path.</summary>
    [Fact]
    public void A_program_behind_a_descriptor_is_never_the_hosts()
    {
        File.Copy(Target.Checker, Path.Combine(Canary, "checker"));
        for (var fd = 3; fd <= 12; fd++)
        {
            Bundle.Process["args"] = Bundle.Json($"/proc/self/fd/{fd}/../../../../../..{Canary}/checker", "true");
            Assert.True(RunContainer().ExitCode != 0);
        }
    }

    /// <summary>CVE-2019-18837: links in the rootfs as targets of mounts.</summary>
    [Fact, Checklist(35)]
    public void Links_in_the_rootfs_do_not_lead_a_mount_to_the_host()
    {
        File.CreateSymbolicLink(Bundle.Inside("/link"), Canary);
        File.CreateSymbolicLink(Bundle.Inside("/relative"), "../../../../../../.." + Canary);
        var file = Path.Combine(Home, "file");
        File.WriteAllText(file, "x");
        Bundle.Mount("/link/new/x", "tmpfs", "tmpfs");
        Bundle.Mount("/relative/y", "tmpfs", "tmpfs");
        Bundle.Mount("/link/file", "bind", file, "bind");
        Bundle.Args("report");
        RunContainer();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Canary));
    }

    [Fact, Checklist(35)]
    public void A_destination_behind_a_link_is_inside_the_rootfs()
    {
        Directory.CreateDirectory(Bundle.Inside("/real"));
        File.CreateSymbolicLink(Bundle.Inside("/absolute"), "/real");
        File.CreateSymbolicLink(Bundle.Inside("/up"), "../../../../real");
        Bundle.Mount("/absolute/a", "tmpfs", "tmpfs");
        Bundle.Mount("/up/b", "tmpfs", "tmpfs");
        var report = Report();
        Assert.Equal("tmpfs", Mountinfo(report, "/real/a").Type);
        Assert.Equal("tmpfs", Mountinfo(report, "/real/b").Type);
    }

    /// <summary>CVE-2019-19921, CVE-2023-27561, CVE-2023-28642.</summary>
    [Theory]
    [InlineData("proc", "/evil/proc")]
    [InlineData("sys", "/evil/sys")]
    [InlineData("proc", "../../../tmp")]
    public void A_link_in_the_place_of_proc_or_sys_is_refused(string name, string target)
    {
        Known.Deviates("crun", "goes by descriptors and accepts it");
        Directory.CreateDirectory(Bundle.Inside("/evil/proc"));
        Directory.CreateDirectory(Bundle.Inside("/evil/sys"));
        Directory.Delete(Bundle.Inside(name));
        File.CreateSymbolicLink(Bundle.Inside(name), target);
        RunFails("mounts[" + (name == "proc" ? 0 : 5) + "]");
    }

    /// <summary>CVE-2019-16884: a directory of the image or a volume in the place of proc.</summary>
    [Fact]
    public void A_volume_on_proc_is_refused()
    {
        Known.Deviates("crun", "accepts it by design");
        var fake = Path.Combine(Home, "fake");
        Directory.CreateDirectory(Path.Combine(fake, "self", "attr"));
        Bundle.Mount("/proc", "bind", fake, "bind");
        RunFails("/proc");
    }

    /// <summary>CVE-2025-31133: the image's own /dev/null as a mask.</summary>
    [Fact]
    public void Masks_do_not_use_what_the_image_calls_dev_null()
    {
        Known.PeersDeviate("older ones are known to fail");
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        File.WriteAllText(Bundle.Inside("/canary-file"), "canary");
        File.WriteAllText(Bundle.Inside("/masked"), "secret");
        File.CreateSymbolicLink(Bundle.Inside("/dev/null"), "/canary-file");
        Bundle.Linux["maskedPaths"] = Bundle.Json("/masked");
        Bundle.Args("report", "--read", "/masked");
        var result = RunContainer();
        Assert.DoesNotContain("\"canary\"", result.Out);
        Assert.DoesNotContain("\"secret\"", result.Out);
        Assert.Equal("canary", File.ReadAllText(Bundle.Inside("/canary-file")));
    }

    /// <summary>CVE-2026-41579, CVE-2026-47766: /dev of the image is a link to the host.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_in_the_place_of_dev_does_not_lead_to_the_host(bool absolute)
    {
        Known.PeersDeviate("these versions make their links there");
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        File.WriteAllText(Path.Combine(Canary, "ptmx"), "marker");
        Directory.Delete(Bundle.Inside("/dev"));
        File.CreateSymbolicLink(Bundle.Inside("/dev"), absolute ? Canary : "../../../../../../.." + Canary);
        RunContainer();
        Assert.Equal(["ptmx"], Directory.EnumerateFileSystemEntries(Canary).Select(Path.GetFileName));
        Assert.Equal("marker", File.ReadAllText(Path.Combine(Canary, "ptmx")));
    }

    /// <summary>CVE-2026-88264: the console's place is a link.</summary>
    [Fact]
    public void A_link_in_the_place_of_the_console_is_not_followed()
    {
        Known.PeersDeviate("these versions follow it");
        foreach (var point in new[] { "/dev", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        Directory.CreateDirectory(Bundle.Inside("/dev/pts"));
        File.CreateSymbolicLink(Bundle.Inside("/dev/console"), Canary + "/created");
        Bundle.Process["terminal"] = true;
        Bundle.Args("true");
        using var listener = new FdListener(Path.Combine(Home, "console"));
        Create("--console-socket", listener.Path);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Canary));
    }

    /// <summary>CVE-2025-24965 and its kin: everything that the runtime makes itself.</summary>
    [Fact]
    public void Nothing_that_the_runtime_makes_follows_the_images_links()
    {
        Known.PeersDeviate("these versions follow some");
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        foreach (var name in new[] { "ptmx", "stdin", "stdout", "stderr", "fd", "core", "full", "zero", "random", "urandom", "tty" })
        {
            File.CreateSymbolicLink(Bundle.Inside("/dev/" + name), $"{Canary}/{name}");
        }

        foreach (var name in new[] { "opt", "work", "run" })
        {
            File.CreateSymbolicLink(Bundle.Inside(name), Canary);
        }

        Bundle.Linux["devices"] = new JsonArray(new JsonObject { ["type"] = "c", ["path"] = "/opt/dev/x", ["major"] = 1, ["minor"] = 3 });
        Bundle.Process["cwd"] = "/work/directory";
        Bundle.Mount("/run/x", "tmpfs", "tmpfs");
        RunContainer();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Canary));
    }

    /// <summary>CVE-2026-88265: stdio is not replaced by what a link in the image names.</summary>
    [Fact]
    public void A_link_in_the_place_of_dev_null_takes_no_hold_of_stdio()
    {
        Known.PeersDeviate("older ones are known to fail");
        foreach (var point in new[] { "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue" })
        {
            Bundle.Unmount(point);
        }

        var victim = Path.Combine(Home, "victim");
        File.WriteAllText(victim, "untouched");
        Bundle.Mount("/victim", "bind", victim, "bind");
        File.CreateSymbolicLink(Bundle.Inside("/dev/null"), "/victim");
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1234, ["gid"] = 1234 };
        Bundle.Args("print", "X");
        RunContainer();
        Assert.Equal("untouched", File.ReadAllText(victim));
        Assert.Equal("0", new Command("/usr/bin/stat", "-c", "%u", victim).Run(Home).Out.Trim());
    }

    /// <summary>CVE-2025-52881, the part without a race: a sysctl does not go to a bound directory.</summary>
    [Fact]
    public void A_sysctl_is_written_to_proc_or_nowhere()
    {
        var fake = Path.Combine(Home, "fake", "ipv4");
        Directory.CreateDirectory(fake);
        File.WriteAllText(Path.Combine(fake, "ip_unprivileged_port_start"), "canary");
        Bundle.Mount("/proc/sys/net", "bind", Path.Combine(Home, "fake"), "bind");
        Bundle.Linux["sysctl"] = new JsonObject { ["net.ipv4.ip_unprivileged_port_start"] = "81" };
        RunContainer();
        Assert.Equal("canary", File.ReadAllText(Path.Combine(fake, "ip_unprivileged_port_start")));
    }

    /// <summary>CVE-2021-43784: values too long for the hand-over.</summary>
    [Fact]
    public void Values_of_any_length_are_handed_over_or_refused()
    {
        Bundle.Namespace("network", "/" + new string('x', 80_000));
        RunFails("linux.namespaces");
        Bundle.Namespace("network");
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray([.. Enumerable.Range(0, 5000).Select(static i => (JsonNode)new JsonObject { ["containerID"] = i, ["hostID"] = 100000 + i, ["size"] = 1 })]);
        }

        RunFails("linux.uidMappings");
    }

    [Fact]
    public void The_identity_that_does_not_exist_is_refused()
    {
        Known.PeersDeviate("not checked");
        foreach (var member in new[] { "uid", "gid" })
        {
            Bundle.Process["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0, [member] = 4294967295 };
            RunFails("process.user." + member);
        }
    }

    [Fact, Checklist(313)]
    public void A_cgroup_path_never_leads_out_of_its_hierarchy()
    {
        Known.Deviates("runc", "cleans it (obs)");
        Bundle.Linux["cgroupsPath"] = $"/../../{Mark}";
        RunFails("linux.cgroupsPath");
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/../../{Mark}-out";
        RunFails("linux.cgroupsPath");
    }

    [Fact]
    public void The_runtimes_file_is_not_changed_by_what_runs()
    {
        static string Hash() => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Target.Path)));
        var before = Hash();
        Bundle.Process["args"] = Bundle.Json("/proc/self/exe", "true");
        RunContainer();
        Assert.Equal(before, Hash());
    }

    [Fact]
    public void A_file_of_the_pid_files_name_in_the_bundle_is_not_followed()
    {
        Known.PeersDeviate("not looked at");
        var victim = Path.Combine(Home, "victim");
        File.WriteAllText(victim, "untouched");
        File.CreateSymbolicLink(Path.Combine(Home, "pid"), victim);
        Created();
        Assert.Equal("untouched", File.ReadAllText(victim));
    }

    private static string ReadLink(string path)
    {
        var buffer = new byte[4096];
        var length = Readlink(path, buffer);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, Math.Max(length, 0));
    }

    private static unsafe int Readlink(string path, byte[] buffer)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(path + "\0");
        fixed (byte* name = bytes, target = buffer)
        {
            return (int)Libc.syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 78 : 267, -100, (long)name, (long)target, buffer.Length, 0);
        }
    }
}
