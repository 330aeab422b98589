using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>
/// One container in a directory of its own. When the test ends, however it ended, the container is deleted by force and
/// nothing of it may be left: no state, cgroup, process or mount.
/// </summary>
public abstract class ContainerTest : IDisposable
{
    private static int counter;
    private readonly List<string> extraCgroups = [];

    protected ContainerTest()
    {
        // The last letter keeps one mark from being the beginning of another.
        Mark = $"t{Environment.ProcessId:x}-{Interlocked.Increment(ref counter)}x";
        Home = Path.Combine(Path.GetTempPath(), "csrun-test-" + Mark);
        Directory.CreateDirectory(Home);
        Libc.chmod(Home, 0x1ed);
        Root = Path.Combine(Home, "state");
        Id = "c-" + Mark;
        Bundle = new(Path.Combine(Home, "bundle"), Mark);
    }

    /// <summary>A word that no other test has: in ids, cgroup names and the environment.</summary>
    private protected string Mark { get; }

    /// <summary>The test's directory.</summary>
    private protected string Home { get; }

    /// <summary>What --root gets.</summary>
    private protected string Root { get; }

    private protected string Id { get; }

    private protected Bundle Bundle { get; }

    public void Dispose()
    {
        var leaks = new List<string>();
        try
        {
            leaks = Leaks();
        }
        finally
        {
            CleanUp();
            GC.SuppressFinalize(this);
        }

        Assert.True(leaks.Count == 0, "left behind: " + string.Join("; ", leaks));
    }

    /// <summary>A command of the runtime with --root, not yet run.</summary>
    private protected Command RuntimeCommand(params string[] arguments) => new(Target.Path, ["--root", Root, .. arguments])
    {
        WorkingDirectory = Home,
        Environment = RuntimeEnvironment(),
    };

