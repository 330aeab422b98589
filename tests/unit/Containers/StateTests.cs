using System;
using System.Collections.Generic;
using System.Text;
using CsCheck;
using Csrun.Cgroups;
using Csrun.Plan;
using Csrun.Runtime.Containers;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Containers;

public class StateTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        State state = Full();
        State? read = StateReader.Read(StateWriter.Write(state).Span);

        Assert.NotNull(read);
        Assert.Equal(state.Id, read.Id);
        Assert.Equal(state.Bundle, read.Bundle);
        Assert.Equal(state.Rootfs, read.Rootfs);
        Assert.Equal(state.Created, read.Created);
        Assert.Equal(state.Owner, read.Owner);
        Assert.Equal(state.BootId, read.BootId);
        Assert.Equal(state.Creator, read.Creator);
        Assert.Equal(state.Process, read.Process);
        Assert.Equal((true, true, true, true), (read.PrivatePids, read.HasProcess, read.Notify, read.HooksReached));
        Assert.Equal(state.Cgroup.Mode, read.Cgroup.Mode);
        Assert.Equal(state.Cgroup.Lenient, read.Cgroup.Lenient);
        Assert.Equal(state.Cgroup.Places, read.Cgroup.Places);
        Assert.Equal(state.Resctrl, read.Resctrl);
        Assert.Equal(state.Annotations, read.Annotations);
        Assert.Equal(state.StartSteps, read.StartSteps);
        Hook hook = Assert.Single(read.Poststop);
        Assert.Equal("/bin/x", hook.Path);
        Assert.Equal(["x", "é \"quoted\""], hook.Args!);
        Assert.Equal(["A=1"], hook.Env!);
        Assert.Equal(7, hook.Timeout);
        Assert.Null(Assert.Single(read.Poststart).Args);
    }

    [Fact]
    public void Any_annotation_is_read_back() => Gen.Dictionary(Gen.String.Where(IsText), Gen.String.Where(IsText))[0, 8].Sample(annotations =>
    {
        State? read = StateReader.Read(StateWriter.Write(Full() with { Annotations = annotations }).Span);
        return annotations.Count == 0 ? read!.Annotations is null : SameAs(annotations, read!.Annotations!);
    });

    [Fact]
    public void A_container_whose_create_did_not_end_is_not_complete()
    {
        State intent = Full() with { Process = default };
        Assert.False(StateReader.Read(StateWriter.Write(intent).Span)!.IsComplete);
        Assert.True(StateReader.Read(StateWriter.Write(Full()).Span)!.IsComplete);
    }

    [Fact]
    public void Members_that_a_later_version_adds_are_skipped()
    {
        string json = Encoding.UTF8.GetString(StateWriter.Write(Full()).Span);
        State? read = StateReader.Read(Encoding.UTF8.GetBytes(json.Insert(1, "\"later\":{\"a\":[1,{\"b\":2}]},")));
        Assert.Equal("c1", read?.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":2,\"id\":\"a\",\"bundle\":\"/b\",\"rootfs\":\"/r\",\"bootId\":\"x\"}")]
    [InlineData("{\"version\":1,\"id\":7,\"bundle\":\"/b\",\"rootfs\":\"/r\",\"bootId\":\"x\"}")]
    [InlineData("{\"version\":1,\"id\":\"a\",\"bundle\":\"/b\",\"rootfs\":\"/r\",\"bootId\":\"x\",\"process\":{\"pid\":\"1\"}}")]
    public void What_is_no_state_is_not_read(string json) => Assert.Null(StateReader.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_state_that_is_cut_off_anywhere_is_not_read()
    {
        ReadOnlyMemory<byte> whole = StateWriter.Write(Full());
        for (int length = 0; length < whole.Length; length++)
            Assert.Null(StateReader.Read(whole.Span[..length]));
    }

    internal static State Full() => new()
    {
        Id = "c1",
        Bundle = "/bundle with space",
        Rootfs = "/bundle/rootfs",
        Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567),
        Owner = 1000,
        BootId = "00000000-0000-0000-0000-000000000000",
        Creator = new ProcessIdentity(10, 20),
        Process = new ProcessIdentity(30, ulong.MaxValue),
        PrivatePids = true,
        HasProcess = true,
        Notify = true,
        HooksReached = true,
        Resctrl = new ResctrlRecord("/sys/fs/resctrl/x", true, "/sys/fs/resctrl/x/mon_groups/x"),
        Cgroup = new CgroupRecord(
            CgroupMode.Hybrid,
            [new CgroupPlace("cpu,cpuacct", "/sys/fs/cgroup/cpu", "/a/c1", "/a"), new CgroupPlace("", "/sys/fs/cgroup/unified", "/c1", "/")],
            Lenient: true),
        Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { ["org.example.key"] = "value <+>" },
        Poststart = [new Hook { Path = "/bin/y" }],
        Poststop = [new Hook { Path = "/bin/x", Args = ["x", "é \"quoted\""], Env = ["A=1"], Timeout = 7 }],
        StartSteps = [new StartStep(4, Opcode.Execute, "process.args[0]", "run", "sh"), new StartStep(3, Opcode.RunHook, "hooks", "run", null)],
    };

    private static bool SameAs(IDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual)
    {
        foreach ((string name, string value) in expected)
        {
            if (!actual.TryGetValue(name, out string? found) || found != value)
                return false;
        }
        return expected.Count == actual.Count;
    }

    // A lone surrogate is no text: the config's reader refuses it.
    private static bool IsText(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
