using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>What a container has in resctrl, for later commands.</summary>
/// <param name="Group">The directory of its class of service (CTRL_MON group), absolute: whoever joins the container writes its tasks.</param>
/// <param name="Made">The group is the container's own, and goes with it.</param>
/// <param name="Monitoring">The directory of its MON group, absolute; null if it has none.</param>
public sealed record ResctrlRecord(string Group, bool Made, string? Monitoring);

/// <summary>
/// <c>linux.intelRdt</c> (config-linux.md#intelrdt, Documentation/filesystems/resctrl.rst): the container's class of
/// service for caches and memory bandwidth. A class that the config names stays; one of the container's own goes with it.
/// </summary>
internal sealed class ResctrlGroup
{
    private const int MostSchemata = 1 << 20;

    private readonly IntelRdt _rdt;
    private readonly string _root;
    private readonly string _where;
    private readonly bool _exists;

    private ResctrlGroup(IntelRdt rdt, string root, string where, bool exists, ResctrlRecord record)
    {
        _rdt = rdt;
        _root = root;
        _where = where;
        _exists = exists;
        Record = record;
    }

    /// <summary>For the state.</summary>
    public ResctrlRecord Record { get; }

    /// <summary>
    /// What a config asks for, checked against what is there; null if that is nothing. Nothing is made before
    /// <see cref="Make"/>.
    /// </summary>
    /// <param name="config">The config.</param>
    /// <param name="id">The container's id: the name of a class of its own.</param>
    /// <param name="configName">The config's name in messages.</param>
    /// <param name="root">Where resctrl is mounted; null to find out.</param>
    public static ResctrlGroup? Decide(Config config, string id, string configName, string? root = null)
    {
        if (config.Linux?.IntelRdt is not { } rdt)
            return null;
        string where = configName + ": linux.intelRdt";
        root ??= FindMount() ?? throw new CsrunException(
            ErrorCodes.RdtMissing, "resctrl is not mounted on this host", where: where);
        string name = rdt.ClosID ?? id;
        if (rdt.ClosID is null && name is "info" or "mon_data" or "mon_groups")
            throw new CsrunException(ErrorCodes.RdtFailed, "cannot make a class of service called", name, Errno.EEXIST, where);
        string group = name == "/" ? root : root + "/" + name;
        bool exists = Syscalls.Stat(At.Cwd, group, At.SymlinkNoFollow, out var status) >= 0 && status.IsDirectory;
        var wanted = Schemata(rdt);
        if (!exists && rdt.ClosID is not null && wanted.Count == 0)
        {
            throw new CsrunException(
                ErrorCodes.RdtFailed, "cannot find the class of service", group, Errno.ENOENT, where + ".closID",
                "without a schema it must be there");
        }
        if (exists)
            ThrowIfOther(group, wanted, where);
        string? monitoring = rdt.EnableMonitoring ? group + "/mon_groups/" + id : null;
        return new ResctrlGroup(rdt, root, where, exists, new ResctrlRecord(group, rdt.ClosID is null && !exists, monitoring));
    }

    /// <summary>Makes the directories that are missing.</summary>
    public void Make()
    {
        if (!_exists)
            MakeDirectory(Record.Group);
        if (Record.Monitoring is { } monitoring)
            MakeDirectory(monitoring);
    }

    /// <summary>Sets the limits of a class that was just made: each line by itself, in the order of the specification.</summary>
    public void Configure()
    {
        if (_exists)
            return;
        foreach (var (member, line) in Schemata(_rdt))
            Write(Record.Group + "/schemata", line + "\n", member);
    }

    /// <summary>Moves the container's process into the class, and into the group that is watched.</summary>
    public void Join(int pid)
    {
        string line = pid.ToString(CultureInfo.InvariantCulture) + "\n";
        Write(Record.Group + "/tasks", line, "");
        if (Record.Monitoring is { } monitoring)
            Write(monitoring + "/tasks", line, ".enableMonitoring");
    }

    /// <summary>Moves a further process of the container into the same.</summary>
    public static void Join(ResctrlRecord record, int pid)
    {
        byte[] line = Encoding.UTF8.GetBytes(pid.ToString(CultureInfo.InvariantCulture) + "\n");
        foreach (string? group in (ReadOnlySpan<string?>)[record.Group, record.Monitoring])
        {
            int result = group is null ? 0 : Files.WriteOnce(At.Cwd, group + "/tasks", line);
            if (result < 0)
                throw new CsrunException(ErrorCodes.RdtFailed, "cannot join the class of service", group, -result);
        }
    }

    /// <summary>Removes what was made for a container; what is gone already is fine.</summary>
    public static void Remove(ResctrlRecord record)
    {
        // The kernel moves whoever is left in them to the group above.
        if (record.Monitoring is not null)
            RemoveDirectory(record.Monitoring);
        if (record.Made)
            RemoveDirectory(record.Group);
    }

    /// <summary>Changes the limits of a container's class: for <c>update</c>.</summary>
    /// <param name="record">What the container has.</param>
    /// <param name="l3Cache">A line for the L3 cache, or null.</param>
    /// <param name="memoryBandwidth">A line for the memory bandwidth, or null.</param>
    /// <returns>The schemata as they were; null if nothing was asked for.</returns>
    public static string? Change(ResctrlRecord? record, string? l3Cache, string? memoryBandwidth)
    {
        if (l3Cache is null && memoryBandwidth is null)
            return null;
        if (record is null)
        {
            throw new CsrunException(
                ErrorCodes.RdtFailed, "the container has no class of service", where: l3Cache is null ? "--mem-bw-schema" : "--l3-cache-schema",
                hint: "its config has no linux.intelRdt");
        }
        string file = record.Group + "/schemata";
        string before = Encoding.UTF8.GetString(Files.ReadAll(At.Cwd, file, MostSchemata));
        try
        {
            ChangeLine(file, l3Cache, "--l3-cache-schema");
            ChangeLine(file, memoryBandwidth, "--mem-bw-schema");
            return before;
        }
        catch
        {
            Restore(record, before);
            throw;
        }
    }

