using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>What the container's program has that it was not given, and keeps that it should have lost.</summary>
public sealed class ProcessTests : SecurityTest
{
    [Fact, Case("CVE-2016-8867, CVE-2018-10856")]
    public void A_user_that_is_not_root_has_no_capabilities_but_ambient_ones()
    {
        Bundle.Process["user"] = new JsonObject { ["uid"] = 1000, ["gid"] = 1000 };
        var capabilities = Report()["capabilities"]!;
        foreach (var set in new[] { "effective", "permitted", "inheritable", "ambient" })
        {
            Assert.Equal("0000000000000000", capabilities[set]!.GetValue<string>());
        }
    }

    [Fact, Case("CVE-2022-29162 and its kin, for the container's own process")]
    public void No_capability_is_inheritable_unless_the_config_says_so() =>
        Assert.Equal("0000000000000000", Report()["capabilities"]!["inheritable"]!.GetValue<string>());

    [Fact, Case("CVE-2022-2995, CVE-2023-25173")]
    public void The_callers_groups_stay_outside()
    {
        Bundle.Args("report");
        Bundle.Process["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 };
        Control();
        var inner = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var report = ReportOf(new Command("/usr/bin/setpriv", ["--groups", "12,34,5678", inner.Path, .. inner.Arguments])
        {
            WorkingDirectory = inner.WorkingDirectory,
            Environment = inner.Environment,
        }.Run(Home));
        Assert.Empty(report["groups"]!.AsArray());
    }

    [Fact, Case("descriptors of the caller's")]
    public void The_callers_descriptors_stay_outside()
    {
        Bundle.Args("report");
        Control();
        var command = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        var root = Libc.Check(Libc.open("/", Libc.CloseOnExec, 0), "open");
        foreach (var number in new[] { 3, 5, 17, 100 })
        {
            command.Descriptors[number] = root;
        }

        var report = ReportOf(command.Run(Home));
        Libc.close(root);
        Assert.Equal(["0", "1", "2"], report["descriptors"]!.AsObject().Select(static d => d.Key));
    }

    [Fact, Case("CVE-2025-23266, by the runtime", Fires = "runc 1.1.5")]
    public void The_containers_environment_reaches_no_hook_of_the_hosts()
    {
        var log = Path.Combine(Home, "hooks.log");
        var hooks = new JsonObject();
        string[] kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
        foreach (var kind in kinds)
        {
            hooks[kind] = new JsonArray(new JsonObject { ["path"] = Target.Checker, ["args"] = Bundle.Json("checker", "hook", log, "--name", kind) });
        }

        Bundle.Config["hooks"] = hooks;
        Bundle.Process["env"] = Bundle.Json("PATH=/bin", "LD_PRELOAD=/evil.so", "LEAKED=yes", "CSRUN_TEST=" + Mark);
        Control();
        var records = Lines(log);
        Assert.Equal(kinds, records.Select(static r => r["name"]!.GetValue<string>()));
        foreach (var record in records)
        {
            Assert.DoesNotContain(record["env"]!.AsArray(), static e => e!.GetValue<string>().StartsWith("LEAKED=", StringComparison.Ordinal) || e.GetValue<string>().StartsWith("LD_PRELOAD=", StringComparison.Ordinal));
        }
    }

    [Theory, Case("CVE-2017-5226, CVE-2016-10124 (TIOCSTI)")]
    [InlineData(false)]
    [InlineData(true)]
    public void The_callers_terminal_is_not_the_containers(bool ownSession)
    {
        Bundle.Args("report", "--out", "/out/report");
        Bundle.Mount("/out", "bind", Folder("out"), "bind");
        Control();
        File.Delete(Path.Combine(Home, "out", "report"));
        using var terminal = new Terminal();
        var inner = RuntimeCommand("run", "--bundle", Bundle.Path, Id);
        // In the second case the runtime itself leads the session that the terminal belongs to.
        var command = new Command(ownSession ? inner.Path : "/bin/sh", ownSession ? [.. inner.Arguments] : ["-c", "\"$@\" </dev/null >/dev/null 2>&1; exit $?", "sh", inner.Path, .. inner.Arguments])
        {
            WorkingDirectory = inner.WorkingDirectory,
            Environment = inner.Environment,
            Terminal = terminal.Name,
        };
        var pid = command.Start();
        Assert.Equal(0, command.Await(pid).Code);
        var report = JsonNode.Parse(File.ReadAllText(Path.Combine(Home, "out", "report")))!;
        Assert.False(report["terminal"]!["controlling"]!.GetValue<bool>());
        // tty_nr of proc_pid_stat(5).
        var stat = report["stat"]!.GetValue<string>();
        Assert.Equal("0", stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[4]);
    }

    [Fact, Case("CVE-2020-15257")]
    public void No_abstract_socket_is_there_while_a_container_runs()
    {
        var before = Abstract();
        Bundle.Args("sleep");
        Started();
        Assert.DoesNotContain(Abstract().Except(before), IsTheirs);

        static HashSet<string> Abstract() => [.. File.ReadLines("/proc/net/unix").Where(static l => l.Contains(" @", StringComparison.Ordinal)).Select(static l => l[(l.IndexOf(" @", StringComparison.Ordinal) + 1)..])];

        // Others use this machine at the same time.
        static bool IsTheirs(string name) => new[] { "csrun", "runc", "crun", "oci" }.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact, Case("the caller's session keyring")]
    public void The_callers_keyring_is_not_the_containers()
    {
        var keyctl = new[] { "/usr/bin/keyctl", "/bin/keyctl" }.FirstOrDefault(File.Exists);
        if (keyctl is null)
        {
            Bundle.Args("report");
            var first = ReportOf(RunContainer());
            Assert.Contains(Id, first["keyring"]!.GetValue<string>());
            return;
        }

        Bundle.Args("report");
        var report = ReportOf(RunContainer());
        var ours = new Command(keyctl, "show", "@s").Run(Home).Out;
        Assert.DoesNotContain(report["keyringSerial"]!.ToJsonString(), ours);
    }

    [Fact, Case("CVE-2017-18367, CVE-2019-9893")]
    public void Conditions_of_a_filter_hold_together_and_in_64_bits()
    {
        // getpriority (140) fails if both arguments are so; alarm (37) if its argument is at least 2^32.
        SystemCalls.Need();
        Bundle.Linux["seccomp"] = JsonNode.Parse("""
            { "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
              { "names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71, "args": [
                { "index": 0, "value": 0, "op": "SCMP_CMP_EQ" }, { "index": 1, "value": 77, "op": "SCMP_CMP_EQ" } ] },
              { "names": ["alarm"], "action": "SCMP_ACT_ERRNO", "errnoRet": 72, "args": [ { "index": 0, "value": 4294967296, "op": "SCMP_CMP_GE" } ] } ] }
            """);
        string[] calls = ["140 0 77", "140 0 0", "140 1 77", "37 5", "37 4294967296", "37 8589934592"];
        Bundle.Args([.. calls.SelectMany(static (c, i) => i == 0 ? ["call", .. c.Split(' ')] : (IEnumerable<string>)[",", "call", .. c.Split(' ')])]);
        var result = RunContainer();
        Assert.Equal(0, result.ExitCode);
        var lines = result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["-71", "-72", "-72"], lines.Where(static l => l is "-71" or "-72"));
        Assert.Equal(6, lines.Length);
        Assert.Equal("-71", lines[0]);
        Assert.Equal("-72", lines[5]);
    }

