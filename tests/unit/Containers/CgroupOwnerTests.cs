using System.Text;
using Csrun.Runtime.Containers;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

/// <summary>Whose the container's cgroup is: config-linux.md#cgroup-ownership.</summary>
public class CgroupOwnerTests
{
    private const string Mount = """{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "rw"]}""";
    private const string Namespaces = """{"type": "cgroup"}, {"type": "mount"}""";

    [Theory]
    [Checklist(317, 319, 320)]
    [InlineData(Mount, Namespaces, "", 7)]
    [InlineData("""{"destination": "/sys/fs/cgroup/", "source": "cgroup"}""", Namespaces, "", 7)]
    [InlineData("""{"destination": "/sys/fs/cgroup", "source": "cgroup", "options": ["ro"]}""", Namespaces, "", null)]
    [InlineData("""{"destination": "/sys/fs/cgroup", "source": "cgroup2"}""", Namespaces, "", null)]
    [InlineData("""{"destination": "/cgroup", "source": "cgroup"}""", Namespaces, "", null)]
    [InlineData(Mount, """{"type": "mount"}""", "", null)]
    [InlineData(Mount, """{"type": "cgroup", "path": "/proc/1/ns/cgroup"}""", "", null)]
    [InlineData(Mount, Namespaces + """, {"type": "user"}""", """[{"containerID": 0, "hostID": 1000, "size": 7}, {"containerID": 7, "hostID": 100000, "size": 1}]""", 100000)]
    [InlineData(Mount, Namespaces + """, {"type": "user"}""", """[{"containerID": 0, "hostID": 1000, "size": 10}]""", 1007)]
    [InlineData(Mount, Namespaces + """, {"type": "user"}""", """[{"containerID": 0, "hostID": 1000, "size": 7}]""", null)]
    [InlineData(Mount, Namespaces + """, {"type": "user", "path": "/proc/1/ns/user"}""", "", null)]
    public void It_is_the_processs_user_where_the_container_may_write_its_cgroup_alone(string mount, string namespaces, string mappings, int? uid)
    {
        mappings = mappings.Length == 0 ? "[]" : mappings;
        string json = $$"""
            {"ociVersion": "1.0.0", "process": {"cwd": "/", "user": {"uid": 7, "gid": 8} }, "mounts": [{{mount}}],
             "linux": {"namespaces": [{{namespaces}}], "uidMappings": {{mappings}} } }
            """;
        Assert.Equal((uint?)uid, CgroupOwner.Of(ConfigReader.Read(Encoding.UTF8.GetBytes(json), "config.json")));
    }
}
