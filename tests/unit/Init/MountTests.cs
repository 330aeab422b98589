using System;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>What Init does beside mounting, and mounting in other ways.</summary>
public class MountTests
{
    [Fact]
    public void Long_parameters_are_mounted_by_mount2_and_nothing_else_is_left()
    {
        using var container = new TestContainer().Begin();
        container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with
        {
            Data = container.Text("size=64k,mode=711"),
            DataFlags = Ms.DirSync,
            Attributes = MountAttr.NoExec | MountAttr.NoAtime,
        });
        container.Pivot();
        using (var init = InitProcess.Start(container.Finish("busybox stat -c %a /mnt; busybox grep -c tmpfs /proc/self/mountinfo; busybox grep /mnt /proc/self/mountinfo | busybox cut -d' ' -f5-")))
            Assert.Equal(0, init.Run());
        Assert.Equal("711\n1\n/mnt rw,noexec,noatime - tmpfs tmpfs rw,dirsync,size=64k,mode=711\n", container.Output().Replace(",inode64", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("size=64k,frobnicate", Errno.EINVAL)]
    [InlineData("size=lots", Errno.EINVAL)]
    public void What_mount2_refuses_is_told_with_its_data(string data, int errno)
    {
        using var container = new TestContainer().Begin();
        container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with { Data = container.Text(data) });
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.Mount, errno, "tmpfs: " + data), (error.Kind, error.Step, error.Errno, error.Text));
    }

    [Theory]
    [InlineData(Ms.Remount)]
    [InlineData(Ms.Bind)]
    [InlineData(Ms.Move)]
    [InlineData(Ms.Shared)]
    public void A_plan_that_would_have_mount2_do_something_else_is_none(ulong flags)
    {
        using var container = new TestContainer().Begin();
        container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with { Data = container.Text("size=64k"), DataFlags = flags });
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.Plan), (error.Kind, error.Step));
    }

    [Fact]
    public void A_root_that_can_have_a_label_gets_it()
    {
        using var container = new TestContainer().Begin();
        // Without SELinux it is an attribute like any other.
        container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with { RootLabel = container.Text("a:b:c:s0") });
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("true"));
        Assert.Equal(0, init.Run());
    }

    [Fact]
    public void A_root_that_cannot_have_a_label_is_an_error()
    {
        Assert.SkipWhen(Directory.Exists("/sys/fs/selinux"), "SELinux is on");
        const int notSupported = 95;
        using var container = new TestContainer().Begin();
        container.Add(Opcode.MountFilesystem, New(container, "proc") with { RootLabel = container.Text("a:b:c:s0") });
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.Label, "a:b:c:s0"), (error.Kind, error.Step, error.Text));
        Assert.Equal(notSupported, error.Errno);
    }

    [Fact]
    public void Another_device_than_was_asked_for_is_not_bound()
    {
        using var container = new TestContainer();
        uint slot = container.Source("/dev/zero");
        container.Begin();
        container.Add(Opcode.MountBind, new MountBind { Destination = container.Text("/dev/zero"), Slot = slot, DeviceType = Mode.Character, DeviceMajor = 1, DeviceMinor = 3 });
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.Device, Errno.ENODEV), (error.Kind, error.Step, error.Errno));
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(140, Errno.ELOOP)]
    public void Copying_up_ends_at_a_depth_that_no_image_has(int depth, int errno)
    {
        using var container = new TestContainer();
        string path = Path.Combine(container.Root, "mnt");
        for (int i = 0; i < depth; i++)
            path = Path.Combine(path, "d");
        Directory.CreateDirectory(path);
        container.Begin();
        container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with { Flags = MountFlags.CopyUp });
        container.Pivot();
        using var init = InitProcess.Start(container.Finish("busybox find /mnt | busybox wc -l"));
        if (errno == 0)
        {
            Assert.Equal(0, init.Run());
            Assert.Equal(FormattableString.Invariant($"{depth + 1}\n"), container.Output());
            return;
        }
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.CopyUp, errno), (error.Kind, error.Step, error.Errno));
    }

    [Theory]
    [InlineData("idMap")]
    [InlineData("bind")]
    public void A_slot_that_is_empty_or_outside_is_no_plan(string which)
    {
        using var container = new TestContainer().Begin();
        if (which == "idMap")
            container.Add(Opcode.MountFilesystem, New(container, "tmpfs") with { Flags = MountFlags.IdMap, IdMapSlot = 7 });
        else
            container.Add(Opcode.MountBind, new MountBind { Destination = container.Text("/mnt"), Slot = 7, Flags = MountFlags.CopySymlink });
        using var init = InitProcess.Start(container.Plan());
        var error = init.ReadPastWarnings();
        Assert.Equal((MessageKind.Error, Step.Plan), (error.Kind, error.Step));
    }

    private static MountFilesystem New(TestContainer container, string type) =>
        new() { Destination = container.Text("/mnt"), Type = container.Text(type), Source = container.Text(type) };
}
