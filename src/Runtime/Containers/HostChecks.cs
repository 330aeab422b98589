using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Compiler;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// What a plan needs of this host, looked for without doing it: sources, file systems, namespaces, hooks, the program,
/// room for its arguments, limits. Errors are what create or start would fail with; warnings, what may well be meant.
/// </summary>
internal sealed class HostChecks(Bundle bundle, CompiledPlan compiled, List<Finding> findings)
{
    // execve(2): 3/4 of _STK_LIM, a quarter of the stack's limit, never below ARG_MAX; and MAX_ARG_STRLEN.
    private const ulong MostArguments = 6 << 20;
    private const ulong LeastArguments = 128 << 10;
    private const int MostOneArgument = 128 << 10;

    /// <summary>What Init and the kernel's own structures of a container take, with room for the smallest program.</summary>
    private const long LeastMemory = 512 << 10;
    private const ulong LeastAddressSpace = 64 << 10;
    private const ulong LeastFiles = 3;

    private readonly PlanReader _plan = new(compiled.Plan);

    public void Run()
    {
        CheckNamespaces();
        CheckInstructions();
        CheckHooks();
        CheckProgram();
        CheckArguments();
        CheckLimits();
        CheckSeccomp();
    }

    /// <summary>Does the kernel have them, and may there be one more?</summary>
    private void CheckNamespaces()
    {
        for (int i = 0; i < bundle.Config.Linux?.Namespaces?.Length; i++)
        {
            var type = bundle.Config.Linux.Namespaces[i].Type;
            string path = Compilation.Path("linux.namespaces", i, ".type");
            string file = type switch { NamespaceType.Network => "net", NamespaceType.Mount => "mnt", _ => Names.NamespaceTypes[(int)type] };
            if (!Exists("/proc/self/ns/" + file))
                Error(ErrorCodes.NamespaceFailed, path, $"this kernel has no {Names.NamespaceTypes[(int)type]} namespaces");
            else if (Files.TryReadText(At.Cwd, $"/proc/sys/user/max_{file}_namespaces", 32)?.Trim() is "0")
                Error(ErrorCodes.NamespaceFailed, path, $"/proc/sys/user/max_{file}_namespaces is 0: none may be made");
        }
    }

    /// <summary>What instructions are to open on the host.</summary>
    private void CheckInstructions()
    {
        string? known = null;
        for (int i = 0; i < _plan.Count; i++)
        {
            string path = compiled.Origins[i].JsonPath;
            switch (_plan.OpcodeAt(i))
            {
                case Opcode.OpenSource:
                    CheckSource(_plan.Text(_plan.Operands<OpenSource>(i).Path)!, path);
                    break;
                case Opcode.MountFilesystem:
                    string type = _plan.Text(_plan.Operands<MountFilesystem>(i).Type)!;
                    known ??= Files.TryReadText(At.Cwd, "/proc/filesystems", 65536) ?? "";
                    if (!known.Contains("\t" + type + "\n", StringComparison.Ordinal))
                        Warn(ErrorCodes.MountFailed, path, $"the kernel does not know the file system type {type} now; it may load a module for it");
                    break;
                case Opcode.WriteSysctl:
                    string name = _plan.Text(_plan.Operands<WriteSysctl>(i).Name)!;
                    // Those of an interface are there once it is.
                    if (!Exists("/proc/sys/" + name) && !name.StartsWith("net/", StringComparison.Ordinal))
                        Warn(ErrorCodes.SysctlFailed, path, $"there is no /proc/sys/{name} on this host");
                    break;
                case Opcode.OpenConsole when !HasTerminals():
                    Warn(ErrorCodes.TerminalFailed, path, "no devpts is mounted on /dev/pts, so there may be no terminals");
                    break;
                default:
                    break;
            }
        }
    }

    private void CheckSource(string source, string path)
    {
        int result = Syscalls.Stat(At.Cwd, source, 0, out _);
        if (result < 0)
        {
            Error(result == -Errno.ENOENT ? ErrorCodes.MountSourceMissing : ErrorCodes.MountSource, path,
                $"cannot bind {source}: {Errno.Text(-result)} ({Errno.Name(-result)})");
        }
    }

