using System;
using Csrun.Linux;

namespace Csrun.Cgroups.Systemd;

/// <summary>Where the buses are: D-Bus specification, "Server Addresses"; a path of a socket.</summary>
internal static class BusAddress
{
    /// <summary>The bus of the system's manager.</summary>
    public static string System() =>
        FromList(Environment.GetEnvironmentVariable("DBUS_SYSTEM_BUS_ADDRESS")) ?? "/run/dbus/system_bus_socket";

    /// <summary>The bus of the user's manager.</summary>
    public static string User()
    {
        if (FromList(Environment.GetEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS")) is { } address)
        {
            return address;
        }
        string? directory = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return (string.IsNullOrEmpty(directory) ? "/run/user/" + OwnUser() : directory) + "/bus";
    }

    /// <summary>The first path in a list of addresses like "unix:path=/run/bus,guid=00;unix:abstract=x".</summary>
    public static string? FromList(string? list)
    {
        foreach (string address in (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!address.StartsWith("unix:", StringComparison.Ordinal))
            {
                continue;
            }
            foreach (string pair in address["unix:".Length..].Split(','))
            {
                if (pair.StartsWith("path=", StringComparison.Ordinal))
                {
                    return Uri.UnescapeDataString(pair["path=".Length..]);
                }
            }
        }
        return null;
    }

    /// <summary>Our user as the host has him: root of a user namespace is somebody else there.</summary>
    private static string OwnUser()
    {
        uint own = Syscalls.GetEffectiveUid();
        foreach (string line in (Files.TryReadText(At.Cwd, "/proc/self/uid_map", 65536) ?? "").Split('\n'))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 3 && uint.TryParse(fields[0], out uint inside) && uint.TryParse(fields[1], out uint outside)
                && uint.TryParse(fields[2], out uint count) && own >= inside && own - inside < count)
            {
                return FormattableString.Invariant($"{outside + (own - inside)}");
            }
        }
        return FormattableString.Invariant($"{own}");
    }
}
