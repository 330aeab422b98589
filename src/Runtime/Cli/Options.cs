namespace Csrun.Runtime.Cli;

/// <summary>Every option of every command, once. Which command takes which is said by <see cref="CommandTable"/>.</summary>
internal static partial class Options
{
    // Global options, legal before the command and anywhere before the container id.

    public static readonly Option Root = new("root", OptionKind.Text, "directory of the state of all containers; should be on a tmpfs")
    { ValueName = "dir", Default = "/run/csrun, or $XDG_RUNTIME_DIR/csrun when not root", IsPath = true };

    public static readonly Option Log = new("log", OptionKind.Text, "file that errors are appended to, besides standard error")
    { ValueName = "file", IsPath = true };

    public static readonly Option LogFormat = new("log-format", OptionKind.Choice, "format of the log file")
    { ValueName = "format", Choices = ["text", "json"], Default = "text" };

    public static readonly Option LogLevel = new("log-level", OptionKind.Choice, "the least level that is logged")
    { ValueName = "level", Choices = ["error", "warning", "debug"], Default = "error; with --log, warning" };

    public static readonly Option Debug = new("debug", OptionKind.Flag, "log every phase with the time it took; show where an unforeseen failure comes from");

    public static readonly Option SystemdCgroup = new("systemd-cgroup", OptionKind.Flag, "the same as --cgroup-manager systemd");

    public static readonly Option CgroupManager = new("cgroup-manager", OptionKind.Choice, "who makes the cgroups; disabled leaves the caller's in place")
    { ValueName = "manager", Choices = ["cgroupfs", "systemd", "disabled"], Default = "cgroupfs" };

    public static readonly Option Rootless = new("rootless", OptionKind.Choice, "whether a cgroup that may not be made is tolerated")
    { ValueName = "when", Choices = ["true", "false", "auto"], Default = "auto" };

    public static readonly Option Help = new("help", OptionKind.Flag, "show help") { Short = "h" };

    public static readonly Option Version = new("version", OptionKind.Flag, "print the version") { Short = "v" };

    // The bundle

    public static readonly Option Bundle = new("bundle", OptionKind.Text, "directory of the bundle")
    { Short = "b", ValueName = "dir", Default = "the current directory", IsPath = true };

    public static readonly Option Config = new("config", OptionKind.Text, "the configuration's file; relative to the bundle")
    { Short = "f", ValueName = "file", Default = "config.json", IsPath = true };

    // create and run

    public static readonly Option ConsoleSocket = new("console-socket", OptionKind.Text, "AF_UNIX stream socket that receives the master of the container's terminal")
    { ValueName = "path", IsPath = true };

    public static readonly Option PidfdSocket = new("pidfd-socket", OptionKind.Text, "AF_UNIX stream socket that receives a pidfd of the container's process")
    { ValueName = "path", IsPath = true };

    public static readonly Option PidFile = new("pid-file", OptionKind.Text, "file that the process id is written to")
    { ValueName = "file", IsPath = true };

    public static readonly Option NoPivot = new("no-pivot", OptionKind.Flag, "do not use pivot_root; for a rootfs on a ramdisk, where it is impossible");

    public static readonly Option NoNewKeyring = new("no-new-keyring", OptionKind.Flag, "keep the caller's session keyring instead of making a new one");

    public static readonly Option PreserveFds = new("preserve-fds", OptionKind.Number, "pass this many descriptors beyond standard input, output, error and those of $LISTEN_FDS")
    { ValueName = "n", Default = "0" };

    public static readonly Option NoSubreaper = new("no-subreaper", OptionKind.Flag, "do not become the reaper of processes that the container leaves to the host");

    public static readonly Option Detach = new("detach", OptionKind.Flag, "return as soon as the container's process runs") { Short = "d" };

    public static readonly Option Keep = new("keep", OptionKind.Flag, "do not delete the container when its process has ended");

    // kill, delete, list

    public static readonly Option All = new("all", OptionKind.Flag, "send the signal to all processes of the container, and succeed if there is none") { Short = "a" };

    public static readonly Option Force = new("force", OptionKind.Flag, "kill the container if it runs, clear up what a killed runtime left, and succeed if there is nothing") { Short = "f" };

    public static readonly Option ListFormat = new("format", OptionKind.Choice, "how the list is printed")
    { Short = "f", ValueName = "format", Choices = ["table", "json"], Default = "table" };

    public static readonly Option Quiet = new("quiet", OptionKind.Flag, "print the ids only") { Short = "q" };

    public static readonly Option PsFormat = new("format", OptionKind.Choice, "how the processes are printed")
    { Short = "f", ValueName = "format", Choices = ["table", "json"], Default = "table" };

    public static readonly Option Interval = new("interval", OptionKind.Text, "how often it is measured")
    { ValueName = "duration", Default = "5s" };

    public static readonly Option Stats = new("stats", OptionKind.Flag, "measure once and end");

    // create, check, spec, plan

    public static readonly Option DryRun = new("dry-run", OptionKind.Flag, "make nothing; print what \"csrun check\" finds, also whether the id is in use");

    public static readonly Option RootlessSpec = new("rootless", OptionKind.Flag, "make a configuration that the calling user can run without privileges");

    public static readonly Option Raw = new("raw", OptionKind.Flag, "write the filter's bytes, as seccomp(2) takes them, instead of a listing");

    public static readonly Option Json = new("json", OptionKind.Flag, "print JSON");

    /// <summary>What every command accepts.</summary>
    public static readonly Option[] Global =
        [Root, Log, LogFormat, LogLevel, Debug, CgroupManager, SystemdCgroup, Rootless, Help, Version];
}
