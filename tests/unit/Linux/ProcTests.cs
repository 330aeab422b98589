using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Linux;

public class ProcTests
{
    private const string Fields = " S 1 2 3 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 18446744073709551615 1";

    [Theory]
    [InlineData("1 (init)")]
    [InlineData("1 (a) S 1 2 3)")]
    [InlineData("1 (with space)")]
    [InlineData("1 ()) R) )")]
    [InlineData("1 (new\nline)")]
    [InlineData("1 ()")]
    public void A_processs_name_cannot_forge_its_start_time(string start)
    {
        Assert.True(ProcessStat.TryParse(Encoding.UTF8.GetBytes(start + Fields), out ProcessStat stat));
        Assert.Equal(new ProcessStat('S', 987654, 4194560), stat);
    }

    [Theory]
    [InlineData("S", 4194560u, false, false)]
    [InlineData("S", 4194564u, false, true)]
    [InlineData("Z", 4194564u, true, true)]
    [InlineData("X", 0u, true, true)]
    public void A_process_that_waits_for_others_to_end_is_ending(string state, uint flags, bool ended, bool ending)
    {
        string line = "1 (a)" + Fields.Replace(" S ", " " + state + " ", StringComparison.Ordinal).Replace("4194560", flags.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.True(ProcessStat.TryParse(Encoding.UTF8.GetBytes(line), out ProcessStat stat));
        Assert.Equal((ended, ending), (stat.HasEnded, stat.IsEnding));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 (a")]
    [InlineData("1 (a)")]
    [InlineData("1 (a) S 1 2")]
    public void A_line_cut_short_is_refused(string line) =>
        Assert.False(ProcessStat.TryParse(Encoding.UTF8.GetBytes(line), out _));

    [Fact]
    public void This_process_is_alive_and_has_one_start_time()
    {
        ProcessStat stat = ProcessStat.Read(Environment.ProcessId)!.Value;
        Assert.False(stat.HasEnded);
        Assert.Equal(stat.StartTime, ProcessStat.Read(Environment.ProcessId)!.Value.StartTime);
        using Fd? same = PidFd.TryOpen(Environment.ProcessId, stat.StartTime);
        Assert.NotNull(same);
        Assert.False(PidFd.WaitForEnd(same.Number, 0));
        Assert.Null(PidFd.TryOpen(Environment.ProcessId, stat.StartTime + 1));
    }

    [Fact]
    public void A_process_that_is_not_there_is_null()
    {
        Assert.Null(ProcessStat.Read(0x3fffffff));
        Assert.Null(PidFd.TryOpen(0x3fffffff, 1));
    }

    [Fact]
    public void Mounts_are_parsed_with_their_tags_and_escapes()
    {
        const string text =
            "36 35 98:0 /mnt1 /mnt\\0402/a\\134b rw,noatime shared:1 master:2 - ext3 /dev/ro\\011ot rw,errors=continue\n" +
            "1 2 0:3 / / ro - cgroup cgroup rw,cpu,cpuacct\n";
        List<MountInfo> mounts = MountInfo.Parse(Encoding.UTF8.GetBytes(text));
        Assert.Equal(
            [
                new MountInfo(36, 35, "/mnt1", "/mnt 2/a\\b", "rw,noatime", "shared:1 master:2", "ext3", "/dev/ro\tot", "rw,errors=continue"),
                new MountInfo(1, 2, "/", "/", "ro", "", "cgroup", "cgroup", "rw,cpu,cpuacct"),
            ],
            mounts);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw shared:1 ext3 /dev/root rw")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw -")]
    [InlineData("x 35 98:0 / / rw - ext3 a rw")]
    public void A_mount_that_is_not_understood_is_an_error(string line) =>
        Assert.Throws<LinuxException>(() => MountInfo.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void This_processs_mounts_have_a_root()
    {
        Assert.Contains(MountInfo.ReadSelf(), static mount => mount.MountPoint == "/");
    }

    [Fact]
    public void Proc_is_verified_and_its_files_are_opened_below_it()
    {
        using Fd root = ProcFs.OpenRoot();
        using Fd status = ProcFs.Open(root.Number, Environment.ProcessId, "status", OpenFlags.ReadOnly);
        Assert.StartsWith("Name:", Encoding.UTF8.GetString(Files.ReadAll(status.Number, 65536, "status")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("self/root/etc/hostname")]
    [InlineData("../etc/hostname")]
    [InlineData("/etc/hostname")]
    [InlineData("self/exe")]
    public void A_path_that_leaves_proc_is_refused(string path)
    {
        using Fd root = ProcFs.OpenRoot();
        Assert.Contains(ProcFs.TryOpen(root.Number, path, OpenFlags.ReadOnly), new[] { -Errno.ELOOP, -Errno.EXDEV });
    }

    [Fact]
    public void A_namespace_is_known_by_its_descriptor()
    {
        using Fd network = Files.Open(At.Cwd, "/proc/self/ns/net", OpenFlags.ReadOnly);
        using Fd user = Files.Open(At.Cwd, "/proc/self/ns/user", OpenFlags.ReadOnly);
        using Fd other = Files.Open(At.Cwd, "/proc/self/status", OpenFlags.ReadOnly);
        Assert.Equal(
            [CloneFlags.NewNet, CloneFlags.NewUser, 0UL],
            new[] { network, user, other }.Select(static fd => Namespaces.Kind(fd.Number)));
    }

    [Fact]
    public void A_new_user_namespace_is_told_from_the_first_by_its_map() =>
        Assert.Equal(!File.ReadAllText("/proc/self/uid_map").Contains("4294967295", StringComparison.Ordinal), Self.IsInUserNamespace());

    [Fact]
    public void The_effective_capabilities_are_those_of_proc()
    {
        string line = File.ReadAllLines("/proc/self/status").First(static l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        Assert.Equal(ulong.Parse(line[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture), Self.EffectiveCapabilities());
    }
}