    private protected List<string> RuntimeEnvironment() => ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "CSRUN_TEST=" + Mark];

    private protected Result Runtime(params string[] arguments) => RuntimeCommand(arguments).Run(Home);

    /// <summary>The same, and it must succeed without a word.</summary>
    private protected Result Succeeds(params string[] arguments) => Success(Runtime(arguments));

    private protected static Result Success(Result result)
    {
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    /// <summary>The same, and it must fail with 1 and one line that holds the text.</summary>
    private protected Result Fails(string text, params string[] arguments) => Failure(text, Runtime(arguments));

    private protected static Result Failure(string text, Result result)
    {
        Assert.True(result.ExitCode != 0, result.ToString());
        if (Target.IsCsrun)
        {
            Assert.True(result.Error.Contains(text, StringComparison.Ordinal), $"no \"{text}\" in\n{result}");
            Assert.True(result.ExitCode == 1 && result.Error.EndsWith('\n') && result.Error.IndexOf('\n', StringComparison.Ordinal) == result.Error.Length - 1, "one line and exit 1 expected:\n" + result);
        }

        return result;
    }

    private protected Result Create(params string[] options)
    {
        Bundle.Save();
        return Runtime(["create", "--bundle", Bundle.Path, .. options, Id]);
    }

    /// <summary>create, which must work; gives the pid of the container's process.</summary>
    private protected int Created(params string[] options)
    {
        var pidFile = Path.Combine(Home, "pid");
        Success(Create(["--pid-file", pidFile, .. options]));
        return int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
    }

    /// <summary>create and start, which must work.</summary>
    private protected int Started(params string[] options)
    {
        var pid = Created(options);
        Succeeds("start", Id);
        return pid;
    }

    private protected Result RunContainer(params string[] options)
    {
        Bundle.Save();
        return Runtime(["run", "--bundle", Bundle.Path, .. options, Id]);
    }

    /// <summary>Runs the container, which must fail before its process: text on stderr and nothing left.</summary>
    private protected Result RunFails(string text)
    {
        Bundle.Save();
        var result = Failure(text, Runtime("run", "--bundle", Bundle.Path, Id));
        AssertNothingLeft();
        return result;
    }

    /// <summary>Runs the checker's report in the container.</summary>
    private protected JsonNode Report(params string[] arguments)
    {
        Bundle.Args(["report", .. arguments]);
        return ReportOf(RunContainer());
    }

    private protected static JsonNode ReportOf(Result result)
    {
        Assert.True(result.ExitCode == 0 && result.Out.StartsWith('{'), result.ToString());
        return JsonNode.Parse(result.Out)!;
    }

    private protected JsonNode State() => JsonNode.Parse(Succeeds("state", Id).Out)!;

    private protected string Status() => State()["status"]!.GetValue<string>();

    /// <summary>Waits until the runtime says so.</summary>
    private protected void AwaitStatus(string status) => Host.Eventually(() => string.Equals(Status(), status, StringComparison.Ordinal), "status " + status);

    /// <summary>Lines that hooks and payloads have written to a file.</summary>
    private protected static List<JsonNode> Lines(string file) =>
        File.Exists(file) ? [.. File.ReadAllLines(file).Select(static l => JsonNode.Parse(l)!)] : [];

    /// <summary>The mountinfo fields of one mount point: options, optional fields, type, superblock options.</summary>
    private protected static MountLine Mountinfo(JsonNode report, string destination)
    {
        var lines = MountLine.All(report).Where(m => string.Equals(m.Point, destination, StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count > 0, $"nothing is mounted on {destination}:\n{report["mountinfo"]}");
        return lines[^1];
    }

    /// <summary>A further cgroup to be cleared away when the test ends.</summary>
    private protected void OwnCgroup(string name) => extraCgroups.Add(name);

    private protected void AssertNothingLeft()
    {
        var leaks = Remains();
        Assert.True(leaks.Count == 0, "left behind: " + string.Join("; ", leaks));
    }

    private List<string> Leaks()
    {
        if (Directory.Exists(Root))
        {
            foreach (var id in Directory.EnumerateDirectories(Root).Select(Path.GetFileName).ToList())
            {
                var result = Runtime("delete", "--force", id!);
                if (result.ExitCode != 0)
                {
                    return [result.ToString()];
                }
            }
        }

        var leaks = Remains();
        for (var tries = 0; leaks.Count > 0 && tries < 40; tries++)
        {
            Thread.Sleep(50);
            leaks = Remains();
        }

        return leaks;
    }

    private List<string> Remains()
    {
        var remains = new List<string>();
        if (Directory.Exists(Root))
        {
            remains.AddRange(Directory.EnumerateFileSystemEntries(Root).Where(static e => Path.GetFileName(e)[0] != '.').Select(static e => "state " + e));
        }

        remains.AddRange(Host.Cgroups(Mark).Select(static c => "cgroup " + c));
        remains.AddRange(Host.Processes(Mark).Select(static p => $"process {p} {Host.Text($"/proc/{p}/cmdline")?.Replace('\0', ' ')}"));
        remains.AddRange(Host.Mounts(Home).Select(static m => "mount " + m));
        return remains;
    }

    private void CleanUp()
    {
        foreach (var pid in Host.Processes(Mark))
        {
            Libc.kill(pid, 9);
        }

        foreach (var mount in Host.Mounts(Home).Select(static m => m.Split(' ')[4]).OrderByDescending(static m => m.Length))
        {
            Libc.umount2(mount, 2);
        }

        foreach (var cgroup in Host.Cgroups(Mark).Concat(extraCgroups.SelectMany(Host.Cgroups)))
        {
            for (var tries = 0; tries < 50 && Directory.Exists(cgroup); tries++)
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

        if (Host.Mounts(Home).Count == 0)
        {
            try
            {
                Directory.Delete(Home, true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A process that died this very moment may still hold it; the next run of the suite does not care.
            }
        }
    }
}

/// <summary>A line of mountinfo.</summary>
internal sealed record MountLine(string Root, string Point, string[] Options, string[] Tags, string Type, string[] SuperOptions)
{
    internal static IEnumerable<MountLine> All(JsonNode report) => All(report["mountinfo"]!.GetValue<string>());

    internal static IEnumerable<MountLine> All(string mountinfo)
    {
        foreach (var line in mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            var dash = Array.IndexOf(fields, "-");
            yield return new(fields[3], fields[4], fields[5].Split(','), fields[6..dash], fields[dash + 1], fields[dash + 3].Split(','));
        }
    }
}
