using System;
using System.Linq;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

/// <summary>What mounts beyond the plain ones come to in the plan.</summary>
public sealed class MountPlanTests
{
    private const string User = """
        "namespaces": [{"type": "mount"}, {"type": "user"}, {"type": "pid"}, {"type": "network"}],
        "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]
        """;

    private const string Mappings = """
        "uidMappings": [{"containerID": 0, "hostID": 100, "size": 5}], "gidMappings": [{"containerID": 0, "hostID": 200, "size": 5}]
        """;

    [Fact]
    [Checklist(43)]
    public void A_parameter_that_fsconfig_takes_is_one_of_options()
    {
        string longest = new('x', 255);
        var compiled = Overlay("lowerdir=" + longest);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Null(compiled.Plan.Text(mount.Data));
        Assert.Equal(longest, compiled.Plan.Text(compiled.Plan.Array<PlanPair>(mount.Options)[0].Value));
    }

    [Fact]
    [Checklist(43, 102, 54)]
    public void A_longer_one_makes_all_of_them_data_of_mount2()
    {
        string lower = new('x', 256);
        var compiled = Overlay("lowerdir=" + lower, "index=off", "sync", "lazytime", "nolazytime", "userxattr");
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal($"lowerdir={lower},index=off,userxattr", compiled.Plan.Text(mount.Data));
        Assert.Equal(Ms.Synchronous, mount.DataFlags);
        Assert.Equal(default, mount.Options);
        Assert.Equal($"mount overlay on /m (lowerdir={lower},index=off,userxattr)", Assert.Single(compiled.Lines("mount overlay")));
    }

    [Fact]
    [Checklist(43)]
    public void A_context_with_commas_keeps_its_quotes_in_data()
    {
        string lower = new('x', 256);
        var compiled = Overlay("lowerdir=" + lower, "context=\\\"u:o:t:s0:c1,c2\\\"");
        Assert.Equal($"lowerdir={lower},context=\"u:o:t:s0:c1,c2\"", compiled.Plan.Text(compiled.One<MountFilesystem>(Opcode.MountFilesystem).Data));
    }

    [Fact]
    [Checklist(43)]
    public void Layers_that_are_more_than_a_page_are_parameters_of_their_own()
    {
        string first = "/a" + new string('x', 200) + "\\\\:y";
        string[] layers = [first, .. Enumerable.Range(0, 40).Select(static i => $"/{i}" + new string('x', 120))];
        var compiled = Overlay("lowerdir=" + string.Join(':', layers) + "::/data", "upperdir=/u");
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Null(compiled.Plan.Text(mount.Data));
        string[] options = [.. compiled.Plan.Array<PlanPair>(mount.Options).ToArray().Select(p => $"{compiled.Plan.Text(p.Key)}={compiled.Plan.Text(p.Value)}")];
        Assert.Equal(43, options.Length);
        Assert.Equal("lowerdir+=" + first.Replace("\\\\", ""), options[0]);
        Assert.Equal("lowerdir+=" + layers[40], options[40]);
        Assert.Equal(["datadir+=/data", "upperdir=/u"], options[41..]);
    }

