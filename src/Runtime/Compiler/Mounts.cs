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

    /// <summary>Checks all mounts, and opens what they bind.</summary>
    public void CompileSources()
    {
        for (int i = 0; i < _mounts.Length; i++)
        {
            ref var entry = ref _entries[i];
            var mount = _mounts[i];
            entry.Destination = ContainerPath.Clean(mount.Destination);
            entry.Slot = NoSlot;
            entry.Options = MountOptions.Parse(_to, i, mount.Options);
            // No file system has this name: whoever writes the type bind means the option.
            entry.Options.Bind |= mount.Type is "bind" or "rbind" && !entry.Options.Remount;
            entry.Options.RecursiveBind |= mount.Type is "rbind";
            HasPropagation |= entry.Options.Propagation != 0;
            if (mount.Destination.Length == 0 || mount.Destination[0] != '/')
                _to.Warn(string.Concat(Compilation.Path("mounts", i, ".destination: "), "a relative path is deprecated; taken from /"));
            CheckDestination(i, mount, in entry);
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
            if (string.IsNullOrEmpty(mount.Source))
            {
                _to.Refuse(ErrorCodes.MountSourceMissing, path, "a bind mount needs a source");
                return;
            }
            string source = mount.Source[0] == '/' ? mount.Source : string.Concat(_to.Options.Bundle, "/", mount.Source);
            DevIsBind |= entry.Destination is "/dev";
            entry.Slot = _to.AddSource(source, entry.Options.RecursiveBind, path);
            return;
        }
        switch (mount.Type)
        {
            case null or "":
                _to.Refuse(ConfigCodes.MountTypeMissing, Compilation.Path("mounts", index), "has neither a type nor the option bind or rbind");
                break;
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
        string type = mount.Type!;
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
        var flags = MountFlags.None;
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
            Slot = entry.Slot == NoSlot ? 0 : entry.Slot,
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

    private void CheckDestination(int index, Mount mount, in Entry entry)
    {
        string destination = entry.Destination;
        if (destination is "/" && !entry.Options.Remount)
            _to.Refuse(ErrorCodes.MountForbidden, Compilation.Path("mounts", index, ".destination"), "is the root itself");
        if (!destination.StartsWith("/proc", StringComparison.Ordinal))
            return;
        bool allowed = true;
        if (destination is "/proc")
        {
            allowed = entry.Options.Remount
                || (entry.Options.Bind ? IsProcfs(mount.Source) : mount.Type is "proc");
        }
        else if (destination[5] == '/')
        {
            allowed = entry.Options.Remount || IsReplaceable(destination.AsSpan(6));
        }
        if (!allowed)
        {
            _to.Refuse(ErrorCodes.MountForbidden, Compilation.Path("mounts", index, ".destination"),
                destination is "/proc" ? "only procfs may be mounted on /proc" : string.Concat(destination, " is inside /proc"));
        }
    }

    private static bool IsProcfs(string? source)
    {
        if (source is null)
            return false;
        string clean = ContainerPath.Clean(source);
        return source.StartsWith('/') && (clean is "/proc" || ContainerPath.IsBelow(clean, "/proc"));
    }

    /// <summary>The files that lxcfs and the like replace; runc has the same list.</summary>
    private static bool IsReplaceable(ReadOnlySpan<char> file) => file is "cpuinfo" or "diskstats" or "meminfo" or "stat"
        or "swaps" or "uptime" or "loadavg" or "slabinfo" or "net/dev" or "sys/kernel/ns_last_pid" or "sys/crypto/fips_enabled";
}
