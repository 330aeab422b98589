using System;
using System.Runtime.InteropServices;

namespace Csrun.Linux;

public static unsafe partial class Syscalls
{
    private const int BpfProgLoad = 5;
    private const int BpfProgAttach = 8;
    private const uint BpfProgTypeCgroupDevice = 15;
    private const uint BpfCgroupDevice = 6;

    /// <summary>BPF_F_ALLOW_MULTI: programs of the cgroups above stay in force beside this one.</summary>
    private const uint BpfAllowMulti = 2;

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
            return Call(SyscallNumbers.Bpf, BpfProgLoad, &attributes, sizeof(ProgramLoad));
        }
    }

    /// <summary>bpf(2) BPF_PROG_ATTACH of a device program to a cgroup v2 directory.</summary>
    public static int BpfAttachDeviceProgram(int cgroup, int program)
    {
        var attributes = new ProgramAttach
        {
            Target = (uint)cgroup,
            Program = (uint)program,
            Type = BpfCgroupDevice,
            Flags = BpfAllowMulti,
        };
        return Call(SyscallNumbers.Bpf, BpfProgAttach, &attributes, sizeof(ProgramAttach));
    }

    /// <summary>The members of union bpf_attr that BPF_PROG_LOAD reads, up to log_buf.</summary>
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
    }

    /// <summary>The members of union bpf_attr that BPF_PROG_ATTACH reads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramAttach
    {
        public uint Target;
        public uint Program;
        public uint Type;
        public uint Flags;
    }
}
