using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>config.md#posix-platform-hooks: when the six kinds run, where, with what, and what their failure does.</summary>
public sealed class HookTests : HookTest
{
    [Fact, Checklist(212, 219, 222, 223, 226, 230, 233, 236, 239, 542, 543, 544)]
    public void Hooks_run_in_their_order()
    {
        Known.Deviates("runc", "runs poststart at the end of create (obs)");
        foreach (var kind in Kinds)
        {
            Add(kind, "--name", kind + "-1");
            Add(kind, "--name", kind + "-2");
        }

        Bundle.Args("write", "/hooks.log", "{\"name\":\"program\"}\n", ",", "sleep");
        Created();
        Assert.Equal(["prestart-1", "prestart-2", "createRuntime-1", "createRuntime-2", "createContainer-1", "createContainer-2"], Names());
        Assert.Empty(Lines(Bundle.Inside("/hooks.log")));
        Succeeds("start", Id);
        Assert.Equal(["poststart-1", "poststart-2"], Names()[6..]);
        Host.Eventually(() => Lines(Bundle.Inside("/hooks.log")).Count == 3, "the program's line");
        Assert.Equal(["startContainer-1", "startContainer-2", "program"], Lines(Bundle.Inside("/hooks.log")).Select(static l => l["name"]!.GetValue<string>()));
        Succeeds("delete", "--force", Id);
        Assert.Equal(["poststop-1", "poststop-2"], Names()[8..]);
    }

    [Theory, Checklist(212, 214, 224, 227, 231, 234, 237, 240)]
    [MemberData(nameof(AllKinds))]
    public void Each_kind_alone_runs_once_from_its_own_namespace(string kind)
    {
        Add(kind, "--name", kind);
        Bundle.Args("sleep");
        Started();
        Succeeds("delete", "--force", Id);
        Assert.Equal(kind, Assert.Single(Records(kind))["name"]!.GetValue<string>());
    }

    [Theory, Checklist(220, 221, 510, 515)]
    [MemberData(nameof(AllKinds))]
    public void A_hook_gets_the_state_and_end_of_file_on_stdin(string kind)
    {
        Known.Deviates("crun", "its states differ");
        if (kind is "prestart" or "poststart" or "startContainer")
        {
            Known.Deviates("runc", "its status differs");
        }

        Bundle.Config["annotations"] = new JsonObject { ["org.example.x"] = "y" };
        Add(kind);
        Bundle.Args("sleep");
        var pid = Started();
        Succeeds("delete", "--force", Id);
        var state = JsonNode.Parse(Records(kind)[0]["stdin"]!.GetValue<string>())!;
        Assert.Equal(Id, state["id"]!.GetValue<string>());
        Assert.Equal(Bundle.Path, state["bundle"]!.GetValue<string>());
        Assert.Equal("y", state["annotations"]!["org.example.x"]!.GetValue<string>());
        Assert.NotNull(state["ociVersion"]);
        Assert.Equal(kind switch { "prestart" or "startContainer" => "created", "poststart" => "running", "poststop" => "stopped", _ => "creating" }, state["status"]!.GetValue<string>());
        switch (kind)
        {
            case "poststop":
                Assert.True(state["pid"] == null || state["pid"]!.GetValue<int>() == 0);
                break;
            case "createContainer" or "startContainer":
                Assert.Equal(1, state["pid"]!.GetValue<int>());
                break;
            default:
                Assert.Equal(pid, state["pid"]!.GetValue<int>());
                break;
        }
    }

    [Theory, Checklist(222, 226, 230, 233, 236, 239)]
    [MemberData(nameof(AllKinds))]
    public void A_hook_runs_in_the_namespaces_of_its_kind(string kind)
    {
        Add(kind);
        Bundle.Args("sleep");
        var pid = Started();
        var container = new[] { "mnt", "net", "ipc", "uts", "pid" }.ToDictionary(static k => k, k => Host.Link($"/proc/{pid}/ns/{k}"));
        Succeeds("delete", "--force", Id);
        var seen = Records(kind)[0]["namespaces"]!;
        foreach (var (name, inode) in container)
        {
            var inside = kind is "createContainer" or "startContainer";
            Assert.Equal($"{name} {(inside ? inode : Host.Link("/proc/self/ns/" + name))}", $"{name} {seen[name]}");
        }
    }

    [Theory, Checklist(222, 226, 230)]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_create_hook_runs_when_the_host_is_still_to_be_seen(string kind)
    {
        var beacon = Path.Combine(Home, "beacon");
        File.WriteAllText(beacon, "");
        Add(kind, "--exists", beacon, "--exists", Bundle.Inside("/checker"));
        Bundle.Args("sleep");
        Created();
        var record = Records(kind)[0];
        Assert.True(record["exists:" + beacon]!.GetValue<bool>());
        Assert.True(record["exists:" + Bundle.Inside("/checker")]!.GetValue<bool>());
    }

    [Theory, Checklist(229), Contract("C34")]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    public void A_runtime_hook_can_reach_the_containers_namespaces(string kind)
    {
        Bundle.Args("sleep");
        AddRaw(kind, new JsonObject
        {
            ["path"] = "/bin/sh",
            ["args"] = Bundle.Json("sh", "-c", $"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | tr -d '\\n'); readlink /proc/$pid/ns/net > {Home}/net; cat /proc/$pid/mountinfo > {Home}/mounts"),
            ["env"] = Bundle.Json("PATH=/usr/bin:/bin"),
        });
        if (kind == "createRuntime")
        {
            Known.Deviates("runc", "prints its state over several lines to sed");
        }

        var pid = Created();
        Assert.Equal(Host.Link($"/proc/{pid}/ns/net"), File.ReadAllText(Path.Combine(Home, "net")).Trim());
        if (kind == "createRuntime")
        {
            Assert.Contains(Bundle.Rootfs + "/proc", File.ReadAllText(Path.Combine(Home, "mounts")));
        }
    }

