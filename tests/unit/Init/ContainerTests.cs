using System;
using System.Globalization;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>What a container finds that Init made, instruction by instruction.</summary>
public class ContainerTests
{
    [Fact]
    public void File_systems_are_mounted_with_their_parameters_and_attributes()
    {
        using var container = new TestContainer().Begin();
        container.Mount("/dev", "tmpfs", MountAttr.NoSuid, MountFlags.None, ("mode", "755"), ("size", "64k"));
        container.Mount("/dev/pts", "devpts", MountAttr.NoSuid | MountAttr.NoExec, MountFlags.None, ("newinstance", null), ("ptmxmode", "0666"));
        container.Mount("/sys", "sysfs", MountAttr.ReadOnly, MountFlags.NoSymlinks);
        container.Add(Opcode.SetPathReadonly, new SetPathReadonly { Path = container.Text("/dev") });
        container.Pivot();
        string text = Run(container, "busybox cat /proc/self/mountinfo");
        Assert.Matches(@" /dev rw?o?,nosuid,relatime .*- tmpfs tmpfs rw,size=64k,mode=755", text);
        Assert.Contains(" /dev ro,nosuid", text, StringComparison.Ordinal);
        Assert.Matches(" /dev/pts rw,nosuid,noexec.*- devpts devpts rw,mode=600,ptmxmode=666", text);
        Assert.Contains(" /sys ro,", text, StringComparison.Ordinal);
        // The host's tree is gone.
        Assert.DoesNotContain("/boot", text, StringComparison.Ordinal);
        Assert.Equal(5, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void A_tmpfs_that_says_no_mode_has_that_of_the_directory_below()
    {
        using var container = new TestContainer().Begin();
        Directory.CreateDirectory(Path.Combine(container.Root, "here"), (UnixFileMode)0x2D2 /* 01322 */);
        File.SetUnixFileMode(Path.Combine(container.Root, "here"), (UnixFileMode)0x2D2);
        container.Mount("/here", "tmpfs", 0, MountFlags.KeepMode);
        container.Pivot();
        Assert.Equal("1322\n", Run(container, "busybox stat -c %a /here"));
    }

    [Fact]
    public void A_bind_of_a_file_makes_its_place_and_keeps_its_attributes()
    {
        using var container = new TestContainer();
        string file = Path.Combine(container.Host, "file");
        File.WriteAllText(file, "content");
        uint slot = container.Source(file);
        container.Begin();
        container.Bind(slot, "/etc/new/place", MountAttr.ReadOnly | MountAttr.NoExec, propagation: Ms.Slave);
        container.Pivot();
        string text = Run(container, "busybox cat /etc/new/place; echo x >/etc/new/place; busybox grep /etc/new/place /proc/self/mountinfo");
        Assert.Matches("^contentsh: can't create /etc/new/place: Read-only file system\n.* ro,noexec,relatime ", text);
        Assert.Equal("content", File.ReadAllText(file));
    }

    [Fact]
    public void A_remount_changes_attributes_and_parameters()
    {
        using var container = new TestContainer().Begin();
        container.Mount("/mnt", "tmpfs");
        container.Add(Opcode.Remount, new Remount
        {
            Destination = container.Text("/mnt"),
            Options = container.Writer.Array<PlanPair>([new PlanPair { Key = container.Text("size"), Value = container.Text("12k") }]),
            Set = MountAttr.NoDev,
        });
        container.Pivot();
        Assert.Matches("rw,nodev,relatime - tmpfs tmpfs rw,size=12k", Run(container, "busybox grep /mnt /proc/self/mountinfo"));
    }

    [Fact]
    public void Devices_have_their_number_mode_and_owner()
    {
        using var container = new TestContainer().Begin();
        container.Device("/dev/sub/null", Mode.Character | 0x1A4, 1, 3, 7, 8);
        container.Device("/dev/fifo", Mode.Fifo | 0x180, 0, 0);
        // There already, with another mode: that is put right.
        TestContainer.MakeNode(Path.Combine(container.Root, "dev/zero"), Mode.Character | 0x124, 1, 5);
        container.Device("/dev/zero", Mode.Character | 0x1B6, 1, 5, 3, 4);
        container.Pivot();
        Assert.Equal("644 7:8 1,3\n600 0:0 0,0\n666 3:4 1,5\n", Run(container, "busybox stat -c '%a %u:%g %t,%T' /dev/sub/null /dev/fifo /dev/zero"));
    }

    [Fact]
    public void Links_are_made_where_they_make_sense()
    {
        using var container = new TestContainer().Begin();
        container.Symlink("/dev/fd", "/proc/self/fd", MakeSymlinkFlags.IfTargetExists);
        container.Symlink("/dev/core", "/proc/there-is-no-such-file", MakeSymlinkFlags.IfTargetExists);
        File.WriteAllText(Path.Combine(container.Root, "dev/ptmx"), "");
        container.Symlink("/dev/ptmx", "pts/ptmx", MakeSymlinkFlags.Replace);
        container.Symlink("/dev/ptmx", "pts/ptmx");
        Directory.CreateDirectory(Path.Combine(container.Root, "dev/kept"));
        container.Symlink("/dev/kept", "elsewhere", MakeSymlinkFlags.KeepExisting);
        container.Pivot();
        Assert.Equal("fd -> /proc/self/fd\nkept\nptmx -> pts/ptmx\n",
            Run(container, "cd /dev; for f in *; do if [ -L $f ]; then echo \"$f -> $(busybox readlink $f)\"; else echo $f; fi; done"));
    }

    [Fact]
    public void Masked_paths_are_empty_and_readonly_ones_are_not_written()
    {
        using var container = new TestContainer();
        uint slot = container.Writer.NewSlot();
        container.Add(Opcode.OpenNullDevice, new OpenNullDevice { Slot = slot });
        container.Begin();
        foreach (string name in (string[])["one", "two", "three"])
        {
            Directory.CreateDirectory(Path.Combine(container.Root, name));
            File.WriteAllText(Path.Combine(container.Root, name, "secret"), "secret");
            File.WriteAllText(Path.Combine(container.Root, name + ".file"), "secret");
        }
        foreach (string path in (string[])["/one", "/two", "/one.file", "/two.file", "/nothing/there", "/one.file/below"])
            container.Add(Opcode.MaskPath, new MaskPath { Path = container.Text(path), NullSlot = slot });
        foreach (string path in (string[])["/three", "/three.file", "/nothing"])
            container.Add(Opcode.ReadonlyPath, new ReadonlyPath { Path = container.Text(path) });
        container.Pivot();
        string text = Run(container, """
            busybox ls /one /two; busybox cat /one.file /two.file /three/secret /three.file; echo
            echo x >/one/new; echo x >/three/new; echo x >/three.file
            busybox stat -c '%t,%T' /one.file; busybox stat -c '%d' /one /two | busybox uniq | busybox wc -l
            """);
        Assert.Equal("""
            /one:

            /two:
            secretsecret
            sh: can't create /one/new: Read-only file system
            sh: can't create /three/new: Read-only file system
            sh: can't create /three.file: Read-only file system
            1,3
            1

            """, text);
    }

    [Fact]
    public void Sysctls_and_names_are_those_of_the_containers_namespaces()
    {
        string host = File.ReadAllText("/proc/sys/kernel/msgmax");
        using var container = new TestContainer();
        container.Add(Opcode.NewSession);
        container.Add(Opcode.BringLoopbackUp);
        container.Add(Opcode.SetHostname, new SetHostname { Name = container.Text("a-host") });
        container.Add(Opcode.SetDomainname, new SetDomainname { Name = container.Text("a-domain") });
        container.Begin();
        container.Add(Opcode.WriteSysctl, new WriteSysctl { Name = container.Text("kernel/msgmax"), Value = container.Text("4321") });
        container.Pivot();
        Assert.Equal("4321\na-host\na-domain\nup\nleader\n", Run(container, """
            cd /proc/sys/kernel; busybox cat msgmax hostname domainname
            busybox ip link show lo | busybox grep -q ,UP && echo up; [ "$(busybox cut -d' ' -f6 /proc/self/stat)" = 1 ] && echo leader
            """));
        Assert.Equal(host, File.ReadAllText("/proc/sys/kernel/msgmax"));
    }

    [Fact]
    public void The_process_is_exactly_who_it_is_to_be()
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        container.Add(Opcode.SetUmask, new SetUmask { Mask = 0x1F });
        container.Add(Opcode.SetRlimit, new SetRlimit { Resource = Rlimits.NoFile, Soft = 20, Hard = 30 });
        container.Add(Opcode.SetRlimit, new SetRlimit { Resource = 4, Soft = 4096, Hard = 8192 });
        container.Enter("/home/new", create: true, uid: 1000, gid: 1001);
        container.Identity(1000, 1001, [5, 3, 77], bounding: 0x421, permitted: 0x21, inheritable: 0x20, ambient: 0x20, SetIdentityFlags.NoNewPrivileges);
        container.Enter("/home/new");
        string text = Run(container, """
            busybox grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Umask|SigBlk|SigIgn|Threads):' /proc/self/status | busybox sed 's/ $//'
            busybox stat -c '%u:%g %a' .; ulimit -n; ulimit -Hn; ulimit -c; pwd
            """);
        Assert.Equal("""
            Umask:	0037
            Uid:	1000	1000	1000	1000
            Gid:	1001	1001	1001	1001
            Groups:	3 5 77
            Threads:	1
            SigBlk:	0000000000000000
            SigIgn:	0000000000000000
            CapInh:	0000000000000020
            CapPrm:	0000000000000020
            CapEff:	0000000000000020
            CapBnd:	0000000000000421
            CapAmb:	0000000000000020
            NoNewPrivs:	1
            1000:1001 755
            20
            30
            8
            /home/new

            """, text);
    }

    [Fact]
    public void Home_comes_from_the_passwd_of_the_root_file_system()
    {
        foreach (var (uid, environment, expected) in new (uint, string[], string)[]
        {
            (1000, ["PATH=/bin"], "/home/user"), (0, ["HOME=", "PATH=/bin"], "/root"), (7, ["PATH=/bin"], "/"),
            (1000, ["PATH=/bin", "HOME=/mine"], "/mine"),
        })
        {
            using var container = new TestContainer().Begin();
            container.Pivot();
            container.Find("/bin/sh");
            container.Ready();
            container.Execute(["sh", "-c", "echo $HOME >/out/text"], environment, uid);
            using var init = InitProcess.Start(container.Plan());
            Assert.Equal(0, init.Run());
            Assert.Equal(expected + "\n", container.Output());
        }
    }

    [Fact]
    public void A_passwd_that_is_no_file_gives_no_home()
    {
        using var container = new TestContainer().Begin();
        string passwd = Path.Combine(container.Root, "etc/passwd");
        File.Delete(passwd);
        TestContainer.MakeNode(passwd, Mode.Fifo | 0x1B6);
        container.Pivot();
        container.Find("/bin/sh");
        container.Ready();
        container.Execute(["sh", "-c", "echo $HOME >/out/text"], homeOf: 0);
        using var init = InitProcess.Start(container.Plan());
        Assert.Equal(0, init.Run());
        Assert.Equal("/\n", container.Output());
    }

    [Fact]
    public void The_waiting_process_is_small_and_has_nothing_to_steal()
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("true"));
        init.Create();
        // Commit was read as soon as it waits in accept.
        string proc = string.Create(CultureInfo.InvariantCulture, $"/proc/{init.Pid}/");
        for (int i = 0; i < 1000 && !File.ReadAllText(proc + "wchan").Contains("accept", StringComparison.Ordinal) && File.ReadAllText(proc + "wchan") != "0"; i++)
            System.Threading.Thread.Sleep(5);
        string status = File.ReadAllText(proc + "status");
        Assert.Contains("Name:\tcsrun:init\n", status, StringComparison.Ordinal);
        Assert.Contains("Threads:\t1\n", status, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000\n", status, StringComparison.Ordinal);
        Assert.Contains("SigBlk:\t0000000000000000\n", status, StringComparison.Ordinal);
        string resident = Array.Find(File.ReadAllLines(proc + "smaps_rollup"), static line => line.StartsWith("Rss:", StringComparison.Ordinal))!;
        Assert.InRange(int.Parse(resident.AsSpan(4, resident.Length - 4 - 2).Trim(), CultureInfo.InvariantCulture), 4, 200);
        Assert.Equal("csrun:init\0", File.ReadAllText(proc + "cmdline"));
        Assert.Equal("", File.ReadAllText(proc + "environ"));
        Assert.StartsWith("/memfd:", new FileInfo(proc + "exe").LinkTarget, StringComparison.Ordinal);
        foreach (string descriptor in Directory.GetFiles(proc + "fd"))
        {
            if (int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture) > 2)
                Assert.StartsWith("socket:", new FileInfo(descriptor).LinkTarget, StringComparison.Ordinal);
        }
        using var connection = init.Go();
        Assert.Equal(InitMessage.End, InitProcess.Read(connection));
        Assert.Equal(0, init.ExitCode());
    }

    [Theory]
    [InlineData(15)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(9)]
    [InlineData(40)]
    public void A_signal_ends_a_waiting_container_at_once(int signal)
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("true"));
        init.Create();
        init.Signal(signal);
        Assert.Equal(128 + signal, init.ExitCode());
    }

    [Fact]
    public void A_connection_that_says_nothing_does_not_start_it()
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("echo started"));
        init.Create();
        for (int i = 0; i < 3; i++)
            init.Connect().Dispose();
        using (var connection = init.Go())
            Assert.Equal(InitMessage.End, InitProcess.Read(connection));
        Assert.Equal(0, init.ExitCode());
        Assert.Equal("started\n", container.Output());
    }

    [Fact]
    public void Without_the_runtime_it_ends_before_it_is_ready()
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("true"));
        Assert.Equal(MessageKind.Ready, init.ReadPastWarnings().Kind);
        init.HangUp();
        Assert.Equal(1, init.ExitCode());
    }

    [Fact]
    public void The_terminal_is_the_process_s_and_its_master_the_runtimes()
    {
        using var container = new TestContainer();
        container.Add(Opcode.NewSession);
        container.Begin();
        container.Mount("/dev", "tmpfs", 0, MountFlags.None, ("mode", "755"));
        container.Mount("/dev/pts", "devpts", 0, MountFlags.None, ("newinstance", null), ("ptmxmode", "0666"), ("mode", "0620"));
        container.Device("/dev/tty", Mode.Character | 0x1B6, 5, 0);
        container.Pivot();
        container.Add(Opcode.OpenConsole, new OpenConsole { Height = 30, Width = 90, BindConsole = 1, Uid = 1000 });
        container.Find("/bin/sh");
        container.Ready();
        container.Execute(["sh", "-c", "busybox stty size; busybox stat -c '%u %a' /dev/console; busybox tty; echo in >/dev/console; : </dev/tty && echo tty"]);
        using var init = InitProcess.Start(container.Plan());
        var message = init.Read();
        Assert.Equal(MessageKind.Console, message.Kind);
        using var master = message.Descriptor!;
        Assert.Equal(0, init.Run());
        byte[] text = new byte[1024];
        int length = 0;
        // EIO: nobody has the terminal any more.
        for (int count = 1; count > 0; length += Math.Max(count, 0))
            count = (int)Syscalls.Read(master.Number, text.AsSpan(length));
        Assert.Equal("30 90\r\n1000 620\r\n/dev/pts/0\r\nin\r\ntty\r\n", System.Text.Encoding.UTF8.GetString(text, 0, length));
    }

    [Fact]
    public void Without_pivot_root_the_hosts_proc_and_sys_are_gone()
    {
        using var container = new TestContainer().Begin();
        container.Add(Opcode.PivotRoot, new PivotRoot { NoPivot = 1 });
        string text = Run(container, "busybox awk '{ print $5, $9 }' /proc/1/mountinfo; busybox pwd");
        Assert.Contains("/proc proc", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(" proc\n").Length);
        Assert.DoesNotContain("sysfs", text, StringComparison.Ordinal);
        Assert.EndsWith("\n/\n", text, StringComparison.Ordinal);
    }

    private static string Run(TestContainer container, string script)
    {
        using var init = InitProcess.Start(container.Finish(script));
        int code = init.Run();
        string output = container.Output();
        Assert.True(code is 0 or 1, output);
        return output;
    }
}
