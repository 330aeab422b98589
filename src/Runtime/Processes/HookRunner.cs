using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Runs hooks in the runtime's own namespaces (config.md#posix-platform-hooks): in order, one after the other, with the
/// container's state on standard input, exactly the hook's environment, the bundle as working directory, and what
/// they print kept: see <see cref="HookRecord"/>.
/// </summary>
internal static class HookRunner
{
    private const uint MemfdCloseOnExec = 1;

    /// <summary>Runs all; the first that fails ends it with an error.</summary>
    /// <param name="kind">"prestart", as the config has it.</param>
    /// <param name="hooks">The hooks of that kind.</param>
    /// <param name="state">The container's state as JSON.</param>
    /// <param name="bundle">The working directory.</param>
    /// <param name="keep">Gets the record of each that was executed.</param>
    public static void RunAll(
        string kind, IReadOnlyList<Hook> hooks, ReadOnlySpan<byte> state, string bundle, Action<HookRecord>? keep = null)
    {
        for (int i = 0; i < hooks.Count; i++)
            RunOne(string.Create(CultureInfo.InvariantCulture, $"hooks.{kind}[{i}]"), hooks[i], state, bundle, keep);
    }

    /// <summary>Runs all; those that fail are warned about (config.md#poststop).</summary>
    public static void RunAllAndWarn(string kind, IReadOnlyList<Hook> hooks, ReadOnlySpan<byte> state, string bundle)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            try
            {
                RunOne(string.Create(CultureInfo.InvariantCulture, $"hooks.{kind}[{i}]"), hooks[i], state, bundle, null);
            }
            catch (Exception e) when (e is CsrunException or LinuxException)
            {
                Log.Warning(ErrorText.Of(e));
            }
        }
    }

    private static void RunOne(string jsonPath, Hook hook, ReadOnlySpan<byte> state, string bundle, Action<HookRecord>? keep)
    {
        string where = "config.json: " + jsonPath;
        // Files, not pipes: a hook that reads or prints nothing, or leaves a daemon behind, must not hold us up.
        using var input = Memfd.Create("csrun:state", state, executable: false);
        using var stdout = Fd.Own(Syscalls.MemfdCreate("csrun:hook-stdout", MemfdCloseOnExec), "make memory file", null);
        using var stderr = Fd.Own(Syscalls.MemfdCreate("csrun:hook-stderr", MemfdCloseOnExec), "make memory file", null);
        LinuxException.Check(Syscalls.Seek(input.Number, 0), "rewind", "the hook's standard input");
        long begin = Stopwatch.GetTimestamp();
        int milliseconds = hook.Timeout is int seconds ? (int)Math.Min(seconds * 1000L, int.MaxValue) : -1;
        using var process = Start(where, hook, input, stdout, stderr, bundle, milliseconds);
        if (milliseconds >= 0)
            milliseconds = Math.Max(0, milliseconds - (int)Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        var ended = process.Wait(milliseconds);
        if (ended is null)
        {
            // The whole group: what it started would live on, with nobody to end it.
            _ = Syscalls.Kill(-process.Pid, Signals.Kill);
            process.Kill();
        }
        var record = new HookRecord
        {
            Where = jsonPath,
            Path = hook.Path,
            Duration = Stopwatch.GetElapsedTime(begin),
            ExitCode = ended is { Code: 1 } exited ? exited.Value : null,
            Signal = ended is null ? Signals.Name(Signals.Kill) : ended is { Code: not 1 } killed ? Signals.Name(killed.Value) : null,
            TimedOut = ended is null,
            Stdout = HookRecord.Tail(stdout.Number),
            Stderr = HookRecord.Tail(stderr.Number),
        };
        keep?.Invoke(record);
        if (record.TimedOut)
        {
            throw new CsrunException(
                ErrorCodes.HookTimeout, "error running hook",
                string.Create(CultureInfo.InvariantCulture, $"{hook.Path}: it ran for longer than {hook.Timeout} s"),
                where: where, hint: record.Words());
        }
        if (record.ExitCode != 0)
        {
            throw new CsrunException(
                ErrorCodes.HookFailed, "error running hook", hook.Path + ": " + record.End(), where: where, hint: record.Words());
        }
    }

    private static SpawnedProcess Start(string where, Hook hook, Fd input, Fd stdout, Fd stderr, string bundle, int patience)
    {
        try
        {
            return Spawn.Program(new ProgramRequest
            {
                Path = hook.Path,
                Arguments = hook.Args is { Length: > 0 } args ? args : [hook.Path],
                Environment = hook.Env ?? [],
                Stdin = input.Number,
                Stdout = stdout.Number,
                Stderr = stderr.Number,
                WorkingDirectory = bundle,
                NewProcessGroup = true,
                Patience = patience,
            });
        }
        catch (LinuxException e) when (e.Errno == Errno.ETIMEDOUT)
        {
            throw new CsrunException(
                ErrorCodes.HookTimeout, "error running hook",
                string.Create(CultureInfo.InvariantCulture, $"{hook.Path}: it could not be executed within {hook.Timeout} s"),
                where: where, hint: "where its file lies may not answer");
        }
        catch (LinuxException e)
        {
            throw new CsrunException(
                ErrorCodes.HookFailed, "error running hook", $"{hook.Path}: cannot {e.Operation} {e.Target}", e.Errno, where);
        }
    }
}
