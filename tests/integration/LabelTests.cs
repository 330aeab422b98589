using System.IO;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>process.apparmorProfile and process.selinuxLabel, on hosts with and without the security module.</summary>
public sealed class LabelTests : ContainerTest
{
    private static readonly bool AppArmor = (Host.Text("/sys/module/apparmor/parameters/enabled") ?? "").StartsWith('Y');
    private static readonly bool Selinux = File.Exists("/sys/fs/selinux/enforce");

    [Fact, Checklist(157)]
    public void A_profile_without_AppArmor_is_refused()
    {
        Known.Deviates("crun", "ignores it when AppArmor is off");
        Assert.SkipWhen(AppArmor, "AppArmor is on here");
        Bundle.Process["apparmorProfile"] = "docker-default";
        var result = RunFails("process.apparmorProfile: AppArmor is not enabled on this host [security-module-off]");
        Assert.DoesNotContain(Mark, result.Out);
    }

    [Theory, Checklist(157)]
    [InlineData("")]
    [InlineData("unconfined")]
    public void Unconfined_needs_no_AppArmor(string profile)
    {
        Bundle.Process["apparmorProfile"] = profile;
        Bundle.Args("true");
        Success(RunContainer());
    }

    [Theory, Checklist(157)]
    [InlineData(true)]
    [InlineData(false)]
    public void The_program_has_the_profile(bool noNewPrivileges)
    {
        Profile("attach_disconnected", "file, ptrace, capability, signal, network, mount, unix,");
        Bundle.Process["apparmorProfile"] = "csrun-" + Mark;
        Bundle.Process["noNewPrivileges"] = noNewPrivileges;
        Assert.Equal($"csrun-{Mark} (enforce)", Report("--read", "/proc/self/attr/current")["read:/proc/self/attr/current"]!.GetValue<string>().Trim());
    }

    [Fact, Checklist(157)]
    public void The_profile_confines_the_program()
    {
        Profile("attach_disconnected", "file, deny /secret r, deny @{PROC}/sys/** w,");
        File.WriteAllText(Bundle.Inside("/secret"), "secret");
        Bundle.Process["apparmorProfile"] = "csrun-" + Mark;
        Bundle.Args("open", "/secret");
        var result = RunContainer();
        Assert.NotEqual(0, result.ExitCode);
        Bundle.Process["apparmorProfile"] = "unconfined";
        Success(RunContainer());
    }

    [Fact, Checklist(157)]
    public void A_profile_that_is_not_loaded_is_refused_at_create()
    {
        Assert.SkipUnless(AppArmor, "AppArmor is off here");
        Bundle.Process["apparmorProfile"] = "csrun-not-loaded";
        Bundle.Save();
        var result = Failure("process.apparmorProfile: cannot apply the AppArmor profile csrun-not-loaded: write `/proc/thread-self/attr/", Create());
        Assert.Contains(Target.IsCsrun ? "[label-failed]" : "", result.Error);
        AssertNothingLeft();
    }

    [Fact, Checklist(191)]
    public void A_label_without_SELinux_is_refused()
    {
        Assert.SkipWhen(Selinux, "SELinux is on here");
        Bundle.Process["selinuxLabel"] = "system_u:system_r:container_t:s0";
        RunFails("process.selinuxLabel: SELinux is not enabled on this host [security-module-off]");
    }

    [Fact, Checklist(191)]
    public void The_program_has_the_label()
    {
        Assert.SkipUnless(Selinux, "SELinux is off here");
        string own = File.ReadAllText("/proc/self/attr/current").TrimEnd('\0', '\n');
        Bundle.Process["selinuxLabel"] = own;
        Assert.Equal(own, Report("--read", "/proc/self/attr/current")["read:/proc/self/attr/current"]!.GetValue<string>().TrimEnd('\0', '\n'));
    }

    /// <summary>Loads a profile of this test's own, until the machine ends.</summary>
    private void Profile(string flags, string rules)
    {
        const string parser = "/sbin/apparmor_parser";
        Assert.SkipUnless(AppArmor && File.Exists(parser), "AppArmor, or apparmor_parser to load a profile, is not here");
        string file = Path.Combine(Home, "profile");
        File.WriteAllText(file, $"profile csrun-{Mark} flags=({flags}) {{ {rules} }}\n".Replace("@{PROC}", "/proc", System.StringComparison.Ordinal));
        Success(new Command(parser, "--skip-cache", "--replace", file) { Environment = RuntimeEnvironment() }.Run(Home));
    }
}
