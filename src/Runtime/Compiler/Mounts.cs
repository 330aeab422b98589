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
    private readonly List<int> _readonlyLater = [];

    private struct Entry
    {
        public string Destination;
        public ParsedMountOptions Options;
        public uint Slot;
        public CgroupMounts? Cgroup;
    }

    public Mounts(Compilation to)
    {
        _to = to;
        _mounts = to.Config.Mounts ?? [];
        if (ProcessSetup.NotifyMount(to.Options) is { } notify)
            _mounts = [.. _mounts, notify];
        _entries = new Entry[_mounts.Length];
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
            entry.Slot = NoSlot;
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
            if (entry.Options.Remount)
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
            entry.Slot = _to.AddSource(source, entry.Options.RecursiveBind, path);
            return;
        }
        switch (mount.Type)
        {
            case "cgroup" or "cgroup2":
                entry.Cgroup = new CgroupMounts(_to, mount.Type, entry.Destination, in entry.Options, Compilation.Path("mounts", index));
                break;
            case "sysfs" when NeedsHostSysfs():
                entry.Slot = _to.AddSource("/sys", recursive: true, path);
                break;
            default:
                break;
        }
    }

    /// <summary>sysfs shows a network namespace, and only the root of the user namespace that owns it may mount it.</summary>
    private bool NeedsHostSysfs() => (_to.Namespaces.Has(CloneFlags.NewUser) || _to.Facts.InUserNamespace)
        && !_to.Namespaces.IsNew(CloneFlags.NewNet);

    private void CompileFilesystem(string path, Mount mount, in Entry entry)
    {
        string type = mount.Type ?? "";
        var flags = MountFlags.None;
        uint slot = 0;
        if (type is "proc" or "sysfs")
            flags |= MountFlags.NoSymlinks;
        if (type is "tmpfs" && !entry.Options.HasMode)
            flags |= MountFlags.KeepMode;
        if (entry.Slot != NoSlot)
        {
            flags |= MountFlags.FallbackToBind;
            slot = entry.Slot;
        }
        if (entry.Options.RecursivePropagation)
            flags |= MountFlags.RecursivePropagation;
        // Nothing is mounted below yet, so what is said of all mounts is said of this one.
        ulong attributes = (entry.Options.RecursiveSet & ~entry.Options.Clear) | entry.Options.Set;
        if (IsReadonlyLater(mount, in entry))
            attributes &= ~MountAttr.ReadOnly;
        _to.Add(Opcode.MountFilesystem, new MountFilesystem
        {
            Destination = _to.Writer.String(entry.Destination),
            Type = _to.Writer.String(type),
            Source = _to.Writer.String(string.IsNullOrEmpty(mount.Source) ? null : mount.Source),
            Options = entry.Options.Parameters,
            Attributes = attributes,
            Propagation = entry.Options.Propagation,
            Flags = flags,
            FallbackSlot = slot,
        }, path, string.Concat("mount ", type, " on"), entry.Destination);
    }

    private void CompileBind(string path, in Entry entry)
    {
        var options = entry.Options;
        var flags = entry.Destination is "/proc" ? MountFlags.NoSymlinks | MountFlags.MustBeProcfs : MountFlags.None;
        if ((options.RecursiveSet | options.RecursiveClear) != 0)
            flags |= MountFlags.RecursiveAttributes;
        // Engines write rw into every bind. It takes back an ro before it, but never that of the host's own mount.
        if ((options.RecursiveSet & MountAttr.ReadOnly) == 0)
            options.Clear &= ~MountAttr.ReadOnly;
        if (options.Propagation == 0)
        {
            options.Propagation = RootFilesystem.BindPropagation(_to.Config);
            options.RecursivePropagation = true;
        }
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
        _to.Add(Opcode.Remount, new Remount
        {
            Destination = _to.Writer.String(entry.Destination),
            Options = options.Parameters,
            Set = options.Set,
            Clear = options.Clear,
            Propagation = options.Propagation,
            Flags = flags,
        }, path, "remount", entry.Destination);
    }

    /// <summary>A tmpfs is filled first: with device nodes, mount points, by hooks.</summary>
    private static bool IsReadonlyLater(Mount mount, in Entry entry) =>
        entry.Options is { Bind: false, Remount: false } && mount.Type is "tmpfs"
        && ((entry.Options.Set | (entry.Options.RecursiveSet & ~entry.Options.Clear)) & MountAttr.ReadOnly) != 0;
}
