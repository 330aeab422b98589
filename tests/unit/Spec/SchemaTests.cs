using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

/// <summary>What the JSON schemas of the specification require, each left out of a config that has every member.</summary>
public sealed class SchemaTests
{
    private static readonly (int Rule, string Path)[] _required =
    [
        (580, "ociVersion"), (581, "root.path"), (582, "process.cwd"), (583, "process.consoleSize.height"), (583, "process.consoleSize.width"),
        (584, "process.rlimits[0].type"), (584, "process.rlimits[0].soft"), (584, "process.rlimits[0].hard"), (585, "process.scheduler.policy"),
        (586, "process.ioPriority.class"), (587, "hooks.prestart[0].path"), (588, "mounts[0].destination"), (589, "linux.uidMappings[0].containerID"),
        (589, "linux.uidMappings[0].hostID"), (589, "linux.gidMappings[0].size"), (590, "linux.devices[0].type"), (590, "linux.devices[0].path"),
        (591, "linux.resources.devices[0].allow"), (592, "linux.resources.blockIO.weightDevice[0].major"), (592, "linux.resources.blockIO.weightDevice[0].minor"),
        (592, "linux.resources.blockIO.throttleReadBpsDevice[0].rate"), (593, "linux.resources.hugepageLimits[0].pageSize"),
        (593, "linux.resources.hugepageLimits[0].limit"), (595, "linux.resources.network.priorities[0].name"), (595, "linux.resources.network.priorities[0].priority"),
        (596, "linux.seccomp.defaultAction"), (596, "linux.seccomp.syscalls[0].names"), (596, "linux.seccomp.syscalls[0].action"), (597, "linux.namespaces[0].type"),
    ];

    public static IEnumerable<TheoryDataRow<string>> Required() =>
        _required.Select(static row => new TheoryDataRow<string>(row.Path).WithTrait("checklist", row.Rule.ToString(provider: null)));

    [Theory]
    [MemberData(nameof(Required))]
    public void A_required_member_that_is_missing_is_named(string path)
    {
        JsonObject config = SpecFiles.Whole();
        JsonNode member = SpecFiles.Values(config).Single(value => value.Path == path).Value!;
        member.Parent!.AsObject().Remove(member.GetPropertyName());
        var finding = Assert.Single(SpecFiles.Read(SpecFiles.Bytes(config), out _));
        Assert.Equal($"{path} missing", $"{finding.Path} {finding.Code.Name}");
    }

    [Fact]
    [Checklist(587)]
    public void The_least_time_of_a_hook_is_one_second()
    {
        Assert.Contains(Findings(SpecFiles.Replace("hooks.prestart[0].timeout", 0)), static finding => finding.Path == "hooks.prestart[0].timeout");
        Assert.DoesNotContain(Findings(SpecFiles.Replace("hooks.prestart[0].timeout", 1)), static finding => finding.Path == "hooks.prestart[0].timeout");
    }

    [Fact]
    [Checklist(594)]
    public void Limits_of_pids_may_be_empty_as_the_text_says()
    {
        JsonObject config = SpecFiles.Whole();
        config["linux"]!["resources"]!["pids"] = new JsonObject();
        Assert.DoesNotContain(Findings(config), static finding => finding.Path.StartsWith("linux.resources.pids", StringComparison.Ordinal));
    }

    [Fact]
    [Checklist(244)]
    public void A_key_of_an_annotation_need_not_be_a_domain_name()
    {
        JsonObject config = SpecFiles.Whole();
        config["annotations"] = new JsonObject { ["plain key"] = "x" };
        Assert.DoesNotContain(Findings(config), static finding => finding.Path.StartsWith("annotations", StringComparison.Ordinal));
    }

    [Fact]
    [Checklist(166)]
    public void The_names_of_capabilities_are_those_of_the_schema() =>
        Assert.All(Csrun.Linux.Capabilities.Names.ToArray(), static name => Assert.True(
            name.StartsWith("CAP_", StringComparison.Ordinal) && name.Length > 4 && name.All(static c => char.IsAsciiLetterUpper(c) || c == '_'), name));

    private static IReadOnlyList<Finding> Findings(JsonObject config)
    {
        var findings = SpecFiles.Read(SpecFiles.Bytes(config), out Config? read);
        return read is null ? findings : Validator.Validate(read);
    }
}
