using System;
using Csrun.Linux;
using Csrun.Plan;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// A mount of type <c>cgroup</c> or <c>cgroup2</c>: the container's cgroups as the host has them, as engines expect
/// whatever the version. On v2 the file system itself. On v1 a tmpfs with a directory for every hierarchy, and links
/// for controllers that share one (cpu and cpuacct): a mount each where the container has a cgroup namespace, whose
/// root it then is; else a bind of the container's own cgroup.
/// </summary>
internal sealed class CgroupMounts
{
    // Nothing in them is to be executed, whatever the config says.
    private const ulong Always = MountAttr.NoSuid | MountAttr.NoDev | MountAttr.NoExec;

    private readonly Compilation _to;
    private readonly string _destination;
    private readonly ParsedMountOptions _options;
    private readonly string _path;
    private readonly bool _v2;
    private readonly bool _ownNamespace;

    /// <summary>By hierarchy of the facts; uint.MaxValue for none.</summary>
    private readonly uint[] _slots;

    /// <summary>Opens what has to be bound.</summary>
    public CgroupMounts(Compilation to, string type, string destination, in ParsedMountOptions options, string path)
    {
        _to = to;
        _destination = destination;
        _options = options;
        _path = path;
        _ownNamespace = to.Namespaces.Has(CloneFlags.NewCgroup);
        _slots = new uint[to.Facts.Cgroups.Count];
        Array.Fill(_slots, uint.MaxValue);
        int hierarchies = 0;
        int unified = -1;
        for (int i = 0; i < _slots.Length; i++)
        {
            if (to.Facts.Cgroups[i].Unified)
                unified = i;
            else
                hierarchies++;
        }
        _v2 = hierarchies == 0 || type is "cgroup2";
        if (_v2)
            OpenV2(unified);
        else
            OpenV1();
    }

    public void Compile()
    {
        if (_v2)
            CompileV2();
        else
            CompileV1();
    }

    private void OpenV2(int unified)
    {
        if (unified < 0)
        {
            if (_slots.Length == 0)
                _to.Warn(string.Concat(_path, ": no cgroup file system is mounted on this host: left out"));
            return;
        }
        // Root of a user namespace whose cgroup namespace is not its own may not mount it, nor may anyone where the
        // host's mounts hide parts of it.
        if (!_to.Namespaces.Has(CloneFlags.NewUser) && !_to.Facts.InUserNamespace)
            return;
        var fact = _to.Facts.Cgroups[unified];
        _slots[unified] = _to.AddSource(_ownNamespace ? fact.ContainerPath : fact.MountPoint, recursive: true, _path);
    }

    private void OpenV1()
    {
        if (_ownNamespace)
            return;
        for (int i = 0; i < _slots.Length; i++)
        {
            if (!_to.Facts.Cgroups[i].Unified)
                _slots[i] = _to.AddSource(_to.Facts.Cgroups[i].ContainerPath, recursive: false, _path);
        }
    }

    private void CompileV2()
    {
        if (_slots.Length == 0)
            return;
        var flags = Flags;
        uint slot = 0;
        foreach (uint opened in _slots)
        {
            if (opened == uint.MaxValue)
                continue;
            flags |= MountFlags.FallbackToBind;
            slot = opened;
        }
        _to.Add(Opcode.MountFilesystem, new MountFilesystem
        {
            Destination = _to.Writer.String(_destination),
            Type = _to.Writer.String("cgroup2"),
            Source = _to.Writer.String("cgroup"),
            Options = MountOptions.Write(_to.Writer, _options.Parameters),
            Attributes = Attributes,
            Propagation = _options.Propagation,
            EarlierPropagation = _options.WriteEarlier(_to.Writer),
            Flags = flags,
            FallbackSlot = slot,
        }, _path, "mount cgroup2 on", _destination);
    }

    private void CompileV1()
    {
        ReadOnlySpan<PlanPair> mode = [new PlanPair { Key = _to.Writer.String("mode"), Value = _to.Writer.String("755") }];
        _to.Add(Opcode.MountFilesystem, new MountFilesystem
        {
            Destination = _to.Writer.String(_destination),
            Type = _to.Writer.String("tmpfs"),
            Source = _to.Writer.String("tmpfs"),
            Options = _to.Writer.Array(mode),
            Attributes = Attributes & ~MountAttr.ReadOnly,
            Propagation = _options.Propagation,
            EarlierPropagation = _options.WriteEarlier(_to.Writer),
            Flags = Flags,
        }, _path, "mount tmpfs on", _destination);
        for (int i = 0; i < _slots.Length; i++)
        {
            var fact = _to.Facts.Cgroups[i];
            if (!fact.Unified)
                CompileHierarchy(fact, _slots[i]);
        }
        if ((Attributes & MountAttr.ReadOnly) == 0)
            return;
        var path = _to.Writer.String(_destination);
        // All in it is read-only too, so a copy that is so recursively is the same.
        if (RootFilesystem.IsDetached(_to))
            _to.Add(Opcode.ReadonlyPath, new ReadonlyPath { Path = path }, _path, "make read-only", _destination);
        else
            _to.Add(Opcode.SetPathReadonly, new SetPathReadonly { Path = path }, _path, "make read-only", _destination);
    }

    private void CompileHierarchy(CgroupFact fact, uint slot)
    {
        string name = fact.MountPoint[(fact.MountPoint.LastIndexOf('/') + 1)..];
        string destination = string.Concat(_destination, "/", name);
        if (slot == uint.MaxValue)
        {
            var controllers = new PlanPair[fact.Controllers.Length];
            for (int i = 0; i < controllers.Length; i++)
                controllers[i] = Controller(fact.Controllers[i]);
            _to.Add(Opcode.MountFilesystem, new MountFilesystem
            {
                Destination = _to.Writer.String(destination),
                Type = _to.Writer.String("cgroup"),
                Source = _to.Writer.String("cgroup"),
                Options = _to.Writer.Array<PlanPair>(controllers),
                Attributes = Attributes,
            }, _path, "mount cgroup on", destination);
        }
        else
        {
            _to.Add(Opcode.MountBind, new MountBind
            {
                Destination = _to.Writer.String(destination),
                Set = Attributes,
                Propagation = RootFilesystem.BindPropagation(_to.Config),
                Slot = slot,
                Flags = RootFilesystem.FlagsOfMounts(_to) | MountFlags.RecursivePropagation,
            }, _path, "bind the cgroup on", destination);
        }
        foreach (string controller in fact.Controllers)
        {
            if (string.Equals(controller, name, StringComparison.Ordinal) || controller.StartsWith("name=", StringComparison.Ordinal))
                continue;
            string link = string.Concat(_destination, "/", controller);
            _to.Add(Opcode.MakeSymlink, new MakeSymlink { Path = _to.Writer.String(link), Target = _to.Writer.String(name) },
                _path, "make the link", link);
        }
    }

    /// <summary>"cpu" is a flag, "name=systemd" a parameter with a value.</summary>
    private PlanPair Controller(string controller)
    {
        int equals = controller.IndexOf('=');
        return equals < 0
            ? new PlanPair { Key = _to.Writer.String(controller) }
            : new PlanPair { Key = _to.Writer.String(controller[..equals]), Value = _to.Writer.String(controller[(equals + 1)..]) };
    }

    private MountFlags Flags =>
        RootFilesystem.FlagsOfMounts(_to) | (_options.RecursivePropagation ? MountFlags.RecursivePropagation : MountFlags.None);

    private ulong Attributes => Always | (_options.RecursiveSet & ~_options.Clear) | _options.Set;
}
