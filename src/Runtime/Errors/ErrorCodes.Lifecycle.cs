using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode ContainerNotFound = new(
        "container-not-found",
        "There is no container of that id below the state directory that csrun looked at.",
        "It was deleted, it was never created, or it was created with another `--root`, as another user, or with another XDG_RUNTIME_DIR.",
        "Run `csrun list` with the options that the container was created with.");

    public static readonly ErrorCode ContainerExists = new(
        "container-exists",
        "A container of that id exists already; it was not touched.",
        "An id used twice, or one that was not deleted after its container ended.",
        "Take another id, or `csrun delete` the old container first.");

    public static readonly ErrorCode ContainerIdInvalid = new(
        "container-id-invalid",
        "The container id cannot be used as the name of a directory.",
        "It is empty, `.` or `..`, longer than 255 bytes, or has characters other than letters, digits, `_`, `+`, `-` and `.`.",
        "Choose an id of those characters.");

    public static readonly ErrorCode ContainerNotRunning = new(
        "container-not-running",
        "The container's process has ended, so there is nothing to send a signal to, and nothing that another could join.",
        "The program exited or was killed.",
        "Delete the container; `csrun kill --all` reaches processes that it left in its cgroup.");

    public static readonly ErrorCode ContainerNotStopped = new(
        "container-not-stopped",
        "A container can be deleted when it is stopped, or when it was created and never started.",
        "Its process is still alive.",
        "Kill it first, or use `csrun delete --force`.");

    public static readonly ErrorCode ContainerNotCreated = new(
        "container-not-created",
        "Only a container that was created and not yet started can be started.",
        "It is running, paused or stopped already.",
        "Look at `csrun state`; a stopped container must be deleted and created again.");

    public static readonly ErrorCode ContainerBusy = new(
        "container-busy",
        "Another csrun command holds the container's lock and did not let go of it in time.",
        "A start that waits for hooks, or a delete that waits for the container's processes to die.",
        "Wait for the other command, or end it.");

    public static readonly ErrorCode ContainerPaused = new(
        "container-paused",
        "A process that joined a paused container would be held at once.",
        "The container was paused, by an engine or by `csrun pause`.",
        "Resume it first, or use `csrun exec --ignore-paused`, which waits until it is resumed.");

    public static readonly ErrorCode ContainerNotPaused = new(
        "container-not-paused",
        "Only a paused container can be resumed.",
        "It was never paused, was resumed already, or its process has ended.",
        "Look at `csrun state`.");

    public static readonly ErrorCode PauseFailed = new(
        "pause-failed",
        "Not all processes of the container could be held; those that were go on.",
        "A process waits for a device or a network file system, where it cannot be held, or the container has no cgroup that can be frozen.",
        "Look at /proc/PID/stack of the processes that the message names, and try again.");

    public static readonly ErrorCode PsFailed = new(
        "ps-failed",
        "The host's ps could not make the table.",
        "It is not installed, it does not know one of the options, or its output has no column PID.",
        "Try the same options with ps itself, or use `--format json`, which needs no ps.");

    public static readonly ErrorCode NoProcess = new(
        "no-process",
        "The container was created from a config without `process`, so there is nothing to start.",
        "`process` may be left out for create, but start needs it.",
        "Delete the container and create it from a config with `process`.");

    public static readonly ErrorCode RootInvalid = new(
        "root-invalid",
        "The directory for the state of all containers cannot be used.",
        "`--root` is `/`, is empty, is a symbolic link or not a directory, or may not be made or entered.",
        "Give a directory that only its owner can write to.");

    public static readonly ErrorCode StateUnreadable = new(
        "state-unreadable",
        "The container's state.json cannot be read, or does not say what it must.",
        "It was edited or damaged, or comes from another version of csrun.",
        "`csrun delete --force` removes what can be removed.");

    public static readonly ErrorCode SignalUnknown = new(
        "signal-unknown",
        "That is no signal.",
        "A misspelt name; names are taken with or without SIG, in any case, also RTMIN+n, and numbers from 0 to 64.",
        "See `kill -l`.");

    public static readonly ErrorCode KillFailed = new(
        "kill-failed",
        "The signal could not be sent to the container's process.",
        "The caller has not the rights of the container's owner.",
        "Run csrun as the user who created the container.");

    public static readonly ErrorCode DeleteIncomplete = new(
        "delete-incomplete",
        "Something that the container left could not be removed in time.",
        "A process in its cgroup does not die (it waits for a device or a network file system), or someone else uses the cgroup.",
        "Look who is in the cgroup named in the message, and delete again.");

    private static readonly ErrorCode[] s_lifecycle =
    [
        ContainerNotFound, ContainerExists, ContainerIdInvalid, ContainerNotRunning, ContainerNotStopped,
        ContainerNotCreated, ContainerPaused, ContainerNotPaused, ContainerBusy, PauseFailed, PsFailed, NoProcess, RootInvalid, StateUnreadable, SignalUnknown, KillFailed,
        DeleteIncomplete,
    ];
}
