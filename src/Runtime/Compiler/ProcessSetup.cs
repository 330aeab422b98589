using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary><c>process</c>: terminal, limits, working directory, environment, and the program itself.</summary>
internal static class ProcessSetup
{
    // What execvp(3) of glibc searches where there is no PATH (confstr(3) _CS_PATH).
    private const string DefaultPath = "/bin:/usr/bin";

    // As all runtimes do whatever the caller's is; engines rely on it.
    private const uint DefaultUmask = 0x12; // octal 022

    /// <summary>Where the directory of <see cref="CompileOptions.NotifySocketPath"/> is in the container.</summary>
    public const string NotifyDirectory = "/run/notify";

    /// <summary>The mount that a notify socket needs, with those of the config; null if there is none.</summary>
    public static Mount? NotifyMount(CompileOptions options)
    {
        if (options.NotifySocketPath is not { } socket)
            return null;
        return new Mount
        {
            Destination = NotifyDirectory,
            Source = socket[..Math.Max(1, socket.LastIndexOf('/'))],
            Type = "bind",
            Options = ["bind", "nosuid", "noexec", "nodev", "ro"],
        };
    }

    /// <summary>Standard streams: after the root is entered, while it is still writable.</summary>
    public static void CompileStreams(Compilation to)
    {
        var process = to.Config.Process;
        uint uid = process?.User?.Uid ?? 0;
        if (process is { Terminal: true })
        {
            to.Add(Opcode.OpenConsole, new OpenConsole
            {
                Height = Size(process.ConsoleSize?.Height),
                Width = Size(process.ConsoleSize?.Width),
                BindConsole = RootFilesystem.IsLeftAsItIs(to) || to.Options.JoinsContainer ? 0u : 1,
                Uid = uid,
            }, "process.terminal", "make the terminal");
        }
        else
        {
            to.Add(Opcode.PrepareStdio, new PrepareStdio { Uid = uid }, "process.user", "hand over the standard streams");
        }
    }

    /// <summary>All the rest, up to its execution. Without a process the plan ends in waiting for a start that is refused.</summary>
    public static void Compile(Compilation to)
    {
        var process = to.Config.Process;
        if (process is null)
        {
            CompileWait(to);
            return;
        }
        for (int i = 0; i < process.Rlimits?.Length; i++)
        {
            var limit = process.Rlimits[i];
            to.Add(Opcode.SetRlimit, new SetRlimit { Soft = limit.Soft, Hard = limit.Hard, Resource = (uint)limit.Type },
                Compilation.Path("process.rlimits", i), "set the limit", Names.RlimitTypes[(int)limit.Type]);
        }
        Scheduling.Compile(to, process);
        to.Add(Opcode.SetUmask, new SetUmask { Mask = process.User?.Umask ?? DefaultUmask }, "process.user.umask", "set the umask");

        var directory = new ChangeDirectory
        {
            Path = to.Writer.String(process.Cwd),
            Create = to.Options.JoinsContainer ? 0 : 1u,
            Again = 1,
            Uid = process.User?.Uid ?? 0,
            Gid = process.User?.Gid ?? 0,
        };
        to.Add(Opcode.ChangeDirectory, in directory, "process.cwd", "enter the working directory", process.Cwd);
        Labels.Compile(to, process);
        Identity.Compile(to, process);
        (directory.Create, directory.Again) = (0, 0);
        to.Add(Opcode.ChangeDirectory, in directory, "process.cwd", "enter the working directory", process.Cwd);

        string[] arguments = process.Args ?? [];
        string program = arguments.Length == 0 ? "" : arguments[0];
        var environment = new EnvironmentList(to, process.Env);
        to.Add(Opcode.FindExecutable, new FindExecutable { Candidates = to.Writer.Strings(Candidates(program, environment.Path)) },
            "process.args[0]", "run", program);
        var filter = SeccompSetup.Compile(to);
        CompileWait(to);
        HookInstructions.CompileBeforeExecute(to);
        SeccompSetup.CompileBeforeExecute(to, filter);
        to.Add(Opcode.Execute, new Execute
        {
            Arguments = to.Writer.Strings(arguments),
            Environment = environment.Write(),
            AddHome = environment.HasHome ? 0 : 1u,
            Uid = process.User?.Uid ?? 0,
        }, "process.args[0]", "run", program);
    }

    private static void CompileWait(Compilation to)
    {
        to.Add(Opcode.Ready, default(Ready), "", "report that the container is set up");
        if (!to.Options.StartsAtOnce)
            to.Add(Opcode.AwaitStart, default(AwaitStart), "", "wait for start");
    }

    private static ushort Size(uint? size) => (ushort)Math.Min(size ?? 0, ushort.MaxValue);

    /// <summary>
    /// What execvp(3) would try: the name alone if it has a slash, else the name below each directory of PATH, where an
    /// empty one is the working directory.
    /// </summary>
    private static List<string> Candidates(string program, string? path)
    {
        var candidates = new List<string>();
        if (program.Length == 0)
            return candidates;
        if (program.Contains('/', StringComparison.Ordinal))
        {
            candidates.Add(program);
            return candidates;
        }
        path ??= DefaultPath;
        foreach (var range in path.AsSpan().Split(':'))
        {
            var directory = path.AsSpan(range);
            candidates.Add(directory.IsEmpty ? string.Concat("./", program) : string.Concat(directory, "/", program));
        }
        return candidates;
    }
}
