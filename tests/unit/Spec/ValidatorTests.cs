using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

/// <summary>
/// What the validator lets pass, and what it warns of. What it refuses stands in tests/data/bad-input: see
/// <see cref="BadInputTests"/>.
/// </summary>
public sealed class ValidatorTests
{
    public static IEnumerable<TheoryDataRow<string>> Specs() =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "specs")).Select(static path => new TheoryDataRow<string>(Path.GetFileName(path)));

    [Theory]
    [MemberData(nameof(Specs))]
    public void The_default_specs_of_engines_pass(string file)
    {
        var findings = Validator.Validate(ConfigReader.Read(SpecFiles.Bytes(file), file));
        Assert.DoesNotContain(findings, static finding => finding.Severity == Severity.Error);
        Assert.All(findings, static finding => Assert.Equal(ConfigCodes.MemoryKernelIgnored, finding.Code));
    }

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("1.0.2-dev")]
    [InlineData("1.1.0-rc.1")]
    [InlineData("1.2.1")]
    [InlineData("1.3.0+x.001")]
    [InlineData("1.3.9")]
    [Trait("checklist", "18")]
    public void Versions_up_to_1_3_pass(string version) => Assert.Empty(Validate($$"""{ "ociVersion": "{{version}}" }"""));

    [Theory]
    [InlineData("1.4.0")]
    [InlineData("1.99.0")]
    [Trait("checklist", "19")]
    public void A_newer_minor_version_is_a_warning(string version) =>
        Warns($$"""{ "ociVersion": "{{version}}" }""", "ociVersion", "version-newer");

    [Fact]
    [Trait("checklist", "34")]
    public void A_relative_destination_is_a_warning() =>
        Warns("""{ "mounts": [{ "destination": "mnt", "type": "tmpfs" }] }""", "mounts[0].destination", "mount-destination-relative");

    [Theory]
    [InlineData("/proc/cpuinfo")]
    [InlineData("/proc/net/dev")]
    [InlineData("/proc//sys/./kernel/ns_last_pid")]
    [InlineData("/proc/sys/crypto/fips_enabled")]
    [InlineData("/proc/uptime/")]
    [InlineData("/procfs/sys")]
    [Trait("checklist", "109")]
    public void What_LXCFS_provides_may_be_mounted_over_proc(string destination) =>
        Assert.Empty(Validate($$"""{ "mounts": [{ "destination": "{{destination}}", "source": "/x", "options": ["bind"] }] }"""));

    [Fact]
    [Trait("checklist", "109")]
    public void Proc_itself_may_be_a_bind_of_another() =>
        Assert.Empty(Validate("""{ "mounts": [{ "destination": "/proc", "source": "/proc", "options": ["rbind"] }] }"""));

    [Theory]
    [InlineData("none")]
    [InlineData("bind")]
    [InlineData("tmpfs")]
    [InlineData("")]
    [Trait("checklist", "39")]
    public void Options_decide_what_a_bind_is(string type) =>
        Assert.Empty(Validate($$"""{ "mounts": [{ "destination": "/a", "type": "{{type}}", "source": "data", "options": ["rbind"] }] }"""));

    [Fact]
    [Trait("checklist", "107")]
    public void Every_option_of_the_spec_is_known_for_a_bind()
    {
        string options = string.Join("\", \"", MountOptionNames.Known.ToArray().Where(static option => option is not ("idmap" or "ridmap" or "tmpcopyup" or "remount")));
        Assert.Empty(Validate($$"""{ "mounts": [{ "destination": "/a", "source": "data", "options": ["", "{{options}}"] }] }"""));
    }

    [Theory]
    [InlineData(""" "type": "ramfs", "options": ["tmpcopyup"] """, "options[0]")]
    [InlineData(""" "source": "a", "options": ["bind", "tmpcopyup"] """, "options[1]")]
    [InlineData(""" "type": "tmpfs", "options": ["remount", "tmpcopyup"] """, "options[1]")]
    [InlineData(""" "type": "tmpfs", "options": ["copy-symlink"] """, "options[0]")]
    [InlineData(""" "options": ["remount", "ridmap"] """, "options[1]")]
    public void An_option_for_another_kind_of_mount_is_refused(string members, string path)
    {
        var findings = Validate($$"""{ "mounts": [{ "destination": "/a", {{members}} }], "linux": { "namespaces": [{"type": "user"}], "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}] } }""");
        Assert.Equal([$"mounts[0].{path}: mount-option-misplaced"], findings.Select(static f => $"{f.Path}: {f.Code.Name}"));
    }

    [Fact]
    public void Known_options_are_in_the_order_that_finding_them_needs() =>
        Assert.Equal(MountOptionNames.Known.ToArray().Order(StringComparer.Ordinal), MountOptionNames.Known.ToArray());

    [Fact]
    [Trait("checklist", "74")]
    public void A_remount_needs_neither_type_nor_source() =>
        Assert.Empty(Validate("""{ "mounts": [{ "destination": "/a", "options": ["remount", "ro"] }, { "destination": "/b", "options": ["bind", "remount", "ro"] }] }"""));

    [Fact]
    [Trait("checklist", "105")]
    public void Idmap_takes_the_mapping_of_the_containers_user_namespace() => Assert.Empty(Validate(
        """
        {
          "mounts": [{ "destination": "/a", "source": "/a", "options": ["bind", "idmap"] }],
          "linux": { "namespaces": [{ "type": "user", "path": "/proc/1/ns/user" }] }
        }
        """));

    [Fact]
    [Trait("checklist", "142")]
    public void A_console_size_means_nothing_without_a_terminal() =>
        Assert.Empty(Validate("""{ "process": { "cwd": "/", "args": ["a"], "consoleSize": { "height": 70000, "width": 1 } } }"""));

    [Fact]
    [Trait("checklist", "148")]
    public void A_variable_may_be_empty_and_hold_equal_signs() =>
        Assert.Empty(Validate("""{ "process": { "cwd": "/", "args": ["a", ""], "env": ["A=", "B=c=d"] } }"""));

    [Fact]
    [Trait("checklist", "152")]
    public void All_16_rlimits_pass()
    {
        Assert.Equal(16, Names.RlimitTypes.Length);
        string limits = string.Join(", ", Names.RlimitTypes.ToArray().Select(static name => $$"""{ "type": "{{name}}", "hard": 18446744073709551615, "soft": 1 }"""));
        Assert.Empty(Validate($$"""{ "process": { "cwd": "/", "args": ["a"], "rlimits": [{{limits}}] } }"""));
    }

    [Fact]
    [Trait("checklist", "163")]
    public void Capabilities_are_left_to_the_compiler_which_knows_the_host() => Assert.Empty(Validate(
        """{ "process": { "cwd": "/", "args": ["a"], "capabilities": { "bounding": ["CAP_FOO", ""], "ambient": ["CAP_KILL"] } } }"""));

    [Theory]
    [InlineData("""{ "policy": "SCHED_FIFO", "priority": 99, "flags": ["SCHED_FLAG_RESET_ON_FORK"] }""")]
    [InlineData("""{ "policy": "SCHED_BATCH", "nice": -20 }""")]
    [InlineData("""{ "policy": "SCHED_IDLE", "priority": 0, "runtime": 0 }""")]
    [InlineData("""{ "policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 5000 }""")]
    [InlineData("""{ "policy": "SCHED_FIFO", "flags": ["SCHED_FLAG_KEEP_PARAMS"] }""")]
    [Trait("checklist", "179")]
    public void Settings_that_the_policy_takes_pass(string scheduler) =>
        Assert.Empty(Validate($$"""{ "process": { "cwd": "/", "args": ["a"], "scheduler": {{scheduler}} } }"""));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0-3,7,10-11")]
    [InlineData("0, 2 - 3")]
    [InlineData("8191")]
    [Trait("checklist", "200")]
    public void Lists_of_CPUs_pass(string list) =>
        Assert.Empty(Validate($$"""{ "process": { "cwd": "/", "args": ["a"], "execCPUAffinity": { "initial": "{{list}}" } } }"""));

    [Fact]
    [Trait("checklist", "211")]
    public void A_hostname_of_64_bytes_passes_in_a_joined_namespace() => Assert.Empty(Validate(
        $$"""{ "hostname": "{{new string('a', 64)}}", "linux": { "namespaces": [{ "type": "uts", "path": "/run/uts" }] } }"""));

    [Fact]
    [Trait("checklist", "209")]
    public void An_empty_hostname_is_none() => Assert.Empty(Validate("""{ "hostname": "", "domainname": "" }"""));

    [Fact]
    [Trait("checklist", "263")]
    public void An_empty_namespace_path_is_a_new_namespace() => Assert.Equal(
        ConfigCodes.IdMappingIncomplete, Validate("""{ "linux": { "namespaces": [{ "type": "user", "path": "" }] } }""")[0].Code);

    [Fact]
    [Trait("checklist", "276")]
    public void Mappings_may_come_with_a_user_namespace_that_is_joined() => Assert.Empty(Validate(
        """
        {
          "process": { "cwd": "/", "args": ["a"], "user": { "uid": 70000, "gid": 1 } },
          "linux": {
            "namespaces": [{ "type": "user", "path": "/proc/1/ns/user" }],
            "uidMappings": [{ "containerID": 1, "hostID": 1, "size": 1 }, { "containerID": 2, "hostID": 2, "size": 4294967293 }]
          }
        }
        """));

    [Fact]
    [Trait("checklist", "294")]
    public void A_device_under_two_paths_is_a_warning() => Warns(
        """{ "linux": { "devices": [{ "type": "c", "path": "/a", "major": 1, "minor": 3 }, { "type": "u", "path": "/b", "major": 1, "minor": 3 }] } }""",
        "linux.devices[1]", "device-repeated");

    [Fact]
    [Trait("checklist", "286")]
    public void A_fifo_needs_no_numbers() => Assert.Empty(Validate("""{ "linux": { "devices": [{ "type": "p", "path": "/a" }, { "type": "p", "path": "/b" }] } }"""));

    [Theory]
    [InlineData("""{ "swap": -1 }""")]
    [InlineData("""{ "limit": 0, "swap": 0 }""")]
    [InlineData("""{ "limit": 5, "swap": 5 }""")]
    [InlineData("""{ "limit": -1, "swap": -1, "reservation": -1 }""")]
    [Trait("checklist", "336")]
    public void Swap_at_or_above_the_limit_passes(string memory) => Assert.Empty(Validate($$"""{ "linux": { "resources": { "memory": {{memory}} } } }"""));

    [Theory]
    [InlineData("kernel")]
    [InlineData("kernelTCP")]
    [Trait("checklist", "337")]
    public void A_limit_of_kernel_memory_is_a_warning(string member) => Warns(
        $$"""{ "linux": { "resources": { "memory": { "{{member}}": 1 } } } }""", "linux.resources.memory." + member, "memory-kernel-ignored");

    [Theory]
    [InlineData("""{ "quota": -1, "burst": 5 }""")]
    [InlineData("""{ "quota": 0, "period": 0, "shares": 0 }""")]
    [InlineData("""{ "quota": 1000, "burst": 1000, "period": 1000 }""")]
    [Trait("checklist", "344")]
    public void CPU_times_of_zero_are_unset(string cpu) => Assert.Empty(Validate($$"""{ "linux": { "resources": { "cpu": {{cpu}} } } }"""));

    [Theory]
    [InlineData("")]
    [InlineData("mr")]
    [Trait("checklist", "331")]
    public void Access_is_any_of_its_letters_or_none(string access) =>
        Assert.Empty(Validate($$"""{ "linux": { "resources": { "devices": [{ "allow": true }, { "allow": false, "access": "{{access}}" }] } } }"""));

    [Theory]
    [InlineData("/")]
    [InlineData("a..b")]
    [Trait("checklist", "382")]
    public void A_closID_may_be_the_root_or_any_name(string id) => Assert.Empty(Validate($$"""{ "linux": { "intelRdt": { "closID": "{{id}}" } } }"""));

    [Fact]
    [Trait("checklist", "384")]
    public void An_L3_schema_without_its_prefix_is_a_warning() =>
        Warns("""{ "linux": { "intelRdt": { "l3CacheSchema": "L3CODE:0=f" } } }""", "linux.intelRdt.l3CacheSchema", "rdt-invalid");

    [Theory]
    [InlineData("""{ "mode": "MPOL_PREFERRED" }""")]
    [InlineData("""{ "mode": "MPOL_LOCAL", "nodes": "" }""")]
    [InlineData("""{ "mode": "MPOL_BIND", "nodes": "0", "flags": [] }""")]
    [Trait("checklist", "403")]
    public void Memory_policies_that_set_mempolicy_takes_pass(string policy) => Assert.Empty(Validate($$"""{ "linux": { "memoryPolicy": {{policy}} } }"""));

    [Theory]
    [InlineData("net.ipv4.ip_forward", "network")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "network")]
    [InlineData("net.ipv4.conf.eth0/1.forwarding", "network")]
    [InlineData("kernel.shm_rmid_forced", "ipc")]
    [InlineData("fs/mqueue/queues_max", "ipc")]
    [InlineData("kernel/domainname", "uts")]
    [InlineData("user.max_mnt_namespaces", "user")]
    [Trait("checklist", "413")]
    public void A_sysctl_passes_with_its_namespace(string name, string type) => Assert.Empty(Validate(
        $$"""{ "linux": { "namespaces": [{ "type": "{{type}}", "path": "/run/ns" }], "sysctl": { "{{name}}": "1" } } }"""));

    [Theory]
    [InlineData("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("net", "net")]
    [InlineData("net.//.x", null)]
    [InlineData("net./.x", null)]
    [InlineData("net/../x", null)]
    [InlineData(".net", null)]
    [InlineData("", null)]
    public void A_sysctl_name_has_one_path(string name, string? path) => Assert.Equal(path, SysctlName.ToPath(name));

    [Theory]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "listenerPath": "relative, and ignored" }""")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_KILL", "syscalls": null, "listenerMetadata": "" }""")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["frobnicate"], "action": "SCMP_ACT_TRACE", "errnoRet": 65535 }] }""")]
    [Trait("checklist", "469")]
    public void Seccomp_profiles_that_can_be_loaded_pass(string seccomp) => Assert.Empty(Validate($$"""{ "linux": { "seccomp": {{seccomp}} } }"""));

    [Fact]
    [Trait("checklist", "137")]
    public void A_config_needs_no_process_no_mounts_and_no_linux() => Assert.Empty(Validate("{}"));

    [Fact]
    public void All_findings_are_reported_with_their_places()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            """
            { "ociVersion": "2.0.0",
              "root": { "path": "" },
              "process": { "cwd": "a",
                "env": ["A=b", "C"] },
              "annotations": { "a.b": "", "": "x" } }
            """);
        var findings = Validator.Validate(ConfigReader.Read(bytes, "config.json"));
        JsonLocation.Fill(bytes, findings);
        Assert.Equal(
            [
                ("ociVersion", 1, 17), ("root.path", 2, 21), ("process.cwd", 3, 23), ("process.args", 3, 14), ("process.env[1]", 4, 20),
                ("annotations[\"\"]", 5, 35),
            ],
            findings.Select(static f => (f.Path, f.Line, f.Column)));
    }

    [Fact]
    public void A_process_alone_has_paths_of_its_own()
    {
        var findings = Validator.ValidateProcess(new Process { Cwd = "/", Args = ["a"], Env = ["A"] });
        Assert.Equal("env[0]", Assert.Single(findings).Path);
    }

    [Fact]
    public void Every_code_is_listed_once_under_its_name_and_explains_itself()
    {
        var properties = typeof(ConfigCodes).GetProperties().Where(static p => p.PropertyType == typeof(ErrorCode)).ToArray();
        Assert.Equal(properties.Select(static p => (ErrorCode)p.GetValue(null)!).OrderBy(static c => c.Name, StringComparer.Ordinal), ConfigCodes.All.OrderBy(static c => c.Name, StringComparer.Ordinal));
        Assert.All(properties, static property =>
        {
            var code = (ErrorCode)property.GetValue(null)!;
            Assert.Equal(property.Name.ToUpperInvariant(), code.Name.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant());
            Assert.All([code.Meaning, code.Causes, code.Remedy], static text => Assert.EndsWith(".", text, StringComparison.Ordinal));
        });
    }

    private static List<Finding> Validate(string patch)
    {
        JsonObject config = JsonNode.Parse(patch)!.AsObject();
        config.TryAdd("ociVersion", "1.3.0");
        config.TryAdd("root", JsonNode.Parse("""{ "path": "rootfs" }"""));
        return Validator.Validate(ConfigReader.Read(SpecFiles.Bytes(config), "config.json"));
    }

    private static void Warns(string patch, string path, string code)
    {
        Finding finding = Validate(patch)[0];
        Assert.Equal((path, code, Severity.Warning), (finding.Path, finding.Code.Name, finding.Severity));
    }
}