    private bool HasTerminals()
    {
        foreach (var mount in bundle.Config.Mounts ?? [])
        {
            if (ContainerPath.Clean(mount.Destination) is "/dev/pts" or "/dev")
                return true;
        }
        return false;
    }

    private void CheckHooks()
    {
        var hooks = bundle.Config.Hooks;
        CheckHooks("hooks.prestart", hooks?.Prestart);
        CheckHooks("hooks.createRuntime", hooks?.CreateRuntime);
        CheckHooks("hooks.createContainer", hooks?.CreateContainer);
        CheckHooks("hooks.poststart", hooks?.Poststart);
        CheckHooks("hooks.poststop", hooks?.Poststop);
        for (int i = 0; i < hooks?.StartContainer?.Length; i++)
        {
            string path = hooks.StartContainer[i].Path;
            int result = InContainer(path);
            if (result < 0)
            {
                Error(ErrorCodes.HookFailed, Compilation.Path("hooks.startContainer", i, ".path"),
                    $"cannot execute {path} of the container: {Errno.Text(-result)} ({Errno.Name(-result)})");
            }
        }
    }

    private void CheckHooks(string list, Hook[]? hooks)
    {
        for (int i = 0; i < hooks?.Length; i++)
        {
            int result = Executable(Syscalls.Stat(At.Cwd, hooks[i].Path, 0, out var status), in status);
            if (result < 0)
            {
                Error(ErrorCodes.HookFailed, Compilation.Path(list, i, ".path"),
                    $"cannot execute {hooks[i].Path}: {Errno.Text(-result)} ({Errno.Name(-result)})");
            }
        }
    }

    /// <summary>Looks for process.args[0] as Init will: what the plan lists, in the root file system and the binds over it.</summary>
    private void CheckProgram()
    {
        if (bundle.Config.Process?.Args is not [var program, ..])
            return;
        int refused = -Errno.ENOENT;
        for (int i = 0; i < _plan.Count; i++)
        {
            if (_plan.OpcodeAt(i) != Opcode.FindExecutable)
                continue;
            foreach (string candidate in _plan.Strings(_plan.Operands<FindExecutable>(i).Candidates))
            {
                int result = InContainer(candidate);
                if (result >= 0)
                    return;
                refused = result == -Errno.EACCES ? result : refused;
            }
            var step = new InitStep(Opcode.FindExecutable, "process.args[0]", "run", program);
            var error = InitErrors.From(step, Step.Find, -refused, 0, "", bundle.ConfigName);
            string errno = error.Errno == 0 ? "" : $": {Errno.Text(error.Errno)} ({Errno.Name(error.Errno)})";
            Error(error.Code, "process.args[0]", string.Join(' ', (string[])[error.Operation, error.Object ?? ""]).TrimEnd() + errno);
        }
    }

