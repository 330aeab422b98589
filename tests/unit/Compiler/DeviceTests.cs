using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class DeviceTests
{
    [Fact]
    [Checklist(123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 134)]
    public void The_default_devices_and_links_are_always_there()
    {
        var compiled = Compiled.From();
        Assert.Equal(["make the device /dev/null (c 1:3 0666)", "make the device /dev/zero (c 1:5 0666)",
            "make the device /dev/full (c 1:7 0666)", "make the device /dev/random (c 1:8 0666)",
            "make the device /dev/urandom (c 1:9 0666)", "make the device /dev/tty (c 5:0 0666)"], compiled.Lines("make the device"));
        Assert.Equal(["link /dev/fd to /proc/self/fd if that is there", "link /dev/stdin to /proc/self/fd/0 if that is there",
            "link /dev/stdout to /proc/self/fd/1 if that is there", "link /dev/stderr to /proc/self/fd/2 if that is there",
            "link /dev/core to /proc/kcore if that is there", "link /dev/ptmx to pts/ptmx, in place of any file"], compiled.Lines("link"));
    }

    [Theory]
    [Checklist(135)]
    [InlineData("/dev")]
    [InlineData("/dev/")]
    public void Nothing_is_made_in_a_dev_that_is_the_hosts(string destination)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "{{destination}}", "source": "/dev", "options": ["rbind"]}] """);
        Assert.DoesNotContain(Opcode.MakeDevice, compiled.Opcodes());
        Assert.DoesNotContain(Opcode.MakeSymlink, compiled.Opcodes());
    }

    [Theory]
    [Checklist(282, 283, 284, 285, 286, 288, 291, 292, 293)]
    [InlineData(""" "type": "c", "path": "/dev/fuse", "major": 10, "minor": 229 """, "/dev/fuse (c 10:229 0666)")]
    [InlineData(""" "type": "u", "path": "/dev/x", "major": 10, "minor": 1, "fileMode": 384 """, "/dev/x (c 10:1 0600)")]
    [InlineData(""" "type": "b", "path": "/opt/x/sda", "major": 8, "minor": 0, "uid": 5, "gid": 6 """, "/opt/x/sda (b 8:0 0666) of 5:6")]
    [InlineData(""" "type": "p", "path": "/run/pipe", "fileMode": 432 """, "/run/pipe (fifo 0660)")]
    public void Devices_of_the_config_are_made(string device, string expected) =>
        Assert.Equal("make the device " + expected, With(device).Lines("make the device")[^1]);

    [Fact]
    [Checklist(294)]
    public void One_of_the_config_takes_the_place_of_a_default()
    {
        var compiled = With(""" "type": "c", "path": "/dev/null", "major": 1, "minor": 3, "fileMode": 292 """);
        Assert.Equal(["make the device /dev/null (c 1:3 0444)"], compiled.Lines("make the device /dev/null"));
    }

    [Theory]
    [Checklist(296)]
    [InlineData(true)]
    [InlineData(false)]
    public void In_a_user_namespace_the_hosts_nodes_are_bound(bool own)
    {
        const string Devices = """ "devices": [{"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229}, {"type": "p", "path": "/pipe"}] """;
        string user = own ? """, {"type": "user", "path": "/u"} """ : "";
        var compiled = Compiled.From(linux: $$""" "namespaces": [{"type": "mount"} {{user}}], {{Devices}} """,
            facts: new HostFacts { InUserNamespace = !own });
        Assert.Equal(["bind /dev/null on /dev/null (rslave,device c 1:3)", "bind /dev/fuse on /dev/fuse (rslave,device c 10:229)"],
            Array.FindAll(compiled.Lines("bind"), static line => line.Contains("null") || line.Contains("fuse")));
        Assert.Equal(7, compiled.Lines("bind").Length);
        Assert.Equal(["make the device /pipe (fifo 0666)"], compiled.Lines("make the device"));
        Assert.True(Array.LastIndexOf(compiled.Opcodes(), Opcode.OpenSource) < compiled.IndexOf(Opcode.IsolateHost));
    }

    private static Compiled With(string device) =>
        Compiled.From(linux: $$""" "namespaces": [{"type": "mount"}], "devices": [{ {{device}} }] """, facts: new HostFacts());
}