    [Theory, Checklist(215), Contract("C34")]
    [MemberData(nameof(AllKinds))]
    public void A_hooks_arguments_begin_with_its_argv0(string kind)
    {
        Bundle.Args("sleep");
        AddRaw(kind, new JsonObject { ["path"] = Checker(kind), ["args"] = Bundle.Json("other-name", "hook", LogFor(kind), "--name", "ä b") });
        Started();
        Succeeds("delete", "--force", Id);
        Assert.Equal(["other-name", "hook", LogFor(kind), "--name", "ä b"], Records(kind)[0]["argv"]!.AsArray().Select(static a => a!.GetValue<string>()));
    }

    [Fact, Checklist(215)]
    public void A_hook_without_arguments_gets_its_path()
    {
        var script = Path.Combine(Home, "script");
        File.WriteAllText(script, $"#!/bin/sh\necho \"$0 $#\" > {Home}/out\ncat > /dev/null\n");
        Libc.chmod(script, 0x1ed);
        AddRaw("createRuntime", new JsonObject { ["path"] = script });
        Created();
        Assert.Equal($"{script} 0\n", File.ReadAllText(Path.Combine(Home, "out")));
    }

    [Theory, Checklist(216)]
    [MemberData(nameof(AllKinds))]
    public void A_hooks_environment_is_exactly_its_own(string kind)
    {
        Known.PeersDeviate("add their own when it is empty");
        Bundle.Process["env"]!.AsArray().Add((JsonNode)"LD_PRELOAD=/evil.so");
        foreach (var environment in new string[]?[] { ["A=1", "B=2"], [], null })
        {
            File.Delete(Log);
            File.Delete(Bundle.Inside("/hooks.log"));
            Bundle.Config.Remove("hooks");
            var hook = new JsonObject { ["path"] = Checker(kind), ["args"] = Bundle.Json("checker", "hook", LogFor(kind)) };
            if (environment != null)
            {
                hook["env"] = Bundle.Json(environment);
            }

            AddRaw(kind, hook);
            Bundle.Args("sleep");
            Started();
            Succeeds("delete", "--force", Id);
            Assert.Equal(environment ?? [], Records(kind)[0]["env"]!.AsArray().Select(static a => a!.GetValue<string>()));
        }
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void A_hook_has_no_other_descriptors_than_the_three(string kind)
    {
        Known.Deviates("runc", "its own leak");
        Bundle.Args("sleep");
        Add(kind);
        Started();
        Succeeds("delete", "--force", Id);
        var descriptors = Records(kind)[0]["descriptors"]!.AsObject();
        Assert.True(descriptors.Count == 3, descriptors.ToJsonString());
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("poststart")]
    public void A_hook_of_the_runtime_starts_in_the_bundle(string kind)
    {
        Bundle.Args("sleep");
        Add(kind);
        Started();
        Assert.Equal(Bundle.Path, Records(kind)[0]["cwd"]!.GetValue<string>());
    }

    [Fact, Checklist(239, 544)]
    public void Poststop_hooks_run_when_the_container_is_gone()
    {
        Known.Deviates("runc", "removes its state directory last");
        Add("poststop", "--exists", Path.Combine(Root, Id), "--exists", $"/sys/fs/cgroup/pids/{Host.CgroupParent}/{Mark}");
        Created();
        Succeeds("delete", Id);
        var record = Records("poststop")[0];
        Assert.False(record["exists:" + Path.Combine(Root, Id)]!.GetValue<bool>());
        Assert.False(record[$"exists:/sys/fs/cgroup/pids/{Host.CgroupParent}/{Mark}"]!.GetValue<bool>());
    }

    [Fact, Checklist(236)]
    public void Start_waits_for_the_poststart_hooks()
    {
        Known.Deviates("runc", "runs poststart at the end of create (obs)");
        Add("poststart", "--sleep", "300", "--exists", Bundle.Inside("/marker"));
        Bundle.Args("write", "/marker", "x", ",", "sleep");
        Created();
        var before = Environment.TickCount64;
        Succeeds("start", Id);
        Assert.True(Environment.TickCount64 - before >= 290);
    }

    [Fact, Contract("C7")]
    public void What_hooks_print_does_not_disturb_the_callers_output()
    {
        Known.Deviates("crun", "hooks inherit its streams");
        foreach (var kind in new[] { "prestart", "createRuntime", "createContainer", "poststart", "poststop" })
        {
            Add(kind, "--print", "noise");
        }

        Bundle.Args("sleep");
        foreach (var result in new[] { Create(), Runtime("start", Id), Runtime("delete", "--force", Id) })
        {
            Assert.Equal("", Success(result).Out);
        }
    }

    [Fact, Checklist(15)]
    public void Hooks_of_the_config_at_create_run_at_delete()
    {
        Add("poststop", "--name", "old");
        Created();
        Bundle.Config.Remove("hooks");
        Add("poststop", "--name", "new");
        Bundle.Save();
        Succeeds("delete", Id);
        Assert.Equal(["old"], Names());
    }

    [Fact]
    public void Run_runs_all_hooks_too()
    {
        foreach (var kind in Kinds)
        {
            Add(kind, "--name", kind);
        }

        Success(RunContainer());
        var expected = new[] { "prestart", "createRuntime", "createContainer", "poststart", "poststop" };
        Assert.Equal(expected, Names());
        Assert.Single(Records("startContainer"));
    }
}
