using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>What is in a state directory and belongs to no container any more.</summary>
/// <param name="Id">The directory's name.</param>
/// <param name="What">Why it is there.</param>
/// <param name="Removable">It is ours, and <c>gc</c> may remove it with all that it names.</param>
internal sealed record Leftover(string Id, string What, bool Removable);

/// <summary>
/// <c>fsck</c> and <c>gc</c>: what runtimes left that were killed. A container that has stopped is none of it: its engine
/// deletes it, or starts it again.
/// </summary>
internal static class Leftovers
{
    private const int MostForeign = 16 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>All of a root, which may be another runtime's; nothing is changed.</summary>
    public static List<Leftover> Find(RuntimeOptions options)
    {
        List<Leftover> found = [];
        ForEach(options, directory =>
        {
            if (Judge(directory) is { } leftover)
                found.Add(leftover);
        });
        found.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        return found;
    }

    /// <summary>Removes those that are ours; each is told of once it is gone, or why it is not.</summary>
    public static void Remove(RuntimeOptions options, Action<Leftover, string?> done)
    {
        ForEach(options, directory =>
        {
            if (Judge(directory) is not { Removable: true } leftover)
                return;
            try
            {
                // Somebody may be at work on it by now, or have been.
                if (!directory.TryLock(s_patience) || !directory.IsLinked() || Judge(directory) is not { Removable: true })
                    return;
                if (directory.ReadState() is { } state)
                    Destruction.Destroy(directory, state);
                else
                    directory.Remove();
                done(leftover, null);
            }
            catch (Exception e) when (e is CsrunException or LinuxException)
            {
                done(leftover, ErrorText.Of(e));
            }
        });
    }

    private static void ForEach(RuntimeOptions options, Action<StateDirectory> visit)
    {
        using var root = StateRoot.TryOpen(options);
        if (root is null)
            return;
        foreach (var entry in Directories.List(root.Number, root.Path))
        {
            if (entry.Name[0] == '.')
                continue;
            using var directory = StateDirectory.TryOpen(root, entry.Name);
            if (directory is not null)
                visit(directory);
        }
    }

    private static Leftover? Judge(StateDirectory directory)
    {
        State? state;
        try
        {
            state = directory.ReadState();
        }
        catch (Exception e) when (e is CsrunException or LinuxException)
        {
            return JudgeForeign(directory) ?? new Leftover(directory.Id, ErrorText.Of(e), false);
        }
        if (state is null)
            return JudgeWithoutState(directory);
        if (state.BootId != Status.BootId())
            return new Leftover(directory.Id, "it was made before this machine was started", true);
        if (!state.IsComplete)
        {
            return Status.Of(directory, state) == ContainerStatus.Creating || IsBusy(directory)
                ? null
                : new Leftover(directory.Id, "the create that made it was killed", true);
        }
        if (Status.Of(directory, state) != ContainerStatus.Stopped)
            return null;
        int left = CgroupDrivers.For(state.Cgroup).Processes().Count;
        return left == 0 ? null : new Leftover(
            directory.Id, string.Create(CultureInfo.InvariantCulture, $"it has stopped, but {left} of its processes have not: csrun delete ends them"), false);
    }

    /// <summary>A create that has not come to its first word on disk; or nothing of ours.</summary>
    private static Leftover? JudgeWithoutState(StateDirectory directory)
    {
        foreach (var entry in Directories.List(directory.Number, directory.Path))
        {
            // The temporary files of the state are ours.
            if (!entry.Name.StartsWith(".intent.json.", StringComparison.Ordinal) && !entry.Name.StartsWith(".state.json.", StringComparison.Ordinal))
                return JudgeForeign(directory);
        }
        return IsBusy(directory) ? null : new Leftover(directory.Id, "a create was killed before it had made anything", true);
    }

    private static bool IsBusy(StateDirectory directory)
    {
        if (!directory.TryLock(TimeSpan.Zero))
            return true;
        directory.Unlock();
        return false;
    }

    /// <summary>runc's state.json or crun's status: whether the process is there that they name.</summary>
    private static Leftover? JudgeForeign(StateDirectory directory)
    {
        (string Name, string File, string Pid, string Start)[] runtimes =
            [("runc", "state.json", "init_process_pid", "init_process_start"), ("crun", "status", "pid", "process-start-time")];
        foreach (var (name, file, pidMember, startMember) in runtimes)
        {
            if (Numbers(directory, file, pidMember, startMember) is not { Pid: > 0 } process)
                continue;
            bool alive = ProcessStat.Read((int)process.Pid) is { IsEnding: false } stat && stat.StartTime == process.Start;
            return alive ? null : new Leftover(
                directory.Id, string.Create(CultureInfo.InvariantCulture, $"a container of {name}'s, whose process {process.Pid} has ended"), false);
        }
        return null;
    }

    private static (ulong Pid, ulong Start)? Numbers(StateDirectory directory, string file, string pidMember, string startMember)
    {
        try
        {
            var reader = new Utf8JsonReader(Files.ReadAll(directory.Number, file, MostForeign));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            ulong pid = 0, start = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isPid = reader.ValueTextEquals(pidMember), isStart = reader.ValueTextEquals(startMember);
                reader.Read();
                if (isPid && reader.TryGetUInt64(out ulong value) && value <= int.MaxValue)
                    pid = value;
                else if (isStart && reader.TryGetUInt64(out value))
                    start = value;
                else
                    reader.Skip();
            }
            return (pid, start);
        }
        catch (Exception e) when (e is LinuxException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
