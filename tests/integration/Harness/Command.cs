using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Tests.Integration;

/// <summary>What a finished command gave.</summary>
internal sealed record Result(string Line, int ExitCode, string Out, string Error, long PeakKilobytes)
{
    public override string ToString() => $"{Line}\n  exit {ExitCode}\n  stdout: {Out}\n  stderr: {Error}";
}

/// <summary>A process to start: everything that it inherits is said here, nothing comes from the test process.</summary>
internal sealed unsafe class Command(string path, params string[] arguments)
{
    private const int FirstFreeFd = 200;

    internal string Path => path;

    internal List<string> Arguments { get; } = [.. arguments];

    internal List<string> Environment { get; init; } = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

    /// <summary>Descriptors of the test process by the number they get in the child.</summary>
    internal Dictionary<int, int> Descriptors { get; } = [];

    internal string? WorkingDirectory { get; init; }

    /// <summary>Signals blocked in the child.</summary>
    internal ulong Blocked { get; init; }

    internal bool IgnoreSigpipe { get; init; }

    /// <summary>A terminal that becomes the controlling one of a new session and its 0, 1 and 2.</summary>
    internal string? Terminal { get; init; }

    internal int DeadlineMilliseconds { get; init; } = 60_000;

    public override string ToString() => string.Join(' ', [System.IO.Path.GetFileName(path), .. Arguments]);

    /// <summary>Starts the process and returns its id. Descriptors 0, 1 and 2 that are not given are /dev/null.</summary>
    internal int Start()
    {
        var actions = stackalloc byte[256];
        var attributes = stackalloc byte[512];
        Libc.posix_spawn_file_actions_init(actions);
        Libc.posix_spawnattr_init(attributes);
        var copies = new List<int>();
        var memory = new List<nint>();
        try
        {
            var all = ~0UL;
            var blocked = Blocked;
            var defaults = IgnoreSigpipe ? all & ~(1UL << 12) : all;
            var sets = stackalloc ulong[16];
            for (var i = 1; i < 16; i++)
            {
                sets[i] = 0;
            }

            sets[0] = blocked;
            Libc.posix_spawnattr_setsigmask(attributes, sets);
            sets[0] = defaults;
            Libc.posix_spawnattr_setsigdefault(attributes, sets);
            Libc.posix_spawnattr_setflags(attributes, (short)(0x0c | (Terminal == null ? 0 : 0x80)));
            if (WorkingDirectory != null)
            {
                Libc.posix_spawn_file_actions_addchdir_np(actions, WorkingDirectory);
            }

            for (var fd = 0; fd < 3; fd++)
            {
                if (Terminal != null)
                {
                    Libc.posix_spawn_file_actions_addopen(actions, fd, Terminal, Libc.ReadWrite, 0);
                }
                else if (!Descriptors.ContainsKey(fd))
                {
                    Libc.posix_spawn_file_actions_addopen(actions, fd, "/dev/null", Libc.ReadWrite, 0);
                }
            }

            foreach (var (target, source) in Descriptors)
            {
                // Above every target, so that no copy overwrites the source of a later one.
                var copy = Libc.Check(Libc.fcntl(source, 1030, FirstFreeFd), "fcntl");
                copies.Add(copy);
                Libc.posix_spawn_file_actions_adddup2(actions, copy, target);
            }

            var argv = Strings([path, .. Arguments], memory);
            var envp = Strings(Environment, memory);
            return Reaper.Start(() =>
            {
                int pid;
                var error = Libc.posix_spawn(&pid, path, actions, attributes, argv, envp);
                return error == 0 ? pid : throw new InvalidOperationException($"cannot start {path}: errno {error}");
            });
        }
        finally
        {
            copies.ForEach(static fd => Libc.close(fd));
            memory.ForEach(Marshal.FreeHGlobal);
            Libc.posix_spawn_file_actions_destroy(actions);
            Libc.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Runs to the end, with stdout and stderr in files of <paramref name="directory"/>.</summary>
    internal Result Run(string directory)
    {
        var name = System.IO.Path.Combine(directory, "output-" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture));
        foreach (var (fd, suffix) in new[] { (1, ".out"), (2, ".err") })
        {
            if (!Descriptors.ContainsKey(fd))
            {
                Descriptors[fd] = Libc.Check(Libc.open(name + suffix, Libc.CloseOnExec | Libc.ReadWrite | 0x440, 0x1b6), "open");
            }
        }

        try
        {
            var pid = Start();
            var ending = Await(pid, () => Read(name));
            return new(ToString(), ending.Code, Text(name + ".out"), Text(name + ".err"), ending.PeakKilobytes);
        }
        finally
        {
            foreach (var (fd, suffix) in new[] { (1, ".out"), (2, ".err") })
            {
                if (File.Exists(name + suffix))
                {
                    Libc.close(Descriptors[fd]);
                    Descriptors.Remove(fd);
                }
            }
        }
    }

    /// <summary>Waits for a process of this command; kills it when the deadline has passed.</summary>
    internal Ending Await(int pid, Func<string>? output = null)
    {
        if (Reaper.Wait(pid, DeadlineMilliseconds, out var ending))
        {
            return ending;
        }

        Libc.kill(pid, 9);
        throw new TimeoutException($"{this}: not done after {DeadlineMilliseconds} ms\n{output?.Invoke()}");
    }

    private static string Read(string name) => Text(name + ".out") + Text(name + ".err");

    private static string Text(string file) => File.Exists(file) ? File.ReadAllText(file) : "";

    private static byte** Strings(List<string> values, List<nint> memory)
    {
        var list = (byte**)Marshal.AllocHGlobal((values.Count + 1) * sizeof(byte*));
        memory.Add((nint)list);
        for (var i = 0; i < values.Count; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(values[i] + "\0");
            list[i] = (byte*)Marshal.AllocHGlobal(bytes.Length);
            memory.Add((nint)list[i]);
            bytes.CopyTo(new Span<byte>(list[i], bytes.Length));
        }

        list[values.Count] = null;
        return list;
    }
}
