using System;
using System.Globalization;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>Namespaces that take a second process, hooks, and what is asked of the runtime.</summary>
public class NamespaceTests
{
    [Fact]
    public void A_time_namespace_has_its_offsets_from_its_first_process_on()
    {
        using var container = new TestContainer();
        container.Add(Opcode.Unshare, new Unshare { Flags = (uint)CloneFlags.NewTime });
        container.Add(Opcode.WriteTimeOffsets, new WriteTimeOffsets { Text = container.Text("monotonic 1000000 0\nboottime 2000000 0\n") });
        container.Add(Opcode.Fork, new Fork { Flags = CloneFlags.NewPid | CloneFlags.NewNs });
        container.Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("echo $$; busybox cat /proc/self/timens_offsets | busybox tr -s ' '"), 0);
        int child = Forked(init);
        init.Create();
        Start(init, child);
        Assert.Equal("1\nmonotonic 1000000 0\nboottime 2000000 0\n", container.Output());
    }

    [Fact]
    public void Namespaces_are_joined_by_descriptor()
    {
        using var container = new TestContainer();
        using var other = Files.Open(At.Cwd, "/proc/self/ns/uts", OpenFlags.ReadOnly);
        container.Add(Opcode.JoinNamespace, new JoinNamespace { Inherited = InheritedFd.First, Kind = (uint)CloneFlags.NewUts });
        container.Begin();
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("busybox readlink /proc/self/ns/uts", inherited: 3), InitProcess.Isolated, other);
        Assert.Equal(0, init.Run());
        Assert.Equal(new FileInfo("/proc/self/ns/uts").LinkTarget + "\n", container.Output());
    }

    [Fact]
    public void A_namespace_of_another_kind_is_not_joined()
    {
        using var container = new TestContainer();
        using var other = Files.Open(At.Cwd, "/proc/self/ns/uts", OpenFlags.ReadOnly);
        container.Add(Opcode.JoinNamespace, new JoinNamespace { Inherited = InheritedFd.First, Kind = (uint)CloneFlags.NewNet });
        using var init = InitProcess.Start(container.Plan(inherited: 3), InitProcess.Isolated, other);
        var error = init.Read();
        Assert.Equal((MessageKind.Error, Step.Namespace, Errno.EINVAL), (error.Kind, error.Step, error.Errno));
    }

    [Fact]
    public void Cgroups_are_joined_once_they_are_made()
    {
        string cgroup = $"/sys/fs/cgroup/pids/csrun-init-{Environment.ProcessId}";
        Assert.SkipUnless(File.Exists("/sys/fs/cgroup/pids/tasks"), "no v1 hierarchy of pids is mounted");
        using var container = new TestContainer();
        container.Add(Opcode.JoinCgroups, new JoinCgroups { Tasks = container.Writer.Strings([cgroup + "/tasks"]) });
        container.Begin();
        container.Pivot();
        Directory.CreateDirectory(cgroup);
        try
        {
            using var init = InitProcess.Start(container.Finish("busybox grep :pids: /proc/self/cgroup"));
            init.Say(MessageKind.CgroupsMade);
            Assert.Equal(0, init.Run());
            Assert.EndsWith($":pids:/{Path.GetFileName(cgroup)}\n", container.Output(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(cgroup);
        }
    }

    [Fact]
    public void What_is_no_file_of_a_cgroup_is_not_written_to()
    {
        using var container = new TestContainer();
        string file = Path.Combine(container.Host, "tasks");
        File.WriteAllText(file, "");
        container.Add(Opcode.JoinCgroups, new JoinCgroups { Tasks = container.Writer.Strings([file]) });
        using var init = InitProcess.Start(container.Plan());
        init.Say(MessageKind.CgroupsMade);
        var error = init.Read();
        Assert.Equal((MessageKind.Error, Step.Verify, file), (error.Kind, error.Step, error.Text));
        Assert.Equal("", File.ReadAllText(file));
    }

    [Fact]
    public void A_user_namespace_is_entered_once_its_ids_are_mapped()
    {
        const uint host = 100_000;
        using var container = new TestContainer();
        container.Add(Opcode.Fork, new Fork { Flags = CloneFlags.NewUser | InitProcess.Isolated });
        container.Add(Opcode.AwaitIdMap);
        container.Add(Opcode.BecomeRoot, new BecomeRoot { ClearGroups = 1 });
        container.Add(Opcode.OpenRootfs, new OpenRootfs { Path = container.Text(container.Root), Propagation = Ms.Private, FromRuntime = 1 });
        container.Add(Opcode.IsolateHost, new IsolateHost { Propagation = Ms.Private });
        container.Add(Opcode.AttachRootfs);
        container.Mount("/proc", "proc", 0, MountFlags.NoSymlinks);
        container.Mount("/mnt/new", "tmpfs");
        container.Mount("/sys", "sysfs", MountAttr.ReadOnly, MountFlags.NoSymlinks);
        container.Pivot();
        container.Identity(5, 6, [7], bounding: 1, permitted: 1);
        File.SetUnixFileMode(container.Root, (UnixFileMode)0x1FF);
        // The way to it is closed to the namespace's root: the runtime opens what lies behind.
        File.SetUnixFileMode(container.Host, (UnixFileMode)0x1C0);
        using var init = InitProcess.Start(container.Finish("busybox grep -E '^(Uid|Groups|CapBnd):' /proc/self/status; busybox grep -c /mnt/new /proc/mounts"), 0);
        int child = Forked(init);
        Assert.Equal(MessageKind.IdMapWanted, init.Read().Kind);
        InitProcess.WriteIdMaps(child, host);
        init.Say(MessageKind.IdMapDone);
        var wanted = init.Read();
        Assert.Equal((MessageKind.SourceWanted, (ulong)uint.MaxValue), (wanted.Kind, wanted.Value));
        using (var tree = Fd.Own(Syscalls.OpenTree(At.Cwd, container.Root, 0x8001), "open", container.Root))
            init.Say(MessageKind.Source, tree);
        init.Create();
        Start(init, child);
        Assert.Equal("Uid:\t5\t5\t5\t5\nGroups:\t7 \nCapBnd:\t0000000000000001\n1\n", container.Output());
    }

    [Fact]
    public void Capabilities_that_cannot_be_had_are_left_out_with_a_warning()
    {
        using var container = new TestContainer().Begin();
        container.Pivot();
        container.Identity(bounding: 1 | 1ul << 60, permitted: 1, inheritable: 1ul << 61);
        using var init = InitProcess.Start(container.Finish("busybox grep -E '^Cap' /proc/self/status"));
        var warning = init.Read();
        Assert.Equal((MessageKind.Warning, Step.CapabilitiesDropped, 3ul << 60), (warning.Kind, warning.Step, warning.Value));
        Assert.Equal(0, init.Run());
        Assert.Contains("CapBnd:\t0000000000000001\n", container.Output(), StringComparison.Ordinal);
    }

    [Fact]
    public void Hooks_get_the_state_and_nothing_else_and_run_on_either_side_of_the_root()
    {
        using var container = new TestContainer();
        string text = Path.Combine(container.Host, "hook");
        container.Begin();
        container.Add(Opcode.RequestHooks);
        container.Hook($"cat >{text}; env | grep -v -e PWD -e SHLVL -e ^_= >>{text}; ls /proc/self/fd >>{text}; read pid name state parent group rest </proc/self/stat; [ $pid = $group ] && echo leads >>{text}");
        container.Pivot();
        container.Find("/bin/sh");
        container.Ready();
        container.Hook("busybox cat >/out/hook", program: "/bin/sh");
        container.Execute(["sh", "-c", "echo done >/out/text"]);
        using var init = InitProcess.Start(container.Plan());
        Assert.Equal(MessageKind.HooksDue, init.Read().Kind);
        Assert.False(File.Exists(text));
        init.Say(MessageKind.HooksDone);
        Assert.Equal(0, init.Run());
        // ls has one more: the directory that it lists.
        Assert.Equal("""{"pid":1         ,"id":"test"}""" + "PATH=/bin:/usr/bin\n0\n1\n2\n3\nleads\n", File.ReadAllText(text));
        Assert.Equal("""{"pid":1         ,"id":"test"}""", container.Output("hook"));
    }

    [Fact]
    public void A_hook_need_not_read_its_state()
    {
        using var container = new TestContainer().Begin();
        string state = string.Create(CultureInfo.InvariantCulture, $"{{\"pid\":          ,\"big\":\"{new string('x', 500_000)}\"}}");
        container.Add(Opcode.RunHook, new RunHook
        {
            Path = container.Text("/bin/true"),
            Arguments = container.Writer.Strings(["true"]),
            State = container.Text(state),
            PidOffset = 7,
        });
        container.Add(Opcode.RunHook, new RunHook
        {
            Path = container.Text("/bin/sh"),
            Arguments = container.Writer.Strings(["sh", "-c", $"/usr/bin/wc -c >{container.Host}/count"]),
            State = container.Text(state),
            PidOffset = 7,
        });
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("true"));
        Assert.Equal(0, init.Run());
        Assert.Equal(state.Length, int.Parse(File.ReadAllText(container.Host + "/count"), CultureInfo.InvariantCulture));
    }

    /// <summary>The process that went on is a child of the test's, too.</summary>
    private static int Forked(InitProcess init)
    {
        var forked = init.Read();
        Assert.Equal(MessageKind.Forked, forked.Kind);
        Assert.Equal(0, init.ExitCode());
        return (int)forked.Value;
    }

    private static void Start(InitProcess init, int child)
    {
        using var connection = init.Go();
        Assert.Equal(InitMessage.End, InitProcess.Read(connection));
        Assert.True(Syscalls.WaitChild(child, noHang: false, out var status) >= 0);
        Assert.Equal(0, status.ExitCode);
    }
}