    [Theory]
    [Checklist(84)]
    [InlineData("/dev/vda", true)]
    [InlineData("tmpfs", false)]
    [InlineData("", false)]
    public void What_has_a_device_is_read_only_as_a_whole(string source, bool superblock)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "type": "ext4", "source": "{{source}}", "options": ["ro"]}] """);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal(MountAttr.ReadOnly, mount.Attributes);
        Assert.Equal(superblock ? 1 : 0, compiled.Plan.Array<PlanPair>(mount.Options).Length);
    }

    [Theory]
    [Checklist(103)]
    [InlineData(MountFlags.KeepMode | MountFlags.CopyUp | MountFlags.KeepOwner, "tmpcopyup")]
    [InlineData(MountFlags.CopyUp | MountFlags.KeepOwner, "tmpcopyup", "mode=700")]
    [InlineData(MountFlags.KeepMode | MountFlags.CopyUp, "gid=5", "tmpcopyup")]
    public void Tmpcopyup_takes_over_what_options_do_not_say(MountFlags flags, params string[] options)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "type": "tmpfs", "options": ["{{string.Join("\", \"", options)}}"]}] """);
        Assert.Equal(flags, compiled.One<MountFilesystem>(Opcode.MountFilesystem).Flags);
        Assert.Contains("tmpcopyup", Assert.Single(compiled.Lines("mount tmpfs")));
    }

    [Theory]
    [Checklist(105, 106, 112, 113, 116)]
    [InlineData("bind, idmap", false, false)]
    [InlineData("rbind, idmap", true, false)]
    [InlineData("rbind, ridmap", true, true)]
    [InlineData("bind", false, false)]
    public void A_mapped_source_is_opened_by_the_runtime(string options, bool recursive, bool recursiveMap)
    {
        var compiled = Bind(options, Mappings);
        var open = compiled.One<OpenSource>(Opcode.OpenSource);
        Assert.True(open.Flags.HasFlag(OpenSourceFlags.FromRuntime | OpenSourceFlags.IdMap));
        Assert.Equal((recursive, recursiveMap), (open.Flags.HasFlag(OpenSourceFlags.Recursive), open.Flags.HasFlag(OpenSourceFlags.RecursiveIdMap)));
        var source = compiled.Result.Sources[(int)open.Slot]!;
        Assert.Equal(("/s", recursive, "uid 0:100:5 gid 0:200:5", recursiveMap), (source.Path, source.Recursive, source.IdMap!.ToString(), source.IdMap.Recursive));
    }

    [Fact]
    [Checklist(105)]
    public void Without_mappings_of_the_mount_those_of_the_container_are_taken()
    {
        var compiled = Compiled.From(""" "mounts": [{"destination": "/m", "source": "/s", "options": ["bind", "idmap"]}] """, User);
        var source = Assert.Single(compiled.Result.Sources, static s => s?.IdMap is not null)!;
        Assert.Null(source.IdMap!.Uids);
        Assert.Contains("open /s, ids mapped (by the runtime)", compiled.Lines());
    }

    [Fact]
    [Checklist(105)]
    public void A_new_file_system_is_mapped_by_a_user_namespace_that_the_runtime_makes()
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "type": "tmpfs", "options": ["idmap"], {{Mappings}} }] """);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.True(mount.Flags.HasFlag(MountFlags.IdMap));
        var open = compiled.One<OpenSource>(Opcode.OpenSource);
        Assert.Equal((mount.IdMapSlot, OpenSourceFlags.FromRuntime | OpenSourceFlags.UserNamespace), (open.Slot, open.Flags));
        Assert.Null(compiled.Result.Sources[(int)open.Slot]!.Path);
        Assert.Contains("get a user namespace that maps ids: uid 0:100:5 gid 0:200:5", compiled.Lines());
    }

    [Theory]
    [Checklist(105)]
    [InlineData("idmap=uids=0-1-10#20-30-1;gids=0-100-10", "uid 0:1:10 20:30:1 gid 0:100:10")]
    [InlineData("ridmap=gids=@7-3-2;uids=@7-0-1", "uid 7:1000:1 gid 7:2003:2")]
    [InlineData("idmap=uids=@500-1-1", "uid 500:1001:1 gid 0:2000:10")]
    public void Mappings_in_an_option_are_read_as_crun_reads_them(string option, string expected)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "source": "/s", "options": ["bind", "{{option}}"]}] """, User);
        var map = Assert.Single(compiled.Result.Sources, static s => s?.IdMap is not null)!.IdMap!;
        Assert.Equal((expected, option[0] == 'r'), (map.ToString(), map.Recursive));
    }

    [Theory]
    [Checklist(105, 117)]
    [InlineData("idmap=uids=0-1")]
    [InlineData("idmap=uids=0-1-0;gids=0-1-1")]
    [InlineData("idmap=uids=0-1-1;gids=0-4294967295-1")]
    [InlineData("idmap=uids=@0-9-2")]
    [InlineData("idmap=ids=0-1-1")]
    [InlineData("idmap=uids=-1-1-1;gids=0-1-1")]
    public void Mappings_in_an_option_that_are_none_are_refused(string option) =>
        Assert.Equal(["mounts[0].options[1]: id-mapping-invalid"], Compiled.Refused(() =>
            Compiled.From($$""" "mounts": [{"destination": "/m", "source": "/s", "options": ["bind", "{{option}}"]}] """, User)));

    [Fact]
    [Checklist(105)]
    public void Without_a_user_namespace_an_option_must_have_both_mappings() =>
        Assert.Equal(["mounts[0].options[1]: id-mapping-invalid"], Compiled.Refused(static () => Bind("bind, idmap=uids=0-1-1", "\"x\": 1")));

    [Theory]
    [Checklist(119, 120)]
    [InlineData("proc", "pid", false)]
    [InlineData("proc", "network", true)]
    [InlineData("sysfs", "network", false)]
    [InlineData("sysfs", "pid", true)]
    public void What_shows_a_namespace_of_the_hosts_may_be_bound_in_a_user_namespace(string type, string own, bool fallback)
    {
        string linux = $$"""
            "namespaces": [{"type": "mount"}, {"type": "user"}, {"type": "{{own}}"}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]
            """;
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "type": "{{type}}"}] """, linux);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal(fallback, mount.Flags.HasFlag(MountFlags.FallbackToBind));
        if (fallback)
            Assert.Equal(type == "proc" ? "/proc" : "/sys", compiled.Result.Sources[(int)mount.FallbackSlot]!.Path);
    }

    [Fact]
    [Checklist(119)]
    public void A_pid_namespace_that_is_joined_is_not_what_the_hosts_procfs_shows()
    {
        string linux = """
            "namespaces": [{"type": "mount"}, {"type": "user"}, {"type": "pid", "path": "/proc/1/ns/pid"}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]
            """;
        var compiled = Compiled.From(""" "mounts": [{"destination": "/proc", "type": "proc"}] """, linux);
        Assert.False(compiled.One<MountFilesystem>(Opcode.MountFilesystem).Flags.HasFlag(MountFlags.FallbackToBind));
    }

    [Theory]
    [Checklist(108)]
    [InlineData("rslave,shared", "rslave", "shared")]
    [InlineData("rslave,private", "private")]
    [InlineData("runbindable", "runbindable")]
    [InlineData("rslave,private", "shared", "private")]
    public void A_bind_is_first_what_all_mounts_of_the_namespace_are(string expected, params string[] options)
    {
        var compiled = Bind("rbind, " + string.Join(", ", options), "\"x\": 1");
        Assert.Equal($"bind /s on /m ({expected})", Assert.Single(compiled.Lines("bind /s")));
    }

    [Fact]
    [Checklist(74, 87)]
    public void A_remount_has_recursive_attributes_too()
    {
        var remount = Compiled.From(""" "mounts": [{"destination": "/m", "options": ["remount", "rro", "nosuid"]}] """).One<Remount>(Opcode.Remount);
        Assert.Equal((MountAttr.ReadOnly, MountAttr.NoSuid, MountFlags.RecursiveAttributes), (remount.RecursiveSet, remount.Set, remount.Flags));
    }

    [Theory]
    [InlineData("bind", "\"type\": \"mount\"", MountFlags.CopySource)]
    [InlineData("rbind, rslave", "\"type\": \"mount\"", MountFlags.CopySource | MountFlags.CopyTree)]
    [InlineData("bind, private", "\"type\": \"mount\"", MountFlags.CopySource)]
    [InlineData("rbind, rshared", "\"type\": \"mount\"", MountFlags.CopyAgain)]
    [InlineData("bind, shared, slave", "\"type\": \"mount\"", MountFlags.CopyAgain)]
    [InlineData("bind, slave", "\"type\": \"mount\"}], \"rootfsPropagation\": \"private\", \"x\": [{", MountFlags.CopyAgain)]
    [InlineData("bind", "\"type\": \"mount\"}], \"rootfsPropagation\": \"rshared\", \"x\": [{", MountFlags.CopyAgain)]
    public void A_bind_is_copied_where_the_config_has_it_and_before_too_if_it_is_to_have_peers(string options, string linux, MountFlags expected)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "source": "/s", "options": ["{{options.Replace(", ", "\", \"", StringComparison.Ordinal)}}"]}] """,
            $$""" "namespaces": [{ {{linux}} }] """);
        Assert.Equal(expected, compiled.One<MountBind>(Opcode.MountBind).Flags & (MountFlags.CopySource | MountFlags.CopyTree | MountFlags.CopyAgain));
        Assert.Equal(expected.HasFlag(MountFlags.CopySource), compiled.One<OpenSource>(Opcode.OpenSource).Flags.HasFlag(OpenSourceFlags.Reference));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/bundle", true)]
    [InlineData("/bundle/rootfs/x", false)]
    [InlineData("/bund", false)]
    public void A_tree_that_the_container_comes_to_lie_in_is_copied_before(string source, bool before)
    {
        var compiled = Compiled.From($$""" "mounts": [{"destination": "/m", "source": "{{source}}", "options": ["rbind"]}] """);
        Assert.Equal(before, compiled.One<MountBind>(Opcode.MountBind).Flags.HasFlag(MountFlags.CopyAgain));
    }

    [Fact]
    public void A_link_that_is_copied_is_opened_itself()
    {
        var compiled = Bind("bind, copy-symlink", "\"x\": 1");
        Assert.Equal(OpenSourceFlags.NoFollow | OpenSourceFlags.Reference, compiled.One<OpenSource>(Opcode.OpenSource).Flags);
        Assert.True(compiled.One<MountBind>(Opcode.MountBind).Flags.HasFlag(MountFlags.CopySymlink));
    }

    [Fact]
    [Checklist(296)]
    public void Nodes_that_may_not_be_made_may_be_bound()
    {
        var compiled = Compiled.From(linux: """ "namespaces": [{"type": "mount"}], "devices": [{"type": "p", "path": "/dev/fifo"}] """);
        Assert.All(compiled.All<MakeDevice>(Opcode.MakeDevice), static d => Assert.Equal((d.Mode & Mode.TypeMask) == Mode.Fifo ? 0u : 1u, d.BindIfRefused));
    }

    [Fact]
    [Checklist(266)]
    public void Who_joins_a_user_namespace_becomes_its_root()
    {
        var compiled = Compiled.From(linux: """ "namespaces": [{"type": "mount"}, {"type": "user", "path": "/proc/1/ns/user"}] """);
        Assert.Equal(0u, compiled.One<BecomeRoot>(Opcode.BecomeRoot).ClearGroups);
        Assert.True(compiled.IndexOf(Opcode.Fork) < compiled.IndexOf(Opcode.BecomeRoot));
        Assert.True(compiled.IndexOf(Opcode.BecomeRoot) < compiled.IndexOf(Opcode.OpenRootfs));
    }

    [Theory]
    [Checklist(426)]
    [InlineData("tmpfs", "", "context=a:b:c:s0:c1,c2", null)]
    [InlineData("tmpfs", "context=other", "context=other", null)]
    [InlineData("overlay", "", "context=a:b:c:s0:c1,c2", null)]
    [InlineData("proc", "", "", null)]
    [InlineData("sysfs", "", "", null)]
    [InlineData("mqueue", "", "", "a:b:c:s0:c1,c2")]
    public void The_mount_label_is_a_parameter_of_what_takes_one(string type, string options, string expected, string? root)
    {
        var compiled = Label($$""" "mounts": [{"destination": "/m", "type": "{{type}}", "options": ["{{options}}"]}] """);
        var mount = compiled.One<MountFilesystem>(Opcode.MountFilesystem);
        Assert.Equal(expected, string.Join(';', compiled.Plan.Array<PlanPair>(mount.Options).ToArray().Select(p => $"{compiled.Plan.Text(p.Key)}={compiled.Plan.Text(p.Value)}")));
        Assert.Equal(root, compiled.Plan.Text(mount.RootLabel));
    }

    [Theory]
    [Checklist(426)]
    [InlineData("rootcontext", "rootcontext=a:b:c:s0:c1,c2")]
    [InlineData("nonsense", null)]
    public void An_annotation_says_which_option_the_mount_label_is_for(string option, string? expected)
    {
        string members = $$""" "mounts": [{"destination": "/m", "type": "tmpfs"}], "annotations": {"run.oci.mount_context_type": "{{option}}"} """;
        if (expected is null)
            Assert.Equal(["annotations.run.oci.mount_context_type: unknown-value"], Compiled.Refused(() => Label(members)));
        else
            Assert.Equal([$"mount tmpfs on /m ({expected})"], Label(members).Lines("mount tmpfs"));
    }

    [Fact]
    [Checklist(426)]
    public void A_mount_label_without_selinux_is_ignored_with_a_warning()
    {
        var compiled = Compiled.From(""" "mounts": [{"destination": "/m", "type": "tmpfs"}] """,
            """ "namespaces": [{"type": "mount"}], "mountLabel": "a:b:c:s0" """);
        Assert.Equal(["linux.mountLabel: SELinux is not enabled on this host: ignored"], compiled.Result.Warnings);
        Assert.Equal(["mount tmpfs on /m"], compiled.Lines("mount tmpfs"));
    }

    [Theory]
    [InlineData(Opcode.MountFilesystem, Step.FsMount, Errno.EPERM, "proc: VFS: Mount too revealing", "parts of it are covered")]
    [InlineData(Opcode.MountFilesystem, Step.FsMount, Errno.EPERM, "tmpfs", null)]
    [InlineData(Opcode.MountFilesystem, Step.FsCreate, Errno.EPERM, "ext4", "few types")]
    [InlineData(Opcode.MountFilesystem, Step.FsConfig, Errno.EINVAL, "gid=5", "no mapping")]
    [InlineData(Opcode.MountFilesystem, Step.FsOpen, Errno.ENODEV, "nosuchfs", "does not know this file system type")]
    [InlineData(Opcode.MountFilesystem, Step.IdMap, Errno.EINVAL, "proc", "cannot have its ids mapped")]
    [InlineData(Opcode.MountBind, Step.SetAttributes, Errno.EPERM, "/m", "locked")]
    [InlineData(Opcode.OpenSource, Step.OpenTree, Errno.EINVAL, "/s", "use rbind")]
    [InlineData(Opcode.OpenSource, Step.OpenTree, Errno.EACCES, "/s", null)]
    public void A_refusal_of_the_kernel_is_explained(Opcode opcode, Step step, int errno, string text, string? hint)
    {
        string? found = MountHints.For(opcode, step, errno, text);
        if (hint is null)
            Assert.Null(found);
        else
            Assert.Contains(hint, found!);
    }

    private static Compiled Overlay(params string[] options) =>
        Compiled.From($$""" "mounts": [{"destination": "/m", "type": "overlay", "options": ["{{string.Join("\", \"", options)}}"]}] """);

    private static Compiled Bind(string options, string members) => Compiled.From(
        $$""" "mounts": [{"destination": "/m", "source": "/s", "options": ["{{options.Replace(", ", "\", \"", StringComparison.Ordinal)}}"], {{members}} }] """);

    private static Compiled Label(string members) => Compiled.From(members,
        """ "namespaces": [{"type": "mount"}], "mountLabel": "a:b:c:s0:c1,c2" """, facts: new HostFacts { SelinuxEnabled = true });
}