    [Fact, Case("CVE-2017-16539, CVE-2018-10892")]
    public void What_spec_writes_hides_the_hosts_controls()
    {
        var folder = Folder("default");
        Success(new Command(Target.Path, "spec") { WorkingDirectory = folder }.Run(Home));
        var linux = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["linux"]!;
        Bundle.Linux["maskedPaths"] = linux["maskedPaths"]!.DeepClone();
        Bundle.Linux["readonlyPaths"] = linux["readonlyPaths"]!.DeepClone();
        string[] hidden = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"];
        string[] fixedPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
        Bundle.Args(["report", .. hidden.SelectMany(static p => new[] { "--read", p, "--list", p }), .. fixedPaths.SelectMany(static p => new[] { "--probe", "write:" + p }), "--probe", "write:/proc/sys/kernel/core_pattern"]);
        var report = ReportOf(RunContainer());
        foreach (var path in hidden.Where(static p => Directory.Exists(p) || File.Exists(p)))
        {
            Assert.Contains(path, MountLine.All(report).Select(static m => m.Point));
            Assert.True(report["list:" + path]!.AsArray() is [] or [{ }] && (report["read:" + path]!.GetValue<string>() is "" or "!EISDIR"), path + " shows something");
        }

        foreach (var path in fixedPaths.Where(static p => Directory.Exists(p) || File.Exists(p)))
        {
            Assert.Contains("ro", Mountinfo(report, path).Options);
        }

        Assert.Equal("EROFS", report["probe:write:/proc/sys/kernel/core_pattern"]!.GetValue<string>());
    }

    [Fact, Case("CVE-2023-25809")]
    public void A_cgroup_mount_that_is_to_be_read_only_is()
    {
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }

