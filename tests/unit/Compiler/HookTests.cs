using System.Text;
using System.Text.Json;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class HookTests
{
    [Theory]
    [Checklist(222, 226, 229)]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    [InlineData("poststop")] // From then on a failure is followed by these.
    public void Hooks_of_the_host_are_asked_for_between_mounts_and_pivot(string kind)
    {
        var compiled = Compiled.From($$""" "hooks": {"{{kind}}": [{"path": "/h"}]} """);
        int request = compiled.IndexOf(Opcode.RequestHooks);
        Assert.True(compiled.IndexOf(Opcode.MakeSymlink) < request && request < compiled.IndexOf(Opcode.PivotRoot));
    }

    [Theory]
    [Checklist(212)]
    [InlineData("")]
    [InlineData(""" "hooks": {} """)]
    [InlineData(""" "hooks": {"prestart": [], "poststart": [{"path": "/h"}]} """)]
    public void Without_them_nobody_waits(string members)
    {
        Assert.DoesNotContain(Opcode.RequestHooks, Compiled.From(members).Opcodes());
        Assert.DoesNotContain(Opcode.RunHook, Compiled.From(members).Opcodes());
    }

    [Fact]
    [Checklist(215, 216, 217, 219, 230, 233)]
    public void Hooks_of_the_container_are_instructions()
    {
        var compiled = Compiled.From("""
            "hooks": {
              "createRuntime": [{"path": "/r"}],
              "createContainer": [{"path": "/a", "args": ["x", "1"], "env": ["K=V"], "timeout": 3}, {"path": "/b"}],
              "startContainer": [{"path": "/c"}]}
            """);
        var hooks = compiled.All<RunHook>(Opcode.RunHook);
        Assert.Equal(["/a", "/b", "/c"], hooks.ConvertAll(hook => compiled.Plan.Text(hook.Path)!));
        Assert.Equal(["x", "1"], compiled.Plan.Strings(hooks[0].Arguments));
        Assert.Equal(["/b"], compiled.Plan.Strings(hooks[1].Arguments));
        Assert.Equal(["K=V"], compiled.Plan.Strings(hooks[0].Environment));
        Assert.Empty(compiled.Plan.Strings(hooks[1].Environment));
        Assert.Equal((3u, 0u), (hooks[0].Timeout, hooks[1].Timeout));

        Opcode[] order = [Opcode.RequestHooks, Opcode.RunHook, Opcode.RunHook, Opcode.PivotRoot];
        Assert.Equal(order, compiled.Opcodes()[compiled.IndexOf(Opcode.RequestHooks)..(compiled.IndexOf(Opcode.PivotRoot) + 1)]);
        Assert.Equal([Opcode.AwaitStart, Opcode.RunHook, Opcode.Execute], compiled.Opcodes()[^3..]);
        Assert.Equal("hooks.createContainer[1]", compiled.Result.Origins[compiled.IndexOf(Opcode.RequestHooks) + 2].JsonPath);
    }

    [Theory]
    [Checklist(220, 221)]
    [InlineData("createContainer", "creating")]
    [InlineData("startContainer", "created")]
    public void Their_state_has_room_for_the_pid(string kind, string status)
    {
        var compiled = Compiled.From($$""" "hooks": {"{{kind}}": [{"path": "/h"}]}, "annotations": {"a.b": "c\"d"} """);
        var hook = compiled.One<RunHook>(Opcode.RunHook);
        byte[] state = compiled.Plan.Bytes(hook.State).ToArray();
        Assert.Equal("          ", Encoding.UTF8.GetString(state, (int)hook.PidOffset, 10));
        Encoding.UTF8.GetBytes("17").CopyTo(state, hook.PidOffset);
        using var json = JsonDocument.Parse(state);
        var root = json.RootElement;
        Assert.Equal("1.3.0", root.GetProperty("ociVersion").GetString());
        Assert.Equal("demo", root.GetProperty("id").GetString());
        Assert.Equal(status, root.GetProperty("status").GetString());
        Assert.Equal(17, root.GetProperty("pid").GetInt32());
        Assert.Equal("/bundle", root.GetProperty("bundle").GetString());
        Assert.Equal("c\"d", root.GetProperty("annotations").GetProperty("a.b").GetString());
    }
}
