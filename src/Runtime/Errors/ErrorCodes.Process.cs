using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode ExecutableNotFound = new(
        "executable-not-found",
        "The program of process.args is not in the container.",
        "It is not in any directory of the PATH in process.env, or a path that does not exist in the root file system.",
        "Look for it below root.path; PATH is that of process.env, never the caller's.");

    public static readonly ErrorCode ExecutableInvalid = new(
        "executable-invalid",
        "The program of process.args is there, but cannot be executed.",
        "It is a directory, lacks the x bit for process.user, is on a noexec mount, or is for another architecture.",
        "Look at its mode and at `file PROGRAM` on the host.");

    public static readonly ErrorCode WorkingDirectory = new(
        "working-directory",
        "The process's working directory cannot be entered.",
        "process.cwd is not a directory, leads out of the container, or process.user may not enter it.",
        "Look at process.cwd in the container's root file system.");

    public static readonly ErrorCode IdentityFailed = new(
        "identity-failed",
        "The process could not become the user, or get the groups and capabilities, that the config asks for.",
        "Ids that are not mapped in the user namespace, or capabilities that the caller has not got.",
        "Look at process.user and process.capabilities, and at linux.uidMappings and gidMappings.");

    public static readonly ErrorCode LimitFailed = new(
        "limit-failed",
        "A resource limit of process.rlimits could not be set.",
        "A hard limit above the caller's needs CAP_SYS_RESOURCE; RLIMIT_NOFILE has /proc/sys/fs/nr_open as its ceiling.",
        "Lower the limit, or run csrun with the rights for it.");

    public static readonly ErrorCode OomScore = new(
        "oom-score",
        "process.oomScoreAdj could not be set.",
        "Lowering it needs CAP_SYS_RESOURCE.",
        "Leave it out, or give a value that is not below the caller's.");

    public static readonly ErrorCode SchedulingFailed = new(
        "scheduling-failed",
        "The kernel did not take process.scheduler, process.ioPriority or process.execCPUAffinity.",
        "Real-time and deadline policies, a nice value below the caller's and the real-time I/O class take CAP_SYS_NICE on the host; processors must be in the cgroup's cpuset.",
        "Run csrun with the rights for it, or take another policy; with cgroup v1, the cgroup needs cpu.rt_runtime_us.");

    public static readonly ErrorCode MemoryPolicyFailed = new(
        "memory-policy-failed",
        "The kernel did not take linux.memoryPolicy.",
        "A node that the machine, or the cgroup's cpuset, does not have, or a mode that is newer than the kernel.",
        "Compare linux.memoryPolicy.nodes with /sys/devices/system/node/online; MPOL_WEIGHTED_INTERLEAVE needs Linux 6.9.");

    public static readonly ErrorCode SecurityModuleOff = new(
        "security-module-off",
        "The config has an AppArmor profile or an SELinux label, but this security module is off.",
        "A config from another host, or a kernel that was started without the module.",
        "Take process.apparmorProfile or process.selinuxLabel out, or start the kernel with the module (`cat /sys/kernel/security/lsm`).");

    public static readonly ErrorCode LabelFailed = new(
        "label-failed",
        "The security module did not take the profile or the label of the process.",
        "The AppArmor profile is not loaded, or SELinux's policy does not know the context or forbids the change to it.",
        "Look at `aa-status` for the profiles that are loaded; for SELinux, at `seinfo` and the audit log.");

    public static readonly ErrorCode SeccompFailed = new(
        "seccomp-failed",
        "The kernel did not take the filter made of linux.seccomp.",
        "Without process.noNewPrivileges it takes CAP_SYS_ADMIN; a kernel without CONFIG_SECCOMP_FILTER has no filters.",
        "Set process.noNewPrivileges, or run csrun with the rights for it.");

    public static readonly ErrorCode SeccompUnsupported = new(
        "seccomp-unsupported",
        "linux.seccomp asks for what the kernel does not have, or for more than it takes.",
        "A flag that is newer than the kernel, or so many rules with conditions that the filter has over 4096 instructions.",
        "`csrun features` lists the flags; of rules for the same call, put those together that differ in one argument.");

    public static readonly ErrorCode SeccompAgent = new(
        "seccomp-agent",
        "The agent of linux.seccomp.listenerPath could not be given the container's filter to listen to.",
        "No agent listens on that socket, or it closed the connection before it had received.",
        "Start the agent before the container, and see that it takes one connection for each container.");

    public static readonly ErrorCode SeccompQuestion = new(
        "seccomp-question",
        "`csrun seccomp` was asked about something that is not there.",
        "A system call that no architecture of the profile has, an argument that is no number, or a file without a profile.",
        "Take names as in syscalls(2), and a config.json, or what is in one as linux.seccomp.");

    public static readonly ErrorCode SeccompBlocked = new(
        "seccomp-blocked",
        "The container's process was ended by its own seccomp filter before it executed its program.",
        "The profile does not allow execve; SCMP_ACT_KILL as the default action with no rule for it is the usual case.",
        "Ask `csrun seccomp explain PROFILE execve`, and allow it.");

    public static readonly ErrorCode TerminalFailed = new(
        "terminal-failed",
        "The container's terminal could not be made.",
        "process.terminal needs a devpts mounted on /dev/pts in the container.",
        "Add the devpts mount that `csrun spec` writes.");

    public static readonly ErrorCode ProcessSetup = new(
        "process-setup",
        "Something of the process itself could not be set up.",
        "A host name that is too long, a key quota that is used up, or a policy that forbids it.",
        "Look at the operation and the errno in the message.");

    private static readonly ErrorCode[] s_process =
    [
        ExecutableNotFound, ExecutableInvalid, WorkingDirectory, IdentityFailed, LimitFailed, OomScore, SchedulingFailed,
        MemoryPolicyFailed, SecurityModuleOff, LabelFailed, SeccompFailed, SeccompUnsupported, SeccompAgent, SeccompQuestion, SeccompBlocked,
        TerminalFailed, ProcessSetup,
    ];
}
