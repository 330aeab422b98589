using System;
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Csrun.Tests.Checker;

/// <summary>
/// <c>checker report [--out FILE] [--stat PATH] [--read PATH] [--probe KIND:PATH]...</c>: one JSON object with everything
/// that a runtime sets for a process. It goes by system calls where there is one, so that it also works without /proc.
/// </summary>
internal static unsafe class Report
{
    private static readonly string[] Kinds = ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];

    private static readonly string[] Rlimits =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ];

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        string? file = null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteStart(json);
            WriteIdentity(json);
            WriteProcess(json);
            WriteScheduling(json);
            WriteNamespaces(json);
            WriteDescriptors(json);
            WriteTerminal(json);
            WriteFiles(json);
            for (var i = 0; i < arguments.Length; i += 2)
            {
                var value = arguments[i + 1];
                switch (arguments[i])
                {
                    case "--out": file = value; break;
                    case "--stat": Files.WriteStat(json, value); break;
                    case "--read": Files.WriteRead(json, value); break;
                    case "--list": Files.WriteList(json, value); break;
                    case "--probe": Files.WriteProbe(json, value); break;
                }
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        var written = file == null ? Native.WriteAll(1, buffer.WrittenSpan) : Native.AppendFile(file, buffer.WrittenSpan);
        return written ? 0 : 97;
    }

    /// <summary>argv, environment and signal state as execve left them, and the working directory.</summary>
    internal static void WriteStart(Utf8JsonWriter json)
    {
        var start = Native.checker_state_at_start();
        WriteStrings(json, "argv", Native.Strings(start->Argv));
        WriteStrings(json, "env", Native.Strings(start->Envp));
        json.WriteString("ignoredSignals", Hex(start->Ignored));
        json.WriteString("blockedSignals", Hex(start->Blocked));
        var buffer = stackalloc byte[4096];
        var length = Native.syscall(OperatingSystemIsArm ? 17 : 79, (long)buffer, 4096, 0, 0, 0);
        json.WriteString("cwd", length > 0 ? Encoding.UTF8.GetString(buffer, (int)length - 1) : Native.Error);
    }

    internal static void WriteNamespaces(Utf8JsonWriter json)
    {
        json.WriteStartObject("namespaces");
        foreach (var kind in Kinds)
        {
            json.WriteString(kind, Native.ReadLink("/proc/self/ns/" + kind));
        }

        json.WriteEndObject();
    }

    /// <summary>Every open descriptor: what it is, its access mode and whether it is a terminal.</summary>
    internal static void WriteDescriptors(Utf8JsonWriter json)
    {
        json.WriteStartObject("descriptors");
        for (var fd = 0; fd < 1024; fd++)
        {
            var flags = Native.fcntl(fd, 3, 0);
            // Descriptors with close-on-exec were opened since: nothing that came through execve has it.
            if (flags < 0 || Native.fcntl(fd, 1, 0) != 0)
            {
                continue;
            }

            json.WriteStartObject(fd.ToString(CultureInfo.InvariantCulture));
            json.WriteString("target", Native.ReadLink($"/proc/self/fd/{fd}"));
            json.WriteNumber("flags", flags);
            json.WriteBoolean("terminal", Native.isatty(fd) == 1);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static bool OperatingSystemIsArm => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64;

    private static void WriteIdentity(Utf8JsonWriter json)
    {
        uint real, effective, saved;
        Native.getresuid(&real, &effective, &saved);
        WriteIds(json, "uid", real, effective, saved, (uint)Native.setfsuid(uint.MaxValue));
        Native.getresgid(&real, &effective, &saved);
        WriteIds(json, "gid", real, effective, saved, (uint)Native.setfsgid(uint.MaxValue));
        var groups = stackalloc uint[65536];
        var count = Native.getgroups(65536, groups);
        json.WriteStartArray("groups");
        for (var i = 0; i < count; i++)
        {
            json.WriteNumberValue(groups[i]);
        }

        json.WriteEndArray();
        var header = stackalloc uint[2] { 0x20080522, 0 };
        var sets = stackalloc uint[6];
        Native.syscall(OperatingSystemIsArm ? 90 : 125, (long)header, (long)sets, 0, 0, 0);
        ulong bounding = 0, ambient = 0;
        for (var capability = 0; capability < 64; capability++)
        {
            bounding |= Native.prctl(23, (ulong)capability, 0, 0, 0) == 1 ? 1UL << capability : 0;
            ambient |= Native.prctl(47, 1, (ulong)capability, 0, 0) == 1 ? 1UL << capability : 0;
        }

        json.WriteStartObject("capabilities");
        json.WriteString("effective", Hex(sets[0] | (ulong)sets[3] << 32));
        json.WriteString("permitted", Hex(sets[1] | (ulong)sets[4] << 32));
        json.WriteString("inheritable", Hex(sets[2] | (ulong)sets[5] << 32));
        json.WriteString("bounding", Hex(bounding));
        json.WriteString("ambient", Hex(ambient));
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json)
    {
        json.WriteNumber("pid", Native.getpid());
        json.WriteNumber("ppid", Native.getppid());
        json.WriteNumber("pgrp", Native.getpgid(0));
        json.WriteNumber("session", Native.getsid(0));
        json.WriteNumber("noNewPrivileges", Native.prctl(39, 0, 0, 0, 0));
        json.WriteNumber("securebits", Native.prctl(27, 0, 0, 0, 0));
        json.WriteNumber("dumpable", Native.prctl(3, 0, 0, 0, 0));
        var deathSignal = 0;
        Native.prctl(2, (ulong)&deathSignal, 0, 0, 0);
        json.WriteNumber("deathSignal", deathSignal);
        var mask = Native.umask(0);
        Native.umask(mask);
        json.WriteNumber("umask", mask);
        json.WriteStartObject("rlimits");
        var limit = stackalloc ulong[2];
        for (var i = 0; i < Rlimits.Length; i++)
        {
            Native.getrlimit(i, limit);
            json.WriteStartArray(Rlimits[i]);
            json.WriteNumberValue(limit[0]);
            json.WriteNumberValue(limit[1]);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        var names = stackalloc byte[65 * 6];
        Native.uname(names);
        json.WriteString("hostname", Text(names + 65));
        json.WriteString("domainname", Text(names + (65 * 5)));
        json.WriteStartObject("clocks");
        var time = stackalloc long[2];
        Native.clock_gettime(1, time);
        json.WriteNumber("monotonic", time[0]);
        Native.clock_gettime(7, time);
        json.WriteNumber("boottime", time[0]);
        json.WriteEndObject();
        var keyring = stackalloc byte[256];
        var length = Native.syscall(OperatingSystemIsArm ? 219 : 250, 6, -3, (long)keyring, 256, 0);
        json.WriteString("keyring", length > 0 ? Text(keyring) : Native.Error);
        json.WriteNumber("keyringSerial", Native.syscall(OperatingSystemIsArm ? 219 : 250, 0, -3, 0, 0, 0));
    }

    /// <summary>sched_getattr(2), ioprio_get(2), get_mempolicy(2), personality(2) and the machine of uname(2).</summary>
    private static void WriteScheduling(Utf8JsonWriter json)
    {
        var attributes = stackalloc uint[14];
        Native.syscall(OperatingSystemIsArm ? 275 : 315, 0, (long)attributes, 56, 0, 0);
        json.WriteStartObject("scheduler");
        json.WriteNumber("policy", attributes[1]);
        json.WriteNumber("flags", *(ulong*)(attributes + 2));
        json.WriteNumber("nice", (int)attributes[4]);
        json.WriteNumber("priority", attributes[5]);
        json.WriteNumber("runtime", *(ulong*)(attributes + 6));
        json.WriteNumber("deadline", *(ulong*)(attributes + 8));
        json.WriteNumber("period", *(ulong*)(attributes + 10));
        json.WriteEndObject();
        json.WriteNumber("ioPriority", Native.syscall(OperatingSystemIsArm ? 31 : 252, 1, 0, 0, 0, 0));
        var mode = 0;
        var nodes = stackalloc ulong[128];
        new Span<ulong>(nodes, 128).Clear();
        var known = Native.syscall(OperatingSystemIsArm ? 236 : 239, (long)&mode, (long)nodes, 128 * 64, 0, 0);
        json.WriteNumber("memoryPolicy", known < 0 ? -1 : mode);
        json.WriteNumber("memoryNodes", nodes[0]);
        json.WriteNumber("personality", Native.syscall(OperatingSystemIsArm ? 92 : 135, 0xFFFF_FFFF, 0, 0, 0, 0));
        var names = stackalloc byte[65 * 6];
        Native.uname(names);
        json.WriteString("machine", Text(names + (65 * 4)));
    }

    private static void WriteTerminal(Utf8JsonWriter json)
    {
        json.WriteStartObject("terminal");
        var size = stackalloc ushort[4];
        if (Native.ioctl(0, 0x5413, size) == 0)
        {
            json.WriteNumber("rows", size[0]);
            json.WriteNumber("columns", size[1]);
            json.WriteNumber("foreground", Native.tcgetpgrp(0));
        }

        var controlling = Native.open("/dev/tty", Native.ReadWrite | Native.CloseOnExec, 0);
        json.WriteBoolean("controlling", controlling >= 0);
        if (controlling >= 0)
        {
            Native.close(controlling);
        }

        json.WriteEndObject();
    }

    private static void WriteFiles(Utf8JsonWriter json)
    {
        foreach (var (name, path) in new[]
        {
            ("status", "/proc/self/status"), ("mountinfo", "/proc/self/mountinfo"), ("cgroup", "/proc/self/cgroup"),
            ("oomScoreAdj", "/proc/self/oom_score_adj"), ("uidMap", "/proc/self/uid_map"), ("gidMap", "/proc/self/gid_map"),
            ("setgroups", "/proc/self/setgroups"), ("timeOffsets", "/proc/self/timens_offsets"), ("networkDevices", "/proc/net/dev"),
            ("stat", "/proc/self/stat"), ("sessionId", "/proc/self/sessionid"),
        })
        {
            json.WriteString(name, Native.ReadText(path)?.TrimEnd('\n'));
        }
    }

    private static void WriteIds(Utf8JsonWriter json, string name, uint real, uint effective, uint saved, uint files)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(real);
        json.WriteNumberValue(effective);
        json.WriteNumberValue(saved);
        json.WriteNumberValue(files);
        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, string[] values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    private static string Text(byte* text) => System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)text) ?? "";
}