    /// <summary>Gives a class the limits that <see cref="Change"/> found; as far as the kernel takes them.</summary>
    public static void Restore(ResctrlRecord record, string before)
    {
        foreach (string line in before.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int result = Files.WriteOnce(At.Cwd, record.Group + "/schemata", Encoding.UTF8.GetBytes(line + "\n"));
            if (result < 0)
                Log.Warning($"cannot write \"{line}\" back to {record.Group}/schemata: {Errno.Text(-result)}");
        }
    }

    private static void ChangeLine(string file, string? line, string option)
    {
        if (line is null)
            return;
        if (line.Contains('\n', StringComparison.Ordinal))
            throw new CsrunException(ErrorCodes.OptionInvalid, "invalid value for a schema", where: option, hint: "it must be one line");
        int result = Files.WriteOnce(At.Cwd, file, Encoding.UTF8.GetBytes(line + "\n"));
        if (result < 0)
            throw new CsrunException(ErrorCodes.RdtFailed, "cannot write \"" + line + "\" to", file, -result, option);
    }

    private static string? FindMount()
    {
        foreach (var mount in MountInfo.ReadSelf())
        {
            if (mount.Type == "resctrl")
                return mount.MountPoint;
        }
        return null;
    }

    /// <summary>Each line with the member that it comes from.</summary>
    private static List<(string Member, string Line)> Schemata(IntelRdt rdt)
    {
        var lines = new List<(string, string)>();
        if (!string.IsNullOrEmpty(rdt.L3CacheSchema))
            lines.Add((".l3CacheSchema", rdt.L3CacheSchema));
        if (!string.IsNullOrEmpty(rdt.MemBwSchema))
            lines.Add((".memBwSchema", rdt.MemBwSchema));
        for (int i = 0; i < rdt.Schemata?.Length; i++)
            lines.Add((string.Create(CultureInfo.InvariantCulture, $".schemata[{i}]"), rdt.Schemata[i]));
        return lines;
    }

    /// <summary>A class that is there belongs to others too: its limits are compared, never changed.</summary>
    private static void ThrowIfOther(string group, List<(string Member, string Line)> wanted, string where)
    {
        if (wanted.Count == 0)
            return;
        var has = new Dictionary<string, string>(StringComparer.Ordinal);
        Parse(Encoding.UTF8.GetString(Files.ReadAll(At.Cwd, group + "/schemata", MostSchemata)), has);
        // A later line for the same thing replaces an earlier one, as it would when they are written.
        var want = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (_, line) in wanted)
            Parse(line, want);
        foreach (var (name, value) in want)
        {
            if (has.TryGetValue(name, out string? found) && found == value)
                continue;
            throw new CsrunException(
                ErrorCodes.RdtFailed, "the class of service", group + " is there with another schema: " + name, where: where,
                hint: found is null ? "it is not in the schemata file" : $"{found} is there, {value} is asked for");
        }
    }

    /// <summary>"L3:0=ff;1=0f": "L3:0" is "ff" and "L3:1" is "f".</summary>
    private static void Parse(string schemata, Dictionary<string, string> to)
    {
        foreach (string line in schemata.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            string resource = line[..colon].Trim();
            foreach (string domain in line[(colon + 1)..].Split(';'))
            {
                int equals = domain.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0)
                    continue;
                string value = domain[(equals + 1)..].Trim().TrimStart('0').ToLowerInvariant();
                to[string.Concat(resource, ":", domain.AsSpan(0, equals).Trim())] = value.Length == 0 ? "0" : value;
            }
        }
    }

    private void MakeDirectory(string path)
    {
        int result = Syscalls.MkdirAt(At.Cwd, path, Csrun.Linux.Mode.OwnerAll);
        if (result < 0)
        {
            throw new CsrunException(
                ErrorCodes.RdtFailed, "cannot make", path, -result, _where,
                result == -Errno.ENOSPC ? "the hardware has no class of service, or no monitoring id, left" : Status());
        }
    }

    private void Write(string path, string text, string member)
    {
        int result = Files.WriteOnce(At.Cwd, path, Encoding.UTF8.GetBytes(text));
        if (result < 0)
        {
            throw new CsrunException(
                ErrorCodes.RdtFailed, "cannot write \"" + text.TrimEnd('\n') + "\" to", path, -result, _where + member, Status());
        }
    }

    /// <summary>The kernel's own words for what it refused last.</summary>
    private string? Status()
    {
        string? text = Files.TryReadText(At.Cwd, _root + "/info/last_cmd_status", 4096)?.Trim();
        return string.IsNullOrEmpty(text) || text == "ok" ? null : text;
    }

    private static void RemoveDirectory(string path)
    {
        const int directory = 0x200;
        int result = Syscalls.UnlinkAt(At.Cwd, path, directory);
        if (result is not (0 or -Errno.ENOENT))
            throw new CsrunException(ErrorCodes.DeleteIncomplete, "cannot remove", path, -result);
    }
}
