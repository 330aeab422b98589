using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using Csrun.Runtime.Containers;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

public class ContainerViewTests
{
    [Fact]
    [Checklist(508, 509, 516)]
    public void State_has_what_the_specification_and_engines_read()
    {
        using var json = JsonDocument.Parse(View().ToJson());
        JsonElement root = json.RootElement;
        Assert.Equal("1.3.0", root.GetProperty("ociVersion").GetString());
        Assert.Equal("c1", root.GetProperty("id").GetString());
        Assert.Equal(42, root.GetProperty("pid").GetInt32());
        Assert.Equal("running", root.GetProperty("status").GetString());
        Assert.Equal("/b", root.GetProperty("bundle").GetString());
        Assert.Equal("/b/rootfs", root.GetProperty("rootfs").GetString());
        Assert.Equal("v", root.GetProperty("annotations").GetProperty("k").GetString());
        Assert.Equal("2026-01-02T03:04:05.123456700Z", root.GetProperty("created").GetString());
    }

    [Fact]
    [Checklist(517)]
    public void Annotations_are_absent_if_there_are_none()
    {
        using var json = JsonDocument.Parse((View() with { Annotations = null }).ToJson());
        Assert.False(json.RootElement.TryGetProperty("annotations", out _));
    }

    [Fact]
    public void State_has_no_member_that_would_overwrite_CRI_Os_own()
    {
        string[] taken =
        [
            "started", "finished", "exitCode", "oomKilled", "seccompKilled", "error", "initPid", "initStartTime",
            "checkpointedTime", "containerMonitorProcess",
        ];
        using var json = JsonDocument.Parse(View().ToJson());
        foreach (string name in taken)
            Assert.False(json.RootElement.TryGetProperty(name, out _), name);
    }

    [Fact]
    public void A_list_is_an_array_also_if_it_is_empty()
    {
        Assert.Equal("[]", Encoding.UTF8.GetString(ContainerView.ListToJson([])));
        using var json = JsonDocument.Parse(ContainerView.ListToJson([View(), View()]));
        Assert.Equal(2, json.RootElement.GetArrayLength());
    }

    private static ContainerView View() => new()
    {
        Id = "c1",
        Status = ContainerStatus.Running,
        Pid = 42,
        Bundle = "/b",
        Rootfs = "/b/rootfs",
        Created = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)).AddTicks(1234567),
        Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" },
        Owner = "root",
    };
}
