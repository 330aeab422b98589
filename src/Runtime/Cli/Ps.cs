using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Runtime.Containers;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun ps</c>.</summary>
internal static class PsCommand
{
    private const int OutputLimit = 16 << 20;
    private const uint MemfdCloseOnExec = 1;

    /// <summary>ps reads the memory of processes, which may be held by a device.</summary>
    private const int Patience = 30_000;

    public static int Run(Invocation invocation)
    {
        var processes = Lifecycle.Processes(GlobalOptions.Of(invocation), invocation.Arguments[0]);
        if (invocation.Text(Options.PsFormat) == "json")
        {
            _ = Output.Stdout("[" + string.Join(',', processes) + "]\n");
            return 0;
        }
        var options = invocation.Arguments.Count > 1 ? invocation.Arguments.GetRange(1, invocation.Arguments.Count - 1) : ["-ef"];
        _ = Output.Stdout(Table(HostTable(options), [.. processes]));
        return 0;
    }

    /// <summary>The heading of ps's table, and of its lines those whose column PID has one of these.</summary>
    public static string Table(string table, HashSet<int> processes)
    {
        string[] lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int column = lines.Length == 0 ? -1 : Array.IndexOf(Fields(lines[0]), "PID");
        if (column < 0)
            throw new CsrunException(ErrorCodes.PsFailed, "the output of ps has no column PID");
        var text = new StringBuilder(lines[0]).Append('\n');
        for (int i = 1; i < lines.Length; i++)
        {
            string[] fields = Fields(lines[i]);
            if (column < fields.Length
                && int.TryParse(fields[column], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && processes.Contains(pid))
            {
                text.Append(lines[i]).Append('\n');
            }
        }
        return text.ToString();
    }

    private static string[] Fields(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string HostTable(List<string> options)
    {
        string path = Find("ps") ?? throw new CsrunException(ErrorCodes.PsFailed, "cannot find ps in $PATH");
        // A file, not a pipe: a long table must not wait for a reader.
        using var output = Fd.Own(Syscalls.MemfdCreate("csrun:ps", MemfdCloseOnExec), "make memory file", null);
        ChildStatus? ended;
        using (var process = Spawn.Program(new ProgramRequest
        {
            Path = path,
            Arguments = ["ps", .. options],
            Environment = Variables(),
            Stdout = output.Number,
            Stderr = output.Number,
            Patience = Patience,
        }))
        {
            ended = process.Wait(Patience);
            if (ended is null)
                process.Kill();
        }
        LinuxException.Check(Syscalls.Seek(output.Number, 0), "rewind", "the output of ps");
        string text = Encoding.UTF8.GetString(Files.ReadAll(output.Number, OutputLimit, "the output of ps"));
        if (ended is not { Code: 1, Value: 0 })
            throw new CsrunException(ErrorCodes.PsFailed, ended is null ? "ps did not end in 30 s" : "ps failed", hint: text.Trim());
        return text;
    }

    private static string? Find(string name)
    {
        string search = Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? path : "/usr/bin:/bin";
        foreach (string directory in search.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string file = directory + "/" + name;
            if (Syscalls.Stat(At.Cwd, file, 0, out var status) >= 0 && !status.IsDirectory)
                return file;
        }
        return null;
    }

    // What ps goes by: the user's own formats, the width of the terminal.
    private static List<string> Variables()
    {
        List<string> variables = [];
        foreach (string name in (ReadOnlySpan<string>)["PATH", "PS_FORMAT", "PS_PERSONALITY", "COLUMNS", "LINES", "LANG", "LC_ALL", "TZ"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                variables.Add($"{name}={value}");
        }
        return variables;
    }
}
