using System;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>Kernels, and filters around us, that lack the newer system calls: the same container.</summary>
public class FallbackTests
{
    [Theory]
    [InlineData("openat2")]
    [InlineData("mount_setattr")]
    [InlineData("close_range")]
    [InlineData("fchmodat2")]
    [InlineData("faccessat2")]
    [InlineData("openat2,mount_setattr,close_range,fchmodat2,faccessat2,clone3")]
    public void A_container_is_the_same_without(string systemCalls)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        using var container = new TestContainer();
        string outside = Path.Combine(container.Host, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "absolute"), outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "relative"), "../../.." + outside);
        File.CreateSymbolicLink(Path.Combine(container.Root, "loop"), "loop");
        uint file = container.Source("/etc/passwd");
        uint slot = container.Writer.NewSlot();
        container.Add(Opcode.OpenNullDevice, new OpenNullDevice { Slot = slot });
        container.Begin();
        container.Mount("/absolute/new/../one", "tmpfs", MountAttr.NoSuid);
        container.Bind(file, "/relative/file", MountAttr.ReadOnly | MountAttr.NoExec);
        TestContainer.MakeNode(Path.Combine(container.Root, "dev/zero"), Mode.Character | 0x124, 1, 5);
        container.Device("/dev/zero", Mode.Character | 0x1B6, 1, 5, 3, 4);
        container.Add(Opcode.MaskPath, new MaskPath { Path = container.Text("/proc/keys"), NullSlot = slot });
        container.Add(Opcode.MaskPath, new MaskPath { Path = container.Text("/proc/nothing"), NullSlot = slot });
        container.Add(Opcode.ReadonlyPath, new ReadonlyPath { Path = container.Text("/proc/sys") });
        container.Add(Opcode.WriteSysctl, new WriteSysctl { Name = container.Text("kernel/msgmax"), Value = container.Text("4321") });
        container.Pivot();
        container.Enter("/relative/cwd", create: true, 1000, 1000);
        container.Identity(1000, 1000, bounding: 0, permitted: 0);
        container.Enter("/relative/cwd");
        byte[] plan = container.Finish("""
            busybox awk '{ print $5, $6 }' /proc/self/mountinfo | busybox grep -v ' rw,relatime' | busybox sort; busybox stat -c '%a %u:%g' /dev/zero .
            busybox cat /proc/sys/kernel/msgmax; pwd; busybox ls /proc/self/fd | busybox wc -l; [ -s /proc/keys ] || echo masked
            """);
        using (var init = InitProcess.StartWithout(plan, systemCalls.Split(',')))
            Assert.True(init.Run() is 0, container.Output());
        Assert.Equal($"""
            /proc/sys ro,relatime
            {outside}/file ro,noexec,relatime
            {outside}/one rw,nosuid,relatime
            666 3:4
            755 1000:1000
            4321
            {outside}/cwd
            4
            masked

            """, container.Output());
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Theory]
    [InlineData("/loop/x", Errno.ELOOP)]
    [InlineData("/etc/passwd/x", Errno.ENOTDIR)]
    public void Without_openat2_what_leads_nowhere_is_refused(string path, int errno)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        using var container = new TestContainer().Begin(proc: false);
        File.CreateSymbolicLink(Path.Combine(container.Root, "loop"), "loop");
        container.Mount(path, "tmpfs");
        using var init = InitProcess.StartWithout(container.Plan(), "openat2");
        var error = init.Read();
        Assert.Equal((MessageKind.Error, errno), (error.Kind, error.Errno));
    }

    /// <summary>EAGAIN: somebody renames while we look. It is tried again, but not for ever.</summary>
    [Fact]
    public void A_lookup_that_is_disturbed_is_tried_again_and_given_up_at_last()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        using var container = new TestContainer().Begin();
        container.Pivot();
        byte[] plan = container.Finish("true");
        using (var init = InitProcess.StartUnder(plan, "strace -f -qq -o /dev/null -e inject=openat2:error=EAGAIN:when=1..100"))
            Assert.Equal(0, init.Run());
        using (var init = InitProcess.StartUnder(plan, "strace -f -qq -o /dev/null -e inject=openat2:error=EAGAIN"))
        {
            var error = init.Read();
            Assert.Equal((MessageKind.Error, Errno.EAGAIN), (error.Kind, error.Errno));
        }
    }
}
