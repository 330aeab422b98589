using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// Opens for Init what takes the rights that the runtime has on the host: sources of bind mounts as detached copies, with
/// their ids mapped if that is asked for, and the user namespaces that mappings are taken from.
/// </summary>
internal sealed class SourceOpener(string configName) : IDisposable
{
    private const uint OpenTreeClone = 1;

    /// <summary>By its mappings, in words: many mounts of a container have the same.</summary>
    private Dictionary<string, Fd>? _namespaces;

    /// <param name="source">What is wanted.</param>
    /// <param name="pid">A process in the container's user namespace.</param>
    public Fd Open(Source source, int pid)
    {
        if (source.Path is null)
            return Copy(NamespaceFor(source.IdMap!, pid, source.JsonPath));
        var tree = OpenTree(source, ErrorCodes.MountSource, ErrorCodes.MountSourceMissing);
        if (source.IdMap is null)
            return tree;
        try
        {
            MapIds(tree, source, NamespaceFor(source.IdMap, pid, source.JsonPath));
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>A detached copy of the mount at a path, and of those below it if that is wanted.</summary>
    public Fd OpenTree(Source source, ErrorCode failed, ErrorCode missing)
    {
        uint flags = OpenTreeClone | (source.Recursive ? (uint)At.Recursive : 0) | (source.NoFollow ? (uint)At.SymlinkNoFollow : 0);
        int tree = Syscalls.OpenTree(At.Cwd, source.Path!, flags);
        if (tree >= 0)
            return new Fd(tree);
        throw new CsrunException(
            tree == -Errno.ENOENT ? missing : failed, "cannot open", source.Path, -tree, Where(source.JsonPath), MountHints.Tree(-tree));
    }

    public void Dispose()
    {
        foreach (var fd in _namespaces?.Values ?? (IEnumerable<Fd>)[])
            fd.Dispose();
        _namespaces = null;
    }

    private void MapIds(Fd tree, Source source, Fd userNamespace)
    {
        int result = Syscalls.MountSetAttr(tree.Number, source.IdMap!.Recursive, MountAttr.IdMap, userNamespace.Number);
        if (result < 0)
            throw new CsrunException(ErrorCodes.MountIdMap, "cannot map the ids of", source.Path, -result, Where(source.JsonPath), MountHints.IdMap(-result));
    }

    private Fd NamespaceFor(IdMap map, int pid, string where)
    {
        string key = map.ToString();
        if (_namespaces?.TryGetValue(key, out var known) == true)
            return known;
        try
        {
            Fd made = map.Uids is null ? NamespaceOf(pid) : Make(map);
            (_namespaces ??= new(StringComparer.Ordinal))[key] = made;
            return made;
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.MountIdMap, Where(where));
        }
    }

    private static Fd Make(IdMap map)
    {
        Fd? made = null;
        Spawn.UserNamespace(pid =>
        {
            IdMaps.Write(pid, map.Uids!, map.Gids!);
            made = NamespaceOf(pid);
        });
        return made!;
    }

    private static Fd NamespaceOf(int pid) =>
        Files.Open(At.Cwd, string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/ns/user"), OpenFlags.ReadOnly);

    private static Fd Copy(Fd fd) => Fd.Own(Syscalls.Duplicate(fd.Number), "copy descriptor", null);

    private string Where(string jsonPath) => configName + ": " + jsonPath;
}
