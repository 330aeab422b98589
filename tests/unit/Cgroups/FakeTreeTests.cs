using System;
using System.IO;
using System.Linq;
using Csrun.Cgroups;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups;

/// <summary>The drivers on plain directories with the files of a cgroup file system in them.</summary>
public sealed class FakeTreeTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(CgroupMode.V1)]
    [InlineData(CgroupMode.V2)]
    public void What_was_made_is_removed_and_what_was_there_stays(CgroupMode mode)
    {
        Directory.CreateDirectory(At("there"));
        ICgroupDriver driver = Prepare(mode, "/there/made/leaf");
        Assert.Equal("/there", driver.Record.Places[0].Existing);
        driver.Make();
        Assert.True(Directory.Exists(At("there/made/leaf")));
        driver.Remove(s_patience);
        driver.Remove(s_patience);
        Assert.True(Directory.Exists(At("there")));
        Assert.False(Directory.Exists(At("there/made")));
    }

    [Fact]
    public void A_parent_that_another_container_uses_stays_until_that_one_goes()
    {
        ICgroupDriver first = Prepare(CgroupMode.V1, "/pod/first");
        ICgroupDriver second = Prepare(CgroupMode.V1, "/pod/second");
        first.Make();
        second.Make();
        first.Remove(s_patience);
        Assert.True(Directory.Exists(At("pod/second")));
        second.Remove(s_patience);
        Assert.False(Directory.Exists(At("pod")));
    }

    [Theory]
    [InlineData(CgroupMode.V1)]
    [InlineData(CgroupMode.V2)]
    public void Cgroups_that_the_container_made_go_with_it(CgroupMode mode)
    {
        ICgroupDriver driver = Prepare(mode, "/leaf");
        driver.Make();
        Directory.CreateDirectory(At("leaf/a/b/c"));
        Directory.CreateDirectory(At("leaf/d"));
        driver.Remove(s_patience);
        Assert.Empty(Directory.GetFileSystemEntries(_root.Path));
    }

    [Fact]
    public void Very_deep_cgroups_are_removed_with_few_descriptors()
    {
        ICgroupDriver driver = Prepare(CgroupMode.V2, "/leaf");
        driver.Make();
        Fd current = Files.OpenDirectory(At("leaf"));
        for (int i = 0; i < 1500; i++)
        {
            Assert.Equal(0, Syscalls.MkdirAt(current.Number, "d", Mode.OwnerAll));
            Fd next = Files.Open(current.Number, "d", OpenFlags.ReadOnly);
            current.Dispose();
            current = next;
        }
        current.Dispose();
        driver.Remove(TimeSpan.FromSeconds(5));
        Assert.Empty(Directory.GetFileSystemEntries(_root.Path));
    }

    [Theory]
    [InlineData(CgroupMode.V1)]
    [InlineData(CgroupMode.V2)]
    public void A_cgroup_with_processes_is_refused_before_it_is_recorded(CgroupMode mode)
    {
        Directory.CreateDirectory(At("used/below"));
        File.WriteAllText(At("used/cgroup.procs"), "1\n");
        File.WriteAllText(At("used/below/cgroup.procs"), "1\n2\n");
        LinuxException error = Assert.Throws<LinuxException>(() => Prepare(mode, "/used"));
        Assert.Equal("container's cgroup is not empty: 2 process(es) found", error.Hint);
    }

    [Theory]
    [InlineData(CgroupMode.V1, "freezer.state", "FROZEN\n")]
    [InlineData(CgroupMode.V2, "cgroup.freeze", "1\n")]
    public void A_frozen_cgroup_is_refused(CgroupMode mode, string file, string content)
    {
        Directory.CreateDirectory(At("used"));
        File.WriteAllText(At("used/" + file), content);
        LinuxException error = Assert.Throws<LinuxException>(() => Prepare(mode, "/used"));
        Assert.Equal("container's cgroup unexpectedly frozen", error.Hint);
    }

    [Fact]
    public void The_root_of_a_hierarchy_is_refused() => Assert.Throws<LinuxException>(() => Prepare(CgroupMode.V1, "/"));

    [Fact]
    public void A_link_on_the_way_is_refused()
    {
        using TemporaryDirectory other = new();
        File.CreateSymbolicLink(At("link"), other.Path);
        Assert.Throws<LinuxException>(() => Prepare(CgroupMode.V2, "/link/leaf").Make());
        Assert.Empty(Directory.GetFileSystemEntries(other.Path));
    }

    [Fact]
    public void V1_gives_a_new_cpuset_its_parents_processors_and_nodes()
    {
        File.WriteAllText(At("cpuset.cpus"), "0-3\n");
        File.WriteAllText(At("cpuset.mems"), "0\n");
        Directory.CreateDirectory(At("there"));
        File.WriteAllText(At("there/cpuset.cpus"), "\n");
        File.WriteAllText(At("there/cpuset.mems"), "1\n");
        // The kernel would make these two with the directory.
        Directory.CreateDirectory(At("there/leaf"));
        File.WriteAllText(At("there/leaf/cpuset.cpus"), "\n");
        File.WriteAllText(At("there/leaf/cpuset.mems"), "\n");
        Prepare(CgroupMode.V1, "/there/leaf", "cpuset").Make();
        Assert.Equal("0-3", File.ReadAllText(At("there/cpuset.cpus")).Trim());
        Assert.Equal("1", File.ReadAllText(At("there/cpuset.mems")).Trim());
        Assert.Equal("0-3", File.ReadAllText(At("there/leaf/cpuset.cpus")).Trim());
        Assert.Equal("1", File.ReadAllText(At("there/leaf/cpuset.mems")).Trim());
    }

    [Fact]
    public void V2_enables_what_is_available_at_every_level_but_the_last()
    {
        foreach (string level in new[] { "", "a/", "a/b/" })
        {
            Directory.CreateDirectory(At(level));
            File.WriteAllText(At(level + "cgroup.controllers"), "cpu memory pids\n");
            File.WriteAllText(At(level + "cgroup.subtree_control"), level.Length == 0 ? "memory pids cpu\n" : "memory\n");
        }
        Prepare(CgroupMode.V2, "/a/b").Make();
        Assert.Equal("memory pids cpu\n", File.ReadAllText(At("cgroup.subtree_control")));
        Assert.StartsWith("+cpu +pids", File.ReadAllText(At("a/cgroup.subtree_control")), StringComparison.Ordinal);
        Assert.Equal("memory\n", File.ReadAllText(At("a/b/cgroup.subtree_control")));
    }

    [Theory]
    [InlineData("threaded")]
    [InlineData("domain invalid")]
    public void V2_refuses_a_threaded_cgroup(string type)
    {
        Directory.CreateDirectory(At("leaf"));
        File.WriteAllText(At("leaf/cgroup.type"), type + "\n");
        LinuxException error = Assert.Throws<LinuxException>(() => Prepare(CgroupMode.V2, "/leaf").Make());
        Assert.Contains("cgroup.type is \"" + type + "\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [Checklist(318, 321, 322, 324)]
    [InlineData(CgroupMode.V2, 12345U)]
    [InlineData(CgroupMode.V1, 0U)]
    public void On_v2_alone_the_directory_and_what_is_to_be_delegated_become_the_users(CgroupMode mode, uint owner)
    {
        Assert.SkipUnless(Syscalls.GetEffectiveUid() == 0, "needs root");
        ICgroupDriver driver = Prepare(mode, "/leaf");
        driver.Make();
        // Of the files to be delegated some are not there.
        File.WriteAllText(At("leaf/cgroup.procs"), "");
        File.WriteAllText(At("leaf/memory.max"), "");
        driver.Delegate(12345);
        Assert.Equal([owner, owner, 0U], new[] { "leaf", "leaf/cgroup.procs", "leaf/memory.max" }.Select(OwnerOf));
    }

    [Fact]
    public void What_does_not_end_is_named_when_patience_is_over()
    {
        ICgroupDriver driver = Prepare(CgroupMode.V1, "/leaf");
        driver.Make();
        // No such process, so nothing dies of it.
        File.WriteAllText(At("leaf/cgroup.procs"), "1073741823\n");
        LinuxException error = Assert.Throws<LinuxException>(() => driver.Remove(s_patience));
        Assert.Contains("waited for 1 process(es) in it to end: 1073741823", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_manager_there_is_nothing_to_do()
    {
        ICgroupDriver driver = CgroupDrivers.For(CgroupRecord.Disabled);
        driver.Make();
        Assert.Empty(driver.OpenTasks());
        Assert.Null(driver.OpenForClone());
        Assert.Empty(driver.Processes());
        driver.Remove(s_patience);
    }

    private uint OwnerOf(string path)
    {
        Assert.Equal(0, Syscalls.Stat(Csrun.Linux.At.Cwd, At(path), 0, out FileStatus status));
        return status.Uid;
    }

    private string At(string path) => Path.Combine(_root.Path, path);

    private ICgroupDriver Prepare(CgroupMode mode, string path, string name = "freezer") => CgroupDrivers.Prepare(
        new(mode, [new(mode == CgroupMode.V2 ? "" : name, _root.Path, "/")]), "id", path, unprivileged: false);
}