    /// <summary>
    /// Whether a file of the container can be executed: 0, or -errno. What lies under a mount that is not there yet is
    /// given the benefit of the doubt.
    /// </summary>
    private int InContainer(string path)
    {
        string full = ContainerPath.Clean(path.StartsWith('/') ? path : string.Concat(bundle.Config.Process?.Cwd ?? "/", "/", path));
        string root = bundle.Rootfs;
        string rest = full;
        // The last one over it is the one that is seen.
        foreach (var mount in bundle.Config.Mounts ?? [])
        {
            string at = ContainerPath.Clean(mount.Destination);
            if (full != at && !full.StartsWith(at == "/" ? at : at + "/", StringComparison.Ordinal))
                continue;
            if (mount.Source is null || Array.FindIndex(mount.Options ?? [], static option => option is "bind" or "rbind") < 0)
                return 0;
            root = mount.Source.StartsWith('/') ? mount.Source : string.Concat(bundle.Path, "/", mount.Source);
            rest = full[at.Length..];
        }
        if (rest.Length == 0)
            return Executable(Syscalls.Stat(At.Cwd, root, 0, out var itself), in itself);
        int directory = Syscalls.OpenAt(At.Cwd, root, OpenFlags.Path | OpenFlags.Directory);
        if (directory < 0)
            return directory;
        using var fd = new Fd(directory);
        int found = Syscalls.OpenAt2(directory, rest, OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        // < 5.6: no way to look inside without following its links outside.
        if (found is -Errno.ENOSYS or -Errno.EPERM)
            return 0;
        if (found < 0)
            return found is -Errno.ENOTDIR or -Errno.ELOOP ? -Errno.ENOENT : found;
        using var file = new Fd(found);
        return Executable(Syscalls.Stat(found, out var status), in status);
    }

    private static int Executable(int result, in FileStatus status)
    {
        const uint executable = 0x49; // 0111
        return result < 0 ? result : status.IsRegular && (status.FileMode & executable) != 0 ? 0 : -Errno.EACCES;
    }

    /// <summary>execve(2), "Limits on size of arguments and environment".</summary>
    private void CheckArguments()
    {
        if (bundle.Config.Process is not { } process)
            return;
        ulong stack = 8 << 20;
        foreach (var limit in process.Rlimits ?? [])
            stack = limit.Type == RlimitType.Stack ? limit.Soft : stack;
        ulong most = Math.Max(Math.Min(MostArguments, stack / 4), LeastArguments);
        ulong length = 0;
        length += Length("process.args", process.Args ?? []);
        length += Length("process.env", process.Env ?? []);
        if (length > most)
        {
            Error(ErrorCodes.ArgumentsTooLong, "process.args",
                FormattableString.Invariant($"arguments and environment take {length} bytes, more than the {most} that the kernel takes"));
        }
    }

    private ulong Length(string path, IReadOnlyList<string> texts)
    {
        ulong sum = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            int length = Encoding.UTF8.GetByteCount(texts[i]) + 1;
            if (length > MostOneArgument)
            {
                Error(ErrorCodes.ArgumentsTooLong, Compilation.Path(path, i),
                    FormattableString.Invariant($"has {length - 1} bytes, more than the {MostOneArgument - 1} that the kernel takes"));
            }
            sum += (ulong)length + (ulong)IntPtr.Size;
        }
        return sum;
    }

    private void CheckLimits()
    {
        if (bundle.Config.Linux?.Resources?.Memory?.Limit is > 0 and < LeastMemory)
        {
            Warn(ErrorCodes.LimitLow, "linux.resources.memory.limit",
                FormattableString.Invariant($"less than {LeastMemory} bytes may not be enough for the container to start"));
        }
        ulong mostFiles = ulong.TryParse(Files.TryReadText(At.Cwd, "/proc/sys/fs/nr_open", 32)?.Trim(), out ulong read) ? read : ulong.MaxValue;
        for (int i = 0; i < bundle.Config.Process?.Rlimits?.Length; i++)
        {
            var limit = bundle.Config.Process.Rlimits[i];
            string path = Compilation.Path("process.rlimits", i);
            if (limit.Type == RlimitType.Nofile && limit.Hard > mostFiles)
            {
                Error(ErrorCodes.LimitFailed, path + ".hard",
                    FormattableString.Invariant($"is above {mostFiles}, the most open files that /proc/sys/fs/nr_open allows"));
            }
            ulong least = limit.Type switch { RlimitType.Nofile => LeastFiles, RlimitType.As => LeastAddressSpace, _ => 0 };
            if (limit.Soft < least)
            {
                Warn(ErrorCodes.LimitLow, path + ".soft",
                    FormattableString.Invariant($"less than {least} is not enough for most programs to start"));
            }
        }
    }

    private void CheckSeccomp()
    {
        var rules = bundle.Config.Linux?.Seccomp?.Syscalls;
        for (int i = 0; i < rules?.Length; i++)
        {
            for (int j = 0; j < rules[i].Names.Length; j++)
            {
                if (SyscallTable.Find(rules[i].Names[j]) < 0)
                {
                    Warn(ErrorCodes.NoEffect, Compilation.Path(Compilation.Path("linux.seccomp.syscalls", i, ".names"), j),
                        $"{rules[i].Names[j]} is no system call of Linux {SyscallTable.KernelVersion} or before, and is skipped");
                }
            }
        }
    }

    private static bool Exists(string path) => Syscalls.Stat(At.Cwd, path, At.SymlinkNoFollow, out _) >= 0;

    private void Error(ErrorCode code, string path, string message) => findings.Add(new Finding(code, path, message));

    private void Warn(ErrorCode code, string path, string message) =>
        findings.Add(new Finding(code, path, message, Severity: Severity.Warning));
}
