using System;
using System.Collections.Generic;

namespace Csrun.Runtime.Containers;

/// <summary>
/// The operations on containers (runtime.md#operations), one file each beside this one. All of them throw
/// <see cref="CsrunException"/>, <see cref="Spec.ConfigException"/> or <see cref="Linux.LinuxException"/>, write nothing on standard
/// output or error (warnings go to <see cref="Log"/>), and leave nothing behind where they fail.
/// </summary>
public static class Lifecycle
{
    /// <summary>Makes a container from a bundle, up to its program, which waits for <see cref="Start"/>.</summary>
    public static void Create(CreateRequest request) => Containers.Create.Run(request, foreground: false).Dispose();

    /// <summary>Lets the program of a created container run; why it cannot be executed is an error here.</summary>
    public static void Start(RuntimeOptions options, string id) => Containers.Start.Run(options, id);

    /// <summary>What a container is now.</summary>
    public static ContainerView State(RuntimeOptions options, string id) => Views.One(options, id);

    /// <summary>Sends a signal.</summary>
    public static void Kill(KillRequest request) => Containers.Kill.Run(request);

    /// <summary>
    /// Removes what create made. With <paramref name="force"/> a running container is killed first, and one that does
    /// not exist is no error.
    /// </summary>
    public static void Delete(RuntimeOptions options, string id, bool force) => Containers.Delete.Run(options, id, force);

    /// <summary>Create and start; in the foreground also wait and delete.</summary>
    /// <returns>The exit code for the command: the container's own (128 + n for signal n), 0 if detached.</returns>
    public static int Run(RunRequest request) => Containers.Run.Execute(request);

    /// <summary>Runs a further process in a container that was created or is running.</summary>
    /// <returns>The exit code for the command: the process's own (128 + n for signal n), 0 if detached.</returns>
    public static int Exec(ExecRequest request) => Containers.Exec.Run(request);

    /// <summary>Holds all processes of a created or running container.</summary>
    public static void Pause(RuntimeOptions options, string id) => Containers.Pause.Run(options, id);

    /// <summary>Lets the processes of a paused container go on.</summary>
    public static void Resume(RuntimeOptions options, string id) => Containers.Pause.Resume(options, id);

    /// <summary>The ids of all processes of a container, as this process sees them, in order; none if it is stopped.</summary>
    public static IReadOnlyList<int> Processes(RuntimeOptions options, string id) => Containers.Processes.Of(options, id);

    /// <summary>Changes limits of a container that is not stopped: all that are given, or none.</summary>
    public static void Update(UpdateRequest request) => Containers.Update.Run(request);

    /// <summary>What a container that is not stopped has used, as a line of JSON.</summary>
    public static byte[] Statistics(RuntimeOptions options, string id) => Containers.Events.Once(options, id);

    /// <summary>
    /// Tells what a container uses once in every interval, and when it runs out of memory, until it stops or
    /// <paramref name="tell"/> says that nobody listens.
    /// </summary>
    public static void Events(RuntimeOptions options, string id, long interval, Func<byte[], bool> tell) =>
        Containers.Events.Run(options, id, interval, tell);

    /// <summary>All containers below the root, by id; what cannot be read is left out.</summary>
    public static IReadOnlyList<ContainerView> List(RuntimeOptions options) => Views.All(options);
}
