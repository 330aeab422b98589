using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Writes the id maps of a new user namespace: user_namespaces(7). Who is privileged writes them directly; others may
/// map themselves alone, and need newuidmap(1) and newgidmap(1) for anything else.
/// </summary>
public static class IdMaps
{
    private const int HelperPatience = 30_000;

    /// <summary>Most that is read of what a helper says.</summary>
    private const int HelperOutput = 4096;

    /// <summary>Fixed, for a set-uid program must not come from the caller's PATH. The last is NixOS's.</summary>
    private static readonly string[] s_helperDirectories = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin", "/run/wrappers/bin"];

    private enum Kind
    {
        Uid,
        Gid,
    }

    /// <summary>Writes both maps of a process that waits for them.</summary>
    public static void Write(int pid, IReadOnlyList<IdMapping> uids, IReadOnlyList<IdMapping> gids)
    {
        using Fd proc = ProcFs.OpenRoot();
        ulong capabilities = Self.EffectiveCapabilities();
        bool maySetUids = (capabilities & (1UL << Linux.Capabilities.SetUid)) != 0;
        bool maySetGids = (capabilities & (1UL << Linux.Capabilities.SetGid)) != 0;
        WriteOne(proc, pid, Kind.Gid, gids, maySetGids, Syscalls.GetEffectiveGid());
        WriteOne(proc, pid, Kind.Uid, uids, maySetUids, Syscalls.GetEffectiveUid());
    }

    private static void WriteOne(Fd proc, int pid, Kind kind, IReadOnlyList<IdMapping> map, bool privileged, uint self)
    {
        bool selfOnly = map is [{ Size: 1 } single] && single.HostID == self;
        if (!privileged && selfOnly && kind == Kind.Gid)
        {
            // Without privilege a gid map is taken only once setgroups(2) is given up for good: it could drop a group
            // that a file's mode denies access to.
            int denied = ProcFs.Write(proc.Number, pid, "setgroups", "deny"u8);
            if (denied < 0)
            {
                throw new LinuxException("deny setgroups in the new user namespace", null, -denied);
            }
        }
        if (privileged || selfOnly)
        {
            int written = ProcFs.Write(proc.Number, pid, MapFile(kind), Lines(map));
            if (written >= 0)
            {
                return;
            }
            // Root of a user namespace is privileged only over ids that its own namespace has.
            if (written != -Errno.EPERM || selfOnly)
            {
                throw new LinuxException("write " + MapFile(kind), null, -written, WriteHint(-written));
            }
        }
        RunHelper(kind, pid, map);
    }

    private static string MapFile(Kind kind) => kind == Kind.Uid ? "uid_map" : "gid_map";

    private static byte[] Lines(IReadOnlyList<IdMapping> map) => Encoding.ASCII.GetBytes(
        string.Concat(map.Select(static m => string.Create(CultureInfo.InvariantCulture, $"{m.ContainerID} {m.HostID} {m.Size}\n"))));

    private static string? WriteHint(int errno) => errno switch
    {
        Errno.EPERM => "an id on the host's side is not in this user namespace's own map",
        Errno.EINVAL => "ranges overlap, have no ids, or are more than 340",
        _ => null,
    };

    private static void RunHelper(Kind kind, int pid, IReadOnlyList<IdMapping> map)
    {
        string helper = kind == Kind.Uid ? "newuidmap" : "newgidmap";
        string path = FindHelper(helper);
        List<string> arguments = [helper, pid.ToString(CultureInfo.InvariantCulture)];
        foreach (IdMapping range in map)
        {
            arguments.Add(range.ContainerID.ToString(CultureInfo.InvariantCulture));
            arguments.Add(range.HostID.ToString(CultureInfo.InvariantCulture));
            arguments.Add(range.Size.ToString(CultureInfo.InvariantCulture));
        }
        LinuxException.Check(Syscalls.Pipe(out int reader, out int writer), "make pipe", null);
        using Fd readEnd = new(reader);
        ChildStatus? status;
        using (Fd writeEnd = new(writer))
        using (SpawnedProcess process = Spawn.Program(new() { Path = path, Arguments = arguments, Stderr = writer, Patience = HelperPatience }))
        {
            status = process.Wait(HelperPatience);
            if (status is null)
            {
                process.Kill();
                throw new LinuxException("run", path, Errno.ETIMEDOUT);
            }
        }
        if (status.Value.ExitCode != 0)
        {
            Span<byte> said = new byte[HelperOutput];
            long length = Syscalls.Read(readEnd.Number, said);
            string text = length > 0 ? Encoding.UTF8.GetString(said[..(int)length]).Trim().ReplaceLineEndings(" ") : "no reason given";
            throw new LinuxException("map ids with", path, 0, $"{text} (the ranges must be granted in {(kind == Kind.Uid ? "/etc/subuid" : "/etc/subgid")})");
        }
    }

    private static string FindHelper(string helper)
    {
        foreach (string directory in s_helperDirectories)
        {
            string path = directory + "/" + helper;
            if (Syscalls.Stat(At.Cwd, path, 0, out FileStatus status) >= 0 && status.IsRegular && (status.FileMode & 0x49) != 0)
            {
                return path;
            }
        }
        throw new LinuxException("find", helper, Errno.ENOENT,
            "mapping more than one's own id without root needs it (Debian's package uidmap), and ranges in /etc/subuid and /etc/subgid");
    }
}
