using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>What state and list print, and the pid-file.</summary>
public sealed class RecordTests : ContainerTest
{
    [Fact, Checklist(508, 509, 515, 516, 518, 519, 600)]
    public void State_has_every_member_that_callers_read()
    {
        Bundle.Args("sleep");
        Bundle.Config["annotations"] = new JsonObject { ["org.example.a"] = "1", ["org.example.empty"] = "" };
        var pid = Started();
        var state = State();
        Assert.Equal(pid, state["pid"]!.GetValue<int>());
        Assert.Equal(Bundle.Path, state["bundle"]!.GetValue<string>());
        Assert.Equal("1", state["annotations"]!["org.example.a"]!.GetValue<string>());
        Assert.Equal("", state["annotations"]!["org.example.empty"]!.GetValue<string>());
        Assert.Equal(Bundle.Rootfs, state["rootfs"]!.GetValue<string>());
        var created = state["created"]!.GetValue<string>();
        Assert.True(DateTimeOffset.TryParse(created, CultureInfo.InvariantCulture, out var time), created);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", created);
        Assert.True(Math.Abs((DateTimeOffset.UtcNow - time).TotalSeconds) < 60, created);
    }

    [Fact, Contract("C7")]
    public void State_prints_json_alone_and_nothing_on_stderr()
    {
        Created();
        var result = Succeeds("state", Id);
        Assert.Equal("", result.Error);
        Assert.NotNull(JsonNode.Parse(result.Out)!.AsObject());
    }

    [Fact, Checklist(517, 242)]
    public void State_of_a_container_without_annotations_has_none()
    {
        foreach (var annotations in new JsonNode?[] { null, new JsonObject() })
        {
            Bundle.Config["annotations"] = annotations;
            Created();
            Assert.True(State()["annotations"] is null or JsonObject { Count: 0 });
            Succeeds("delete", Id);
        }
    }

    [Fact]
    public void List_of_nothing_is_empty()
    {
        Directory.CreateDirectory(Root);
        Assert.Equal("", Succeeds("list", "--quiet").Out);
        Assert.Contains(Succeeds("list", "--format", "json").Out.Trim(), new[] { "null", "[]" });
        Assert.Matches(@"^\w+ +PID +STATUS +BUNDLE", Succeeds("list").Out);
    }

    [Fact]
    public void List_shows_every_container_in_each_form()
    {
        var pid = Created();
        var second = Id + "-2";
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/2";
        Bundle.Save();
        Succeeds("create", "--bundle", Bundle.Path, second);
        Assert.Equal([Id, second], Succeeds("list", "-q").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        var table = Succeeds("list").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, table.Length);
        var row = table.Single(l => l.Split(' ')[0] == Id).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([Id, pid.ToString(CultureInfo.InvariantCulture), "created", Bundle.Path], row[..4]);
        Assert.Equal("root", row[5]);
        var json = JsonNode.Parse(Succeeds("list", "-f", "json").Out)!.AsArray();
        Assert.Equal(2, json.Count);
        var item = json.Single(c => c!["id"]!.GetValue<string>() == Id)!;
        Assert.Equal(pid, item["pid"]!.GetValue<int>());
        Assert.Equal("created", item["status"]!.GetValue<string>());
        Assert.Equal(Bundle.Path, item["bundle"]!.GetValue<string>());
        Assert.Equal("root", item["owner"]!.GetValue<string>());
    }

    [Fact]
    public void List_shows_a_container_that_has_ended_as_stopped()
    {
        Started();
        AwaitStatus("stopped");
        var row = Succeeds("list").Out.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([Id, "0", "stopped"], row[..3]);
    }

    [Fact]
    public void List_skips_what_is_not_a_container()
    {
        Created();
        Directory.CreateDirectory(Path.Combine(Root, "broken"));
        var result = Runtime("list", "-q");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(Id, result.Out.Trim());
        Directory.Delete(Path.Combine(Root, "broken"));
    }

    [Fact]
    public void List_refuses_an_unknown_form()
    {
        Directory.CreateDirectory(Root);
        Fails("format", "list", "--format", "yaml");
    }

    [Fact, Contract("C16", "C17")]
    public void The_pid_file_holds_the_bare_number()
    {
        var pid = Created();
        Assert.Equal(pid.ToString(CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(Home, "pid")));
        Assert.False(Host.IsDead(pid));
        Assert.Equal(["pid"], Directory.GetFiles(Home, "*pid*").Select(Path.GetFileName));
    }

    [Fact, Contract("C17")]
    public void An_empty_pid_file_that_is_there_already_is_replaced()
    {
        File.WriteAllText(Path.Combine(Home, "pid"), "");
        Assert.True(Created() > 1);
    }

    [Fact, Contract("C18")]
    public void A_failed_create_makes_no_pid_file()
    {
        Bundle.Process["args"] = Bundle.Json("/missing");
        var result = Create("--pid-file", Path.Combine(Home, "pid"));
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.False(File.Exists(Path.Combine(Home, "pid")));
        AssertNothingLeft();
    }

    [Fact, Contract("C18")]
    public void A_failed_create_leaves_an_old_pid_file_as_it_is()
    {
        File.WriteAllText(Path.Combine(Home, "pid"), "old");
        Bundle.Process["args"] = Bundle.Json("/missing");
        Assert.NotEqual(0, Create("--pid-file", Path.Combine(Home, "pid")).ExitCode);
        Assert.Equal("old", File.ReadAllText(Path.Combine(Home, "pid")));
    }

    [Fact]
    public void A_pid_file_that_cannot_be_written_fails_the_create_and_leaves_nothing()
    {
        var result = Create("--pid-file", "/proc/nowhere/pid");
        Assert.True(result.ExitCode != 0, result.ToString());
        AssertNothingLeft();
    }

    [Fact, Contract("C31", "C14")]
    public void Root_defaults_to_run_and_the_runtimes_name()
    {
        Bundle.Save();
        var environment = new List<string> { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "CSRUN_TEST=" + Mark, "XDG_RUNTIME_DIR=" };
        Success(new Command(Target.Path, "create", "--bundle", Bundle.Path, Id) { Environment = environment }.Run(Home));
        Assert.True(Directory.Exists($"/run/{Target.Name}/{Id}"));
        Success(new Command(Target.Path, "delete", Id) { Environment = environment }.Run(Home));
        Assert.False(Directory.Exists($"/run/{Target.Name}/{Id}"));
    }

    [Fact]
    public void A_relative_root_is_taken_from_the_working_directory()
    {
        Bundle.Save();
        var command = new Command(Target.Path, "--root", "state", "create", "--bundle", Bundle.Path, Id) { WorkingDirectory = Home, Environment = RuntimeEnvironment() };
        Success(command.Run(Home));
        Assert.Equal("created", Status());
    }

    [Fact]
    public void The_state_directory_is_for_its_owner_alone()
    {
        Created();
        var mode = File.GetUnixFileMode(Path.Combine(Root, Id));
        Assert.Equal(UnixFileMode.None, mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }
}
