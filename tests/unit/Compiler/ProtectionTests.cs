using System.Linq;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class ProtectionTests
{
    private const string AllNamespaces =
        """ "namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "user", "path": "/u"}] """;

    [Fact]
    [Checklist(420, 422, 423)]
    public void Paths_are_masked_and_made_readonly_once_each()
    {
        var compiled = Compiled.From(linux: """
            "namespaces": [{"type": "mount"}],
            "maskedPaths": ["/proc/kcore", "/sys/firmware", "/proc//kcore"], "readonlyPaths": ["/proc/sys", "/proc/sys/", "/proc/kcore"]
            """);
        Assert.Equal(["hide /proc/kcore", "hide /sys/firmware"], compiled.Lines("hide"));
        Assert.Equal(["make /proc/sys read-only, with all below it", "make /proc/kcore read-only, with all below it"], compiled.Lines("make /"));
        Assert.Equal(compiled.One<OpenNullDevice>(Opcode.OpenNullDevice).Slot, compiled.All<MaskPath>(Opcode.MaskPath)[1].NullSlot);
        Assert.True(compiled.IndexOf(Opcode.MaskPath) < compiled.IndexOf(Opcode.PivotRoot));
        Assert.Equal("linux.maskedPaths[1]", compiled.Result.Origins[compiled.IndexOf(Opcode.MaskPath) + 1].JsonPath);
    }

    [Fact]
    public void Without_masks_the_null_device_is_not_opened() => Assert.DoesNotContain(Opcode.OpenNullDevice, Compiled.From().Opcodes());

    [Theory]
    [Checklist(411, 413)]
    [InlineData("net.ipv4.ip_forward", "net/ipv4/ip_forward")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("kernel.msgmax", "kernel/msgmax")]
    [InlineData("kernel.shm_rmid_forced", "kernel/shm_rmid_forced")]
    [InlineData("fs.mqueue.msg_max", "fs/mqueue/msg_max")]
    [InlineData("kernel.domainname", "kernel/domainname")]
    [InlineData("user.max_user_namespaces", "user/max_user_namespaces")]
    public void Sysctls_of_the_containers_namespaces_are_written(string name, string file)
    {
        var compiled = Compiled.From(linux: $$""" {{AllNamespaces}}, "sysctl": {"{{name}}": "1"} """);
        Assert.Equal([$"set the sysctl {file} to 1"], compiled.Lines("set the sysctl"));
    }

    [Fact]
    [Checklist(196)]
    public void The_affinity_of_exec_is_nothing_to_do() =>
        Compiled.From(process: """ "cwd": "/", "args": ["a"], "execCPUAffinity": {"initial": "0"} """);

    [Fact]
    [Checklist(426)]
    public void Everything_that_is_wrong_is_said_at_once() =>
        Assert.Equal(["process.apparmorProfile: security-module-off", "process.selinuxLabel: security-module-off"],
            Compiled.Refused(() => Compiled.From(
                linux: """ "namespaces": [{"type": "mount"}] """,
                process: """ "cwd": "/", "args": ["a"], "apparmorProfile": "x", "selinuxLabel": "x" """)).Order());
}
