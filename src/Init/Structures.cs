using System.Runtime.InteropServices;

namespace Csrun.Init;

// What system calls read and write. All have the same layout on all 64-bit processors.

/// <summary>statx(2), up to the mount id; the kernel writes 256 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct FileStatus
{
    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public ulong AccessSeconds, AccessRest, BirthSeconds, BirthRest, ChangeSeconds, ChangeRest, ModifySeconds, ModifyRest;
    public uint RdevMajor;
    public uint RdevMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public ulong MountId;

    public readonly uint Type => Mode & C.S_IFMT;

    public readonly bool IsDevice(uint type, uint major, uint minor) => Type == type && RdevMajor == major && RdevMinor == minor;
}

/// <summary>statfs(2).</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct FileSystemStatus
{
    public ulong Type, BlockSize, Blocks, Free, Available, Files, FilesFree, Id, NameLength, FragmentSize, Flags;
}

/// <summary>struct sock_fprog, linux/filter.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FilterProgram
{
    public ushort Length;
    public void* Instructions;
}

/// <summary>openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}

/// <summary>mount_setattr(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MountAttributes
{
    public ulong Set;
    public ulong Clear;
    public ulong Propagation;
    public ulong UserNamespace;
}

/// <summary>What rt_sigaction(2) takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SignalAction
{
    public ulong Handler;
    public ulong Flags;
    public ulong Restorer;
    public ulong Mask;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public void* Base;
    public nuint Length;
}

/// <summary>sendmsg(2), recvmsg(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public uint Padding;
    public IoVector* Parts;
    public nuint PartCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
    public uint Padding2;
}

/// <summary>A control message with one descriptor: SCM_RIGHTS of cmsg(3).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DescriptorMessage
{
    public nuint Length;
    public int Level;
    public int Type;
    public int Descriptor;
    public int Padding;

    /// <summary>What <see cref="Length"/> says for one descriptor.</summary>
    public const int Used = 20;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpecification
{
    public long Seconds;
    public long Nanoseconds;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Limit
{
    public ulong Soft;
    public ulong Hard;
}

/// <summary>capget(2), version 3.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CapabilityHeader
{
    public uint Version;
    public int Pid;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CapabilityData
{
    public uint EffectiveLow, PermittedLow, InheritableLow;
    public uint EffectiveHigh, PermittedHigh, InheritableHigh;

    public readonly ulong Effective => EffectiveLow | (ulong)EffectiveHigh << 32;
    public readonly ulong Permitted => PermittedLow | (ulong)PermittedHigh << 32;
    public readonly ulong Inheritable => InheritableLow | (ulong)InheritableHigh << 32;
}

/// <summary>A program header of elf(5).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Segment
{
    public uint Type;
    public uint Flags;
    public ulong Offset;
    public ulong Address;
    public ulong PhysicalAddress;
    public ulong FileSize;
    public ulong MemorySize;
    public ulong Alignment;
}
