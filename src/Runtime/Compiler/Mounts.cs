using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// <c>mounts</c>, in two passes: sources of binds are opened on the host while nothing of the container can interfere,
/// then everything is mounted in the order of the config.
/// </summary>
internal sealed class Mounts
{
    private const uint NoSlot = uint.MaxValue;

    private readonly Compilation _to;
    private readonly Mount[] _mounts;
    private readonly Entry[] _entries;
    private readonly MountLabels _labels;
    private readonly List<int> _readonlyLater = [];

    private struct Entry
    {
        public string Destination;
        public ParsedMountOptions Options;
        public uint Slot;
        public uint IdMapSlot;
        public MountFlags Copy;
        public CgroupMounts? Cgroup;
    }

    public Mounts(Compilation to)
    {
        _to = to;
        _mounts = to.Config.Mounts ?? [];
        if (ProcessSetup.NotifyMount(to.Options) is { } notify)
            _mounts = [.. _mounts, notify];
        _entries = new Entry[_mounts.Length];
        _labels = new MountLabels(to);
    }

    /// <summary>Something of the host is bound on /dev: nothing is made in it.</summary>
    public bool DevIsBind { get; private set; }

    /// <summary>A mount says its own propagation.</summary>
    public bool HasPropagation { get; private set; }

    /// <summary>Reads all mounts, and opens what they bind.</summary>
    public void CompileSources()
    {
        for (int i = 0; i < _mounts.Length; i++)
        {
            ref var entry = ref _entries[i];
            var mount = _mounts[i];
            entry.Destination = ContainerPath.Clean(mount.Destination);
            entry.Slot = entry.IdMapSlot = NoSlot;
            entry.Options = MountOptions.Parse(_to, i, mount.Options);
            HasPropagation |= entry.Options.Propagation != 0;
            OpenSource(i, mount, ref entry);
        }
    }

    /// <summary>Mounts all.</summary>
    public void Compile()
    {
        for (int i = 0; i < _mounts.Length; i++)
        {
            ref var entry = ref _entries[i];
            string path = Compilation.Path("mounts", i);
            if (RootFilesystem.IsDetached(_to) && (entry.Options.Remount || IsReadonlyLater(_mounts[i], in entry)))
                _to.Refuse(ConfigCodes.NamespaceMissing, path, "a remount and a read-only tmpfs need a mount namespace");
            else if (entry.Options.Remount)
                CompileRemount(path, in entry);
            else if (entry.Options.Bind)
                CompileBind(path, in entry);
            else if (entry.Cgroup is not null)
                entry.Cgroup.Compile();
            else
                CompileFilesystem(path, _mounts[i], in entry);
            if (IsReadonlyLater(_mounts[i], in entry))
                _readonlyLater.Add(i);
        }
    }

    /// <summary>Makes read-only what had to be writable until now.</summary>
    public void CompileReadonly()
    {
        foreach (int i in _readonlyLater)
        {
            _to.Add(Opcode.SetPathReadonly, new SetPathReadonly { Path = _to.Writer.String(_entries[i].Destination) },
                Compilation.Path("mounts", i, ".options"), "make read-only", _entries[i].Destination);
        }
    }

    private void OpenSource(int index, Mount mount, ref Entry entry)
    {
        if (entry.Options.Remount)
            return;
        string path = Compilation.Path("mounts", index, ".source");
        if (entry.Options.Bind)
        {
            string source = mount.Source ?? "";
            if (source.Length > 0 && source[0] != '/')
                source = string.Concat(_to.Options.Bundle, "/", source);
            DevIsBind |= entry.Destination is "/dev";
            var map = IdMapOf(index, in entry);
            entry.Copy = CopyOf(source, map, in entry.Options);
            var flags = entry.Options.CopySymlink ? OpenSourceFlags.NoFollow : OpenSourceFlags.None;
            if ((entry.Copy & MountFlags.CopySource) != MountFlags.None)
                flags |= OpenSourceFlags.Reference;
            entry.Slot = _to.AddSource(source, entry.Options.RecursiveBind, path, flags, map);
            return;
        }
        switch (mount.Type)
        {
            case "cgroup" or "cgroup2":
                entry.Cgroup = new CgroupMounts(_to, mount.Type, entry.Destination, in entry.Options, Compilation.Path("mounts", index));
                break;
            case "sysfs" when IsOfAnother(CloneFlags.NewNet):
                entry.Slot = _to.AddSource("/sys", recursive: true, path);
                break;
            // One that is joined by path is not the one that the host's /proc shows.
            case "proc" when !_to.Namespaces.Has(CloneFlags.NewPid) && IsOfAnother(CloneFlags.NewPid):
                entry.Slot = _to.AddSource("/proc", recursive: true, path);
                break;
            default:
                break;
        }
        if (IdMapOf(index, in entry) is { } idMap)
            entry.IdMapSlot = _to.AddUserNamespace(idMap, Compilation.Path("mounts", index));
    }

