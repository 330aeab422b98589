using System;
using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Cgroups;

/// <summary>A limit that the kernel refused.</summary>
/// <param name="setting">The limit.</param>
/// <param name="errno">The (positive) error number.</param>
/// <param name="hint">The reason, where it is known.</param>
public sealed class SettingException(Setting setting, int errno, string? hint)
    : Exception($"{setting.Where}: cannot write \"{setting.Value}\" to {setting.File}: {Linux.Errno.Text(errno)}")
{
    public Setting Setting { get; } = setting;

    public int Errno { get; } = errno;

    public string? Hint { get; } = hint;
}

/// <summary>What was there before a change of limits.</summary>
internal sealed class SettingUndo
{
    private readonly List<(CgroupPlace Place, Setting Old)> _all = [];

    public void Add(CgroupPlace place, Setting old) => _all.Add((place, old));

    /// <summary>Writes it again, the last change first; what can't be is left.</summary>
    public void PutBack()
    {
        _all.Reverse();
        // Twice: what must fit each other may not fit in the one order or the other.
        for (int round = 0; round < 2; round++)
        {
            foreach ((CgroupPlace place, Setting old) in _all)
            {
                using Fd? directory = CgroupDirectory.Open(place);
                if (directory is not null)
                {
                    _ = SettingWriter.WriteLines(directory.Number, old.File, old.Value);
                }
            }
        }
    }
}

/// <summary>Writes settings into the files of one cgroup.</summary>
/// <param name="place">The cgroup.</param>
/// <param name="directory">The same, open.</param>
/// <param name="undo">Where to remember what was there; null if it is not to be put back.</param>
internal sealed class SettingWriter(CgroupPlace place, int directory, SettingUndo? undo)
{
    /// <summary>Writes them in their order.</summary>
    /// <remarks>
    /// Some values must fit each other at every moment (memory within memory and swap; a quota within what the parent's
    /// period allows), so that the order depends on what was there before. The kernel says EINVAL then: such a one is
    /// tried again when the others of its controller are written. For a new cgroup, where none does, this costs nothing.
    /// </remarks>
    public void Write(IEnumerable<Setting> settings)
    {
        List<Setting>? again = null;
        foreach (Setting setting in settings)
        {
            if (again is not null && again[0].Controller != setting.Controller)
            {
                WriteAgain(again);
                again = null;
            }
            int result = TryWrite(setting);
            if (result == -Errno.EINVAL)
            {
                (again ??= []).Add(setting);
            }
            else if (result < 0)
            {
                throw Refusal(setting, -result);
            }
        }
        if (again is not null)
        {
            WriteAgain(again);
        }
    }

    private void WriteAgain(List<Setting> settings)
    {
        foreach (Setting setting in settings)
        {
            int result = TryWrite(setting);
            if (result < 0)
            {
                throw Refusal(setting, -result);
            }
        }
    }

    private int TryWrite(Setting setting)
    {
        Remember(setting);
        int result = WriteLines(directory, setting.File, setting.Value);
        if (result != -Errno.ENOENT)
        {
            return result;
        }
        return setting.Otherwise is { } other ? TryWrite(other) : setting.Optional ? 0 : result;
    }

    private void Remember(Setting setting)
    {
        if (undo is null || CgroupDirectory.Read(directory, setting.File) is not { } text)
        {
            return;
        }
        string? old = setting.Key is { } key ? LineOf(text, key + " ") ?? setting.Unset
            : setting.Label is { } label ? LineOf(text, label)?[label.Length..] ?? text
            : text;
        if (old is not null)
        {
            undo.Add(place, setting with { Value = old });
        }
    }

    private static string? LineOf(string text, string start)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }
        return null;
    }

    /// <summary>Writes a value line by line: 0, or -errno.</summary>
    public static int WriteLines(int directory, string file, string value)
    {
        if (value.Length == 0)
        {
            // An empty list of processors; a write of nothing never comes to the kernel's function.
            return CgroupDirectory.Write(directory, file, "\n");
        }
        if (!value.Contains('\n', StringComparison.Ordinal))
        {
            return CgroupDirectory.Write(directory, file, value);
        }
        foreach (string line in value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int written = CgroupDirectory.Write(directory, file, line);
            if (written < 0)
            {
                return written;
            }
        }
        return 0;
    }

    private SettingException Refusal(Setting setting, int errno) => new(setting, errno, Reason(setting, errno));

    // No hint may have the words by which engines sort errors: see Hints.
    private string? Reason(Setting setting, int errno) => (setting.File, errno) switch
    {
        ("memory.limit_in_bytes", Errno.EBUSY) =>
            $"{CgroupDirectory.Read(directory, "memory.usage_in_bytes")} bytes are in use and cannot be freed",
        ("memory.memsw.limit_in_bytes", Errno.ENOENT) => "swap is not accounted for: boot with swapaccount=1",
        ("memory.limit_in_bytes" or "memory.memsw.limit_in_bytes", Errno.EINVAL) =>
            "the limit of memory and swap together must not be below that of memory",
        ("cpu.shares" or "cpu.weight", Errno.EINVAL) => "an idle cgroup (cpu.idle is 1) has no weight",
        ("cpu.rt_runtime_us" or "cpu.rt_period_us", Errno.EINVAL) =>
            "the cgroups above must have been given realtime time first (cpu.rt_runtime_us)",
        ("cpuset.cpus" or "cpuset.mems", Errno.EINVAL or Errno.EACCES or Errno.ERANGE or Errno.ENODEV) =>
            $"the cgroup above has {CgroupDirectory.Read(directory, "../" + setting.File + ".effective") ?? CgroupDirectory.Read(directory, "../" + setting.File)}",
        (_, Errno.ENODEV) when setting.Key is not null => $"there is no device {setting.Key}",
        (_, Errno.ENOENT) when setting.Controller == "hugetlb" => "this machine has no huge pages of that size",
        (_, Errno.ENOENT) => $"the kernel has no such control, or the {setting.Controller} controller is not enabled in the cgroup above",
        _ => null,
    };
}
