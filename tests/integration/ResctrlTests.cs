using System.IO;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>linux.intelRdt with a real container: on the machines that have resctrl, and its refusal on the others.</summary>
public sealed class ResctrlTests : ContainerTest
{
    private const string Resctrl = "/sys/fs/resctrl";
    private static readonly bool Mounted = File.Exists(Resctrl + "/schemata");

    [Theory, Checklist(379, 397)]
    [InlineData("""{ "closID": "x" }""")]
    [InlineData("""{ "enableCMT": true, "enableMBM": true }""")]
    public void Without_resctrl_it_is_refused_before_anything_is_made(string rdt)
    {
        Assert.SkipWhen(Mounted, "resctrl is mounted here");
        Bundle.Linux["intelRdt"] = JsonNode.Parse(rdt);
        RunFails("linux.intelRdt: resctrl is not mounted on this host [rdt-missing]");
    }

    [Theory, Checklist(381, 384, 385, 386)]
    [InlineData("""{ "closID": "../x" }""", "linux.intelRdt.closID")]
    [InlineData("""{ "closID": "a/b" }""", "linux.intelRdt.closID")]
    [InlineData("""{ "l3CacheSchema": "L3:0=f\nL3:1=f" }""", "linux.intelRdt.l3CacheSchema")]
    [InlineData("""{ "memBwSchema": "L3:0=f" }""", "linux.intelRdt.memBwSchema")]
    [InlineData("""{ "schemata": ["L3:0=f", "L3:0=f\nMB:0=1"] }""", "linux.intelRdt.schemata[1]")]
    public void What_makes_no_sense_is_refused(string rdt, string where)
    {
        Known.PeersDeviate("look for resctrl first");
        Bundle.Linux["intelRdt"] = JsonNode.Parse(rdt);
        RunFails(where);
    }

    [Fact, Checklist(378, 383, 393, 538)]
    public void The_container_is_in_its_class_until_it_is_deleted()
    {
        Assert.SkipUnless(Mounted, "resctrl is not mounted here");
        Bundle.Linux["intelRdt"] = new JsonObject();
        Bundle.Args("sleep");
        var pid = Started();
        Assert.Contains(pid.ToString(System.Globalization.CultureInfo.InvariantCulture), File.ReadAllLines($"{Resctrl}/{Id}/tasks"));
        Succeeds("delete", "--force", Id);
        Assert.False(Directory.Exists($"{Resctrl}/{Id}"));
    }

    [Theory]
    [InlineData("--l3-cache-schema", "L3:0=f")]
    [InlineData("--mem-bw-schema", "MB:0=50")]
    public void A_container_without_a_class_has_none_to_update(string option, string schema)
    {
        Known.PeersDeviate("have other texts");
        Bundle.Args("sleep");
        Started();
        Fails($"{option}: the container has no class of service: its config has no linux.intelRdt [rdt-failed]", "update", option, schema, Id);
    }
}