    /// <summary>
    /// When the mount is copied that a bind attaches: when it is attached, so that the kernel lists it where the config
    /// has it. But a copy has peers on the host only if it is made before the namespace is cut off; and one of a tree in
    /// which the container's own comes to lie is made before that does.
    /// </summary>
    private MountFlags CopyOf(string source, IdMap? idMap, in ParsedMountOptions options)
    {
        // Mapped, and what the runtime copied, for a user namespace that has no rights over the host's mounts.
        if (_to.SourcesFromRuntime || idMap is not null)
            return MountFlags.None;
        bool above = options.RecursiveBind && IsWithin(_to.Options.RootfsPath, ContainerPath.Clean(source));
        if (above || options.HasPeers(RootFilesystem.BindPropagation(_to.Config)))
            return MountFlags.CopyAgain;
        return options.RecursiveBind ? MountFlags.CopySource | MountFlags.CopyTree : MountFlags.CopySource;
    }

    private static bool IsWithin(string path, string directory) =>
        directory is "/" || (path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/'));

    /// <summary>
    /// procfs shows a pid namespace and sysfs a network namespace, and only the root of the user namespace that owns it
    /// may mount them.
    /// </summary>
    private bool IsOfAnother(ulong kind) =>
        (_to.Namespaces.Has(CloneFlags.NewUser) || _to.Facts.InUserNamespace) && !_to.Namespaces.IsNew(kind);

    /// <summary>
    /// What the ids of a mount are mapped by; null if they are not. Mappings alone ask for it too, of the mount without
    /// those below.
    /// </summary>
    private IdMap? IdMapOf(int index, in Entry entry)
    {
        var mount = _mounts[index];
        bool own = mount.UidMappings is { Length: > 0 };
        if (!own && !entry.Options.IdMap)
            return null;
        bool recursive = entry.Options.RecursiveIdMap;
        if (own)
            return new IdMap(mount.UidMappings!, mount.GidMappings ?? [], recursive);
        if (entry.Options.IdMapText is not { } text)
            return new IdMap(null, null, recursive);
        var map = IdMapOption.Parse(text, recursive, _to.Config.Linux, out string error);
        if (map is null)
            _to.Refuse(ConfigCodes.IdMappingInvalid, MountOptions.OptionPath(index, entry.Options.IdMapIndex), error);
        return map;
    }

    private void CompileFilesystem(string path, Mount mount, in Entry entry)
    {
        string type = mount.Type ?? "";
        var options = entry.Options;
        var flags = RootFilesystem.FlagsOfMounts(_to);
        uint slot = 0;
        if (type is "proc" or "sysfs")
            flags |= MountFlags.NoSymlinks;
        if (type is "tmpfs" && !options.HasMode)
            flags |= MountFlags.KeepMode;
        if (options.CopyUp)
            flags |= options.HasOwner ? MountFlags.CopyUp : MountFlags.CopyUp | MountFlags.KeepOwner;
        if (entry.Slot != NoSlot)
        {
            flags |= MountFlags.FallbackToBind;
            slot = entry.Slot;
        }
        if (entry.IdMapSlot != NoSlot)
            flags |= MountFlags.IdMap;
        if (options.RecursivePropagation)
            flags |= MountFlags.RecursivePropagation;
        // Nothing is mounted below yet, so what is said of all mounts is said of this one.
        ulong attributes = (options.RecursiveSet & ~options.Clear) | options.Set;
        if (IsReadonlyLater(mount, in entry))
            attributes &= ~MountAttr.ReadOnly;
        _labels.AddTo(type, ref options.Parameters);
        var parameters = new MountData(_to.Writer, type, mount.Source, options.Parameters, (attributes & MountAttr.ReadOnly) != 0);
        _to.Add(Opcode.MountFilesystem, new MountFilesystem
        {
            Destination = _to.Writer.String(entry.Destination),
            Type = _to.Writer.String(type),
            Source = _to.Writer.String(string.IsNullOrEmpty(mount.Source) ? null : mount.Source),
            Options = parameters.Options,
            Data = parameters.Data,
            DataFlags = parameters.Flags,
            RootLabel = _to.Writer.String(_labels.OfRoot(type)),
            Attributes = attributes,
            Propagation = options.Propagation,
            EarlierPropagation = options.WriteEarlier(_to.Writer),
            Flags = flags,
            FallbackSlot = slot,
            IdMapSlot = entry.IdMapSlot == NoSlot ? 0 : entry.IdMapSlot,
        }, path, string.Concat("mount ", type, " on"), entry.Destination);
    }

    private void CompileBind(string path, in Entry entry)
    {
        var options = entry.Options;
        var flags = RootFilesystem.FlagsOfMounts(_to) | entry.Copy;
        if (entry.Destination is "/proc")
            flags |= MountFlags.NoSymlinks | MountFlags.MustBeProcfs;
        if ((options.RecursiveSet | options.RecursiveClear) != 0)
            flags |= MountFlags.RecursiveAttributes;
        if (options.CopySymlink)
            flags |= MountFlags.CopySymlink;
        // Engines write rw into every bind. It takes back an ro before it, but never that of the host's own mount.
        if ((options.RecursiveSet & MountAttr.ReadOnly) == 0)
            options.Clear &= ~MountAttr.ReadOnly;
        options.SetPropagationOfBind(RootFilesystem.BindPropagation(_to.Config));
        if (options.RecursivePropagation)
            flags |= MountFlags.RecursivePropagation;
        _to.Add(Opcode.MountBind, new MountBind
        {
            Destination = _to.Writer.String(entry.Destination),
            Set = options.Set,
            Clear = options.Clear,
            RecursiveSet = options.RecursiveSet,
            RecursiveClear = options.RecursiveClear,
            Propagation = options.Propagation,
            EarlierPropagation = options.WriteEarlier(_to.Writer),
            Slot = entry.Slot,
            Flags = flags,
        }, path, "bind on", entry.Destination);
    }

    private void CompileRemount(string path, in Entry entry)
    {
        var options = entry.Options;
        var flags = MountFlags.None;
        if (options.RecursivePropagation)
            flags |= MountFlags.RecursivePropagation;
        if ((options.RecursiveSet | options.RecursiveClear) != 0)
            flags |= MountFlags.RecursiveAttributes;
        _to.Add(Opcode.Remount, new Remount
        {
            Destination = _to.Writer.String(entry.Destination),
            Options = MountOptions.Write(_to.Writer, options.Parameters),
            Set = options.Set,
            Clear = options.Clear,
            RecursiveSet = options.RecursiveSet,
            RecursiveClear = options.RecursiveClear,
            Propagation = options.Propagation,
            EarlierPropagation = options.WriteEarlier(_to.Writer),
            Flags = flags,
        }, path, "remount", entry.Destination);
    }

    /// <summary>A tmpfs is filled first: with device nodes, mount points, by hooks.</summary>
    private static bool IsReadonlyLater(Mount mount, in Entry entry) =>
        entry.Options is { Bind: false, Remount: false } && mount.Type is "tmpfs"
        && ((entry.Options.Set | (entry.Options.RecursiveSet & ~entry.Options.Clear)) & MountAttr.ReadOnly) != 0;
}
