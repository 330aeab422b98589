using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class MountOptionTests
{
    private const ulong Atime = MountAttr.AtimeMask;

    /// <summary>On a bind: attributes set and cleared.</summary>
    [Theory]
    [Checklist(46, 49, 50, 52, 57, 58, 59, 60, 66, 67, 73, 84, 99, 100, 101)]
    [InlineData("atime", 0, Atime)]
    [InlineData("dev", 0, MountAttr.NoDev)]
    [InlineData("diratime", 0, MountAttr.NoDirAtime)]
    [InlineData("exec", 0, MountAttr.NoExec)]
    [InlineData("noatime", MountAttr.NoAtime, Atime)]
    [InlineData("nodev", MountAttr.NoDev, 0)]
    [InlineData("nodiratime", MountAttr.NoDirAtime, 0)]
    [InlineData("noexec", MountAttr.NoExec, 0)]
    [InlineData("nosuid", MountAttr.NoSuid, 0)]
    [InlineData("nosymfollow", MountAttr.NoSymFollow, 0)]
    [InlineData("relatime", 0, Atime)]
    [InlineData("ro", MountAttr.ReadOnly, 0)]
    [InlineData("strictatime", MountAttr.StrictAtime, Atime)]
    [InlineData("suid", 0, MountAttr.NoSuid)]
    [InlineData("symfollow", 0, MountAttr.NoSymFollow)]
    public void Attributes_are_of_the_mount(string option, ulong set, ulong clear)
    {
        var bind = Bind("bind", option);
        Assert.Equal((set, clear, 0UL, 0UL), (bind.Set, bind.Clear, bind.RecursiveSet, bind.RecursiveClear));
        Assert.False(bind.Flags.HasFlag(MountFlags.RecursiveAttributes));
    }

    [Theory]
    [Checklist(69, 71, 72, 75, 76, 77, 78, 79, 82, 83, 86, 87, 88, 91, 92, 93)]
    [InlineData("ratime", 0, Atime)]
    [InlineData("rdev", 0, MountAttr.NoDev)]
    [InlineData("rdiratime", 0, MountAttr.NoDirAtime)]
    [InlineData("rexec", 0, MountAttr.NoExec)]
    [InlineData("rnoatime", MountAttr.NoAtime, Atime)]
    [InlineData("rnodev", MountAttr.NoDev, 0)]
    [InlineData("rnodiratime", MountAttr.NoDirAtime, 0)]
    [InlineData("rnoexec", MountAttr.NoExec, 0)]
    [InlineData("rnosuid", MountAttr.NoSuid, 0)]
    [InlineData("rnosymfollow", MountAttr.NoSymFollow, 0)]
    [InlineData("rrelatime", 0, Atime)]
    [InlineData("rro", MountAttr.ReadOnly, 0)]
    [InlineData("rrw", 0, MountAttr.ReadOnly)]
    [InlineData("rstrictatime", MountAttr.StrictAtime, Atime)]
    [InlineData("rsuid", 0, MountAttr.NoSuid)]
    [InlineData("rsymfollow", 0, MountAttr.NoSymFollow)]
    public void Recursive_attributes_are_of_all_below(string option, ulong set, ulong clear)
    {
        var bind = Bind("rbind", option);
        Assert.Equal((0UL, 0UL, set, clear), (bind.Set, bind.Clear, bind.RecursiveSet, bind.RecursiveClear));
        Assert.True(bind.Flags.HasFlag(MountFlags.RecursiveAttributes));
    }

    [Theory]
    [Checklist(68, 85, 89, 90, 94, 96, 98, 104)]
    [InlineData("private", Ms.Private, false)]
    [InlineData("rprivate", Ms.Private, true)]
    [InlineData("rshared", Ms.Shared, true)]
    [InlineData("rslave", Ms.Slave, true)]
    [InlineData("runbindable", Ms.Unbindable, true)]
    [InlineData("shared", Ms.Shared, false)]
    [InlineData("slave", Ms.Slave, false)]
    [InlineData("unbindable", Ms.Unbindable, false)]
    public void Propagation_is_kept_apart(string option, ulong flag, bool recursive)
    {
        var bind = Bind("bind", option);
        Assert.Equal((flag, recursive), (bind.Propagation, bind.Flags.HasFlag(MountFlags.RecursivePropagation)));
    }

    [Theory]
    [Checklist(48, 53, 55, 61, 64, 65, 80, 97)]
    [InlineData("defaults")]
    [InlineData("iversion")]
    [InlineData("loud")]
    [InlineData("noiversion")]
    [InlineData("norelatime")]
    [InlineData("nostrictatime")]
    [InlineData("rnorelatime")]
    [InlineData("silent")]
    public void Some_are_known_and_change_nothing(string option)
    {
        Assert.Equal("mount tmpfs on /m", Filesystem(option));
        Assert.Equal(Bind("bind"), Bind("bind", option));
    }

    [Theory]
    [Checklist(45, 51, 54, 56, 62, 63, 102)]
    [InlineData("async")]
    [InlineData("dirsync")]
    [InlineData("lazytime")]
    [InlineData("mand")]
    [InlineData("nolazytime")]
    [InlineData("nomand")]
    [InlineData("sync")]
    public void Flags_of_the_superblock_go_to_the_file_system(string option) =>
        Assert.Equal($"mount tmpfs on /m ({option})", Filesystem(option));

    [Fact]
    public void A_flag_of_the_superblock_on_a_bind_is_a_warning()
    {
        var compiled = Mount(""" "source": "/s" """, "bind", "sync", "async");
        Assert.Equal(["mounts[0].options: sync has no effect on a bind mount"], compiled.Result.Warnings);
    }

    [Theory]
    [Checklist(107)]
    [InlineData("mount tmpfs on /m (nodev)", "dev", "nodev")]
    [InlineData("mount tmpfs on /m", "nodev", "dev")]
    [InlineData("mount tmpfs on /m (strictatime)", "noatime", "strictatime")]
    [InlineData("mount tmpfs on /m", "strictatime", "nostrictatime")]
    [InlineData("mount tmpfs on /m (noatime)", "noatime", "nostrictatime")]
    [InlineData("mount tmpfs on /m", "noatime", "relatime")]
    [InlineData("mount tmpfs on /m (rprivate)", "shared", "rprivate")]
    [InlineData("mount tmpfs on /m (unbindable)", "private", "unbindable")]
    public void The_last_of_contradicting_options_wins(string expected, params string[] options) =>
        Assert.Equal(expected, Filesystem(options));

    [Fact]
    [Checklist(107)]
    public void A_recursive_option_is_for_the_top_mount_too()
    {
        var later = Bind("rbind", "ro", "rrw");
        Assert.Equal((0UL, MountAttr.ReadOnly), (later.Set, later.RecursiveClear));
        var earlier = Bind("rbind", "rro", "rw");
        Assert.Equal((MountAttr.ReadOnly, MountAttr.ReadOnly), (earlier.RecursiveSet, earlier.Clear));
    }

    [Fact]
    [Checklist(84, 95)]
    public void Rw_takes_ro_back_but_not_the_hosts_own()
    {
        Assert.Equal((0UL, 0UL), (Bind("bind", "ro", "rw").Set, Bind("bind", "rw").Clear));
        Assert.Equal(MountAttr.ReadOnly, Bind("bind", "rw", "ro").Set);
    }

    [Theory]
    [Checklist(43, 44)]
    [InlineData("mount tmpfs on /m (size=1m,mode=700)", "size=1m", "mode=700")]
    [InlineData("mount tmpfs on /m (size=1m,mode=700)", "size=1m,mode=700")]
    [InlineData("mount tmpfs on /m (acl)", "acl")]
    [InlineData("mount tmpfs on /m (context=u:o:t:s0:c1,c2,huge=never)", "context=\"u:o:t:s0:c1,c2\",huge=never")]
    [InlineData("mount tmpfs on /m (frobnicate=)", "frobnicate=")]
    public void Unknown_options_are_the_file_systems(string expected, params string[] options) =>
        Assert.Equal(expected, Filesystem(options));

    [Fact]
    [Checklist(554, 555)]
    public void Features_lists_each_option_once_and_all_of_them_are_recognised()
    {
        List<string> names = [.. MountOptions.Supported()];
        Assert.Equal(names.Count, names.Distinct().Count());
        // The same that the validator knows, which refuses all others on a bind.
        Assert.Equal(MountOptionNames.Known.ToArray(), names.Order(StringComparer.Ordinal));
    }

    private static string Filesystem(params string[] options) => Assert.Single(Mount(""" "type": "tmpfs" """, options).Lines("mount tmpfs"));

    private static MountBind Bind(params string[] options) => Mount(""" "source": "/s" """, options).One<MountBind>(Opcode.MountBind);

    private static Compiled Mount(string members, params string[] options)
    {
        string list = string.Join(", ", options.Select(static option => "\"" + option.Replace("\"", "\\\"") + "\""));
        return Compiled.From($$""" "mounts": [{"destination": "/m", {{members}}, "options": [{{list}}]}] """,
            facts: new HostFacts());
    }
}
