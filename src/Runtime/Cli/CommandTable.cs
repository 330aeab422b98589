using System;

namespace Csrun.Runtime.Cli;

/// <summary>
/// The one declaration of the command line. A command is built when it is asked for: an ordinary start builds one.
/// </summary>
internal static class CommandTable
{
    /// <summary>The commands in the order in which help shows them.</summary>
    public static readonly string[] Names =
        ["create", "start", "state", "kill", "delete", "run", "exec", "list", "ps", "pause", "resume", "update", "events", "fsck", "gc", "spec", "check", "plan", "seccomp", "features", "explain", "help"];

    /// <summary>Commands that callers may ask for and that this version does not have: absent from help.</summary>
    public static readonly string[] NotYet =
        ["checkpoint", "restore"];

    /// <summary>The command of this name, or null.</summary>
    public static Command? Find(string name) => name switch
    {
        "create" => Create(),
        "start" => Start(),
        "state" => State(),
        "kill" => Kill(),
        "delete" => Delete(),
        "run" => RunContainer(),
        "exec" => Exec(),
        "list" => List(),
        "ps" => Ps(),
        "pause" => Pause(),
        "resume" => Resume(),
        "update" => Update(),
        "events" => Events(),
        "fsck" => Fsck(),
        "gc" => Gc(),
        "spec" => Spec(),
        "check" => Check(),
        "plan" => Plan(),
        "seccomp" => Seccomp(),
        "features" => Features(),
        "explain" => Explain(),
        "help" or "h" => Help(),
        "docs" => Docs(),
        _ => null,
    };

    private static Command Create() => new("create", "create a container", CreateCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Options = [Options.Bundle, Options.Config, Options.ConsoleSocket, Options.PidfdSocket, Options.PidFile,
            Options.NoPivot, Options.NoNewKeyring, Options.PreserveFds, Options.DryRun],
        Description =
            """
            Makes the container that a bundle describes: its namespaces, mounts, cgroup and devices, and a process that
            waits inside. The configured program does not run before "csrun start".

            A bundle is a directory with a file config.json and the root file system that it names. The id must be unique
            under the state directory (--root); letters, digits and "_+-." may be in it.
            """,
        Example = "csrun create --bundle /containers/web --pid-file /run/web.pid web",
    };

    private static Command Start() => new("start", "run the configured program of a created container", StartCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Description =
            """
            Lets the waiting process of a created container execute its program. If that fails, the reason is reported and
            the exit code is 1: success means that the program runs.
            """,
        Example = "csrun start web",
    };

    private static Command State() => new("state", "print the state of a container", StateCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Description =
            """
            Prints the state as JSON: ociVersion, id, pid (0 when stopped), status (created, running, paused or stopped),
            bundle, rootfs, created, annotations and owner. The status is derived from the kernel at the time of the call.
            """,
        Example = "csrun state web",
    };

    private static Command Kill() => new("kill", "send a signal to a container's process", KillCommand.Run)
    {
        Arguments = "<container-id> [signal]",
        MinArguments = 1,
        MaxArguments = 2,
        Options = [Options.All],
        Description =
            """
            Sends a signal, TERM by default, to the first process of the container. A signal is a number or a name, in any
            case, with or without SIG; real-time signals are RTMIN+n and RTMAX-n. KILL reaches every process of a container
            that has no pid namespace of its own.
            """,
        Example = "csrun kill web KILL",
    };

    private static Command Delete() => new("delete", "remove a container and all that it holds", DeleteCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Options = [Options.Force],
        Description =
            """
            Removes the state and the cgroup of a container that is stopped, or that was created and never started; then
            runs its poststop hooks. A running container is removed with --force only.
            """,
        Example = "csrun delete --force web",
    };

    private static Command RunContainer() => new("run", "create and start a container, and wait for it", RunCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Options = [Options.Bundle, Options.Config, Options.ConsoleSocket, Options.PidfdSocket, Options.PidFile,
            Options.NoPivot, Options.NoNewKeyring, Options.PreserveFds, Options.Detach, Options.Keep, Options.NoSubreaper],
        Description =
            """
            Creates a container and starts it. In the foreground signals are passed on, a terminal is copied, the exit code
            is that of the container's process (128 plus the signal's number if one killed it), and the container is deleted
            in the end unless --keep is given.
            """,
        Example = "csrun run --bundle /containers/web web",
    };

