using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Csrun.Linux;

/// <summary>A network device, as <c>ip link</c> shows it.</summary>
/// <param name="Index">Its number in its network namespace.</param>
/// <param name="Name">Its name there.</param>
/// <param name="IsUp">IFF_UP.</param>
public sealed record NetLink(int Index, string Name, bool IsUp);

/// <summary>An address of a network device, as the kernel told it: what <see cref="RouteSocket.Add"/> gives to another.</summary>
/// <param name="Family">AF_INET or AF_INET6.</param>
/// <param name="PrefixLength">Bits of the network.</param>
/// <param name="Scope">RT_SCOPE_*: 0 for a global one.</param>
/// <param name="Flags">IFA_F_*.</param>
/// <param name="Attributes">IFA_* with their bytes.</param>
public sealed record NetAddress(
    byte Family, byte PrefixLength, byte Scope, uint Flags, IReadOnlyList<(ushort Type, byte[] Value)> Attributes);

/// <summary>
/// rtnetlink(7), as far as moving network devices needs it. Each request waits for the kernel's answer. Messages are
/// sent with the kernel's address: then it asks for the rights of who sends alone, not also of who made the socket
/// (netlink_ns_capable), which may be root of the container only.
/// </summary>
public sealed class RouteSocket : IDisposable
{
    private const ushort NewLink = 16, GetLink = 18, SetLink = 19, NewAddress = 20, GetAddress = 22;
    private const ushort Ack = 4, Exclusive = 0x200, Create = 0x400, Dump = 0x300;
    private const ushort ErrorMessage = 2, DoneMessage = 3;
    private const int HeaderLength = 16, LinkLength = 16, AddressLength = 8;
    private const ushort LinkName = 3, LinkNamespaceOfPid = 19, LinkAltName = 53;
    private const uint InterfaceUp = 1;
    private const ushort AddressLabel = 3, AddressCacheInfo = 6, AddressFlags = 8;

    private readonly Fd _socket;
    private readonly byte[] _buffer = new byte[64 << 10];
    private uint _sequence;

    /// <param name="socket">An AF_NETLINK socket, whose network namespace is spoken of; it is owned from here on.</param>
    public RouteSocket(Fd socket) => _socket = socket;

    /// <summary>A socket of this process's network namespace.</summary>
    public static RouteSocket Open() => new(Fd.Own(Syscalls.RouteSocket(), "make a netlink socket", null));

    /// <summary>The device of a name, or an alternative name; null if there is none.</summary>
    public NetLink? Find(string name)
    {
        var request = new NetMessage(GetLink, Ack, stackalloc byte[LinkLength]);
        // A longer one is an alternative name.
        request.Add(name.Length > 15 ? LinkAltName : LinkName, name);
        NetLink? found = null;
        int result = Talk(request, "find network device", name, (type, body) =>
        {
            if (type == NewLink)
                found = ParseLink(body);
        });
        if (result == -Errno.ENODEV)
            return null;
        LinuxException.Check(result, "find network device", name);
        return found;
    }

    /// <summary>All devices of the namespace.</summary>
    public List<NetLink> Links()
    {
        var links = new List<NetLink>();
        var request = new NetMessage(GetLink, Dump, stackalloc byte[LinkLength]);
        LinuxException.Check(Talk(request, "list", "network devices", (type, body) =>
        {
            if (type == NewLink)
                links.Add(ParseLink(body));
        }), "list", "network devices");
        return links;
    }

    /// <summary>All addresses of a device.</summary>
    public List<NetAddress> Addresses(int index)
    {
        var addresses = new List<NetAddress>();
        var request = new NetMessage(GetAddress, Dump, stackalloc byte[AddressLength]);
        LinuxException.Check(Talk(request, "list", "network addresses", (type, body) =>
        {
            if (type == NewAddress && BinaryPrimitives.ReadInt32LittleEndian(body[4..]) == index)
                addresses.Add(ParseAddress(body));
        }), "list", "network addresses");
        return addresses;
    }

    /// <summary>Moves a device into the network namespace of a process, under a name that may have "%d" for a number.</summary>
    public void Move(NetLink link, string name, int pid)
    {
        ArgumentNullException.ThrowIfNull(link);
        var request = new NetMessage(SetLink, Ack, LinkHead(link.Index, 0, 0)).Add(LinkName, name).Add(LinkNamespaceOfPid, pid);
        LinuxException.Check(Talk(request, "move network device", link.Name, null), "move network device", link.Name);
    }

