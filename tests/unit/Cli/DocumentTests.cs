using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using Csrun.Runtime;
using Csrun.Runtime.Cli;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Containers;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Cli;

/// <summary>What csrun writes for engines to read: the default config, features, list, log entries.</summary>
public class DocumentTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_default_config_has_what_the_specification_requires(bool cgroupNamespace)
    {
        var config = JsonDocument.Parse(DefaultSpec.Text(cgroupNamespace)).RootElement;

        Assert.Equal("rootfs", config.GetProperty("root").GetProperty("path").GetString());
        Assert.True(config.GetProperty("root").GetProperty("readonly").GetBoolean());
        Assert.Equal("sh", config.GetProperty("process").GetProperty("args")[0].GetString());
        Assert.Equal(7, config.GetProperty("mounts").GetArrayLength());
        var linux = config.GetProperty("linux");
        Assert.Equal(10, linux.GetProperty("maskedPaths").GetArrayLength());
        Assert.Equal(5, linux.GetProperty("readonlyPaths").GetArrayLength());
        Assert.Equal(cgroupNamespace, Namespaces(linux).Contains("cgroup"));
        Assert.Equal(["pid", "network", "ipc", "uts", "mount"], Namespaces(linux).Where(type => type != "cgroup"));
        Assert.Equal("{\"allow\":false,\"access\":\"rwm\"}", JsonSerializer.Serialize(linux.GetProperty("resources").GetProperty("devices")[0]));
    }

    [Fact]
    public void The_rootless_config_maps_root_to_the_caller()
    {
        var config = JsonDocument.Parse(DefaultSpec.RootlessText(1000, 1001, cgroupNamespace: true)).RootElement;

        var linux = config.GetProperty("linux");
        Assert.False(linux.TryGetProperty("resources", out _));
        Assert.Equal(["pid", "ipc", "uts", "mount", "user", "cgroup"], Namespaces(linux));
        Assert.Equal(1000, linux.GetProperty("uidMappings")[0].GetProperty("hostID").GetInt32());
        Assert.Equal(1001, linux.GetProperty("gidMappings")[0].GetProperty("hostID").GetInt32());
        var mounts = config.GetProperty("mounts").EnumerateArray().ToList();
        Assert.DoesNotContain(mounts.SelectMany(Strings), option => option.StartsWith("gid="));
        var sys = mounts.Single(mount => mount.GetProperty("destination").GetString() == "/sys");
        Assert.Equal("none", sys.GetProperty("type").GetString());
        Assert.Contains("rbind", Strings(sys));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void The_default_configs_are_valid_and_can_be_compiled(bool rootless, bool cgroupNamespace)
    {
        string text = rootless ? DefaultSpec.RootlessText(1000, 1000, cgroupNamespace) : DefaultSpec.Text(cgroupNamespace);
        var config = ConfigReader.Read(Encoding.UTF8.GetBytes(text), "config.json");

        Assert.Empty(Validator.Validate(config));
        var options = new CompileOptions { Id = "id", Bundle = "/bundle", RootfsPath = "/bundle/rootfs" };
        var facts = rootless ? new HostFacts { Euid = 1000, Egid = 1000 } : new HostFacts();
        Assert.NotEmpty(PlanCompiler.Compile(config, options, facts).Plan.ToArray());
    }

    [Fact, Trait("contract", "C7")]
    public void The_features_document_says_what_engines_ask()
    {
        var features = JsonDocument.Parse(FeaturesCommand.Document()).RootElement;

        Assert.Equal("1.0.0", features.GetProperty("ociVersionMin").GetString());
        Assert.Equal("1.3.0", features.GetProperty("ociVersionMax").GetString());
        Assert.Equal(6, features.GetProperty("hooks").GetArrayLength());
        var options = features.GetProperty("mountOptions").EnumerateArray().Select(option => option.GetString()).ToList();
        Assert.Contains("rro", options);
        Assert.Contains("rbind", options);
        Assert.Equal(options.Distinct(), options);
        var linux = features.GetProperty("linux");
        Assert.Contains(linux.GetProperty("namespaces").EnumerateArray(), name => name.GetString() == "user");
        Assert.Contains(linux.GetProperty("capabilities").EnumerateArray(), name => name.GetString() == "CAP_SYS_ADMIN");
        Assert.True(linux.GetProperty("mountExtensions").GetProperty("idmap").GetProperty("enabled").GetBoolean());
        Assert.True(linux.GetProperty("cgroup").GetProperty("v1").GetBoolean());
        Assert.True(linux.GetProperty("cgroup").GetProperty("systemd").GetBoolean());
        Assert.True(linux.GetProperty("seccomp").GetProperty("enabled").GetBoolean());
        Assert.Contains("\n    \"ociVersionMax\"", Encoding.UTF8.GetString(FeaturesCommand.Document()));
    }

    [Fact]
    [Checklist(552, 569, 570, 571, 572, 573, 574, 575, 577)]
    public void The_features_document_has_what_the_code_works_with()
    {
        var linux = JsonDocument.Parse(FeaturesCommand.Document()).RootElement.GetProperty("linux");

        foreach (string name in (string[])["apparmor", "selinux", "netDevices", "intelRdt"])
            Assert.True(linux.GetProperty(name).GetProperty("enabled").GetBoolean());
        Assert.Equal(Names.MemoryPolicyModes.ToArray(), linux.GetProperty("memoryPolicy").GetProperty("modes").EnumerateArray().Select(static mode => mode.GetString()));
        Assert.Equal(Names.MemoryPolicyFlags.ToArray(), linux.GetProperty("memoryPolicy").GetProperty("flags").EnumerateArray().Select(static flag => flag.GetString()));
        Assert.True(linux.GetProperty("intelRdt").GetProperty("schemata").GetBoolean());
        Assert.True(linux.GetProperty("intelRdt").GetProperty("monitoring").GetBoolean());
        Assert.True(linux.GetProperty("cgroup").GetProperty("systemdUser").GetBoolean());
    }

    [Fact]
    public void The_table_of_containers_has_runcs_columns()
    {
        var container = new ContainerView
        {
            Id = "a-container-of-a-long-name",
            Status = ContainerStatus.Running,
            Pid = 4711,
            Bundle = "/bundles/a",
            Rootfs = "/bundles/a/rootfs",
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Owner = "root",
        };

        string[] lines = ListCommand.Table([container]).Split('\n');

        Assert.Equal("ID                           PID         STATUS      BUNDLE       CREATED                          OWNER", lines[0]);
        Assert.Equal("a-container-of-a-long-name   4711        running     /bundles/a   2026-01-02T03:04:05.000000000Z   root", lines[1]);
        Assert.Equal("ID          PID         STATUS      BUNDLE      CREATED     OWNER\n", ListCommand.Table([]));
        Assert.Equal("a-container-of-a-long-name\n", ListCommand.Ids([container]));
    }

    [Fact]
    public void A_log_entry_has_the_keys_that_are_known()
    {
        var time = new DateTime(2026, 1, 2, 3, 4, 5, 67, DateTimeKind.Utc);

        Assert.Equal(
            "{\"level\":\"error\",\"msg\":\"cannot open \\\"x\\\" [a-code]\",\"time\":\"2026-01-02T03:04:05.067000Z\",\"code\":\"a-code\",\"path\":\"/x\",\"op\":\"cannot open\",\"errno\":\"ENOENT\"}\n",
            Encoding.UTF8.GetString(LogSink.Entry(json: true, LogLevel.Error, "cannot open \"x\" [a-code]", time, "a-code", "/x", "cannot open", 2)));
        Assert.Equal(
            "{\"level\":\"warning\",\"msg\":\"a\",\"time\":\"2026-01-02T03:04:05.067000Z\"}\n",
            Encoding.UTF8.GetString(LogSink.Entry(json: true, LogLevel.Warning, "a", time, null, null, null, 0)));
        Assert.Equal(
            "time=\"2026-01-02T03:04:05.067000Z\" level=error msg=\"say \\\"x\\\"\"\n",
            Encoding.UTF8.GetString(LogSink.Entry(json: false, LogLevel.Error, "say \"x\"", time, "a-code", null, null, 0)));
    }

    private static string?[] Namespaces(JsonElement linux) =>
        linux.GetProperty("namespaces").EnumerateArray().Select(entry => entry.GetProperty("type").GetString()).ToArray();

    private static string[] Strings(JsonElement mount) =>
        mount.TryGetProperty("options", out var options) ? options.EnumerateArray().Select(option => option.GetString()!).ToArray() : [];
}
