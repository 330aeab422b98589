using System;
using System.Runtime.InteropServices;

namespace Csrun.Linux;

public static unsafe partial class Syscalls
{
    private const int BpfProgLoad = 5;
    private const int BpfProgAttach = 8;
    private const int BpfProgDetach = 9;
    private const int BpfProgGetFdById = 13;
    private const int BpfObjGetInfoByFd = 15;
    private const int BpfProgQuery = 16;
    private const uint BpfProgTypeCgroupDevice = 15;
    private const uint BpfCgroupDevice = 6;

    /// <summary>BPF_F_ALLOW_MULTI: programs of the cgroups above stay in force beside this one.</summary>
    private const uint BpfAllowMulti = 2;

    /// <summary>BPF_F_REPLACE: takes the place of the program that is named (5.6).</summary>
    private const uint BpfReplace = 4;

    /// <summary>"csrun_devices", by which a program is known as ours; BPF_OBJ_NAME_LEN is 16.</summary>
    public static ReadOnlySpan<byte> BpfDeviceProgramName => "csrun_devices\0\0\0"u8;

    /// <summary>bpf(2) BPF_PROG_LOAD of a device program (no helpers, so no GPL needed); its descriptor.</summary>
    /// <param name="instructions">8 bytes each, native byte order.</param>
    /// <param name="log">Where the kernel's verifier says why it refuses; empty for none. One that is too short
    /// is an error (ENOSPC) even for a program that is right, so it is asked for after a refusal only.</param>
    public static int BpfLoadDeviceProgram(ReadOnlySpan<byte> instructions, Span<byte> log)
    {
        fixed (byte* code = instructions)
        fixed (byte* text = log)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            var attributes = new ProgramLoad
            {
                Type = BpfProgTypeCgroupDevice,
                Count = (uint)instructions.Length / 8,
                Instructions = (ulong)code,
                License = (ulong)license,
                LogLevel = log.IsEmpty ? 0u : 1u,
                LogSize = (uint)log.Length,
                Log = (ulong)text,
            };
            BpfDeviceProgramName.CopyTo(new Span<byte>(attributes.Name, BpfDeviceProgramName.Length));
            return Call(SyscallNumbers.Bpf, BpfProgLoad, &attributes, sizeof(ProgramLoad));
        }
    }

    /// <summary>bpf(2) BPF_PROG_ATTACH of a device program to a cgroup v2 directory.</summary>
    /// <param name="cgroup">The directory.</param>
    /// <param name="program">The program.</param>
    /// <param name="replaced">The program whose place it takes; -1 for none.</param>
    public static int BpfAttachDeviceProgram(int cgroup, int program, int replaced = -1)
    {
        var attributes = new ProgramAttach
        {
            Target = (uint)cgroup,
            Program = (uint)program,
            Type = BpfCgroupDevice,
            Flags = BpfAllowMulti | (replaced >= 0 ? BpfReplace : 0),
            Replaced = replaced >= 0 ? (uint)replaced : 0,
        };
        // < 5.6 there was no such member, and one that is zero is as good as none.
        return Call(SyscallNumbers.Bpf, BpfProgAttach, &attributes, sizeof(ProgramAttach));
    }

    /// <summary>bpf(2) BPF_PROG_DETACH of a device program from a cgroup v2 directory.</summary>
    public static int BpfDetachDeviceProgram(int cgroup, int program)
    {
        var attributes = new ProgramAttach { Target = (uint)cgroup, Program = (uint)program, Type = BpfCgroupDevice };
        return Call(SyscallNumbers.Bpf, BpfProgDetach, &attributes, sizeof(ProgramAttach));
    }

    /// <summary>bpf(2) BPF_PROG_QUERY: the ids of the device programs that are attached to this cgroup itself; their number.</summary>
    public static int BpfQueryDevicePrograms(int cgroup, Span<uint> ids)
    {
        fixed (uint* start = ids)
        {
            var attributes = new ProgramQuery { Target = (uint)cgroup, Type = BpfCgroupDevice, Ids = (ulong)start, Count = (uint)ids.Length };
            int result = Call(SyscallNumbers.Bpf, BpfProgQuery, &attributes, sizeof(ProgramQuery));
            return result < 0 ? result : (int)attributes.Count;
        }
    }

    /// <summary>bpf(2) BPF_PROG_GET_FD_BY_ID: a program's descriptor.</summary>
    public static int BpfOpenProgram(uint id)
    {
        var attributes = stackalloc uint[3] { id, 0, 0 };
        return Call(SyscallNumbers.Bpf, BpfProgGetFdById, attributes, 3 * sizeof(uint));
    }

    /// <summary>bpf(2) BPF_OBJ_GET_INFO_BY_FD: whether a program has the name that ours have.</summary>
    public static bool BpfIsOurDeviceProgram(int program)
    {
        // struct bpf_prog_info up to its name.
        const int length = 80, nameAt = 64;
        var info = stackalloc byte[length];
        new Span<byte>(info, length).Clear();
        var attributes = new ObjectInfo { Object = (uint)program, Length = length, Info = (ulong)info };
        return Call(SyscallNumbers.Bpf, BpfObjGetInfoByFd, &attributes, sizeof(ObjectInfo)) == 0
            && new ReadOnlySpan<byte>(info + nameAt, BpfDeviceProgramName.Length).SequenceEqual(BpfDeviceProgramName);
    }

    /// <summary>The members of union bpf_attr that BPF_PROG_LOAD reads, up to prog_name.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramLoad
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong Log;
        public uint KernelVersion;
        public uint Flags;
        public fixed byte Name[16];
    }

    /// <summary>The members of union bpf_attr that BPF_PROG_ATTACH reads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramAttach
    {
        public uint Target;
        public uint Program;
        public uint Type;
        public uint Flags;
        public uint Replaced;
    }

    /// <summary>The members of union bpf_attr that BPF_PROG_QUERY reads and writes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramQuery
    {
        public uint Target;
        public uint Type;
        public uint QueryFlags;
        public uint AttachFlags;
        public ulong Ids;
        public uint Count;
    }

    /// <summary>The members of union bpf_attr that BPF_OBJ_GET_INFO_BY_FD reads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ObjectInfo
    {
        public uint Object;
        public uint Length;
        public ulong Info;
    }
}
