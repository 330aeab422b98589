using System;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace Csrun.Tests.Unit.Cli;

/// <summary>csrun as a process of its own, on the JIT: for what only shows at its streams and its exit code.</summary>
internal static class Command
{
    /// <summary>Runs it to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(params string[] words) => Run(Path.GetTempPath(), words);

    /// <summary>Runs it to its end in a directory.</summary>
    public static (int ExitCode, string Output, string Error) Run(string directory, string[] words)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "csrun.dll"));
        foreach (string word in words)
            start.ArgumentList.Add(word);
        using var process = Process.Start(start)!;
        string error = "";
        // Both at once: a full pipe would stop the process.
        var reader = new Thread(() => error = process.StandardError.ReadToEnd());
        reader.Start();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        reader.Join();
        return (process.ExitCode, output, error);
    }
}
