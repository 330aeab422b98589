namespace Csrun.Runtime.Cli;

/// <summary>The options of exec.</summary>
internal static partial class Options
{
    public static readonly Option Process = new("process", OptionKind.Text, "file with the whole process as in config.json, instead of the options about it and of a command")
    { Short = "p", ValueName = "file", IsPath = true };

    public static readonly Option Tty = new("tty", OptionKind.Flag, "give the process a terminal") { Short = "t" };

    public static readonly Option Cwd = new("cwd", OptionKind.Text, "working directory in the container")
    { ValueName = "dir", Default = "the container's" };

    public static readonly Option Env = new("env", OptionKind.Text, "a variable beside those of the container; may be repeated")
    { Short = "e", ValueName = "name=value" };

    public static readonly Option User = new("user", OptionKind.Text, "ids of the user, and of the group")
    { Short = "u", ValueName = "uid[:gid]", Default = "the container's" };

    public static readonly Option AdditionalGids = new("additional-gids", OptionKind.Text, "a group beside those of the container; may be repeated")
    { Short = "g", ValueName = "gid" };

    public static readonly Option Cap = new("cap", OptionKind.Text, "a capability beside those of the container; may be repeated")
    { Short = "c", ValueName = "CAP_NAME" };

    public static readonly Option Apparmor = new("apparmor", OptionKind.Text, "AppArmor profile of the process")
    { ValueName = "profile", Default = "the container's" };

    public static readonly Option ProcessLabel = new("process-label", OptionKind.Text, "SELinux label of the process")
    { ValueName = "label", Default = "the container's" };

    public static readonly Option NoNewPrivs = new("no-new-privs", OptionKind.Flag, "let the process gain no privileges by what it executes");

    public static readonly Option IgnorePaused = new("ignore-paused", OptionKind.Flag, "if the container is paused, wait until it goes on instead of failing");

    public static readonly Option Cgroup = new("cgroup", OptionKind.Text, "cgroup below the container's, of all controllers or of those named; may be repeated")
    { ValueName = "[controllers:]path", Default = "the container's" };
}
