using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// <c>linux.netDevices</c> (config-linux.md#network-devices): moves devices of the host's into the container's network
/// namespace, with the addresses that somebody gave them for good, and brings them up there. All or none: what was moved
/// goes back when create fails. A container that is deleted gives nothing back; the kernel does, with physical ones.
/// </summary>
internal sealed class NetDevices(Dictionary<string, NetDevice> devices, string configName) : IDisposable
{
    private const uint Permanent = 0x80;
    private const byte GlobalScope = 0;

    private readonly List<Moved> _moved = [];
    private RouteSocket? _host;
    private RouteSocket? _container;

    /// <summary>A device that was moved.</summary>
    private sealed class Moved(NetLink before, List<NetAddress> addresses, HashSet<int> known)
    {
        public NetLink Before { get; } = before;

        public List<NetAddress> Addresses { get; } = addresses;

        /// <summary>The container's devices before it came.</summary>
        public HashSet<int> Known { get; } = known;
    }

    /// <summary>What a config asks for; null if that is nothing. Devices that the host has not are an error, before anything is made.</summary>
    public static NetDevices? Prepare(Config config, string configName)
    {
        if (config.Linux?.NetDevices is not { Count: > 0 } devices)
            return null;
        using var host = RouteSocket.Open();
        foreach (string name in devices.Keys)
        {
            if (host.Find(name) is null)
            {
                throw new CsrunException(
                    ErrorCodes.NetDeviceMissing, "cannot find network device", name, Errno.ENODEV, Where(configName, name));
            }
        }
        return new NetDevices(devices, configName);
    }

    /// <summary>Moves all of them.</summary>
    /// <param name="socket">An rtnetlink socket of the container's namespace; it is owned from here on.</param>
    /// <param name="pid">A process in it.</param>
    public void Move(Fd socket, int pid)
    {
        _container = new RouteSocket(socket);
        _host = RouteSocket.Open();
        foreach (var (name, device) in devices)
        {
            try
            {
                MoveOne(_host, _container, name, device.Name ?? name, pid);
            }
            catch (LinuxException e)
            {
                throw ErrorText.FromLinux(e, ErrorCodes.NetDeviceFailed, Where(configName, name));
            }
        }
    }

    /// <summary>Brings back what was moved, as it was: for a create that failed, whose namespace would take it along.</summary>
    public void PutBack()
    {
        for (int i = _moved.Count - 1; i >= 0; i--)
        {
            try
            {
                PutBack(_host!, _container!, _moved[i]);
            }
            catch (LinuxException e)
            {
                Log.Warning(ErrorText.FromLinux(e, ErrorCodes.NetDeviceFailed, Where(configName, _moved[i].Before.Name)).Message);
            }
        }
        _moved.Clear();
    }

    public void Dispose()
    {
        _host?.Dispose();
        _container?.Dispose();
    }

    private void MoveOne(RouteSocket host, RouteSocket container, string name, string target, int pid)
    {
        var link = host.Find(name) ?? throw new LinuxException("find network device", name, Errno.ENODEV);
        // The kernel would find out after it has moved it.
        bool numbered = target.Contains('%', StringComparison.Ordinal);
        if (!numbered && container.Find(target) is not null)
            throw new LinuxException("move network device", name + " to the container's name " + target, Errno.EEXIST);

        var known = new HashSet<int>();
        foreach (var there in container.Links())
            known.Add(there.Index);
        var addresses = host.Addresses(link.Index).FindAll(static address =>
            address.Scope == GlobalScope && (address.Flags & Permanent) != 0);
        var moved = new Moved(link, addresses, known);
        _moved.Add(moved);
        host.Move(link, target, pid);
        var inside = FindNew(container, moved) ?? throw new LinuxException("find network device in the container", name, Errno.ENODEV);
        foreach (var address in addresses)
            container.Add(inside, address, link.Name);
        container.BringUp(inside);
    }

    private static void PutBack(RouteSocket host, RouteSocket container, Moved moved)
    {
        if (FindNew(container, moved) is not { } inside)
            return;
        container.Move(inside, moved.Before.Name, Syscalls.GetPid());
        var back = host.Find(moved.Before.Name) ?? throw new LinuxException("find network device", moved.Before.Name, Errno.ENODEV);
        foreach (var address in moved.Addresses)
            host.Add(back, address, moved.Before.Name);
        if (moved.Before.IsUp)
            host.BringUp(back);
    }

    /// <summary>Its number and its name may be others there.</summary>
    private static NetLink? FindNew(RouteSocket container, Moved moved)
    {
        foreach (var link in container.Links())
        {
            if (!moved.Known.Contains(link.Index))
                return link;
        }
        return null;
    }

    private static string Where(string configName, string device) => string.Concat(configName, ": ", Show.Join("linux.netDevices", device));
}