    private static Command Exec() => new("exec", "run a further process in a container", ExecCommand.Run)
    {
        Arguments = "<container-id> [command [arguments]]",
        MinArguments = 1,
        MaxArguments = int.MaxValue,
        RawAfterFirst = true,
        FailureCode = 255,
        Options = [Options.Process, Options.Tty, Options.Cwd, Options.Env, Options.User, Options.AdditionalGids, Options.Cap,
            Options.Apparmor, Options.ProcessLabel, Options.NoNewPrivs, Options.Detach, Options.PidFile, Options.ConsoleSocket,
            Options.PidfdSocket, Options.PreserveFds, Options.IgnorePaused, Options.Cgroup],
        Description =
            """
            Executes a program in the namespaces, the cgroup and under the seccomp filter of a container that was created or
            runs. Its user, environment, limits and all else are those of the container's own process, but for what the
            options change; or those of a file (--process).

            In the foreground signals are passed on, a terminal is copied, and the exit code is that of the program (128 plus
            the signal's number if one killed it). What keeps it from being executed gives the exit code 255. With --detach
            the command returns as soon as the program is executed.
            """,
        Example = "csrun exec --tty --user 1000:1000 --env TERM=xterm web sh",
    };

    private static Command List() => new("list", "list the containers", ListCommand.Run)
    {
        Options = [Options.ListFormat, Options.Quiet],
        Description = "Lists the containers of the state directory (--root). One that cannot be read is left out.",
        Example = "csrun --root /run/csrun list --format json",
    };

    private static Command Ps() => new("ps", "list the processes of a container", PsCommand.Run)
    {
        Arguments = "<container-id> [ps options]",
        MinArguments = 1,
        MaxArguments = int.MaxValue,
        RawAfterFirst = true,
        Options = [Options.PsFormat],
        Description =
            """
            Shows the processes of the container's cgroup and of those below it, as the host numbers them. A table is made by
            the host's ps with the options given, -ef if there are none, of which the lines of other processes are left out;
            JSON is an array of process ids.
            """,
        Example = "csrun ps web -o pid,rss,comm",
    };

    private static Command Pause() => new("pause", "hold all processes of a container", PauseCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Description =
            """
            Freezes the container's cgroup and waits until every process in it is held. They go on with "csrun resume".
            """,
        Example = "csrun pause web",
    };

    private static Command Resume() => new("resume", "let the processes of a paused container go on", ResumeCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Example = "csrun resume web",
    };

    private static Command Update() => new("update", "change the limits of a container", UpdateCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Options = [Options.Resources, Options.BlkioWeight, Options.CpuPeriod, Options.CpuQuota, Options.CpuBurst, Options.CpuShare,
            Options.CpuRtPeriod, Options.CpuRtRuntime, Options.CpuIdle, Options.CpusetCpus, Options.CpusetMems, Options.KernelMemory,
            Options.KernelMemoryTcp, Options.Memory, Options.MemoryReservation, Options.MemorySwap, Options.PidsLimit,
            Options.L3CacheSchema, Options.MemBwSchema],
        Description =
            """
            Changes those limits that are given and leaves the others; devices stay as they are. Either all are changed or,
            if the kernel refuses one, none.

            With --resources the limits are read from a file, or from standard input if that is "-": an object like
            linux.resources in config.json. Other options are ignored then.
            """,
        Example = "csrun update --memory 512M --memory-swap 1G --cpu-quota 50000 web",
    };

    private static Command Events() => new("events", "tell what a container uses, and when it runs out of memory", EventsCommand.Run)
    {
        Arguments = "<container-id>",
        MinArguments = 1,
        MaxArguments = 1,
        Options = [Options.Interval, Options.Stats],
        Description =
            """
            Prints a line of JSON at each interval, of type "stats", and one of type "oom" when the container's memory limit
            leads to a process being killed, until the container stops. Times are in nanoseconds, amounts in bytes.
            """,
        Example = "csrun events --stats web",
    };