    /// <summary>Brings a device up.</summary>
    public void BringUp(NetLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        var request = new NetMessage(SetLink, Ack, LinkHead(link.Index, InterfaceUp, InterfaceUp));
        LinuxException.Check(Talk(request, "bring up network device", link.Name, null), "bring up network device", link.Name);
    }

    /// <summary>Gives a device an address that one had under another name.</summary>
    public void Add(NetLink link, NetAddress address, string formerName)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> head = stackalloc byte[AddressLength];
        head[0] = address.Family;
        head[1] = address.PrefixLength;
        head[2] = (byte)address.Flags;
        head[3] = address.Scope;
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], link.Index);
        var request = new NetMessage(NewAddress, Ack | Create | Exclusive, head).Add(AddressFlags, (int)address.Flags);
        foreach (var (type, value) in address.Attributes)
        {
            if (type == AddressLabel)
                request.Add(type, Relabel(Text(value), formerName, link.Name));
            // Its life times are a permanent one's; its time stamps the kernel's.
            else if (type is not (AddressCacheInfo or AddressFlags))
                request.Add(type, value);
        }
        LinuxException.Check(Talk(request, "add an address to network device", link.Name, null), "add an address to network device", link.Name);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>"eth0:web" of eth0 is "net1:web" of net1.</summary>
    private static string Relabel(string label, string from, string to) =>
        label.StartsWith(from, StringComparison.Ordinal) && (label.Length == from.Length || label[from.Length] == ':')
            ? Shorten(to + label[from.Length..])
            : label;

    // IFNAMSIZ: the rest would be an error of the kernel's.
    private static string Shorten(string label) => label.Length > 15 ? label[..15] : label;

    private static byte[] LinkHead(int index, uint flags, uint change)
    {
        byte[] head = new byte[LinkLength];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), index);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(12), change);
        return head;
    }

    private delegate void Taker(ushort type, ReadOnlySpan<byte> body);

    /// <summary>Sends a request and takes what comes back, to its end: 0, or -errno.</summary>
    private int Talk(NetMessage request, string operation, string target, Taker? take)
    {
        uint sequence = ++_sequence;
        LinuxException.Check(Syscalls.SendToKernel(_socket.Number, request.Finish(sequence)), operation, target);
        while (true)
        {
            int length = (int)LinuxException.Check(Syscalls.ReceiveMessage(_socket.Number, _buffer, out _), operation, target);
            ReadOnlySpan<byte> rest = _buffer.AsSpan(0, length);
            while (rest.Length >= HeaderLength)
            {
                int size = BinaryPrimitives.ReadInt32LittleEndian(rest);
                if (size < HeaderLength || size > rest.Length)
                    return -Errno.EIO;
                var body = rest[HeaderLength..size];
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                if (BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) == sequence)
                {
                    if (type is ErrorMessage or DoneMessage)
                        return body.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(body) : 0;
                    take?.Invoke(type, body);
                }
                rest = rest[Math.Min(NetMessage.Align(size), rest.Length)..];
            }
        }
    }

    private static NetLink ParseLink(ReadOnlySpan<byte> body)
    {
        string name = "";
        foreach (var (type, value) in Attributes(body[LinkLength..]))
        {
            if (type == LinkName)
                name = Text(value);
        }
        bool up = (BinaryPrimitives.ReadUInt32LittleEndian(body[8..]) & InterfaceUp) != 0;
        return new NetLink(BinaryPrimitives.ReadInt32LittleEndian(body[4..]), name, up);
    }

    private static NetAddress ParseAddress(ReadOnlySpan<byte> body)
    {
        var attributes = Attributes(body[AddressLength..]);
        uint flags = body[2];
        foreach (var (type, value) in attributes)
        {
            if (type == AddressFlags)
                flags = BinaryPrimitives.ReadUInt32LittleEndian(value);
        }
        return new NetAddress(body[0], body[1], body[3], flags, attributes);
    }

    private static List<(ushort Type, byte[] Value)> Attributes(ReadOnlySpan<byte> rest)
    {
        const int head = 4;
        const ushort typeMask = 0x3FFF;
        var attributes = new List<(ushort, byte[])>();
        while (rest.Length >= head)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (size < head || size > rest.Length)
                break;
            attributes.Add(((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & typeMask), rest[head..size].ToArray()));
            rest = rest[Math.Min(NetMessage.Align(size), rest.Length)..];
        }
        return attributes;
    }

    private static string Text(byte[] value) => Encoding.UTF8.GetString(value.AsSpan(0, Array.IndexOf(value, (byte)0) is var end and >= 0 ? end : value.Length));
}
