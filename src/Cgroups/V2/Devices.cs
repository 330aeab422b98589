using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;

namespace Csrun.Cgroups.V2;

/// <summary>Devices of a cgroup v2: an eBPF program, as cgroup-v2.rst#device-controller has it.</summary>
internal static class Devices
{
    private const int LogSize = 1 << 20;
    private const int LogTail = 300;

    /// <summary>
    /// Compiles the rules and attaches the program to the cgroup; the kernel drops it with the cgroup. All programs of a
    /// cgroup must allow an access, so that what an earlier container left in it is replaced; programs of others stay.
    /// </summary>
    /// <remarks>Lenient: without privilege no program may be loaded; the restrictions of the cgroups above stay.</remarks>
    /// <param name="directory">The cgroup.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="lenient">Whether to do without if it is forbidden.</param>
    /// <param name="isNew">Nothing can be attached to it yet.</param>
    public static void Apply(int directory, IReadOnlyList<DeviceRule> rules, bool lenient, bool isNew)
    {
        ReadOnlySpan<byte> program = MemoryMarshal.AsBytes<BpfInstruction>(DeviceProgram.Compile(rules));
        int loaded = Syscalls.BpfLoadDeviceProgram(program, default);
        if (loaded == -Errno.EPERM && lenient)
        {
            return;
        }
        if (loaded < 0)
        {
            throw new LinuxException("load the device program", null, -loaded, Refusal(program, -loaded));
        }
        using Fd owned = new(loaded);
        using Fd? old = isNew ? null : FindOurs(directory);
        int attached = old is null ? Syscalls.BpfAttachDeviceProgram(directory, loaded) : Replace(directory, loaded, old.Number);
        if (attached < 0 && !(lenient && attached == -Errno.EPERM))
        {
            throw new LinuxException("attach the device program to the cgroup", null, -attached);
        }
    }

    private static int Replace(int directory, int program, int old)
    {
        int replaced = Syscalls.BpfAttachDeviceProgram(directory, program, old);
        if (replaced != -Errno.EINVAL)
        {
            return replaced;
        }
        // < 5.6: for a moment both are in force, never neither.
        int attached = Syscalls.BpfAttachDeviceProgram(directory, program);
        return attached < 0 ? attached : Syscalls.BpfDetachDeviceProgram(directory, old);
    }

    private static Fd? FindOurs(int directory)
    {
        // BPF_CGROUP_MAX_PROGS: a cgroup can have no more.
        Span<uint> ids = stackalloc uint[64];
        int count = Syscalls.BpfQueryDevicePrograms(directory, ids);
        for (int i = 0; i < count; i++)
        {
            int opened = Syscalls.BpfOpenProgram(ids[i]);
            if (opened < 0)
            {
                continue;
            }
            Fd program = new(opened);
            if (Syscalls.BpfIsOurDeviceProgram(opened))
            {
                return program;
            }
            program.Dispose();
        }
        return null;
    }

    private static string? Refusal(ReadOnlySpan<byte> program, int errno)
    {
        switch (errno)
        {
            case Errno.EPERM:
                return "CAP_BPF or CAP_SYS_ADMIN is needed for linux.resources.devices on cgroup v2";
            case Errno.ENOSYS:
                return "the kernel lacks CONFIG_CGROUP_BPF";
            default:
                byte[] log = new byte[LogSize];
                int second = Syscalls.BpfLoadDeviceProgram(program, log);
                if (second >= 0)
                {
                    _ = Syscalls.Close(second);
                }
                string text = Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
                return text.Length == 0 ? null : text[^Math.Min(LogTail, text.Length)..].Replace('\n', ' ');
        }
    }
}
