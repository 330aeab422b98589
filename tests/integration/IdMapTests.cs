using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>Mounts whose ids are mapped: idmap, ridmap, uidMappings and gidMappings of a mount.</summary>
public sealed class IdMapTests : ContainerTest
{
    private const int Owner = 5;

    [Theory, Checklist(105, 112, 113, 114, 115, 116)]
    [InlineData("bind,idmap")]
    [InlineData("bind")]
    public void The_owners_of_files_are_those_of_the_mounts_own_mappings(string options)
    {
        Needs("tmpfs");
        Known.Deviates("crun", "takes mappings without the option in another way");
        using var tree = Tree();
        Bundle.Mount("/bind", "bind", tree.Path, options.Split(','));
        Map(0, 100000, 10);
        var report = Report("--stat", "/bind/file", "--stat", "/bind");
        Assert.Equal("100005 100006", Owners(report, "/bind/file"));
        Assert.Contains("idmapped", Mountinfo(report, "/bind").Options);
    }

    [Theory, Checklist(105, 106)]
    [InlineData("idmap", false)]
    [InlineData("ridmap", true)]
    public void Only_ridmap_maps_what_is_mounted_below(string option, bool below)
    {
        Needs("tmpfs");
        using var tree = Tree();
        Bundle.Mount("/bind", "bind", tree.Path, "rbind", option);
        Map(0, 100000, 10);
        var report = Report("--stat", "/bind/file", "--stat", "/bind/below/file");
        Assert.Equal("100005 100006", Owners(report, "/bind/file"));
        Assert.Equal(below ? "100000 100000" : "0 0", Owners(report, "/bind/below/file"));
        Assert.Equal(below, Mountinfo(report, "/bind/below").Options.Contains("idmapped"));
    }

    [Theory, Checklist(105)]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_mappings_of_its_own_a_mount_has_those_of_the_container(bool joined)
    {
        Needs("tmpfs");
        using var tree = Tree();
        UserNamespace();
        Directory.CreateDirectory(Bundle.Inside("/bind"));
        if (joined)
        {
            // That of another container, in which there is nothing else of this one.
            Bundle.Args("sleep");
            var holder = Started();
            Bundle.Namespace("user", $"/proc/{holder}/ns/user");
            Bundle.Linux.Remove("uidMappings");
            Bundle.Linux.Remove("gidMappings");
        }

        Bundle.Mount("/bind", "bind", tree.Path, "bind", "idmap");
        Bundle.Linux["cgroupsPath"] = Bundle.Linux["cgroupsPath"]!.GetValue<string>() + "-second";
        OwnCgroup(Mark + "-second");
        Bundle.Args("report", "--stat", "/bind/file");
        Bundle.Save();
        var report = ReportOf(Runtime("run", "--bundle", Bundle.Path, Id + "-second"));
        Assert.Equal("5 6", Owners(report, "/bind/file"));
        Assert.Contains("idmapped", Mountinfo(report, "/bind").Options);
    }

    [Theory, Checklist(105)]
    [InlineData("idmap=uids=@5-1000-1;gids=@6-1000-1", "1000 1000")]
    [InlineData("idmap=uids=5-100007-1;gids=6-100008-1", "7 8")]
    public void Podman_may_write_the_mappings_into_the_option(string option, string owners)
    {
        Needs("tmpfs");
        Known.Deviates("runc", "does not know the form");
        using var tree = Tree();
        UserNamespace();
        Directory.CreateDirectory(Bundle.Inside("/bind"));
        Bundle.Mount("/bind", "bind", tree.Path, "bind", option);
        Assert.Equal(owners, Owners(Report("--stat", "/bind/file"), "/bind/file"));
    }

    [Fact, Checklist(112, 113)]
    public void Many_mounts_may_have_different_mappings()
    {
        Needs("tmpfs");
        using var tree = Tree();
        for (var i = 0; i < 12; i++)
        {
            Bundle.Mount($"/bind{i}", "bind", tree.Path, "bind", "idmap");
            Map(0, 100000 * (1 + i % 3), 10);
        }

        var report = Report([.. Enumerable.Range(0, 12).SelectMany(static i => new[] { "--stat", $"/bind{i}/file" })]);
        Assert.All(Enumerable.Range(0, 12), i => Assert.Equal($"{100000 * (1 + i % 3) + 5} {100000 * (1 + i % 3) + 6}", Owners(report, $"/bind{i}/file")));
    }