    private static Command Fsck() => new("fsck", "list what killed commands have left", FsckCommand.Run)
    {
        Description =
            """
            Lists what is in the state directory (--root) and belongs to no container: of a create that was killed, or from
            before the machine was started. Nothing is changed. The directory may be runc's or crun's: then those of their
            containers are listed whose process has ended.

            The exit code is 1 if there is any, else 0.
            """,
        Example = "csrun --root /run/runc fsck",
    };

    private static Command Gc() => new("gc", "remove what killed commands have left", GcCommand.Run)
    {
        Description =
            """
            Removes what "csrun fsck" lists, as far as it is csrun's, with all that it names: processes, cgroups, files. Poststop
            hooks are run where others were. A container that exists is not touched, whether it runs or has stopped.
            """,
        Example = "csrun gc",
    };

    private static Command Spec() => new("spec", "write a configuration to begin with", SpecCommand.Run)
    {
        Options = [Options.Bundle, Options.RootlessSpec],
        Description =
            """
            Writes config.json, which runs a shell on a terminal in a read-only root file system, into the bundle. An
            existing file is left alone.
            """,
        Example = "mkdir -p demo/rootfs && csrun spec --bundle demo",
    };

    private static Command Check() => new("check", "find out whether a bundle's container could be made and started here", CheckCommand.Run)
    {
        Arguments = "[bundle]",
        MaxArguments = 1,
        Options = [Options.Bundle, Options.Config, Options.Json, Options.NoPivot, Options.NoNewKeyring, Options.PreserveFds],
        Description =
            """
            Reads and checks the configuration as create does, and looks whether this host has what it needs: kernel
            features, cgroup controllers, security modules, sources of mounts, hooks, the program in the root file system,
            room for its arguments, limits. Prints every finding with its code, and changes nothing.

            The exit code is 0 if nothing was found, 1 if there are errors, 2 if there are warnings only.
            """,
        Example = "csrun check /containers/web",
    };

    private static Command Plan() => new("plan", "show what a bundle's container would be made of, and make nothing", PlanCommand.Run)
    {
        Arguments = "[bundle]",
        MaxArguments = 1,
        Options = [Options.Bundle, Options.Config, Options.Json, Options.NoPivot, Options.NoNewKeyring, Options.PreserveFds],
        Description =
            """
            Reads and checks the configuration, compiles it, and prints the program that would be executed inside the new
            namespaces, instruction by instruction; as JSON also which part of the configuration each comes from. Needs no
            privileges and changes nothing.
            """,
        Example = "csrun plan /containers/web",
    };

    private static Command Seccomp() => new("seccomp", "show what a seccomp profile's filter is and does", SeccompCommand.Run)
    {
        Arguments = "<compile|explain|diff> <profile> [...]",
        MinArguments = 2,
        MaxArguments = 9,
        Options = [Options.Raw],
        Description =
            """
            A profile is a file with what a config.json has as linux.seccomp, or a config.json.

            "compile" prints the BPF program of a profile for this machine. "explain" takes a system call, by name or number,
            and arguments if they count (decimal or 0x...), and says for each architecture of the profile what the call gets,
            and which rule decides. "diff" prints the calls that two profiles treat differently, and exits with 1 if there
            are any.
            """,
        Example = "csrun seccomp explain config.json personality 0xffffffff",
    };

    private static Command Features() => new("features", "print what this runtime supports", FeaturesCommand.Run)
    {
        Description = "Prints the features document of the OCI runtime specification as JSON. Needs no privileges.",
        Example = "csrun features",
    };

    private static Command Explain() => new("explain", "say what an error code means and what to do", ExplainCommand.Run)
    {
        Arguments = "[code]",
        MaxArguments = 1,
        Description =
            """
            Every error line ends with a code in brackets. This prints what it means, the usual causes and what to do;
            without a code, all codes with their meaning.
            """,
        Example = "csrun explain mount-source-missing",
    };

    private static Command Help() => new("help", "show help for all commands or for one", HelpCommand.Run)
    {
        Arguments = "[command]",
        MaxArguments = 1,
        Example = "csrun help create",
    };

    /// <summary>Not for users: `make docs` calls it.</summary>
    private static Command Docs() => new("docs", "write the generated documentation into the source tree", Csrun.Runtime.Cli.Docs.DocsCommand.Run)
    {
        Arguments = "<directory>",
        MinArguments = 1,
        MaxArguments = 1,
    };
}
