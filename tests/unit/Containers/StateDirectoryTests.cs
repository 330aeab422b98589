using System;
using System.IO;
using Csrun.Linux;
using Csrun.Runtime;
using Csrun.Runtime.Containers;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private RuntimeOptions Options => new() { Root = _temporary.Path + "/root" };

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("a")]
    [InlineData("A-1_b+c.d")]
    [InlineData("...")]
    public void An_id_of_the_allowed_characters_is_taken(string id) => ContainerId.Check(id);

    [Theory]
    [Checklist(523)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("../a")]
    [InlineData("a b")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    [InlineData("é")]
    [InlineData("a:b")]
    public void Any_other_id_is_refused(string id) =>
        Assert.Equal(ErrorCodes.ContainerIdInvalid, Assert.Throws<CsrunException>(() => ContainerId.Check(id)).Code);

    [Fact]
    public void An_id_too_long_for_a_file_name_is_refused()
    {
        ContainerId.Check(new string('a', 255));
        Assert.Throws<CsrunException>(static () => ContainerId.Check(new string('a', 256)));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/tmp/..")]
    [InlineData("")]
    public void A_root_that_is_no_place_for_state_is_refused(string root) =>
        Assert.Equal(
            ErrorCodes.RootInvalid, Assert.Throws<CsrunException>(() => StateRoot.PathOf(new RuntimeOptions { Root = root })).Code);

    [Fact]
    public void A_relative_root_becomes_absolute() =>
        Assert.Equal(Directory.GetCurrentDirectory() + "/some/root", StateRoot.PathOf(new RuntimeOptions { Root = "some/root/" }));

    [Fact]
    public void A_root_that_does_not_exist_has_no_containers()
    {
        Assert.Null(StateRoot.TryOpen(Options));
        Assert.Empty(Lifecycle.List(Options));
    }

    [Fact]
    public void A_root_is_made_for_its_owner_alone()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(root.Path));
    }

    [Fact]
    public void A_root_that_is_a_symbolic_link_is_refused()
    {
        Directory.CreateDirectory(_temporary.Path + "/elsewhere");
        File.CreateSymbolicLink(_temporary.Path + "/root", _temporary.Path + "/elsewhere");
        Assert.Equal(ErrorCodes.RootInvalid, Assert.Throws<CsrunException>(() => StateRoot.TryOpen(Options)).Code);
    }

    [Fact]
    public void State_is_replaced_whole_and_read_back()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        using StateDirectory directory = StateDirectory.Make(root, "c1", out bool made);
        Assert.True(made);
        Assert.Null(directory.ReadState());
        directory.WriteState(StateTests.Full() with { Owner = 1 });
        directory.WriteState(StateTests.Full() with { Owner = 2 });
        Assert.Equal(2u, directory.ReadState()!.Owner);
        Assert.Equal(["state.json"], Array.ConvertAll(Directory.GetFileSystemEntries(directory.Path), Path.GetFileName));
    }

    [Fact]
    public void What_is_intended_is_the_state_until_it_is_complete()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        using StateDirectory directory = StateDirectory.Make(root, "c1", out _);
        directory.WriteState(StateTests.Full() with { Owner = 1, Process = default });
        Assert.False(directory.ReadState()!.IsComplete);
        using (PendingFile pending = directory.PrepareState(StateTests.Full() with { Owner = 2 }))
        {
            Assert.Equal(1u, directory.ReadState()!.Owner);
            pending.Commit();
        }
        Assert.Equal(2u, directory.ReadState()!.Owner);
        directory.Remove();
        Assert.False(Directory.Exists(directory.Path));
    }

    [Fact]
    public void A_damaged_state_is_an_error_that_says_where()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        using StateDirectory directory = StateDirectory.Make(root, "c1", out _);
        File.WriteAllText(directory.Path + "/state.json", "{\"version\":1");
        CsrunException error = Assert.Throws<CsrunException>(() => directory.ReadState());
        Assert.Equal(ErrorCodes.StateUnreadable, error.Code);
        Assert.Contains(directory.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_is_held_against_others_until_it_is_given_back()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        using StateDirectory first = StateDirectory.Make(root, "c1", out _);
        using StateDirectory second = StateDirectory.Make(root, "c1", out bool made);
        Assert.False(made);
        Assert.True(first.TryLock(TimeSpan.Zero));
        Assert.False(second.TryLock(TimeSpan.FromMilliseconds(5)));
        first.Unlock();
        Assert.True(second.TryLock(TimeSpan.Zero));
    }

    [Fact]
    public void A_directory_that_was_removed_is_known_to_be_gone_even_if_another_took_its_name()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        using StateDirectory old = StateDirectory.Make(root, "c1", out _);
        Assert.True(old.IsLinked());
        Directory.CreateDirectory(old.Path + "/notify");
        File.WriteAllText(old.Path + "/notify/file", "");
        old.Remove();
        Assert.False(old.IsLinked());
        using StateDirectory next = StateDirectory.Make(root, "c1", out _);
        Assert.False(old.IsLinked());
        Assert.True(next.IsLinked());
    }

    [Fact]
    public void Delete_with_force_removes_what_an_aborted_create_left()
    {
        using (StateRoot root = StateRoot.OpenOrMake(Options))
            StateDirectory.Make(root, "half", out _).Dispose();
        Assert.Equal(
            ErrorCodes.ContainerNotFound, Assert.Throws<CsrunException>(() => Lifecycle.Delete(Options, "half", force: false)).Code);
        Lifecycle.Delete(Options, "half", force: true);
        Assert.Empty(Directory.GetDirectories(Options.Root!));
        Lifecycle.Delete(Options, "half", force: true);
    }

    [Fact]
    public void Only_what_can_be_read_is_listed()
    {
        using StateRoot root = StateRoot.OpenOrMake(Options);
        Directory.CreateDirectory(root.Path + "/empty");
        Directory.CreateDirectory(root.Path + "/broken");
        File.WriteAllText(root.Path + "/broken/state.json", "{");
        File.WriteAllText(root.Path + "/a file", "");
        using (StateDirectory directory = StateDirectory.Make(root, "whole", out _))
            directory.WriteState(StateTests.Full() with { Id = "whole" });
        Assert.Equal("whole", Assert.Single(Lifecycle.List(Options)).Id);
    }
}
