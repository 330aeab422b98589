using System;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>What Init says of what it could not do, and what it refuses in a hostile root file system.</summary>
public class ErrorTests
{
    [Fact]
    public void A_parameter_that_a_file_system_refuses_is_named_with_the_kernels_own_words()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Mount("/mnt", "tmpfs", 0, MountFlags.None, ("size", "no-number"));
        var error = Fail(container, Errno.EINVAL, Step.FsConfig);
        Assert.Equal(3u, error.Instruction);
        Assert.Equal("size=no-number: tmpfs: Bad value for 'size'", error.Text);
    }

    [Fact]
    public void A_file_system_that_the_kernel_lacks_is_named()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Mount("/mnt", "nosuchfs");
        Assert.Equal("nosuchfs", Fail(container, Errno.ENODEV, Step.FsOpen).Text);
    }

    [Fact]
    public void A_source_that_is_missing_is_named()
    {
        using var container = new TestContainer();
        container.Source("/nonexistent/source");
        Assert.Equal("/nonexistent/source", Fail(container, Errno.ENOENT, Step.OpenTree).Text);
    }

    [Theory]
    [InlineData(LabelAttribute.Exec, "thread-self/attr/exec")]
    [InlineData(LabelAttribute.KeyCreate, "thread-self/attr/keycreate")]
    [InlineData(LabelAttribute.AppArmorExec, "thread-self/attr/exec")]
    public void A_label_without_a_security_module_is_refused(LabelAttribute attribute, string file)
    {
        Assert.SkipWhen(Directory.Exists("/proc/self/attr/apparmor") || File.Exists("/sys/fs/selinux/enforce"), "there is a security module here");
        using var container = new TestContainer();
        container.Add(Opcode.SetLabel, new SetLabel { Attribute = attribute, Value = container.Text("exec something") });
        Assert.Equal(file, Fail(container, Errno.EINVAL, Step.Write).Text);
    }

    [Fact]
    public void A_label_goes_to_procfs_itself_whatever_is_mounted_on_it()
    {
        using var container = new TestContainer().Begin();
        // A file in place of the attribute would take anything.
        container.Mount("/proc", "tmpfs");
        container.Add(Opcode.MakeDirectory, new MakeDirectory { Path = container.Text("/proc/thread-self/attr/exec"), Mode = 0x1ED });
        container.Pivot();
        container.Add(Opcode.SetLabel, new SetLabel { Value = container.Text("something") });
        Assert.SkipWhen(File.Exists("/sys/fs/selinux/enforce"), "SELinux is on here");
        Assert.Equal("thread-self/attr/exec", Fail(container, Errno.EINVAL, Step.Write).Text);
    }

    [Fact]
    public void A_component_that_is_no_directory_is_named()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Mount("/etc/passwd/below", "tmpfs");
        Assert.Equal("/etc/passwd/below", Fail(container, Errno.ENOTDIR, Step.Resolve).Text);
    }

    [Fact]
    public void A_component_that_cannot_be_made_is_named()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Add(Opcode.SetPathReadonly, new SetPathReadonly { Path = container.Text("/") });
        container.Mount("/new/place", "tmpfs");
        Assert.Equal("new", Fail(container, Errno.EROFS, Step.MakeParent).Text);
    }

    [Fact]
    public void A_device_that_is_another_one_is_refused()
    {
        using var container = new TestContainer().Begin(proc: false);
        TestContainer.MakeNode(Path.Combine(container.Root, "dev/null"), Mode.Character | 0x1B6, 1, 5);
        container.Device("/dev/null", Mode.Character | 0x1B6, 1, 3);
        Fail(container, Errno.EEXIST, Step.Verify);
    }

    [Fact]
    public void A_link_in_the_way_of_another_is_refused()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Symlink("/etc/passwd", "elsewhere");
        Fail(container, Errno.EEXIST, Step.Make);
    }

    [Fact]
    public void Links_of_the_root_file_system_lead_nowhere_outside()
    {
        using var container = new TestContainer();
        string outside = Path.Combine(container.Host, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "absolute"), outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "relative"), "../../../../../../" + outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "dev/console"), outside + "/console");
        uint file = container.Source("/etc/hostname");
        container.Begin();
        container.Mount("/absolute/new/one", "tmpfs");
        container.Mount("/relative/new/two", "tmpfs");
        container.Bind(file, "/absolute/file");
        container.Device("/absolute/device", Mode.Character | 0x1B6, 1, 3);
        container.Symlink("/relative/link", "target");
        container.Add(Opcode.MakeDirectory, new MakeDirectory { Path = container.Text("/absolute/directory"), Mode = 0x1ED });
        container.Pivot();
        container.Enter("/relative/cwd", create: true);
        using (var init = InitProcess.Start(container.Finish("busybox ls /absolute /relative/new; pwd")))
            Assert.Equal(0, init.Run());
        Assert.Equal($"/absolute:\ncwd\ndevice\ndirectory\nfile\nlink\nnew\n\n/relative/new:\none\ntwo\n{outside}/cwd\n", container.Output());
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.True(Directory.Exists(container.Root + outside + "/new/one"));
    }

    [Theory]
    [InlineData("/proc")]
    [InlineData("/sys")]
    public void A_link_in_the_place_of_proc_or_sys_is_refused(string place)
    {
        using var container = new TestContainer().Begin(proc: false);
        Directory.Delete(container.Root + place);
        Directory.CreateDirectory(container.Root + "/fake");
        File.CreateSymbolicLink(container.Root + place, "/fake");
        container.Mount(place, place is "/proc" ? "proc" : "sysfs", 0, MountFlags.NoSymlinks);
        Assert.Equal(place, Fail(container, Errno.ELOOP, Step.Resolve).Text);
    }

    /// <summary>As whoever shares the root file system can: a mount moves with the directory that it lies on.</summary>
    [Fact]
    public void A_proc_that_is_moved_away_meanwhile_is_noticed()
    {
        using var container = new TestContainer().Begin();
        uint slot = container.Writer.NewSlot();
        container.Add(Opcode.RequestHooks);
        container.Add(Opcode.OpenNullDevice, new OpenNullDevice { Slot = slot });
        container.Add(Opcode.MaskPath, new MaskPath { Path = container.Text("/proc/keys"), NullSlot = slot });
        container.Hook("cut -d' ' -f5 /proc/self/mountinfo | grep keys >&2; exit 3");
        string mounts = Move(container, Step.HookStatus, 0).Text;
        Assert.EndsWith("/rootfs/moved/keys\n", mounts, StringComparison.Ordinal);

        using var other = new TestContainer().Begin();
        other.Add(Opcode.RequestHooks);
        other.Pivot();
        Assert.Equal("/proc", Move(other, Step.Verify, Errno.ESTALE).Text);
    }

    [Theory]
    [InlineData("/proc/self/fd/3")]
    [InlineData("/proc/1/root")]
    [InlineData("/link")]
    public void A_working_directory_through_a_descriptor_is_refused(string path)
    {
        using var container = new TestContainer().Begin();
        File.CreateSymbolicLink(container.Root + "/link", "/proc/self/cwd");
        container.Pivot();
        container.Enter(path);
        Fail(container, Errno.ELOOP, Step.Resolve);
    }

    [Fact]
    public void An_id_that_means_no_change_is_refused()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Identity(uid: uint.MaxValue);
        Fail(container, Errno.EINVAL, Step.Uid);
    }

    [Fact]
    public void A_program_that_is_missing_or_not_executable_is_told_before_ready()
    {
        using var missing = new TestContainer().Begin(proc: false);
        missing.Pivot();
        missing.Find("/bin/none", "/etc/passwd/none", "/none/none");
        Fail(missing, Errno.ENOENT, Step.Find);

        using var refused = new TestContainer().Begin(proc: false);
        refused.Pivot();
        refused.Find("/bin/none", "/etc/passwd", "/bin");
        Fail(refused, Errno.EACCES, Step.Find);
    }

    [Fact]
    public void An_exec_that_fails_is_told_to_whoever_starts_it()
    {
        using var container = new TestContainer().Begin(proc: false);
        string script = Path.Combine(container.Root, "bin/script");
        File.WriteAllText(script, "#!/bin/no-such-interpreter\n");
        File.SetUnixFileMode(script, (UnixFileMode)0x1ED);
        container.Pivot();
        container.Find("/bin/script");
        container.Ready();
        container.Execute(["script"]);
        using var init = InitProcess.Start(container.Plan());
        init.Create();
        using var connection = init.Go();
        var error = InitProcess.Read(connection);
        Assert.Equal((MessageKind.Error, Step.Exec, Errno.ENOENT, "/bin/script"), (error.Kind, error.Step, error.Errno, error.Text));
        Assert.Equal(1, init.ExitCode());
    }

    [Fact]
    public void A_hook_that_fails_is_told_with_the_end_of_its_output()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Hook("for i in $(seq 300); do echo line $i; done; echo the reason >&2; exit 3");
        var error = Fail(container, 0, Step.HookStatus);
        Assert.Equal(3ul << 8, error.Value);
        Assert.StartsWith("line 1\n", error.Text, StringComparison.Ordinal);
        Assert.EndsWith("line 300\nthe reason\n", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hook_that_takes_too_long_is_killed_with_all_its_processes()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Hook("echo waiting; sleep 1000 & wait", timeout: 1);
        Assert.Equal("waiting\n", Fail(container, Errno.ETIMEDOUT, Step.HookTimeout).Text);
    }

    /// <summary>One that has more rights than Init cannot be killed by it; here Init has no right to kill anything.</summary>
    [Fact]
    public void A_hook_that_cannot_be_killed_is_not_waited_for_without_end()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Hook("exec sleep 1000", timeout: 1);
        using var init = InitProcess.StartUnder(container.Plan(), "strace -f -qq -o /dev/null -e inject=kill:error=EPERM");
        Assert.Equal(MessageKind.HookOutput, init.Read().Kind);
        var ended = init.Read();
        Assert.Equal((MessageKind.HookEnded, Step.HookTimeout), (ended.Kind, ended.Step));
        // One second of its own, ten for the kill.
        Assert.InRange((long)(ended.Value >> 32), 11_000, 60_000);
        Assert.Equal((MessageKind.Error, Step.HookTimeout), (init.Read() is var error ? error.Kind : default, error.Step));
    }

    [Fact]
    public void A_hook_that_does_not_exist_is_told()
    {
        using var container = new TestContainer().Begin(proc: false);
        container.Hook("", program: "/no/such/hook");
        Assert.Equal("/no/such/hook", Fail(container, Errno.ENOENT, Step.Exec).Text);
    }

    private static InitMessage Move(TestContainer container, Step step, int errno)
    {
        using var init = InitProcess.Start(container.Plan());
        Assert.Equal(MessageKind.HooksDue, init.Read().Kind);
        Directory.Move(container.Root + "/proc", container.Root + "/moved");
        Directory.CreateDirectory(container.Root + "/proc/keys");
        init.Say(MessageKind.HooksDone);
        var error = init.ReadPastWarnings();
        Assert.True(error.Kind == MessageKind.Error && error.Step == step && error.Errno == errno, $"{error}");
        return init.HookOutput.Count == 0 ? error : error with { Text = string.Concat(init.HookOutput) };
    }

    private static InitMessage Fail(TestContainer container, int errno, Step step)
    {
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.True(error.Kind == MessageKind.Error && error.Step == step && error.Errno == errno, $"{error}");
        Assert.Equal(InitMessage.End, init.Read());
        Assert.Equal(1, init.ExitCode());
        // Of a hook: what it printed on either stream.
        return init.HookOutput.Count == 0 ? error : error with { Text = string.Concat(init.HookOutput) };
    }
}
