using System.Runtime.InteropServices;

namespace Csrun.Linux;

/// <summary>What this process is to the kernel: prctl(2), capabilities(7), user_namespaces(7).</summary>
public static unsafe class Self
{
    private const int SetChildSubreaper = 36;
    private const int ReadBoundingSet = 23;
    private const int IgnoreSignal = 1;

    /// <summary>Makes this process the new parent of its descendants whose own parent ends (PR_SET_CHILD_SUBREAPER).</summary>
    public static void BecomeSubreaper() =>
        LinuxException.Check(Syscalls.Prctl(SetChildSubreaper, 1), "become child subreaper", null);

    /// <summary>
    /// The capabilities in this process's bounding set, bit by number. A kernel that knows fewer has no bit for the
    /// others.
    /// </summary>
    public static ulong BoundingCapabilities(out int last)
    {
        ulong set = 0;
        for (last = 0; last < 64; last++)
        {
            int has = Syscalls.Prctl(ReadBoundingSet, (ulong)last);
            if (has == -Errno.EINVAL)
            {
                break;
            }
            LinuxException.Check(has, "read the bounding set", null);
            set |= (ulong)has << last;
        }
        last--;
        return set;
    }

    /// <summary>The capabilities that this process may use now (its effective set).</summary>
    public static ulong EffectiveCapabilities()
    {
        CapabilityHeader header = new() { Version = 0x20080522 };
        uint* data = stackalloc uint[6];
        return Syscalls.GetCapabilities(&header, data) < 0 ? 0 : data[0] | ((ulong)data[3] << 32);
    }

    /// <summary>Whether this process is in a user namespace other than the first one.</summary>
    public static bool IsInUserNamespace()
    {
        // The first namespace maps all 32-bit ids to themselves, which no one may write for another.
        string? map = Files.TryReadText(At.Cwd, "/proc/self/uid_map", 65536);
        return map is not null && map.Split((char[]?)null, System.StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"];
    }

    /// <summary>Lets writes to closed pipes fail with EPIPE instead of ending this process.</summary>
    public static void IgnoreBrokenPipes() => _ = Syscalls.SetSignalAction(Signals.Pipe, IgnoreSignal);

    [StructLayout(LayoutKind.Sequential)]
    internal struct CapabilityHeader
    {
        public uint Version;
        public int Pid;
    }
}
