using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>What each operation does in each state (runtime.md, and what container engines rely on).</summary>
public sealed class LifecycleTests : ContainerTest
{
    [Fact, Checklist(524, 525, 511, 530, 512, 509, 508)]
    public void Create_prepares_all_but_the_program_and_start_runs_it()
    {
        Bundle.Args("write", "/marker", "ran", ",", "sleep");
        var pid = Created();
        Assert.False(File.Exists(Bundle.Inside("/marker")));
        Assert.NotEqual(Host.Link("/proc/self/ns/mnt"), Host.Link($"/proc/{pid}/ns/mnt"));
        Assert.NotEmpty(Host.Cgroups(Mark));
        var state = State();
        Assert.Equal("created", state["status"]!.GetValue<string>());
        Assert.Equal(pid, state["pid"]!.GetValue<int>());
        Assert.Equal(Id, state["id"]!.GetValue<string>());
        Assert.Equal(3, state["ociVersion"]!.GetValue<string>().Split('.').Length);
        Succeeds("start", Id);
        Host.Eventually(() => Host.Text(Bundle.Inside("/marker")) is "ran", "the program's marker");
        Assert.Equal("running", Status());
        Assert.Equal(pid, State()["pid"]!.GetValue<int>());
    }

    [Fact, Checklist(16, 516), Contract("C18")]
    public void A_relative_bundle_is_absolute_in_the_state()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        Succeeds("create", "--bundle", "bundle", "--pid-file", "relative.pid", Id);
        Assert.Equal(Bundle.Path, State()["bundle"]!.GetValue<string>());
        Assert.True(File.Exists(Path.Combine(Home, "relative.pid")));
    }

    [Fact]
    public void The_bundle_defaults_to_the_working_directory()
    {
        Bundle.Save();
        var command = new Command(Target.Path, "--root", Root, "create", Id) { WorkingDirectory = Bundle.Path, Environment = RuntimeEnvironment() };
        Success(command.Run(Home));
        Assert.Equal(Bundle.Path, State()["bundle"]!.GetValue<string>());
    }

    [Fact, Checklist(513, 545)]
    public void A_container_whose_program_has_ended_is_stopped()
    {
        Started();
        AwaitStatus("stopped");
        Assert.Equal(0, State()["pid"]?.GetValue<int>() ?? 0);
        Succeeds("delete", Id);
        AssertNothingLeft();
    }

    [Theory, Checklist(545)]
    [InlineData(9)]
    [InlineData(15)]
    public void A_container_whose_program_was_killed_is_stopped(int signal)
    {
        // As the first process of a namespace it would ignore TERM.
        Bundle.Namespace("pid", "-");
        Bundle.Args("sleep");
        var pid = Started();
        Libc.kill(pid, signal);
        AwaitStatus("stopped");
        Assert.True(Reaper.Wait(pid, 5000, out var ending));
        Assert.Equal(128 + signal, ending.Code);
    }

    [Fact, Checklist(513), Contract("C33")]
    public void A_zombie_is_stopped_and_can_be_deleted()
    {
        Bundle.Args("exit", "0");
        Bundle.Save();
        var statusFile = Path.Combine(Home, "status");
        var orphanage = new Command(Target.Checker, "orphanage", statusFile, Target.Path, "--root", Root, "create", "--bundle", Bundle.Path, "--pid-file", Path.Combine(Home, "pid"), Id)
        {
            Environment = RuntimeEnvironment(),
        };
        var reaper = orphanage.Start();
        Host.Eventually(() => Host.Text(statusFile) is "0\n", "create by a parent that reaps nobody");
        var pid = int.Parse(File.ReadAllText(Path.Combine(Home, "pid")), CultureInfo.InvariantCulture);
        Succeeds("start", Id);
        Host.Eventually(() => Host.StatField(pid, 3) is "Z", "a zombie");
        Assert.Equal("stopped", Status());
        Fails("not running", "kill", Id);
        Succeeds("delete", Id);
        Assert.Equal("Z", Host.StatField(pid, 3));
        Libc.kill(reaper, 9);
        Reaper.Wait(reaper, 5000, out _);
    }

    [Fact, Contract("C33")]
    public void A_process_with_another_start_time_is_not_the_containers()
    {
        Assert.SkipUnless(Target.IsCsrun, "the state file's form is each runtime's own");
        Bundle.Args("sleep");
        var pid = Started();
        var file = Path.Combine(Root, Id, "state.json");
        var content = File.ReadAllText(file);
        var start = Host.StatField(pid, 22);
        File.WriteAllText(file, content.Replace(start, "1", StringComparison.Ordinal));
        Assert.Equal("stopped", Status());
        Fails("not running", "kill", Id, "KILL");
        Assert.False(Host.IsDead(pid));
        File.WriteAllText(file, content);
    }

    [Fact, Checklist(521, 529, 532, 536)]
    public void Operations_on_an_absent_container_say_that_it_does_not_exist()
    {
        foreach (var operation in new[] { "state", "start", "kill", "delete" })
        {
            Fails("does not exist", operation, Id);
        }
    }

    [Theory, Checklist(520, 522, 528, 532, 535)]
    [InlineData("create")]
    [InlineData("state")]
    [InlineData("start")]
    [InlineData("kill")]
    [InlineData("delete")]
    [InlineData("run")]
    public void An_operation_without_an_id_is_refused(string operation)
    {
        Bundle.Save();
        var result = RuntimeCommand(operation).Run(Home);
        Assert.True(result.ExitCode != 0, result.ToString());
        Assert.NotEqual("", result.Error);
    }

    [Fact, Checklist(522, 12)]
    public void Create_without_a_config_names_the_file()
    {
        var result = Fails("config.json", "create", "--bundle", Home, Id);
        Assert.Contains("config.json", result.Error, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Theory, Checklist(523)]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void An_invalid_id_is_refused(string id)
    {
        Known.Deviates("crun", "refuses only the slash");
        Bundle.Save();
        var result = Runtime("create", "--bundle", Bundle.Path, id);
        Assert.True(result.ExitCode != 0, result.ToString());
        AssertNothingLeft();
    }

    [Fact, Checklist(523)]
    public void Every_letter_that_an_id_may_have_is_accepted()
    {
        Bundle.Save();
        var id = "aZ09_+.-" + Mark;
        Succeeds("create", "--bundle", Bundle.Path, id);
        Succeeds("delete", id);
    }

    [Fact, Checklist(523)]
    public void Create_of_an_id_in_use_fails_and_leaves_the_container_alone()
    {
        Bundle.Args("sleep");
        var pid = Created();
        Failure("already exists", Create());
        Assert.Equal("created", Status());
        Succeeds("start", Id);
        Failure("already exists", Create());
        Failure("already exists", RunContainer());
        Assert.Equal("running", Status());
        Assert.False(Host.IsDead(pid));
        Assert.NotEmpty(Host.Cgroups(Mark));
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Failure("already exists", Create());
        Assert.Equal("stopped", Status());
    }

    [Fact, Checklist(529)]
    public void Start_of_a_running_or_stopped_container_fails()
    {
        Bundle.Args("sleep");
        var pid = Started();
        Fails("running", "start", Id);
        Assert.Equal("running", Status());
        Assert.False(Host.IsDead(pid));
        Succeeds("kill", Id, "KILL");
        AwaitStatus("stopped");
        Fails("stopped", "start", Id);
    }

    [Fact, Checklist(9)]
    public void Two_containers_of_one_root_are_separate()
    {
        Bundle.Args("sleep");
        Started();
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/second";
        Bundle.Save();
        Succeeds("create", "--bundle", Bundle.Path, Id + "-2");
        Succeeds("delete", Id + "-2");
        Assert.Equal("running", Status());
    }

    [Fact, Checklist(15)]
    public void Edits_of_the_config_after_create_have_no_effect()
    {
        Bundle.Args("write", "/old", "x", ",", "sleep");
        Bundle.Config["annotations"] = new System.Text.Json.Nodes.JsonObject { ["org.example.when"] = "before" };
        Created();
        Bundle.Args("write", "/new", "x");
        Bundle.Config["annotations"] = new System.Text.Json.Nodes.JsonObject { ["org.example.when"] = "after" };
        Bundle.Save();
        Assert.Equal("before", State()["annotations"]!["org.example.when"]!.GetValue<string>());
        Succeeds("start", Id);
        Host.Eventually(() => File.Exists(Bundle.Inside("/old")), "the program of create");
        File.Delete(Bundle.ConfigFile);
        Assert.Equal("running", Status());
        Succeeds("delete", "--force", Id);
        Assert.False(File.Exists(Bundle.Inside("/new")));
    }

    [Fact, Checklist(136, 137, 531)]
    public void Without_a_process_create_works_and_start_fails()
    {
        Known.PeersDeviate("refuse it at create");
        Bundle.Config.Remove("process");
        Success(Create());
        Assert.Equal("created", Status());
        Fails("process", "start", Id);
        Succeeds("delete", Id);
    }

    [Fact, Checklist(308)]
    public void Create_in_an_occupied_cgroup_is_refused()
    {
        Known.Deviates("crun", "shares it (obs)");
        Known.Deviates("runc", "warns only in this version");
        Bundle.Args("sleep");
        Started();
        Bundle.Save();
        var result = Failure("not empty", Runtime("create", "--bundle", Bundle.Path, Id + "-2"));
        Assert.NotEqual("", result.Error);
        Assert.Equal("running", Status());
        Assert.Single(Directory.GetDirectories(Root));
    }

    [Fact, Contract("C20", "C21", "C19")]
    public void The_containers_process_becomes_the_callers_child_and_nothing_else_survives()
    {
        Bundle.Args("exit", "42");
        var pid = Created();
        Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Host.StatField(pid, 4));
        Assert.Equal([pid], Host.Processes(Mark).Where(p => Host.Text($"/proc/{p}/cgroup")!.Contains(Mark, StringComparison.Ordinal)));
        Assert.Equal([pid], Host.Processes(Mark));
        Succeeds("start", Id);
        Assert.True(Reaper.Wait(pid, 5000, out var ending));
        Assert.Equal(42, ending.Code);
    }

    [Fact, Contract("C22")]
    public void The_containers_process_leads_its_session_and_group()
    {
        Bundle.Args("sleep");
        var pid = Created();
        var text = pid.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(text, Host.StatField(pid, 5));
        Assert.Equal(text, Host.StatField(pid, 6));
        Succeeds("start", Id);
        Assert.Equal(text, Host.StatField(pid, 5));
        Assert.Equal(text, Host.StatField(pid, 6));
    }

    [Fact]
    public void Start_reports_why_exec_failed()
    {
        Known.PeersDeviate("the error of a late exec goes to the container's stderr");
        Created();
        // The program disappears between create and start: only exec itself can see it.
        File.WriteAllText(Bundle.Inside("/checker"), "not a program");
        var result = Runtime("start", Id);
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Contains("exec", result.Error, StringComparison.Ordinal);
        AwaitStatus("stopped");
    }

    [Fact, Contract("C32")]
    public void State_never_fails_while_other_operations_run()
    {
        Bundle.Args("sleep");
        Created();
        var failure = "";
        var stop = false;
        var poller = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                var result = Runtime("state", Id);
                if (result.ExitCode != 0)
                {
                    failure = result.ToString();
                    return;
                }
            }
        });
        poller.Start();
        Succeeds("start", Id);
        for (var i = 0; i < 20; i++)
        {
            Succeeds("kill", Id, "0");
        }

        Succeeds("kill", Id, "KILL");
        Thread.Sleep(50);
        Volatile.Write(ref stop, true);
        poller.Join();
        Assert.Equal("", failure);
    }

    [Fact, Checklist(523)]
    public void Of_two_creates_of_one_id_at_once_exactly_one_wins()
    {
        Bundle.Args("sleep");
        Bundle.Save();
        var codes = Enumerable.Range(0, 4).AsParallel().WithDegreeOfParallelism(4)
            .Select(_ => Runtime("create", "--bundle", Bundle.Path, Id).ExitCode).ToList();
        Assert.Equal(1, codes.Count(static c => c == 0));
        Assert.Equal("created", Status());
        Succeeds("start", Id);
    }
}
