using System.Globalization;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime;

/// <summary>What an error of Init is about: the instruction's kind and where in the config it comes from.</summary>
/// <param name="Opcode">The instruction's kind.</param>
/// <param name="JsonPath">The part of the config; empty if nothing in particular asked for it.</param>
/// <param name="Operation">In words, to follow "cannot".</param>
/// <param name="Object">On what, or null. Of FindExecutable and Execute: the program as the config has it.</param>
internal readonly record struct InitStep(Opcode Opcode, string JsonPath, string Operation, string? Object);

/// <summary>
/// Turns an Error message of Init (instruction, step, errno) into the line that a person reads. Init itself has no
/// texts: they are all here and in the compiler's origins.
/// </summary>
internal static class InitErrors
{
    /// <param name="at">The instruction.</param>
    /// <param name="step">Where inside it.</param>
    /// <param name="errno">The positive errno, or 0.</param>
    /// <param name="value">The message's value: a wait status, for a hook.</param>
    /// <param name="text">The message's text: a mount parameter, the end of a hook's output.</param>
    /// <param name="configName">The config's file name; empty if the instruction's path has it already.</param>
    public static CsrunException From(
        InitStep at, Step step, int errno, ulong value, string text, string configName = "config.json")
    {
        string? where = Place(configName, at.JsonPath);
        if (step == Step.Plan)
        {
            return new CsrunException(
                ErrorCodes.Internal, "the plan is malformed at", at.Opcode.ToString(), errno, where);
        }
        return at.Opcode switch
        {
            Opcode.FindExecutable or Opcode.Execute => Program(at, step, errno, where),
            Opcode.ChangeDirectory => Directory(at, step, errno, where),
            Opcode.RunHook => Hook(at, step, errno, value, text, where),
            Opcode.SetLabel => Label(at, step, errno, text, where),
            _ => Any(at, step, errno, text, where),
        };
    }

    /// <summary>"config.json: process.cwd"; null if nothing in particular asked for it and there is no name.</summary>
    public static string? Place(string configName, string path) => (configName, path) switch
    {
        ("", "") => null,
        ("", _) => path,
        (_, "") => configName,
        _ => configName + ": " + path,
    };

    /// <summary>"exit status 3" or "signal SIGKILL" for a wait status as wait4(2) gives it.</summary>
    public static string WaitStatus(ulong status)
    {
        int signal = (int)(status & 0x7f);
        return signal == 0
            ? string.Create(CultureInfo.InvariantCulture, $"exit status {(status >> 8) & 0xff}")
            : "signal " + Signals.Name(signal);
    }

    // These texts are matched by containerd, Docker, CRI-O and Podman, who make exit codes 126 and 127 of them
    // (reference: runc's `exec: "x": executable file not found in $PATH`).
    private static CsrunException Program(InitStep at, Step step, int errno, string? where)
    {
        string program = at.Object ?? "";
        string operation = "exec: \"" + program + "\":";
        if (step != Step.Exec && errno == Errno.ENOENT)
        {
            return program.Contains('/', System.StringComparison.Ordinal)
                ? new CsrunException(ErrorCodes.ExecutableNotFound, operation + " stat", program, errno, where)
                : new CsrunException(
                    ErrorCodes.ExecutableNotFound, operation, "executable file not found in $PATH", where: where);
        }
        string? hint = errno switch
        {
            Errno.ENOENT => "the interpreter in its first line, or its dynamic loader, is missing",
            Errno.ENOEXEC => "it is neither a program for this machine nor a script with a first line like #!/bin/sh",
            Errno.E2BIG => "process.args and process.env are longer than the kernel takes",
            _ => null,
        };
        return new CsrunException(
            ErrorCodes.ExecutableInvalid, "exec: \"" + program + "\"", errno: errno, where: where, hint: hint);
    }

    private static CsrunException Directory(InitStep at, Step step, int errno, string? where) => step == Step.Verify
        ? new CsrunException(
            ErrorCodes.WorkingDirectory, "current working directory is outside of container mount namespace root:",
            at.Object, errno, where)
        : new CsrunException(
            ErrorCodes.WorkingDirectory, "chdir to cwd (\"" + at.Object + "\") set in config.json failed",
            errno: errno, where: where);

