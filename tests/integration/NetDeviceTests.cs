using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// linux.netDevices. The "host" is a network namespace of the test's own, in which a script makes devices, creates the
/// container, and writes down what is where.
/// </summary>
public sealed class NetDeviceTests : ContainerTest
{
    private const string Veth = "ip link add one type veth peer name peer; ip link add two type veth peer name peer2; ";

    [Fact, Checklist(297, 302, 303, 304, 305)]
    public void A_device_is_moved_with_its_addresses_and_brought_up()
    {
        Devices("""{ "one": {} }""");
        var (inside, outside) = Create(Veth + """
            ip link set one mtu 1400 address 02:00:00:00:00:77 up
            ip addr add 192.0.2.5/24 broadcast 192.0.2.255 label one:web dev one
            ip addr add 192.0.2.6/24 dev one
            ip addr add 198.51.100.1 peer 198.51.100.2/32 dev one
            ip addr add 2001:db8::5/64 nodad noprefixroute dev one
            ip addr add 203.0.113.9/24 valid_lft 600 preferred_lft 600 dev one
            ip addr add 169.254.7.7/16 scope link dev one
            """);
        var one = Device(inside, "one")!;
        Assert.Equal(1400, one["mtu"]!.GetValue<int>());
        Assert.Equal("02:00:00:00:00:77", one["address"]!.GetValue<string>());
        Assert.Contains("UP", one["flags"]!.AsArray().Select(static f => f!.GetValue<string>()));
        Assert.Equal(["192.0.2.5/24 192.0.2.255 one:web", "192.0.2.6/24  one", "198.51.100.1/32  one", "2001:db8::5/64  "], Addresses(one));
        Assert.Equal("198.51.100.2", one["addr_info"]!.AsArray().First(static a => a!["local"]!.GetValue<string>() is "198.51.100.1")!["address"]!.GetValue<string>());
        Assert.Contains("\"noprefixroute\":true", one.ToJsonString());
        Assert.Null(Device(outside, "one"));
        Assert.NotNull(Device(outside, "two"));
    }

    [Theory, Checklist(298, 301)]
    [InlineData("""{ "one": { "name": "net0" } }""", "net0", null)]
    [InlineData("""{ "one": { "name": "one" } }""", "one", null)]
    [InlineData("""{ "one": { "name": "two" }, "two": { "name": "one" } }""", "one", "two")]
    [InlineData("""{ "one": { "name": "eth%d" }, "two": { "name": "eth%d" } }""", "eth0", "eth1")]
    public void A_device_has_the_name_that_is_said(string devices, string first, string? second)
    {
        Known.Deviates("crun", "has no %d");
        Known.Deviates("runc", "has no %d");
        Devices(devices);
        var (inside, _) = Create(Veth + "ip link set one address 02:00:00:00:00:01; ip addr add 192.0.2.5/24 label one:x dev one");
        Assert.NotNull(Device(inside, first));
        var one = inside.First(static d => d!["address"]!.GetValue<string>() is "02:00:00:00:00:01")!;
        Assert.Equal([$"192.0.2.5/24  {one["ifname"]}:x"], Addresses(one));
        if (second != null)
        {
            Assert.NotNull(Device(inside, second));
        }
    }

    [Fact, Checklist(304)]
    public void Alternative_names_stay_and_name_a_device_too()
    {
        Known.PeersDeviate("know no alternative names");
        Devices("""{ "one": { "name": "net0" } }""");
        var (inside, _) = Create(Veth + "ip link property add dev one altname a-rather-long-name");
        Assert.Contains("a-rather-long-name", Device(inside, "net0")!.ToJsonString());
    }

    [Fact, Checklist(299)]
    public void A_device_that_is_missing_is_refused_before_anything_is_made()
    {
        Devices("""{ "one": {}, "nine": {} }""");
        var (error, outside) = CreateFails(Veth + "ip link set one up");
        Assert.Contains(Target.IsCsrun ? "linux.netDevices.nine: cannot find network device nine: no such device (ENODEV) [net-device-missing]" : "nine", error);
        Assert.NotNull(Device(outside, "one"));
        AssertNothingLeft();
    }

    [Fact, Checklist(299)]
    public void Devices_need_a_network_namespace()
    {
        Known.Deviates("crun", "does not check");
        Devices("""{ "one": {} }""");
        Bundle.Namespace("network", "-");
        RunFails("linux.netDevices");
    }

    [Theory, Checklist(300)]
    [InlineData("""{ "one": { "name": "lo" } }""", "linux.netDevices.one.name")]
    [InlineData("""{ "one": { "name": "net0" }, "two": { "name": "net0" } }""", "linux.netDevices.two.name")]
    [InlineData("""{ "one": { "name": "two" }, "two": {} }""", "linux.netDevices.two")]
    public void A_name_is_used_once(string devices, string where)
    {
        Known.PeersDeviate("find out when it is done");
        Devices(devices);
        RunFails(where);
    }

    [Fact, Checklist(300, 307)]
    public void A_name_that_the_container_has_is_refused_and_what_was_moved_goes_back()
    {
        Known.PeersDeviate("do not bring devices back");
        Bundle.Namespace("network", "/proc/self/ns/net");
        Devices("""{ "one": {}, "two": { "name": "taken" } }""");
        string joined = Path.Combine(Home, "netns");
        Bundle.Namespace("network", joined);
        var (error, outside) = CreateFails(Veth + $"""
            ip link set one up; ip addr add 192.0.2.5/24 label one:x dev one; ip addr add 2001:db8::5/64 nodad dev one
            : >{joined}; mount --bind /proc/self/ns/net {joined}
            mount --make-rprivate /
            unshare -n sh -c 'ip link add taken type veth peer name other; mount --bind /proc/self/ns/net {joined}'
            """);
        Assert.Contains("linux.netDevices.two: cannot move network device two to the container's name taken: file exists (EEXIST)", error);
        var one = Device(outside, "one")!;
        Assert.Equal(["192.0.2.5/24  one:x", "2001:db8::5/64  "], Addresses(one));
        Assert.Contains("UP", one["flags"]!.AsArray().Select(static f => f!.GetValue<string>()));
        Assert.NotNull(Device(outside, "two"));
        AssertNothingLeft();
    }

