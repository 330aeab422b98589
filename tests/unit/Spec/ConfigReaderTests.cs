using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class ConfigReaderTests
{
    [Fact]
    public void Every_member_of_the_spec_is_read()
    {
        Assert.Empty(SpecFiles.Read(SpecFiles.Bytes("whole.json"), out Config? config));
        List<string> unset = [];
        FindUnset(config!, "config", unset);
        Assert.Equal(
            [
                "config.Linux.Namespaces[0].Path", "config.Linux.Namespaces[1].Path", "config.Linux.Namespaces[2].Path",
                "config.Linux.Namespaces[3].Path", "config.Linux.Namespaces[4].Path", "config.Linux.Seccomp.Syscalls[1].ErrnoRet",
                "config.Linux.Seccomp.Syscalls[1].Args",
            ],
            unset);
    }

    [Fact]
    [Trait("checklist", "10")]
    public void Integers_of_64_bits_are_exact()
    {
        SpecFiles.Read(SpecFiles.Bytes("whole.json"), out Config? config);
        Assert.Equal(ulong.MaxValue, config!.Process!.Rlimits![0].Hard);
        Assert.Equal(9007199254740993UL, config.Process.Rlimits[0].Soft);
        Assert.Equal(ulong.MaxValue, config.Linux!.Seccomp!.Syscalls![0].Args![0].Value);
        Assert.Equal((long?)long.MaxValue, config.Linux.Resources!.Memory!.Swap);
    }

    [Fact]
    [Trait("checklist", "5")]
    public void Unknown_members_are_ignored_in_every_object()
    {
        SpecFiles.Read(SpecFiles.Bytes("whole.json"), out Config? expected);
        JsonObject whole = SpecFiles.Whole();
        string[] maps = ["annotations", "linux.sysctl", "linux.netDevices", "linux.timeOffsets", "linux.resources.rdma", "linux.resources.unified"];
        foreach ((string path, JsonNode? value) in SpecFiles.Values(whole).ToArray())
        {
            if (value is JsonObject members && !maps.Contains(path, StringComparer.Ordinal))
                members.Insert(0, "x-unknown", JsonNode.Parse("""{ "deep": [{ "a": [1, null, "\u0000"] }], "type": 1, "path": 2 }"""));
        }
        whole.Insert(0, "windows", JsonNode.Parse("""{ "layerFolders": [] }"""));
        Assert.Empty(SpecFiles.Read(SpecFiles.Bytes(whole), out Config? config));
        Assert.Equal(SpecFiles.Dump(expected), SpecFiles.Dump(config));
    }

    [Fact]
    [Trait("checklist", "11")]
    public void Null_is_the_same_as_absent_for_every_member()
    {
        foreach ((string path, JsonNode? value) in SpecFiles.Values(SpecFiles.Whole()))
        {
            if (value!.Parent is not JsonObject parent || IsMap(path))
                continue;
            JsonObject absent = SpecFiles.Replace(path, null);
            RemoveNulls(absent);
            var withNull = SpecFiles.Read(SpecFiles.Bytes(SpecFiles.Replace(path, null)), out Config? first);
            var without = SpecFiles.Read(SpecFiles.Bytes(absent), out Config? second);
            Assert.Equal(without.Select(static f => (f.Path, f.Code)), withNull.Select(static f => (f.Path, f.Code)));
            Assert.Equal(SpecFiles.Dump(second), SpecFiles.Dump(first));
        }
    }

    [Fact]
    [Trait("checklist", "6")]
    public void Every_value_of_another_type_is_refused_where_it_is()
    {
        JsonNode[] others = [JsonValue.Create(true), JsonValue.Create(7), JsonValue.Create("text"), new JsonArray(), new JsonObject()];
        foreach ((string path, JsonNode? value) in SpecFiles.Values(SpecFiles.Whole()))
        {
            foreach (JsonNode other in others.Where(other => other.GetValueKind() != value!.GetValueKind()))
            {
                // false and true are of one type.
                if (other.GetValueKind().ToString() is "True" && value!.GetValueKind().ToString() is "False")
                    continue;
                var findings = SpecFiles.Read(SpecFiles.Bytes(SpecFiles.Replace(path, other.DeepClone())), out _);
                Assert.Contains(findings, finding => finding.Path == path && finding.Code == ConfigCodes.WrongType);
                // What was required inside is gone with it, but nothing else is wrong.
                Assert.All(findings, finding => Assert.StartsWith(path, finding.Path, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void All_wrong_types_are_found_in_one_reading()
    {
        var findings = SpecFiles.Read(
            """
            {
              "hostname": 1,
              "process": { "cwd": false, "args": ["a", 2, {}], "user": { "uid": "0" } },
              "linux": { "namespaces": [{ "type": "foo" }, 3] }
            }
            """u8.ToArray(),
            out _);
        Assert.Equal(
            [
                ("ociVersion", 1, 1), ("hostname", 2, 15), ("process.cwd", 3, 23), ("process.args[1]", 3, 44), ("process.args[2]", 3, 47),
                ("process.user.gid", 3, 60), ("process.user.uid", 3, 69), ("linux.namespaces[0].type", 4, 39), ("linux.namespaces[1]", 4, 48),
            ],
            findings.Select(static f => (f.Path, f.Line, f.Column)));
    }

    [Fact]
    public void No_more_than_a_hundred_findings_are_kept()
    {
        string many = string.Join(',', Enumerable.Repeat("1", 100_000));
        var findings = SpecFiles.Read(Encoding.UTF8.GetBytes($$"""{ "process": { "args": [{{many}}] } }"""), out _);
        Assert.Equal(JsonCursor.MaxProblems, findings.Count);
    }

    [Fact]
    public void A_message_never_has_more_than_a_line_nor_all_of_a_long_value()
    {
        string text = "\\n\\u001b[31m" + new string('x', 100_000);
        var findings = SpecFiles.Read(Encoding.UTF8.GetBytes($$"""{ "ociVersion": "1.0.0", "linux": { "rootfsPropagation": "{{text}}" } }"""), out _);
        string message = Assert.Single(findings).ToString();
        Assert.DoesNotContain(message, char.IsControl);
        Assert.True(message.Length < 300, message);
    }

    [Fact]
    public void A_file_above_16_MiB_is_refused()
    {
        byte[] large = new byte[ConfigReader.MaxBytes + 1];
        large.AsSpan().Fill((byte)' ');
        """{"ociVersion":"1.0.0"}"""u8.CopyTo(large);
        Assert.Equal(ConfigCodes.FileTooLarge, Assert.Single(SpecFiles.Read(large, out _)).Code);
        Assert.Empty(SpecFiles.Read(large[..^1], out _));
    }

    [Fact]
    public void Escapes_in_names_and_values_are_undone()
    {
        Assert.Empty(SpecFiles.Read("""{ "oci\u0056ersion": "1\u002e0.0", "linux": { "rootfsPropagation": "sl\u0061ve" } }"""u8.ToArray(), out Config? config));
        Assert.Equal("1.0.0", config!.OciVersion);
        Assert.Equal(RootfsPropagation.Slave, config.Linux!.RootfsPropagation);
    }

    [Fact]
    public void Names_are_case_sensitive()
    {
        Assert.Empty(SpecFiles.Read("""{ "ociVersion": "1.0.0", "HostName": "x" }"""u8.ToArray(), out Config? config));
        Assert.Null(config!.Hostname);
    }

    [Fact]
    public void A_process_is_read_alone()
    {
        Process process = ConfigReader.ReadProcess("""{ "cwd": "/tmp", "args": ["id"] }"""u8.ToArray(), "process.json");
        Assert.Equal(("/tmp", "id"), (process.Cwd, process.Args![0]));
        var exception = Assert.Throws<ConfigException>(() => ConfigReader.ReadProcess("""{ "args": "id" }"""u8.ToArray(), "process.json"));
        Assert.Equal(["cwd", "args"], exception.Findings.Select(static f => f.Path));
        Assert.StartsWith("process.json: cwd: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hooks_are_read_alone()
    {
        Hooks hooks = ConfigReader.ReadHooks("""{ "poststop": [{ "path": "/bin/true" }] }"""u8.ToArray(), "state.json");
        Assert.Equal("/bin/true", hooks.Poststop![0].Path);
    }

    [Fact]
    public void Nothing_but_the_model_is_allocated_for_a_right_config()
    {
        byte[] bytes = SpecFiles.Bytes("docker.json");
        ConfigReader.Read(bytes, "config.json");
        long before = GC.GetAllocatedBytesForCurrentThread();
        ConfigReader.Read(bytes, "config.json");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 4 * bytes.Length, $"{allocated} bytes for a file of {bytes.Length}");
    }

    private static bool IsMap(string path) =>
        path.StartsWith("annotations", StringComparison.Ordinal) && path.Length > 11
        || path.StartsWith("linux.sysctl[", StringComparison.Ordinal) || path.StartsWith("linux.resources.unified[", StringComparison.Ordinal)
        || path is "linux.netDevices.eth1" or "linux.resources.rdma.mlx5_0";

    private static void RemoveNulls(JsonObject node)
    {
        foreach (string name in node.Where(static member => member.Value is null).Select(static member => member.Key).ToArray())
            node.Remove(name);
        foreach ((_, JsonNode? value) in node)
        {
            if (value is JsonObject members)
                RemoveNulls(members);
            else if (value is JsonArray items)
                items.OfType<JsonObject>().ToList().ForEach(RemoveNulls);
        }
    }

    private static void FindUnset(object value, string path, List<string> unset)
    {
        foreach (PropertyInfo property in value.GetType().GetProperties())
        {
            string at = $"{path}.{property.Name}";
            object? inner = property.GetValue(value);
            if (inner is null || Equals(inner, "") || Equals(inner, false))
                unset.Add(at);
            else if (inner is IDictionary map)
                map.Values.Cast<object>().Where(static item => item is not string).ToList().ForEach(item => FindUnset(item, at, unset));
            else if (inner is object[] items && inner is not string[])
                Enumerable.Range(0, items.Length).ToList().ForEach(i => FindUnset(items[i], $"{at}[{i}]", unset));
            else if (inner.GetType().Namespace == "Csrun.Spec" && inner.GetType().IsClass && inner is not (Array or Utf8Texts))
                FindUnset(inner, at, unset);
        }
    }
}
