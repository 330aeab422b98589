using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Engines;

/// <summary>
/// A room for one engine (tests/helpers/room.sh): namespaces and cgroups of its own, where the runtime under test is
/// csrun in the PATH. Whatever happens, nothing survives it: its process 1 ends when this process closes a pipe or dies.
/// </summary>
public abstract class Room : IDisposable
{
    private static readonly string Script = Path.Combine(Target.Repository, "tests", "helpers", "room.sh");
    private static int counter;
    private readonly Pipe standardInput = new();
    private readonly int outer;
    private readonly int process;
    private readonly string? missing;

    /// <param name="engine">A word for names.</param>
    /// <param name="programs">What must be installed.</param>
    protected Room(string engine, params string[] programs)
    {
        Name = $"{engine}-{Environment.ProcessId:x}-{Interlocked.Increment(ref counter)}";
        Home = Path.Combine(Path.GetTempPath(), "csrun-engines-" + Name);
        missing = programs.FirstOrDefault(static program => !File.Exists(program)) is { } program ? $"{program} is not installed"
            : !Host.HasCgroupV1 ? "rooms are made for machines with cgroup v1"
            : null;
        if (missing != null)
        {
            return;
        }

        Directory.CreateDirectory(Home);
        Archive = Path.Combine(Home, "image.tar");
        Image.Write(Archive);
        var log = Path.Combine(Home, "room.log");
        // crun refuses a host with v1 hierarchies and the unified one.
        string[] without = Target.Name == "crun" ? ["unified"] : [];
        var command = new Command(Script, ["open", Name, Target.Path, .. without]) { Environment = Variables };
        command.Descriptors[0] = standardInput.Read;
        outer = Start(command, log);
        Host.Eventually(() => File.ReadAllText(log).Contains("ready", StringComparison.Ordinal) || Host.IsDead(outer), "a room");
        Assert.True(!Host.IsDead(outer), File.ReadAllText(log));
        process = int.Parse(File.ReadAllText($"/proc/{outer}/task/{outer}/children").Trim(), CultureInfo.InvariantCulture);
    }

    /// <summary>A directory that the room and the tests share.</summary>
    internal string Home { get; }

    /// <summary>The image (<see cref="Image"/>) as a file.</summary>
    internal string Archive { get; } = "";

    internal string Name { get; }

    /// <summary>The environment of everything in the room.</summary>
    internal List<string> Variables => ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + Home, "TMPDIR=" + Home];

    /// <summary>Cgroups that the engine itself makes and keeps, apart from those directly below the room's.</summary>
    private protected virtual bool IsOwnCgroup(string path) => false;

    public void Dispose()
    {
        var leaks = new List<string>();
        try
        {
            if (missing == null)
            {
                Clear();
                leaks = Leaks();
                for (var tries = 0; leaks.Count > 0 && tries < 100; tries++)
                {
                    Thread.Sleep(50);
                    leaks = Leaks();
                }
            }
        }
        finally
        {
            Close();
            GC.SuppressFinalize(this);
        }

        Assert.True(leaks.Count == 0, "left behind: " + string.Join("; ", leaks));
    }

    /// <summary>Skips the test if the engine cannot be had here.</summary>
    internal void Need() => Assert.SkipWhen(missing != null, missing ?? "");

    /// <summary>A command in the room, not yet run.</summary>
    internal Command Command(string path, params string[] arguments) => Command(Variables, path, arguments);

    internal Command Command(List<string> variables, string path, params string[] arguments) =>
        new(Script, ["enter", Name, process.ToString(CultureInfo.InvariantCulture), path, .. arguments]) { Environment = variables };

    /// <summary>Starts what goes on running, with its output in a file.</summary>
    internal static int Start(Command command, string log)
    {
        var fd = Libc.Check(Libc.open(log, Libc.CloseOnExec | Libc.ReadWrite | 0x440, 0x1a4), "open");
        command.Descriptors[1] = command.Descriptors[2] = fd;
        var pid = command.Start();
        Libc.close(fd);
        return pid;
    }

    /// <summary>Processes of the room but for its first, as this process sees them.</summary>
    internal List<int> Processes()
    {
        var room = Host.Link($"/proc/{process}/ns/pid");
        return
        [
            .. Directory.EnumerateDirectories("/proc").Select(static d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 0 && pid != process && !Host.IsDead(pid) && IsBelow(pid)),
        ];

        // A container has a pid namespace below the room's.
        bool IsBelow(int pid) => string.Equals(Host.Link($"/proc/{pid}/ns/pid"), room, StringComparison.Ordinal)
            || Host.Text($"/proc/{pid}/cgroup")?.Contains("/csrun-test/" + Name, StringComparison.Ordinal) == true && pid != outer;
    }

    /// <summary>What a file says in the cgroup whose name ends so.</summary>
    internal string Limit(string file, string cgroup)
    {
        var path = Host.Cgroups(Name).Where(path => path.EndsWith(cgroup, StringComparison.Ordinal)).Select(path => Path.Combine(path, file)).First(File.Exists);
        return File.ReadAllText(path).Trim();
    }

    /// <summary>A path of the room's own file systems.</summary>
    internal string Inside(string path) => $"/proc/{process}/root{path}";

    /// <summary>Has the engine remove all, and ends it.</summary>
    private protected abstract void Clear();

    /// <summary>Where the runtime keeps state for this engine.</summary>
    private protected abstract IEnumerable<string> StateRoots { get; }

    private List<string> Leaks()
    {
        var leaks = new List<string>();
        leaks.AddRange(Processes().Select(static p => $"process {p} {Host.Text($"/proc/{p}/cmdline")?.Replace('\0', ' ')}"));
        leaks.AddRange(Host.Cgroups(Name)
            .Select(path => path[(path.IndexOf(Name, StringComparison.Ordinal) + Name.Length)..])
            .Where(path => path.Count(static c => c == '/') > 1 && !IsOwnCgroup(path)).Distinct(StringComparer.Ordinal).Select(static c => "cgroup " + c));
        leaks.AddRange(File.ReadLines($"/proc/{process}/mountinfo").Where(static l => l.Contains("/merged ", StringComparison.Ordinal) || l.Contains("/rootfs ", StringComparison.Ordinal)));
        foreach (var root in StateRoots.Select(Inside).Where(Directory.Exists))
        {
            leaks.AddRange(Directory.EnumerateFileSystemEntries(root).Where(static e => Path.GetFileName(e)[0] != '.').Select(static e => "state " + e));
        }

        return leaks;
    }

    private void Close()
    {
        standardInput.Dispose();
        if (outer > 0 && !Reaper.Wait(outer, 10_000, out _))
        {
            Libc.kill(process, 9);
            Reaper.Wait(outer, 10_000, out _);
        }

        foreach (var cgroup in Host.Cgroups(Name))
        {
            for (var tries = 0; tries < 100 && Directory.Exists(cgroup); tries++)
            {
                try
                {
                    Directory.Delete(cgroup);
                }
                catch (IOException)
                {
                    Thread.Sleep(20);
                }
            }
        }

        if (Directory.Exists(Home))
        {
            Directory.Delete(Home, true);
        }
    }
}
