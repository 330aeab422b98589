using System;
using System.Text;
using Csrun.Cgroups;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>
/// Derives what a container is now: from its process, its freezer and the socket that it waits on. Takes no lock and
/// never fails for a reason that passes: CRI-O takes any failure of <c>state</c> for the container's end.
/// </summary>
public static class Status
{
    /// <summary>The status of a container.</summary>
    public static ContainerStatus Of(StateDirectory directory, State state)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(state);
        if (!state.IsComplete)
            return IsAlive(state.Creator, state.BootId) ? ContainerStatus.Creating : ContainerStatus.Stopped;
        if (!IsAlive(state.Process, state.BootId))
            return ContainerStatus.Stopped;
        if (CgroupDrivers.For(state.Cgroup).IsFrozen())
            return ContainerStatus.Paused;
        return IsWaitingForStart(directory) ? ContainerStatus.Created : ContainerStatus.Running;
    }

    /// <summary>This machine's boot, by /proc/sys/kernel/random/boot_id.</summary>
    public static string BootId() =>
        Encoding.ASCII.GetString(Files.ReadAll(At.Cwd, "/proc/sys/kernel/random/boot_id", 64)).TrimEnd('\n');

    /// <summary>Whether a process is still the same one and has not ended: a zombie has, and one that only waits for others to.</summary>
    public static bool IsAlive(ProcessIdentity process, string bootId) =>
        process.Pid > 0
        && ProcessStat.Read(process.Pid) is { IsEnding: false } stat
        && stat.StartTime == process.StartTime
        && BootId() == bootId;

    // Whoever listens has not executed the program yet: the socket is close-on-exec. Init ignores a connection that is
    // closed again without a word.
    private static bool IsWaitingForStart(StateDirectory directory)
    {
        int socket = UnixSocket.TryConnect(
            directory.Number, StateDirectory.StartSocketName, SocketKind.SeqPacket, wait: false);
        if (socket >= 0)
            _ = Syscalls.Close(socket);
        return socket is >= 0 or -Errno.EAGAIN;
    }
}
