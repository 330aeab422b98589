using System;
using System.IO;
using System.Text;
using Csrun.Linux;
using Csrun.Runtime;
using Csrun.Runtime.Containers;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

/// <summary>linux.intelRdt against a directory that looks like resctrl: few machines have the hardware.</summary>
public sealed class ResctrlGroupTests : IDisposable
{
    private const string Id = "the-container";
    private readonly TemporaryDirectory _root = new();

    public ResctrlGroupTests()
    {
        Populate("");
        Directory.CreateDirectory(At("info"));
        File.WriteAllText(At("info/last_cmd_status"), "ok\n");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    [Checklist(380)]
    public void Without_intelRdt_there_is_nothing_to_do()
    {
        Assert.Null(ResctrlGroup.Decide(Config("null"), Id, "config.json"));
        Assert.Null(ResctrlGroup.Decide(Config("null"), Id, "config.json", "/no/where"));
    }

    [Fact]
    [Checklist(379)]
    public void Without_resctrl_it_is_refused()
    {
        Assert.SkipWhen(File.ReadAllText("/proc/self/mountinfo").Contains(" - resctrl ", StringComparison.Ordinal), "resctrl is mounted here");
        var error = Assert.Throws<CsrunException>(() => ResctrlGroup.Decide(Config("""{"closID": "x"}"""), Id, "config.json"));
        Assert.Equal("config.json: linux.intelRdt: resctrl is not mounted on this host [rdt-missing]", error.Message);
    }

    [Fact]
    public void A_further_process_joins_the_class_and_the_monitoring_group()
    {
        foreach (string group in new[] { "class", "class/mon_groups/one" })
        {
            Directory.CreateDirectory(At(group));
            File.WriteAllText(At(group + "/tasks"), "");
        }
        ResctrlGroup.Join(new ResctrlRecord(At("class"), true, null), 41);
        ResctrlGroup.Join(new ResctrlRecord(At("class"), true, At("class/mon_groups/one")), 42);
        Assert.Equal("42\n", File.ReadAllText(At("class/tasks")));
        Assert.Equal("42\n", File.ReadAllText(At("class/mon_groups/one/tasks")));
        var error = Assert.Throws<CsrunException>(() => ResctrlGroup.Join(new ResctrlRecord(At("gone"), true, null), 43));
        Assert.Equal(ErrorCodes.RdtFailed, error.Code);
    }

    [Fact]
    [Checklist(378, 383, 384, 385, 386, 387, 393)]
    public void A_class_of_the_containers_own_is_made_and_goes_with_it()
    {
        var group = Decide("""{"l3CacheSchema": "L3:0=f0", "memBwSchema": "MB:0=50", "schemata": ["L3:1=0f", "L2:0=3"]}""");
        Assert.Equal(new ResctrlRecord(At(Id), true, null), group.Record);
        Assert.False(Directory.Exists(At(Id)));
        group.Make();
        Populate(Id);
        // A pipe in place of the file shows every write by itself.
        using var lines = new Lines(At(Id + "/schemata"));
        group.Configure();
        Assert.Equal("L3:0=f0\nMB:0=50\nL3:1=0f\nL2:0=3\n", lines.Read());
        group.Join(4711);
        Assert.Equal("4711\n", File.ReadAllText(At(Id + "/tasks")));
        Empty(Id);
        ResctrlGroup.Remove(group.Record);
        Assert.False(Directory.Exists(At(Id)));
        // Gone already: fine.
        ResctrlGroup.Remove(group.Record);
    }

    [Theory]
    [Checklist(388)]
    [InlineData("{}")]
    [InlineData("""{"enableMonitoring": false, "enableCMT": true, "schemata": []}""")]
    public void Without_a_schema_none_is_written(string rdt)
    {
        var group = Decide(rdt);
        group.Make();
        Populate(Id);
        group.Configure();
        Assert.Equal("unchanged\n", File.ReadAllText(At(Id + "/schemata")));
    }

    [Fact]
    [Checklist(389, 394)]
    public void A_class_that_is_named_is_made_if_it_is_missing_and_stays()
    {
        var group = Decide("""{"closID": "web", "l3CacheSchema": "L3:0=f"}""");
        Assert.Equal(new ResctrlRecord(At("web"), false, null), group.Record);
        group.Make();
        Populate("web");
        group.Configure();
        Assert.StartsWith("L3:0=f\n", File.ReadAllText(At("web/schemata")), StringComparison.Ordinal);
        ResctrlGroup.Remove(group.Record);
        Assert.True(Directory.Exists(At("web")));
    }

    [Fact]
    [Checklist(391, 394)]
    public void A_class_that_is_there_is_joined_as_it_is()
    {
        Populate("web");
        var group = Decide("""{"closID": "web"}""");
        group.Make();
        group.Configure();
        group.Join(7);
        Assert.Equal(("7\n", "unchanged\n"), (File.ReadAllText(At("web/tasks")), File.ReadAllText(At("web/schemata"))));
        Assert.False(group.Record.Made);
    }

    [Fact]
    [Checklist(394)]
    public void A_class_of_the_containers_name_that_was_there_before_stays()
    {
        Populate(Id);
        Assert.False(Decide("{}").Record.Made);
    }

    [Theory]
    [Checklist(390)]
    [InlineData("L3:0=f0", true)]
    [InlineData("L3: 0 = 00F0 ; 1=ff", true)]
    [InlineData("L3:1=ff;0=f0", true)]
    [InlineData("L3:0=f1", false)]
    [InlineData("L3:2=f0", false)]
    [InlineData("L2:0=f0", false)]
    public void The_schema_of_a_class_that_is_there_is_compared(string schema, bool same)
    {
        Populate("web");
        File.WriteAllText(At("web/schemata"), "    MB:0=100;1= 50\n    L3:0=f0;1=ff\n");
        if (same)
        {
            var group = Decide($$"""{"closID": "web", "schemata": ["{{schema}}"]}""");
            group.Configure();
            Assert.StartsWith("    MB:", File.ReadAllText(At("web/schemata")), StringComparison.Ordinal);
        }
        else
        {
            var error = Assert.Throws<CsrunException>(() => Decide($$"""{"closID": "web", "schemata": ["{{schema}}"]}"""));
            Assert.Equal(ErrorCodes.RdtFailed, error.Code);
            Assert.Contains("is there with another schema", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Checklist(390)]
    public void Memory_bandwidth_is_compared_too()
    {
        Populate("web");
        File.WriteAllText(At("web/schemata"), "MB:0=100;1= 50\nL3:0=f0;1=ff\n");
        Decide("""{"closID": "web", "memBwSchema": "MB:1=50"}""");
        Assert.Throws<CsrunException>(() => Decide("""{"closID": "web", "memBwSchema": "MB:1=60"}"""));
    }

    [Fact]
    [Checklist(392)]
    public void A_class_that_is_missing_needs_a_schema()
    {
        var error = Assert.Throws<CsrunException>(() => Decide("""{"closID": "web", "enableMonitoring": true}"""));
        Assert.Equal(
            $"config.json: linux.intelRdt.closID: cannot find the class of service {At("web")}: no such file or directory (ENOENT): "
                + "without a schema it must be there [rdt-failed]", error.Message);
    }

    [Fact]
    [Checklist(382)]
    public void A_slash_is_the_first_class()
    {
        var group = Decide("""{"closID": "/"}""");
        group.Make();
        group.Join(9);
        Assert.Equal("9\n", File.ReadAllText(At("tasks")));
        Assert.False(group.Record.Made);
    }

    [Theory]
    [Checklist(395, 396)]
    [InlineData("web")]
    [InlineData("")]
    public void A_monitored_container_has_a_group_for_it(string name)
    {
        Populate(name);
        var group = Decide($$"""{"closID": "{{(name.Length == 0 ? "/" : name)}}", "enableMonitoring": true}""");
        group.Make();
        string monitoring = At((name.Length == 0 ? "" : name + "/") + "mon_groups/" + Id);
        Assert.Equal(monitoring, group.Record.Monitoring);
        File.WriteAllText(monitoring + "/tasks", "");
        group.Join(12);
        Assert.Equal(("12\n", "12\n"), (File.ReadAllText(At(name + "/tasks")), File.ReadAllText(monitoring + "/tasks")));
        File.Delete(monitoring + "/tasks");
        ResctrlGroup.Remove(group.Record);
        Assert.False(Directory.Exists(monitoring));
    }

    [Fact]
    [Checklist(396)]
    public void A_monitoring_group_that_cannot_be_made_is_an_error()
    {
        Populate("web");
        Directory.Delete(At("web/mon_groups"));
        var group = Decide("""{"closID": "web", "enableMonitoring": true}""");
        var error = Assert.Throws<CsrunException>(group.Make);
        Assert.Equal((ErrorCodes.RdtFailed, Errno.ENOENT), (error.Code, error.Errno));
    }

    [Fact]
    public void A_write_that_is_refused_says_what_the_kernel_said_of_it()
    {
        var group = Decide("""{"memBwSchema": "MB:0=1000"}""");
        group.Make();
        File.WriteAllText(At("info/last_cmd_status"), "MB value 1000 out of range [10,100]\n");
        var error = Assert.Throws<CsrunException>(group.Configure);
        Assert.Equal($"config.json: linux.intelRdt.memBwSchema: cannot write \"MB:0=1000\" to {At(Id)}/schemata: "
            + "no such file or directory (ENOENT): MB value 1000 out of range [10,100] [rdt-failed]", error.Message);
    }

    [Fact]
    public void An_update_writes_its_lines_and_says_what_was_there()
    {
        Populate("web");
        File.WriteAllText(At("web/schemata"), "L3:0=ff\nMB:0=90\n");
        var record = new ResctrlRecord(At("web"), true, null);
        Assert.Null(ResctrlGroup.Change(record, null, null));
        Assert.Null(ResctrlGroup.Change(null, null, null));
        Assert.Equal("L3:0=ff\nMB:0=90\n", ResctrlGroup.Change(record, "L3:0=0f", null));
        Assert.Equal("L3:0=0f\nMB:0=90\n", File.ReadAllText(At("web/schemata")));
        using var written = new Lines(At("web/schemata"));
        ResctrlGroup.Restore(record, "    L3:0=ff;1=1\nMB:0= 90\n");
        Assert.Equal("L3:0=ff;1=1\nMB:0= 90\n", written.Read());
    }

    [Fact]
    public void A_container_without_a_class_cannot_be_updated() => Assert.Equal(
        "--mem-bw-schema: the container has no class of service: its config has no linux.intelRdt [rdt-failed]",
        Assert.Throws<CsrunException>(() => ResctrlGroup.Change(null, null, "MB:0=1")).Message);

    [Theory]
    [InlineData("info")]
    [InlineData("mon_groups")]
    public void The_names_of_resctrl_itself_are_no_classes(string id) =>
        Assert.Throws<CsrunException>(() => ResctrlGroup.Decide(Config("{}"), id, "config.json", _root.Path));

    private ResctrlGroup Decide(string rdt) => ResctrlGroup.Decide(Config(rdt), Id, "config.json", _root.Path)!;

    private static Config Config(string rdt) => ConfigReader.Read(Encoding.UTF8.GetBytes(
        $$""" {"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "linux": {"intelRdt": {{rdt}} } } """), "config.json");

    private string At(string path) => (_root.Path + "/" + path).TrimEnd('/').Replace("//", "/", StringComparison.Ordinal);

    /// <summary>What the kernel puts into a group.</summary>
    private void Populate(string group)
    {
        Directory.CreateDirectory(At(group + "/mon_groups"));
        File.WriteAllText(At(group + "/schemata"), "unchanged\n");
        File.WriteAllText(At(group + "/tasks"), "");
    }

    private void Empty(string group)
    {
        foreach (string entry in Directory.GetFileSystemEntries(At(group)))
        {
            if (Directory.Exists(entry))
                Directory.Delete(entry);
            else
                File.Delete(entry);
        }
    }

    /// <summary>A fifo in place of a file, so that no write replaces another.</summary>
    private sealed class Lines : IDisposable
    {
        private readonly FileStream _stream;

        public Lines(string path)
        {
            File.Delete(path);
            Init.TestContainer.MakeNode(path, Mode.Fifo | Mode.OwnerReadWrite, 0, 0);
            _stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        }

        public string Read()
        {
            byte[] buffer = new byte[4096];
            return Encoding.UTF8.GetString(buffer, 0, _stream.Read(buffer));
        }

        public void Dispose() => _stream.Dispose();
    }
}