    private static CsrunException Hook(InitStep at, Step step, int errno, ulong value, string text, string? where) =>
        step switch
        {
            Step.HookStatus => new CsrunException(
                ErrorCodes.HookFailed, "error running hook", at.Object + ": " + WaitStatus(value), where: where,
                hint: text.Trim()),
            Step.HookTimeout => new CsrunException(
                ErrorCodes.HookTimeout, "error running hook", at.Object + ": it ran for longer than its timeout",
                where: where, hint: text.Trim()),
            _ => new CsrunException(ErrorCodes.HookFailed, "error running hook", at.Object, errno, where),
        };

    // Podman looks for the file's name in backquotes.
    private static CsrunException Label(InitStep at, Step step, int errno, string text, string? where) => new(
        ErrorCodes.LabelFailed, "cannot " + at.Operation,
        string.Concat(at.Object is null ? "" : at.Object + ": ", StepName(step), " `/proc/", text) + "`", errno, where,
        (step, errno) switch
        {
            (Step.Write, Errno.ENOENT) => "the profile is not loaded",
            (Step.Write, Errno.EINVAL) => "the security module does not know it",
            _ => null,
        });

    private static CsrunException Any(InitStep at, Step step, int errno, string text, string? where)
    {
        string? detail = StepName(step);
        if (text.Length > 0)
            detail = detail is null ? text : detail + " " + text;
        string? target = (at.Object, detail) switch
        {
            (null, null) => null,
            (null, _) => "(" + detail + ")",
            (_, null) => at.Object,
            _ => at.Object + ": " + detail,
        };
        return new CsrunException(CodeOf(at.Opcode, step, errno), "cannot " + at.Operation, target, errno, where, HintFor(at.Opcode, step, errno, text));
    }

    private static ErrorCode CodeOf(Opcode opcode, Step step, int errno) => opcode switch
    {
        Opcode.JoinNamespace or Opcode.Unshare or Opcode.WriteTimeOffsets or Opcode.Fork => ErrorCodes.NamespaceFailed,
        Opcode.JoinCgroups => ErrorCodes.CgroupFailed,
        Opcode.AwaitIdMap or Opcode.BecomeRoot => ErrorCodes.IdMapFailed,
        Opcode.OpenSource when errno == Errno.ENOENT => ErrorCodes.MountSourceMissing,
        Opcode.OpenSource or Opcode.OpenNullDevice => ErrorCodes.MountSource,
        Opcode.OpenRootfs when errno == Errno.ENOENT => ErrorCodes.RootfsMissing,
        Opcode.OpenRootfs or Opcode.IsolateHost or Opcode.AttachRootfs or Opcode.PivotRoot or Opcode.ChangeRoot
            or Opcode.SetRootPropagation => ErrorCodes.RootfsFailed,
        Opcode.MountFilesystem or Opcode.MountBind or Opcode.Remount => MountCode(step),
        Opcode.MakeDirectory => ErrorCodes.MountDestination,
        Opcode.MakeDevice or Opcode.MakeSymlink => ErrorCodes.DeviceFailed,
        Opcode.MaskPath or Opcode.ReadonlyPath or Opcode.SetPathReadonly => ErrorCodes.PathProtection,
        Opcode.WriteSysctl => ErrorCodes.SysctlFailed,
        Opcode.OpenConsole => ErrorCodes.TerminalFailed,
        Opcode.SetRlimit => ErrorCodes.LimitFailed,
        Opcode.SetIdentity => ErrorCodes.IdentityFailed,
        Opcode.InstallListener or Opcode.SetFilter => ErrorCodes.SeccompFailed,
        Opcode.RequestNetDevices => ErrorCodes.NetDeviceFailed,
        Opcode.SetScheduler or Opcode.SetIoPriority => ErrorCodes.SchedulingFailed,
        Opcode.SetMemoryPolicy => ErrorCodes.MemoryPolicyFailed,
        _ => ErrorCodes.ProcessSetup,
    };