    [Fact, Checklist(105, 112)]
    public void A_mapped_mount_is_written_with_the_ids_on_its_other_side()
    {
        Needs("tmpfs");
        using var tree = Tree();
        Libc.lchown(tree.Path, 20, 20);
        Bundle.Mount("/bind", "bind", tree.Path, "bind", "idmap");
        Map(20, 0, 1);
        Assert.Equal("ok", Report("--probe", "mkdir:/bind/new")["probe:mkdir:/bind/new"]!.GetValue<string>());
        Assert.Equal("20:20\n", new Command("/usr/bin/stat", "-c", "%u:%g", Path.Combine(tree.Path, "new")).Run(Home).Out);
    }

    [Fact, Checklist(105)]
    public void A_new_file_system_can_be_mapped_too()
    {
        Needs("tmpfs");
        Known.PeersDeviate("map ids of binds alone");
        Bundle.Mount("/tmpfs", "tmpfs", "tmpfs", "idmap");
        Map(0, 300, 10);
        var report = Report("--stat", "/tmpfs");
        Assert.Equal("300 300", Owners(report, "/tmpfs"));
        Assert.Contains("idmapped", Mountinfo(report, "/tmpfs").Options);
    }

    [Fact, Checklist(118)]
    public void A_file_system_that_cannot_be_mapped_is_an_error_that_says_so()
    {
        Bundle.Mount("/sysfs", "bind", "/sys", "bind", "idmap");
        Map(0, 100000, 10);
        var result = RunFails("mounts[6].source: cannot map the ids of /sys: invalid argument (EINVAL)");
        Assert.Contains(Target.IsCsrun ? "cannot have its ids mapped" : "", result.Error);
    }

    [Theory, Checklist(105, 106, 114, 117)]
    [InlineData("idmap", null, null, "idmap needs mappings of the mount or a user namespace")]
    [InlineData("ridmap", null, null, "idmap needs mappings of the mount or a user namespace")]
    [InlineData("idmap", """{"containerID":0,"hostID":0,"size":1}""", null, "mounts[6].gidMappings")]
    [InlineData("idmap", """{"containerID":0,"size":1}""", """{"containerID":0,"hostID":0,"size":1}""", "mounts[6].uidMappings[0].hostID")]
    [InlineData("idmap", """{"containerID":0,"hostID":0,"size":0}""", """{"containerID":0,"hostID":0,"size":1}""", "mounts[6].uidMappings[0].size")]
    public void Mappings_that_are_missing_or_wrong_are_refused(string option, string? uids, string? gids, string text)
    {
        Known.PeersDeviate("accept some of them");
        Bundle.Mount("/bind", "bind", Home, "bind", option);
        foreach (var (name, value) in new[] { ("uidMappings", uids), ("gidMappings", gids) })
        {
            if (value != null)
            {
                Bundle.Mounts[^1]![name] = new JsonArray(JsonNode.Parse(value));
            }
        }

        RunFails(text);
    }

    /// <summary>crun#2097: what is mounted below a mapped bind may not show on the host.</summary>
    [Fact]
    public void What_is_mounted_below_a_mapped_bind_stays_in_the_container()
    {
        Needs("tmpfs");
        using var tree = new HostTree(Path.Combine(Home, "tree"), shared: true);
        Bundle.Mount("/bind", "bind", tree.Path, "rbind", "idmap", "private");
        Map(0, 100000, 10);
        Bundle.Mount("/bind/below/inner", "tmpfs", "tmpfs");
        Created();
        Assert.DoesNotContain(Host.Mounts(tree.Path), static line => line.Contains("/inner ", System.StringComparison.Ordinal));
    }

    private static string Owners(JsonNode report, string path) => $"{report["stat:" + path]!["uid"]} {report["stat:" + path]!["gid"]}";

    private HostTree Tree()
    {
        var tree = new HostTree(Path.Combine(Home, "tree"));
        File.WriteAllText(Path.Combine(tree.Path, "file"), "");
        Libc.lchown(Path.Combine(tree.Path, "file"), Owner, Owner + 1);
        return tree;
    }

    private void Map(int container, int host, int size)
    {
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Mounts[^1]![name] = new JsonArray(new JsonObject { ["containerID"] = container, ["hostID"] = host, ["size"] = size });
        }
    }

    private void UserNamespace()
    {
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }
    }

    /// <summary>tmpfs can be mapped since Linux 6.3.</summary>
    private static void Needs(string type)
    {
        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Split('.');
        var version = int.Parse(release[0], System.Globalization.CultureInfo.InvariantCulture) * 1000 + int.Parse(release[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.SkipWhen(version < 6003, $"this kernel cannot map the ids of {type} (Linux 6.3)");
    }
}
