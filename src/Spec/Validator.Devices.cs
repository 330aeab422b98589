using System;
using System.Collections.Generic;
using System.Text;

namespace Csrun.Spec;

public static partial class Validator
{
    private static void ValidateDevices(LinuxSection linux, Findings found)
    {
        for (int i = 0; i < linux.Devices?.Length; i++)
        {
            Device device = linux.Devices[i];
            Place at = Place.Item("linux.devices", i);
            DevicePathIsAbsolute(device, at, found);
            DeviceHasNumbers(device, at, found);
            DeviceModeIsPermissions(device, at, found);
            MustBeAnId(at + "uid", device.Uid, found);
            MustBeAnId(at + "gid", device.Gid, found);
        }
        if (linux.Devices?.Length > 1)
            DevicesAreUnique(linux.Devices, found);
    }

    /// <summary>config-linux.md#devices: the full path.</summary>
    private static void DevicePathIsAbsolute(Device device, Place at, Findings found) => MustBeAbsolute(at + "path", device.Path, found);

    /// <summary>config-linux.md#devices: required unless it is a fifo; 12 and 20 bits in Linux.</summary>
    private static void DeviceHasNumbers(Device device, Place at, Findings found)
    {
        if (device.Type == DeviceType.Fifo)
            return;
        if (device.Major is null)
            found.Error(ConfigCodes.Missing, at + "major", "is required unless the type is p");
        if (device.Minor is null)
            found.Error(ConfigCodes.Missing, at + "minor", "is required unless the type is p");
        MustBeWithin(0, (1 << 12) - 1, at + "major", device.Major, found);
        MustBeWithin(0, (1 << 20) - 1, at + "minor", device.Minor, found);
    }

    /// <summary>
    /// schema/defs-linux.json, FileMode. Podman and containerd write st_mode as stat(2) gave it (`--device`,
    /// `--privileged`), so the bits of the device's own type may be there too.
    /// </summary>
    private static void DeviceModeIsPermissions(Device device, Place at, Findings found)
    {
        const uint typeMask = 0xF000;
        if ((device.FileMode & typeMask) != TypeBits(device.Type) || (device.FileMode & ~typeMask) > 511)
            MustBeWithin(0, 511, at + "fileMode", device.FileMode, found);
    }

    /// <summary>The type as in st_mode, inode(7).</summary>
    private static uint TypeBits(DeviceType type) => type switch
    {
        DeviceType.Fifo => 0x1000,
        DeviceType.Block => 0x6000,
        _ => 0x2000,
    };

    /// <summary>config-linux.md#devices: one path cannot be two devices; one device twice is merely odd.</summary>
    private static void DevicesAreUnique(Device[] devices, Findings found)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(bool Block, long? Major, long? Minor)>();
        for (int i = 0; i < devices.Length; i++)
        {
            Device device = devices[i];
            if (!paths.Add(ContainerPath.Clean(device.Path)))
                found.Error(ConfigCodes.DuplicateEntry, Place.Item("linux.devices", i) + "path", $"{Show.Quoted(device.Path)} is there already");
            else if (device.Type != DeviceType.Fifo && !numbers.Add((device.Type == DeviceType.Block, device.Major, device.Minor)))
                found.Warn(ConfigCodes.DeviceRepeated, Place.Item("linux.devices", i), "is a device that is there already");
        }
    }

    private static void ValidateNetDevices(Dictionary<string, NetDevice> devices, LinuxSection linux, Findings found)
    {
        Need(NamespaceType.Network, "linux.netDevices", linux, found);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string host, NetDevice device) in devices)
        {
            string at = Show.Join("linux.netDevices", host);
            NetDeviceNameIsValid(host, at, found);
            if (device.Name is { } name)
                NetDeviceNameIsValid(name, at + ".name", found);
            NetDeviceNameIsUnique(device.Name ?? host, names, device.Name is null ? at : at + ".name", found);
        }
    }

    /// <summary>dev_valid_name() of the kernel; <c>lo</c> can be neither moved nor made twice.</summary>
    private static void NetDeviceNameIsValid(string name, Place path, Findings found)
    {
        int percent = name.IndexOf('%', StringComparison.Ordinal);
        bool numbered = percent < 0 || (percent == name.LastIndexOf('%') && name.AsSpan(percent).StartsWith("%d"));
        if (name is "" or "." or ".." or "lo" || Encoding.UTF8.GetByteCount(name) > 15 || !numbered
            || name.AsSpan().ContainsAny("/: \t\n\v\f\r"))
            found.Error(ConfigCodes.NetDeviceNameInvalid, path, $"{Show.Quoted(name)} cannot be the name of a network device");
    }

    /// <summary>config-linux.md#network-devices: a name that the container has already; <c>%d</c> is numbered by the kernel.</summary>
    private static void NetDeviceNameIsUnique(string name, HashSet<string> names, Place path, Findings found)
    {
        if (!name.Contains('%', StringComparison.Ordinal) && !names.Add(name))
            found.Error(ConfigCodes.DuplicateEntry, path, $"{Show.Quoted(name)} is the name of another device in the container");
    }
}
