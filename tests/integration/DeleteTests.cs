using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The operation delete: what it removes, what it leaves, and when it is refused (runtime.md#delete).</summary>
public sealed class DeleteTests : ContainerTest
{
    [Fact]
    public void Delete_by_force_of_an_absent_container_succeeds_silently()
    {
        var result = Succeeds("delete", "--force", Id);
        Assert.Equal("", result.Out + result.Error);
    }

    [Fact, Checklist(540, 538)]
    public void An_id_can_be_used_again_after_delete()
    {
        for (var round = 0; round < 3; round++)
        {
            Started();
            AwaitStatus("stopped");
            Succeeds("delete", Id);
            AssertNothingLeft();
        }
    }

    [Fact, Checklist(537)]
    public void Delete_of_a_running_container_fails_and_leaves_it_alone()
    {
        Bundle.Args("sleep");
        var pid = Started();
        Fails("not stopped", "delete", Id);
        Assert.Equal("running", Status());
        Assert.False(Host.IsDead(pid));
        Assert.NotEmpty(Host.Cgroups(Mark));
    }

    [Fact, Checklist(537, 538)]
    public void Delete_of_a_created_container_kills_its_process()
    {
        var pid = Created();
        Succeeds("delete", Id);
        Assert.True(Reaper.Wait(pid, 5000, out _));
        AssertNothingLeft();
    }

    [Fact, Checklist(538)]
    public void Delete_by_force_ends_a_running_container()
    {
        Bundle.Args("spawn", "3", "sleep", ",", "sleep");
        Started();
        var result = Succeeds("delete", "--force", Id);
        Assert.Equal("", result.Out + result.Error);
        Assert.Empty(Host.Cgroups(Mark));
        Fails("does not exist", "state", Id);
    }

    [Fact, Checklist(538)]
    public void Delete_by_force_kills_what_a_stopped_container_left_in_its_cgroup()
    {
        Bundle.Namespace("pid", "-");
        Bundle.Args("spawn", "3", "sleep");
        Started();
        AwaitStatus("stopped");
        Host.Eventually(() => Host.Processes(Mark).Count == 3, "three orphans");
        Succeeds("delete", "--force", Id);
        Host.Eventually(() => Host.Processes(Mark).Count == 0, "no process");
        Host.Eventually(() => Host.Cgroups(Mark).Count == 0, "no cgroup");
    }

    [Fact, Checklist(538)]
    public void Delete_removes_cgroups_that_were_made_below_the_containers()
    {
        var pid = Created();
        foreach (var cgroup in Host.Cgroups(Mark))
        {
            Directory.CreateDirectory(Path.Combine(cgroup, "below", "deeper"));
        }

        Succeeds("delete", Id);
        Assert.True(Reaper.Wait(pid, 5000, out _));
        Assert.Empty(Host.Cgroups(Mark));
    }

    [Fact, Checklist(316, 539)]
    public void Delete_leaves_the_cgroup_that_was_there_before()
    {
        foreach (var mount in Host.CgroupMounts)
        {
            Directory.CreateDirectory(Path.Combine(mount, Host.CgroupParent, Mark));
        }

        OwnCgroup(Mark);
        Bundle.Linux["cgroupsPath"] = $"/{Host.CgroupParent}/{Mark}/inner";
        Created();
        var inner = Host.Cgroups(Mark).Where(static c => c.EndsWith("/inner", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(inner);
        Succeeds("delete", Id);
        Assert.DoesNotContain(Host.Cgroups(Mark), static c => c.EndsWith("/inner", StringComparison.Ordinal));
        Assert.Equal(Host.CgroupMounts.Count, Host.Cgroups(Mark).Count);
        Host.Cgroups(Mark).ForEach(static c => Directory.Delete(c));
    }
}