        Bundle.Namespace("user");
        Bundle.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro");
        new Command("/bin/chown", "-R", "100000:100000", Bundle.Rootfs).Run(Home);
        Bundle.Args("report", "--list", "/sys/fs/cgroup");
        var report = ReportOf(RunContainer());
        foreach (var mount in MountLine.All(report).Where(static m => m.Type.StartsWith("cgroup", StringComparison.Ordinal)))
        {
            Assert.True(mount.Options.Contains("ro"), mount.Point + " can be written to");
        }
    }

    [Fact, Case("runc #4417: mounts of the container's on the host")]
    public void No_mount_of_the_containers_reaches_the_host()
    {
        // A shared mount passes on what is mounted below it.
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Success(new Command("/bin/cp", "-a", Bundle.Rootfs, Path.Combine(tree.Path, "rootfs")).Run(Home));
        Bundle.Config["root"]!["path"] = Path.Combine(tree.Path, "rootfs");
        var before = Host.Mounts(Home);
        Bundle.Args("sleep");
        Started();
        Assert.Equal(before, Host.Mounts(Home));
        Succeeds("delete", "--force", Id);
        Assert.Equal(before, Host.Mounts(Home));
    }

    [Fact, Case("CVE-2025-4437 and its kin: a hostile passwd", Fires = "runc 1.1.5, crun 1.8.1")]
    public void A_passwd_that_is_no_file_holds_nobody_up()
    {
        Bundle.Args("report");
        Control();
        var passwd = Bundle.Inside("/etc/passwd");
        // A FIFO, a device without an end, and a link to one.
        Libc.Check(Libc.mknod(passwd, 0x1000 | 0x1b6, 0), "mknod");
        RunEnds();
        File.Delete(passwd);
        Libc.Check(Libc.mknod(passwd, 0x2000 | 0x1b6, 0x105), "mknod");
        RunEnds();
        File.Delete(passwd);
        File.CreateSymbolicLink(passwd, "/dev/zero");
        RunEnds();
        File.Delete(passwd);
        using (var large = File.Create(passwd))
        {
            large.SetLength(1L << 40);
        }

        RunEnds();
        File.Delete(passwd);

        void RunEnds()
        {
            Bundle.Save();
            var command = new Command(Target.Path, "--root", Root, "run", "--bundle", Bundle.Path, Id)
            {
                WorkingDirectory = Home,
                Environment = RuntimeEnvironment(),
                DeadlineMilliseconds = 10_000,
            };
            var result = command.Run(Home);
            Assert.True(result.PeakKilobytes < 200_000, string.Create(CultureInfo.InvariantCulture, $"{result.PeakKilobytes} KB for a passwd"));
        }
    }

    [Fact, Case("CVE-2016-9962, before start")]
    public void A_created_container_holds_nothing_of_the_hosts()
    {
        Bundle.Args("sleep");
        var pid = Created();
        foreach (var fd in Directory.GetFiles($"/proc/{pid}/fd").Where(static f => int.Parse(Path.GetFileName(f), CultureInfo.InvariantCulture) > 2))
        {
            var isDirectory = new Command("/usr/bin/stat", "-L", "-c", "%F", fd).Run(Home).Out.Trim() is "directory";
            var fileSystem = new Command("/usr/bin/stat", "-f", "-L", "-c", "%t", fd).Run(Home).Out.Trim();
            Assert.False(isDirectory && fileSystem is not "9fa0", $"{fd} is a directory of the file system {fileSystem}");
        }
    }

    [Fact, Case("CVE-2019-5736 and changes of cached pages, before start", Fires = "runc 1.1.5, crun 1.8.1")]
    public void The_runtimes_file_is_not_what_waits_for_start()
    {
        Bundle.Args("sleep");
        var pid = Created();
        var target = new Command("/usr/bin/stat", "-c", "%d:%i", Target.Path).Run(Home).Out.Trim();
        var waiting = new Command("/usr/bin/stat", "-L", "-c", "%d:%i", $"/proc/{pid}/exe").Run(Home).Out.Trim();
        Assert.NotEqual(target, waiting);
    }

    [Fact, Case("CVE-2019-5736, by the program")]
    public void The_runtimes_file_cannot_be_changed_by_what_it_executes()
    {
        var copy = Path.Combine(Home, "runtime", Path.GetFileName(Target.Path));
        Folder("runtime");
        File.Copy(Target.Path, copy);
        var before = File.ReadAllBytes(copy);
        Bundle.Process["args"] = Bundle.Json("/proc/self/exe", "true");
        Bundle.Save();
        new Command(copy, "--root", Root, "run", "--bundle", Bundle.Path, Id) { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home);
        Assert.Equal(before, File.ReadAllBytes(copy));
    }
}
