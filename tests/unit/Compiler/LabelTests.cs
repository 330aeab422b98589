using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Xunit;

namespace Csrun.Tests.Unit.Compiler;

public sealed class LabelTests
{
    [Theory]
    [Checklist(157)]
    [InlineData(AppArmorState.Unconfined, "", "exec docker-default")]
    [InlineData(AppArmorState.Unconfined, """, "noNewPrivileges": true """, "exec docker-default")]
    [InlineData(AppArmorState.Confined, "", "exec docker-default")]
    [InlineData(AppArmorState.Confined, """, "noNewPrivileges": true """, "stack docker-default")]
    internal void A_profile_is_changed_to_at_execution(AppArmorState state, string member, string expected)
    {
        var compiled = Process(""" "apparmorProfile": "docker-default" """ + member, new HostFacts { AppArmor = state });
        var label = compiled.One<SetLabel>(Opcode.SetLabel);
        Assert.Equal((LabelAttribute.AppArmorExec, expected), (label.Attribute, compiled.Plan.Text(label.Value)));
        Assert.Equal(["have AppArmor do at execution: " + expected], compiled.Lines("have"));
    }

    [Fact]
    [Checklist(157)]
    public void A_profile_without_AppArmor_is_refused() =>
        Assert.Equal(["process.apparmorProfile: security-module-off"],
            Compiled.Refused(() => Process(""" "apparmorProfile": "docker-default" """, new HostFacts { SelinuxEnabled = true })));

    [Theory]
    [Checklist(157)]
    [InlineData("")]
    [InlineData("unconfined")]
    public void Unconfined_is_nothing_to_do(string profile)
    {
        foreach (var state in (AppArmorState[])[AppArmorState.Off, AppArmorState.Unconfined, AppArmorState.Confined])
            Assert.Empty(Process($$""" "apparmorProfile": "{{profile}}" """, new HostFacts { AppArmor = state }).All<SetLabel>(Opcode.SetLabel));
    }

    [Fact]
    [Checklist(191)]
    public void A_label_is_the_programs_and_the_keyrings()
    {
        var compiled = Process(""" "selinuxLabel": "system_u:system_r:container_t:s0:c1,c2" """, new HostFacts { SelinuxEnabled = true });
        var labels = compiled.All<SetLabel>(Opcode.SetLabel);
        Assert.Equal([LabelAttribute.KeyCreate, LabelAttribute.KeyCreate, LabelAttribute.Exec], labels.ConvertAll(static label => label.Attribute));
        Assert.Equal(["system_u:system_r:container_t:s0:c1,c2", "\n", "system_u:system_r:container_t:s0:c1,c2"],
            labels.ConvertAll(label => compiled.Plan.Text(label.Value)));
        int keyring = compiled.IndexOf(Opcode.SessionKeyring);
        Assert.Equal([Opcode.SetLabel, Opcode.SessionKeyring, Opcode.SetLabel], compiled.Opcodes()[(keyring - 1)..(keyring + 2)]);
    }

    [Fact]
    [Checklist(191)]
    public void Without_a_new_keyring_only_the_program_is_labelled()
    {
        var compiled = Compiled.From(process: """ "cwd": "/", "args": ["a"], "selinuxLabel": "x" """,
            options: Compiled.Options with { NoNewKeyring = true }, facts: new HostFacts { SelinuxEnabled = true });
        Assert.Equal(LabelAttribute.Exec, compiled.One<SetLabel>(Opcode.SetLabel).Attribute);
    }

    [Fact]
    [Checklist(191)]
    public void A_label_without_SELinux_is_refused() =>
        Assert.Equal(["process.selinuxLabel: security-module-off"],
            Compiled.Refused(() => Process(""" "selinuxLabel": "x" """, new HostFacts { AppArmor = AppArmorState.Unconfined })));

    [Fact]
    public void Labels_come_before_the_rights_to_set_them_go()
    {
        var compiled = Process(""" "apparmorProfile": "p", "selinuxLabel": "x" """,
            new HostFacts { AppArmor = AppArmorState.Unconfined, SelinuxEnabled = true });
        int identity = compiled.IndexOf(Opcode.SetIdentity);
        Assert.Equal([Opcode.ChangeDirectory, Opcode.SetLabel, Opcode.SetLabel, Opcode.SetIdentity], compiled.Opcodes()[(identity - 3)..(identity + 1)]);
    }

    private static Compiled Process(string members, HostFacts facts) =>
        Compiled.From(process: $$""" "cwd": "/", "args": ["a"], {{members}} """, facts: facts);
}
