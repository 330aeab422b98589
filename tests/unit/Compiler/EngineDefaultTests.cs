using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Plan;
using Csrun.Runtime.Cli;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

/// <summary>What engines write by default compiles, but for what is not done yet.</summary>
public sealed class EngineDefaultTests
{
    private static readonly HostFacts s_v2 = new()
    {
        Cgroups = [new CgroupFact("/sys/fs/cgroup", "/sys/fs/cgroup/demo", [], Unified: true)],
    };

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    [InlineData("docker")]
    [InlineData("containerd")]
    [InlineData("containerd-userns")]
    [InlineData("crio")]
    [InlineData("podman")]
    [InlineData("podman-rootless")]
    public void The_default_config_of_an_engine_compiles(string engine)
    {
        var compiled = Compiled.FromJson(WithoutTheUnsupported(engine), facts: s_v2);
        // runc's had ambient capabilities that are not inheritable for a while: none that the kernel grants.
        Assert.All(compiled.Result.Warnings, static warning => Assert.StartsWith("process.capabilities.ambient: ", warning));
        Assert.Equal([Opcode.Ready, Opcode.AwaitStart, Opcode.Execute],
            compiled.Opcodes().Where(static opcode => opcode != Opcode.SetFilter).TakeLast(3));
        Assert.Equal(compiled.Plan.Count, compiled.Result.Origins.Length);
        Assert.All(compiled.Lines(), static line => Assert.DoesNotContain('?', line));
    }

    [Fact]
    public void Docker_sets_up_the_network_in_a_prestart_hook() =>
        Assert.Contains(Opcode.RequestHooks, Compiled.FromJson(WithoutTheUnsupported("docker"), facts: s_v2).Opcodes());

    [Fact]
    public void Kubernetes_joins_the_namespaces_of_the_pod_in_one_step()
    {
        var compiled = Compiled.FromJson(WithoutTheUnsupported("containerd"), facts: s_v2);
        Assert.NotEmpty(compiled.Result.Joins);
        Assert.False(compiled.Result.TwoStep);
    }

    [Fact]
    public void Rootless_podman_binds_devices_in_the_user_namespace_that_it_runs_us_in()
    {
        var compiled = Compiled.FromJson(WithoutTheUnsupported("podman-rootless"), facts: s_v2 with { InUserNamespace = true });
        Assert.DoesNotContain(Opcode.MakeDevice, compiled.Opcodes());
        Assert.Contains("bind /dev/null on /dev/null (rslave,device c 1:3)", compiled.Lines());
        Assert.Contains("mount cgroup2 cgroup on /sys/fs/cgroup (ro,nosuid,nodev,noexec,rprivate), or bind the host's where that is refused",
            compiled.Lines());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void So_does_what_spec_writes(bool unified)
    {
        Compiled.FromJson(DefaultSpec.Text(unified));
        Compiled.FromJson(DefaultSpec.RootlessText(1000, 1001, unified), facts: new HostFacts { Euid = 1000, Egid = 1001 });
    }

    private static string WithoutTheUnsupported(string engine)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "specs", engine + ".json")))!.AsObject();
        var linux = config["linux"]!.AsObject();
        linux.Remove("mountLabel");
        config["process"]!.AsObject().Remove("apparmorProfile");
        config["process"]!.AsObject().Remove("selinuxLabel");
        foreach (var mount in config["mounts"]!.AsArray())
        {
            mount!.AsObject().Remove("uidMappings");
            mount.AsObject().Remove("gidMappings");
            var options = mount["options"]?.AsArray();
            options?.RemoveAll(static option => option!.GetValue<string>() is "tmpcopyup");
        }
        return config.ToJsonString();
    }
}