    [Theory, Checklist(307)]
    [InlineData(false)]
    [InlineData(true)]
    public void Devices_go_back_when_create_fails_later(bool userNamespace)
    {
        Known.PeersDeviate("do not bring devices back");
        Devices("""{ "one": { "name": "net0" } }""");
        if (userNamespace)
        {
            Bundle.Namespace("user");
            Bundle.Linux["uidMappings"] = JsonNode.Parse("""[{ "containerID": 0, "hostID": 100000, "size": 1000 }]""");
            Bundle.Linux["gidMappings"] = Bundle.Linux["uidMappings"]!.DeepClone();
        }

        Bundle.Config["hooks"] = JsonNode.Parse("""{ "createRuntime": [{ "path": "/bin/false" }] }""");
        var (error, outside) = CreateFails(Veth + "ip addr add 192.0.2.5/24 dev one; ip addr add 198.51.100.7/24 label one:y dev one");
        Assert.Contains("hooks.createRuntime[0]", error);
        var one = Device(outside, "one");
        Assert.True(one != null, error);
        Assert.DoesNotContain("warning", error);
        Assert.Equal(["192.0.2.5/24  one", "198.51.100.7/24  one:y"], Addresses(one));
        Assert.DoesNotContain("UP", one["flags"]!.AsArray().Select(static f => f!.GetValue<string>()));
    }

    [Theory, Checklist(297)]
    [InlineData("user")]
    [InlineData("time")]
    public void A_device_gets_into_every_kind_of_container(string type)
    {
        Known.PeersDeviate("are not all able to");
        Devices("""{ "one": { "name": "net0" } }""");
        Bundle.Namespace(type);
        if (type is "user")
        {
            Bundle.Linux["uidMappings"] = JsonNode.Parse("""[{ "containerID": 0, "hostID": 100000, "size": 1000 }]""");
            Bundle.Linux["gidMappings"] = Bundle.Linux["uidMappings"]!.DeepClone();
        }

        Bundle.Linux["sysctl"] = new JsonObject { ["net/ipv4/conf/net0/forwarding"] = "1" };
        var (inside, _) = Create(Veth + "ip addr add 192.0.2.5/24 dev one");
        Assert.Equal(["192.0.2.5/24  net0"], Addresses(Device(inside, "net0")!));
    }

    [Fact, Checklist(306)]
    public void Delete_moves_nothing_back()
    {
        Devices("""{ "one": {} }""");
        var script = Script(Veth, $"""
            ip addr add 192.0.2.5/24 dev one
            {Command("create")} </dev/null >/dev/null
            {Command("delete")} --force
            ip -j addr >{Home}/outside
            """);
        Success(script);
        // A virtual device ends with the namespace that it is in.
        Assert.Null(Device(Read("outside"), "one"));
        Assert.NotNull(Device(Read("outside"), "two"));
    }

    private void Devices(string json) => Bundle.Linux["netDevices"] = JsonNode.Parse(json);

    /// <summary>Creates the container: the devices inside and outside.</summary>
    private (JsonArray Inside, JsonArray Outside) Create(string devices)
    {
        Success(Script(devices, $"""
            {Command("create")} --pid-file {Home}/pid </dev/null >/dev/null
            nsenter -t $(cat {Home}/pid) -n ip -j addr >{Home}/inside
            ip -j addr >{Home}/outside
            """));
        return (Read("inside"), Read("outside"));
    }

    private (string Error, JsonArray Outside) CreateFails(string devices)
    {
        var result = Success(Script(devices, $$"""
            if {{Command("create")}} </dev/null >/dev/null; then exit 3; fi
            ip -j addr >{{Home}}/outside
            """));
        return (result.Error, Read("outside"));
    }

    private string Command(string name) => name is "create"
        ? $"{Target.Path} {(Target.Name is "runc" ? "" : "--log-level warning")} --root {Root} create --bundle {Bundle.Path} {Id}"
        : $"{Target.Path} --root {Root} {name} {Id}";

    private Result Script(string devices, string rest)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip"), "iproute2 is not installed");
        Bundle.Args("sleep", "300");
        Bundle.Save();
        return new Command("/usr/bin/unshare", "--net", "--mount", "sh", "-ec", "ip link set lo up\n" + devices + "\n" + rest)
        { Environment = RuntimeEnvironment() }.Run(Home);
    }

    private JsonArray Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Home, name)))!.AsArray();

    private static JsonNode? Device(JsonArray devices, string name) =>
        devices.FirstOrDefault(d => string.Equals(d!["ifname"]!.GetValue<string>(), name, StringComparison.Ordinal));

    /// <summary>"local/prefix broadcast label" of each address but the automatic link-local one.</summary>
    private static string[] Addresses(JsonNode device) =>
        [.. device["addr_info"]!.AsArray().Where(a => !(a!["local"]?.GetValue<string>() ?? throw new InvalidOperationException(device.ToJsonString())).StartsWith("fe80:", StringComparison.Ordinal))
            .Select(static a => $"{a!["local"]}/{a["prefixlen"]} {a["broadcast"]} {a["label"]}").Order(StringComparer.Ordinal)];
}
