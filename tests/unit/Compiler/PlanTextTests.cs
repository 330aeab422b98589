using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Csrun.Tests.Unit.Cli;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class PlanTextTests
{
    /// <summary>A config that needs nearly every instruction.</summary>
    private const string Rich = """
        {
          "ociVersion": "1.3.0", "root": {"path": "rootfs", "readonly": true}, "hostname": "web", "domainname": "example.org",
          "process": {
            "terminal": true, "cwd": "/", "args": ["sh", "-c", "echo 'a b'", ""], "user": {"uid": 1, "gid": 2, "additionalGids": [3, 4]},
            "env": ["PATH=/bin:/usr/bin", "A=\u001b[31m"], "oomScoreAdj": 10, "noNewPrivileges": true,
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 18446744073709551615}],
            "apparmorProfile": "web", "selinuxLabel": "u:r:t:s0",
            "scheduler": {"policy": "SCHED_FIFO", "priority": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]},
            "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 3},
            "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": [], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}
          },
          "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/tmp", "type": "tmpfs", "source": "none", "options": ["ro", "noatime", "size=1m"]},
            {"destination": "/data", "source": "/srv", "options": ["rbind", "rro", "suid"]},
            {"destination": "/tmp", "options": ["remount", "nodev"]}],
          "hooks": {
            "prestart": [{"path": "/p"}], "createRuntime": [{"path": "/r", "args": ["x"]}], "createContainer": [{"path": "/c", "timeout": 5}],
            "startContainer": [{"path": "/s"}], "poststart": [{"path": "/t"}], "poststop": [{"path": "/o"}]},
          "linux": {
            "namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "uts"}, {"type": "network", "path": "/n"}, {"type": "user"},
                           {"type": "time"}, {"type": "cgroup"}],
            "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
            "timeOffsets": {"monotonic": {"secs": 1}}, "sysctl": {"net.ipv4.ip_forward": "1"}, "rootfsPropagation": "rshared",
            "netDevices": {"veth0": {"name": "eth0"}, "veth1": {}},
            "devices": [{"type": "p", "path": "/pipe", "uid": 7}], "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
            "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-1,64", "flags": ["MPOL_F_STATIC_NODES"]}, "personality": {"domain": "LINUX32"},
            "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/agent", "syscalls": [
              {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}, {"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}
          }
        }
        """;

    private static readonly HostFacts s_facts = new()
    {
        AppArmor = AppArmorState.Confined,
        SelinuxEnabled = true,
        Cgroups = [new CgroupFact("/sys/fs/cgroup", "/sys/fs/cgroup/demo", [], Unified: true)],
    };

    [Fact]
    public void The_text_numbers_the_instructions_and_says_what_is_done_around_them()
    {
        string text = PlanText.Write(Document());
        string[] lines = text.Split('\n');
        foreach (string line in (string[])[
            "  bundle          /bundle", "  new namespaces  pid, mount, uts, user, cgroup, time", "  joined          network",
            "  the host's      ipc", "  uid map         0 here is 1000 there, 10 of them", "  cgroup          /sys/fs/cgroup/demo",
            "  oom score       10", "  descriptors     0 to 3 are kept", "Before Init", "Namespaces and session",
            "    when Init asks for network devices: move veth0 there as eth0", "    when Init asks for network devices: move veth1",
            "    when Init asks for hooks: prestart hook /p as: /p", "    when Init asks for hooks: createRuntime hook /r as: x",
            "   0 join the network namespace /n", "Mounts", "Devices and links", "Protection and sysctls", "Hooks", "The process", "Start",
            "    once the program runs: poststart hook /t as: /t", "    once the container is deleted: poststop hook /o as: /o"])
        {
            Assert.Contains(line, lines);
        }
        foreach (string phrase in (string[])[
            "set its clocks off by monotonic 1 0", "go on in a new process, with new namespaces: pid, mount, uts, user",
            "become root of the user namespace, without other groups", "bind /srv on /data (rro,suid,rshared)",
            "mount tmpfs none on /tmp (noatime,size=1m)", "remount /tmp (nodev)", "make the device /pipe (fifo 0666) of 7:0",
            "set the sysctl net/ipv4/ip_forward to 1", "run the hook /c as: /c, for at most 5 s", "set the propagation of / to rshared",
            "limit RLIMIT_NOFILE to 10, at most unlimited",
            "become 1:2 with groups 3 4, no_new_privs; capabilities: CAP_KILL; effective: none; inheritable: CAP_KILL; ambient: CAP_KILL",
            "schedule as SCHED_FIFO, priority 7, SCHED_FLAG_RESET_ON_FORK", "set the I/O priority to IOPRIO_CLASS_BE, level 3",
            "set the memory policy to MPOL_BIND with MPOL_F_STATIC_NODES on the nodes 0, 1, 64", "set the personality to LINUX32",
            "have AppArmor do at execution: stack web", "have SELinux label the program u:r:t:s0",
            "have SELinux label keyrings u:r:t:s0", "have SELinux label keyrings as ever",
            "find the program: /bin/sh, /usr/bin/sh",
            "install the seccomp filter that asks the agent (6 instructions), and hand it its listener",
            "install the seccomp filter (10 instructions), the last thing before the program",
            "execute sh -c 'echo '\\''a b'\\''' '' with 2 environment variables and HOME from /etc/passwd"])
        {
            Assert.Contains(" " + phrase + "\n", text);
        }
    }

    [Fact]
    public void Nothing_of_the_config_can_pass_for_a_line_or_a_control_sequence()
    {
        var config = ConfigReader.Read(Encoding.UTF8.GetBytes(Rich), "config.json");
        config.Hostname = "a\n  0 nothing\u001b[2J";
        string text = PlanText.Write(Document(config));
        Assert.Contains("set the host name to a?  0 nothing?[2J\n", text);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void The_json_has_every_instruction_with_its_operands()
    {
        var document = Document();
        var plan = new PlanReader(document.Compiled.Plan);
        using var json = Json(document);
        var root = json.RootElement;
        Assert.Equal(("demo", "/bundle", "/bundle/rootfs"), (root.GetProperty("id").GetString(), root.GetProperty("bundle").GetString(),
            root.GetProperty("rootfs").GetString()));
        Assert.Equal("/n", root.GetProperty("namespaces").GetProperty("joined")[0].GetProperty("path").GetString());
        Assert.Equal(10, root.GetProperty("uidMappings")[0].GetProperty("size").GetInt32());
        Assert.Equal("/r", root.GetProperty("hostHooks").GetProperty("createRuntime")[0].GetString());
        var instructions = root.GetProperty("instructions");
        Assert.Equal(plan.Count, instructions.GetArrayLength());
        var opcodes = new HashSet<string?>();
        for (int i = 0; i < plan.Count; i++)
        {
            Assert.Equal(i, instructions[i].GetProperty("index").GetInt32());
            Assert.Equal(plan.OpcodeAt(i).ToString(), instructions[i].GetProperty("opcode").GetString());
            Assert.Equal(document.Compiled.Origins[i].JsonPath, instructions[i].GetProperty("from").GetString());
            Assert.Equal(JsonValueKind.Object, instructions[i].GetProperty("operands").ValueKind);
            opcodes.Add(instructions[i].GetProperty("opcode").GetString());
        }
        // The rest: the network namespace is joined, a user namespace has no right to the host's cgroups, other instructions make their directories, the root is pivoted into,
        // and the streams are a terminal.
        string[] missing = [nameof(Opcode.BringLoopbackUp), nameof(Opcode.MakeDirectory), nameof(Opcode.ChangeRoot),
            nameof(Opcode.PrepareStdio), nameof(Opcode.JoinCgroups), nameof(Opcode.Invalid)];
        foreach (var opcode in Enum.GetValues<Opcode>())
            Assert.True(opcodes.Contains(opcode.ToString()) || Array.IndexOf(missing, opcode.ToString()) >= 0, opcode.ToString());
    }

    [Fact]
    public void Operands_are_words_where_the_plan_has_numbers()
    {
        using var json = Json(Document());
        var operands = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var instruction in json.RootElement.GetProperty("instructions").EnumerateArray())
            operands[instruction.GetProperty("opcode").GetString()!] = instruction.GetProperty("operands");
        Assert.Equal("""["CAP_KILL"]""", operands["SetIdentity"].GetProperty("bounding").GetRawText().Replace(" ", "").Replace("\n", ""));
        Assert.Equal("rshared", operands["SetRootPropagation"].GetProperty("propagation").GetString());
        Assert.Equal("0022", operands["SetUmask"].GetProperty("mask").GetString());
        Assert.Equal(18446744073709551615, operands["SetRlimit"].GetProperty("hard").GetUInt64());
        Assert.Equal("nodev", operands["Remount"].GetProperty("set")[0].GetString());
        Assert.Equal("SCHED_FIFO", operands["SetScheduler"].GetProperty("policy").GetString());
        Assert.Equal("IOPRIO_CLASS_BE", operands["SetIoPriority"].GetProperty("class").GetString());
        Assert.Equal(64, operands["SetMemoryPolicy"].GetProperty("nodes")[2].GetInt32());
        Assert.Equal("LINUX32", operands["SetPersonality"].GetProperty("persona").GetString());
        Assert.Equal("SECCOMP_FILTER_FLAG_SPEC_ALLOW", operands["SetFilter"].GetProperty("flags")[0].GetString());
        Assert.Equal(operands["SetFilter"].GetProperty("instructions").GetInt32() * 8, operands["SetFilter"].GetProperty("filter").GetBytesFromBase64().Length);
    }

    [Fact]
    public void The_documentation_lists_every_instruction_in_its_order()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "plan.md"));
        int at = 0;
        foreach (var opcode in Enum.GetValues<Opcode>())
        {
            if (opcode == Opcode.Invalid)
                continue;
            int found = page.IndexOf($"| `{opcode}` |", at, StringComparison.Ordinal);
            Assert.True(found > 0, $"{opcode} is missing, or in another place");
            at = found;
        }
    }

    private static PlanDocument Document(Config? config = null)
    {
        config ??= ConfigReader.Read(Encoding.UTF8.GetBytes(Rich), "config.json");
        var options = Compiled.Options with { PreservedFds = 1 };
        return new PlanDocument(config, options, s_facts, PlanCompiler.Compile(config, options, s_facts));
    }

    private static JsonDocument Json(PlanDocument document)
    {
        var output = new ArrayBufferWriter<byte>();
        PlanJson.Write(output, document);
        return JsonDocument.Parse(output.WrittenMemory);
    }
}
