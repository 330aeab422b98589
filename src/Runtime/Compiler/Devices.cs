using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The default devices (config-linux.md#default-devices), those of <c>linux.devices</c>, and the links in /dev. In a
/// user namespace nodes can't be made: the host's are bound. Nothing is made in a /dev that the host's is bound on.
/// </summary>
internal sealed class Devices
{
    private const uint DefaultMode = 0x1B6; // rw-rw-rw-, octal 0666

    private static readonly Device[] s_defaults =
    [
        Default("/dev/null", 1, 3), Default("/dev/zero", 1, 5), Default("/dev/full", 1, 7),
        Default("/dev/random", 1, 8), Default("/dev/urandom", 1, 9), Default("/dev/tty", 5, 0),
    ];

    private static readonly (string Path, string Target)[] s_links =
    [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"), ("/dev/core", "/proc/kcore"),
    ];

    private readonly Compilation _to;
    private readonly bool _withDefaults;
    private readonly bool _bind;
    private readonly Device[] _devices;
    private readonly uint[] _slots;

    public Devices(Compilation to, Mounts mounts)
    {
        _to = to;
        _withDefaults = !mounts.DevIsBind && !RootFilesystem.IsLeftAsItIs(to);
        _bind = to.Namespaces.Has(CloneFlags.NewUser) || to.Facts.InUserNamespace;
        _devices = to.Config.Linux?.Devices ?? [];
        _slots = _bind ? new uint[s_defaults.Length + _devices.Length] : [];
    }

    /// <summary>In a user namespace: opens the host's nodes.</summary>
    public void CompileSources()
    {
        if (!_bind)
            return;
        if (_withDefaults)
        {
            for (int i = 0; i < s_defaults.Length; i++)
            {
                if (!IsOverridden(s_defaults[i].Path))
                    _slots[i] = _to.AddSource(s_defaults[i].Path, recursive: false, "");
            }
        }
        for (int i = 0; i < _devices.Length; i++)
        {
            if (_devices[i].Type != DeviceType.Fifo)
                _slots[s_defaults.Length + i] = _to.AddSource(_devices[i].Path, recursive: false, Path(i));
        }
    }

    public void Compile()
    {
        if (_withDefaults)
        {
            for (int i = 0; i < s_defaults.Length; i++)
            {
                if (!IsOverridden(s_defaults[i].Path))
                    Compile(s_defaults[i], i, "");
            }
        }
        for (int i = 0; i < _devices.Length; i++)
        {
            Compile(_devices[i], s_defaults.Length + i, Path(i));
        }
        if (_withDefaults)
            CompileLinks();
    }

    private void Compile(Device device, int index, string jsonPath)
    {
        string path = ContainerPath.Clean(device.Path);
        if (_bind && device.Type != DeviceType.Fifo)
        {
            _to.Add(Opcode.MountBind, new MountBind
            {
                Destination = _to.Writer.String(path),
                Propagation = RootFilesystem.BindPropagation(_to.Config),
                Slot = _slots[index],
                Flags = RootFilesystem.FlagsOfMounts(_to) | MountFlags.RecursivePropagation,
                DeviceType = Kind(device.Type),
                DeviceMajor = (uint)(device.Major ?? 0),
                DeviceMinor = (uint)(device.Minor ?? 0),
            }, jsonPath, "bind the device on", path);
            return;
        }
        _to.Add(Opcode.MakeDevice, new MakeDevice
        {
            Path = _to.Writer.String(path),
            Mode = Kind(device.Type) | (device.FileMode ?? DefaultMode),
            Uid = device.Uid ?? 0,
            Gid = device.Gid ?? 0,
            Major = (uint)(device.Major ?? 0),
            Minor = (uint)(device.Minor ?? 0),
            BindIfRefused = device.Type == DeviceType.Fifo ? 0u : 1,
        }, jsonPath, "make the device", path);
    }

    private void CompileLinks()
    {
        foreach (var (path, target) in s_links)
        {
            // What an image or a volume brings in their place stays, as with runc: it is the container's own affair.
            Link(path, target, MakeSymlinkFlags.IfTargetExists | MakeSymlinkFlags.KeepExisting);
        }
        // An image's own node would be the host's multiplexer.
        Link("/dev/ptmx", "pts/ptmx", MakeSymlinkFlags.Replace);
    }

    private void Link(string path, string target, MakeSymlinkFlags flags) =>
        _to.Add(Opcode.MakeSymlink, new MakeSymlink
        {
            Path = _to.Writer.String(path),
            Target = _to.Writer.String(target),
            Flags = flags,
        }, "", "make the link", path);

    private bool IsOverridden(string path)
    {
        foreach (var device in _devices)
        {
            if (string.Equals(ContainerPath.Clean(device.Path), path, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    private static uint Kind(DeviceType type) => type switch
    {
        DeviceType.Block => Mode.Block,
        DeviceType.Fifo => Mode.Fifo,
        _ => Mode.Character,
    };

    private static Device Default(string path, long major, long minor) =>
        new() { Type = DeviceType.Character, Path = path, Major = major, Minor = minor };

    private static string Path(int index) => Compilation.Path("linux.devices", index);
}
