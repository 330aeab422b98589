using System;
using System.Collections.Generic;
using Csrun.Cgroups;
using Csrun.Linux;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>The cgroup that a further process of a container is born in: the container's, or one below it.</summary>
internal static class ExecCgroup
{
    /// <param name="state">The container.</param>
    /// <param name="given"><c>--cgroup</c>, each [CONTROLLERS:]PATH with a path below the container's cgroup.</param>
    /// <param name="start">Starts the process.</param>
    public static InitSession Join(State state, string[] given, Func<CgroupJoin, InitSession> start)
    {
        // systemd is not asked: its unit is there, and so is the cgroup that it is.
        var record = state.Cgroup with { Unit = null };
        if (given.Length > 0)
            record = record with { Places = Places(record, given) };
        try
        {
            using var join = Open(record);
            return start(join);
        }
        catch (Exception e) when (given.Length == 0 && ErrnoOf(e) == Errno.EBUSY && InitsPlaces(state) is { } places)
        {
            // Something in the container (a systemd) has made it the parent of other cgroups, where no process may be.
            using var join = Open(record with { Places = places });
            return start(join);
        }
    }

    private static CgroupJoin Open(CgroupRecord record)
    {
        var driver = CgroupDrivers.For(record);
        try
        {
            return new CgroupJoin(driver.OpenForClone(), driver.OpenTasks());
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.CgroupFailed);
        }
    }

    private static int ErrnoOf(Exception e) => e switch
    {
        LinuxException linux => linux.Errno,
        CsrunException csrun => csrun.Errno,
        _ => 0,
    };

    /// <summary>The unified cgroup that the container's first process is in by now; null if that is not below the container's.</summary>
    private static List<CgroupPlace>? InitsPlaces(State state)
    {
        string? text = Files.TryReadText(At.Cwd, FormattableString.Invariant($"/proc/{state.Process.Pid}/cgroup"), 1 << 16);
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (!line.StartsWith("0::", StringComparison.Ordinal))
                continue;
            var places = new List<CgroupPlace>(state.Cgroup.Places);
            int unified = places.FindIndex(static place => place.IsUnified);
            if (unified < 0 || !line[3..].StartsWith(places[unified].Path + "/", StringComparison.Ordinal))
                return null;
            places[unified] = places[unified] with { Path = line[3..] };
            return places;
        }
        return null;
    }

    private static CgroupPlace[] Places(CgroupRecord record, string[] given)
    {
        CgroupPlace[] places = [.. record.Places];
        foreach (string word in given)
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            string below = Below(word[(colon + 1)..]);
            if (colon < 0)
            {
                if (given.Length > 1)
                    throw Invalid("is for all hierarchies, so it must be the only one:", word);
                for (int i = 0; i < places.Length; i++)
                    places[i] = places[i] with { Path = Concat(places[i].Path, below) };
                continue;
            }
            foreach (string controller in word[..colon].Split(','))
            {
                int index = Array.FindIndex(places, place => place.Has(controller) || place.Hierarchy == controller);
                if (index < 0 || controller.Length == 0)
                    throw Invalid("names a controller that the container has no cgroup of:", word);
                // Several controllers of one hierarchy come to the same.
                places[index] = record.Places[index] with { Path = Concat(record.Places[index].Path, below) };
            }
        }
        return places;
    }

    private static string Below(string path)
    {
        string below = "";
        foreach (string part in path.Split('/'))
        {
            if (part == "..")
                throw Invalid("must not lead out of the container's cgroup:", path);
            if (part is not ("" or "."))
                below += "/" + part;
        }
        return below;
    }

    private static string Concat(string path, string below) => below.Length == 0 ? path : path == "/" ? below : path + below;

    private static CsrunException Invalid(string what, string value) =>
        new(ErrorCodes.OptionInvalid, what, value, where: "--cgroup");
}
