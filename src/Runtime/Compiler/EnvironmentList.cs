using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The environment as the process gets it: of entries with the same name the last one, in its place; then what service
/// managers expect.
/// </summary>
internal readonly ref struct EnvironmentList
{
    private readonly Compilation _to;
    private readonly Utf8Texts _given;
    private readonly Utf8Texts _added;
    private readonly bool[] _dropped;

    public EnvironmentList(Compilation to, Utf8Texts? given)
    {
        _to = to;
        _given = given ?? [];
        _added = Added(to.Options);
        _dropped = new bool[Count];
        DropEarlier();
        for (int i = Count - 1; i >= 0; i--)
        {
            if (_dropped[i])
                continue;
            if (Entry(i).StartsWith("PATH="u8))
                Path = Encoding.UTF8.GetString(Entry(i)[5..]);
            else if (Entry(i).SequenceEqual("HOME="u8))
                _dropped[i] = true;
            else if (Entry(i).StartsWith("HOME="u8))
                HasHome = true;
        }
    }

    public string? Path { get; }

    /// <summary>There is one, and it is not empty: else Init looks it up in the container's /etc/passwd.</summary>
    public bool HasHome { get; }

    private int Count => _given.Count + _added.Count;

    /// <summary>Stores them all.</summary>
    public PlanRef Write()
    {
        Pages.Populate(_to.Writer.Expect(_given.Length + _added.Length + ((long)Count * (1 + Unsafe.SizeOf<PlanRef>()))));
        var references = new PlanRef[Count];
        int kept = 0;
        for (int i = 0; i < references.Length; i++)
        {
            if (!_dropped[i])
                references[kept++] = _to.Writer.Bytes(Entry(i));
        }
        return _to.Writer.Array<PlanRef>(references.AsSpan(0, kept));
    }

    private static Utf8Texts Added(CompileOptions options)
    {
        Utf8Texts listening = options switch
        {
            { ListenFds: 0 } => [],
            { ListenNames: { } names } => [ListenFds(options), "LISTEN_PID=1", "LISTEN_FDNAMES=" + names],
            _ => [ListenFds(options), "LISTEN_PID=1"],
        };
        if (options.AddedEnv.Length > 0)
            listening = [.. options.AddedEnv, .. listening];
        return options.NotifySocketPath is { } socket
            ? [.. listening, string.Concat("NOTIFY_SOCKET=", ProcessSetup.NotifyDirectory, socket.AsSpan(Math.Max(0, socket.LastIndexOf('/'))))]
            : listening;
    }

    private static string ListenFds(CompileOptions options) =>
        string.Concat("LISTEN_FDS=", options.ListenFds.ToString(CultureInfo.InvariantCulture));

    private ReadOnlySpan<byte> Entry(int index) =>
        index < _given.Count ? _given.Bytes(index) : _added.Bytes(index - _given.Count);

    private ReadOnlySpan<byte> NameOf(int index)
    {
        var entry = Entry(index);
        int equals = entry.IndexOf((byte)'=');
        return equals < 0 ? entry : entry[..equals];
    }

    /// <summary>In one pass over a table of hashes, from the last entry to the first.</summary>
    private void DropEarlier()
    {
        int size = 16;
        while (size < Count * 2)
            size *= 2;
        int[] table = new int[size];
        // Different in each process: nobody can choose names that collide.
        ulong seed = (uint)string.GetHashCode("", StringComparison.Ordinal);
        for (int i = Count - 1; i >= 0; i--)
        {
            var name = NameOf(i);
            int place = Hash(name, seed) & (size - 1);
            while (table[place] != 0 && !name.SequenceEqual(NameOf(table[place] - 1)))
                place = (place + 1) & (size - 1);
            _dropped[i] = table[place] != 0;
            if (!_dropped[i])
                table[place] = i + 1;
        }
    }

    /// <summary>Eight bytes at a time: HashCode takes one after the other, which for thousands of names is a millisecond.</summary>
    private static int Hash(ReadOnlySpan<byte> name, ulong seed)
    {
        const ulong odd = 0x9E3779B97F4A7C15;
        ulong hash = (seed ^ (uint)name.Length) * odd;
        for (; name.Length >= sizeof(ulong); name = name[sizeof(ulong)..])
            hash = BitOperations.RotateLeft((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(name)) * odd, 29);
        ulong last = 0;
        foreach (byte value in name)
            last = (last << 8) | value;
        hash = (hash ^ last) * odd;
        return (int)(hash >> 32);
    }
}
