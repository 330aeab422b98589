using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Runs hooks in the runtime's own namespaces (config.md#posix-platform-hooks): in order, one after the other, with the
/// container's state on standard input, exactly the hook's environment, the bundle as working directory, and what
/// they print kept for the error's text.
/// </summary>
internal static class HookRunner
{
    /// <summary>Characters of a failed hook's output that are shown.</summary>
    private const int OutputShown = 512;
    private const uint MemfdCloseOnExec = 1;

    /// <summary>Runs all; the first that fails ends it with an error.</summary>
    /// <param name="kind">"prestart", as the config has it.</param>
    /// <param name="hooks">The hooks of that kind.</param>
    /// <param name="state">The container's state as JSON.</param>
    /// <param name="bundle">The working directory.</param>
    public static void RunAll(string kind, IReadOnlyList<Hook> hooks, ReadOnlySpan<byte> state, string bundle)
    {
        for (int i = 0; i < hooks.Count; i++)
            RunOne(string.Create(CultureInfo.InvariantCulture, $"hooks.{kind}[{i}]"), hooks[i], state, bundle);
    }

    /// <summary>Runs all; those that fail are warned about (config.md#poststop).</summary>
    public static void RunAllAndWarn(string kind, IReadOnlyList<Hook> hooks, ReadOnlySpan<byte> state, string bundle)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            try
            {
                RunOne(string.Create(CultureInfo.InvariantCulture, $"hooks.{kind}[{i}]"), hooks[i], state, bundle);
            }
            catch (Exception e) when (e is CsrunException or LinuxException)
            {
                Log.Warning(ErrorText.Of(e));
            }
        }
    }

    private static void RunOne(string jsonPath, Hook hook, ReadOnlySpan<byte> state, string bundle)
    {
        string where = "config.json: " + jsonPath;
        // Files, not pipes: a hook that reads or prints nothing, or leaves a daemon behind, must not hold us up.
        using var input = Memfd.Create("csrun:state", state, executable: false);
        using var output = Fd.Own(Syscalls.MemfdCreate("csrun:hook-output", MemfdCloseOnExec), "make memory file", null);
        LinuxException.Check(Syscalls.Seek(input.Number, 0), "rewind", "the hook's standard input");
        var process = Start(where, hook, input, output, bundle);
        using (process)
        {
            int milliseconds = hook.Timeout is int seconds ? (int)Math.Min(seconds * 1000L, int.MaxValue) : -1;
            if (process.Wait(milliseconds) is not { } ended)
            {
                // The whole group: what it started would live on, with nobody to end it.
                _ = Syscalls.Kill(-process.Pid, Signals.Kill);
                process.Kill();
                throw new CsrunException(
                    ErrorCodes.HookTimeout, "error running hook",
                    string.Create(CultureInfo.InvariantCulture, $"{hook.Path}: it ran for longer than {hook.Timeout} s"),
                    where: where, hint: Tail(output));
            }
            if (ended is not { Code: 1, Value: 0 })
            {
                throw new CsrunException(
                    ErrorCodes.HookFailed, "error running hook", hook.Path + ": " + Describe(ended), where: where,
                    hint: Tail(output));
            }
        }
    }

    private static SpawnedProcess Start(string where, Hook hook, Fd input, Fd output, string bundle)
    {
        try
        {
            return Spawn.Program(new ProgramRequest
            {
                Path = hook.Path,
                Arguments = hook.Args is { Length: > 0 } args ? args : [hook.Path],
                Environment = hook.Env ?? [],
                Stdin = input.Number,
                Stdout = output.Number,
                Stderr = output.Number,
                WorkingDirectory = bundle,
                NewProcessGroup = true,
            });
        }
        catch (LinuxException e)
        {
            throw new CsrunException(
                ErrorCodes.HookFailed, "error running hook", $"{hook.Path}: cannot {e.Operation} {e.Target}", e.Errno, where);
        }
    }

    private static string Describe(ChildStatus ended) => ended.Code == 1
        ? string.Create(CultureInfo.InvariantCulture, $"exit status {ended.Value}")
        : "signal " + Signals.Name(ended.Value);

    /// <summary>The end of what the hook printed, as one line; null if it printed nothing.</summary>
    private static string? Tail(Fd output)
    {
        if (Syscalls.Stat(output.Number, out var status) < 0 || status.Size == 0)
            return null;
        long start = Math.Max(0, (long)status.Size - OutputShown);
        if (Syscalls.Seek(output.Number, start) < 0)
            return null;
        Span<byte> buffer = stackalloc byte[OutputShown];
        long length = Syscalls.Read(output.Number, buffer);
        return length <= 0 ? null : Encoding.UTF8.GetString(buffer[..(int)length]).Trim();
    }
}
