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

    /// <summary>Compiles the rules and attaches the program to the cgroup; the kernel drops it with the cgroup.</summary>
    /// <remarks>Lenient: without privilege no program may be loaded; the restrictions of the cgroups above stay.</remarks>
    public static void Apply(int directory, IReadOnlyList<DeviceRule> rules, bool lenient)
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
        int attached = Syscalls.BpfAttachDeviceProgram(directory, loaded);
        if (attached < 0 && !(lenient && attached == -Errno.EPERM))
        {
            throw new LinuxException("attach the device program to the cgroup", null, -attached);
        }
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