    private static ErrorCode MountCode(Step step) => step switch
    {
        Step.Resolve or Step.Open or Step.MakeParent or Step.Make or Step.Verify => ErrorCodes.MountDestination,
        Step.FsConfig => ErrorCodes.MountOption,
        Step.IdMap => ErrorCodes.MountIdMap,
        Step.Device => ErrorCodes.DeviceFailed,
        _ => ErrorCodes.MountFailed,
    };

    private static string? HintFor(Opcode opcode, Step step, int errno, string text) => (opcode, step, errno) switch
    {
        (Opcode.InstallListener or Opcode.SetFilter, _, Errno.EACCES) => "without process.noNewPrivileges it takes CAP_SYS_ADMIN",
        (Opcode.InstallListener, _, Errno.EBUSY) => "an agent listens to a filter around this one already; the kernel has one at most",
        (Opcode.PivotRoot, _, Errno.EINVAL) => "if the root is an initramfs, use --no-pivot",
        (Opcode.JoinNamespace, _, Errno.EINVAL) => "it is a namespace of another kind, or one that cannot be joined from here",
        (Opcode.SetScheduler, _, Errno.EPERM) =>
            "it takes CAP_SYS_NICE in the first user namespace, and a real-time budget in the cgroup where the kernel has those",
        (Opcode.SetScheduler, _, Errno.EBUSY) => "the processors have no room left for this much deadline time",
        (Opcode.SetScheduler, _, Errno.EOPNOTSUPP) => "the kernel was built without utilization clamping",
        (Opcode.SetIoPriority, _, Errno.EPERM) => "the real-time class takes CAP_SYS_NICE or CAP_SYS_ADMIN in the first user namespace",
        (Opcode.SetMemoryPolicy, _, Errno.EINVAL) => "the kernel lacks this mode, or none of the nodes is online and in the cgroup's cpuset",
        (Opcode.SetPersonality, _, Errno.EINVAL) => "this processor runs no 32-bit programs",
        (_, Step.Verify, 0) => "it is not what it must be",
        (_, Step.Resolve, Errno.ELOOP) => "a symbolic link is in the way, where none may be",
        (_, Step.Resolve, Errno.EXDEV) => "the path leads out of the container's root",
        _ => MountHints.For(opcode, step, errno, text) ?? Hints.For(errno),
    };

    private static string? StepName(Step step) => step switch
    {
        Step.Resolve => "resolve the path",
        Step.Open => "open",
        Step.MakeParent => "make the directories above",
        Step.Make => "make it",
        Step.ReadBack => "read it back",
        Step.OpenTree => "open_tree",
        Step.FsOpen => "fsopen",
        Step.FsConfig => "fsconfig",
        Step.FsCreate => "fsconfig(CMD_CREATE)",
        Step.FsMount => "fsmount",
        Step.SetAttributes => "mount_setattr",
        Step.SetPropagation => "set propagation",
        Step.MoveMount => "move_mount",
        Step.Unmount => "umount",
        Step.Chdir => "chdir",
        Step.Chroot => "chroot",
        Step.Pivot => "pivot_root",
        Step.Write => "write",
        Step.Read => "read",
        Step.Verify => "verify",
        Step.Namespace => "setns",
        Step.Clone => "clone3",
        Step.Keyring => "keyctl",
        Step.Socket => "socket",
        Step.Terminal => "terminal",
        Step.Owner => "fchown",
        Step.Capabilities => "capset",
        Step.Groups => "setgroups",
        Step.Gid => "setresgid",
        Step.Uid => "setresuid",
        Step.Ambient => "ambient capabilities",
        Step.NoNewPrivileges => "no_new_privs",
        Step.Limit => "prlimit",
        Step.Exec => "execve",
        Step.Scheduler => "sched_setattr",
        Step.IoPriority => "ioprio_set",
        Step.MemoryPolicy => "set_mempolicy",
        Step.Personality => "personality",
        Step.Mount => "mount",
        Step.CopyUp => "copy",
        Step.Label => "fsetxattr",
        Step.IdMap => "map ids",
        Step.Device => "look at the host's",
        Step.Filter => "seccomp",
        Step.PeerGone => "the other side is gone",
        _ => null,
    };
}
