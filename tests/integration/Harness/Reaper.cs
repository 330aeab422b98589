using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Csrun.Tests.Integration;

/// <summary>How a process ended.</summary>
internal sealed record Ending(int Status, long PeakKilobytes)
{
    /// <summary>The exit code as a shell shows it: 128 + n after signal n.</summary>
    internal int Code => (Status & 0x7f) == 0 ? Status >> 8 & 0xff : 128 + (Status & 0x7f);
}

/// <summary>
/// Waits for every child of the test process, which is a child subreaper as container monitors are: the containers'
/// processes become its children when the runtime exits.
/// </summary>
internal static unsafe class Reaper
{
    private static readonly Dictionary<int, TaskCompletionSource<Ending>> Endings = [];
    private static readonly Lock Gate = new();
    private static readonly AutoResetEvent Started = new(false);

#pragma warning disable CA2255 // The subreaper flag must be set before any test starts a process.
    [ModuleInitializer]
    internal static void Begin()
    {
        Libc.prctl(36, 1, 0, 0, 0);

        // What the caller of the suite left open must not reach the runtimes under test.
        Libc.syscall(436, 3, uint.MaxValue, 4, 0, 0);
        new Thread(Loop) { IsBackground = true, Name = "reaper" }.Start();
    }
#pragma warning restore CA2255

    /// <summary>Starts a process so that its ending cannot be mistaken for that of an older one with the same id.</summary>
    internal static int Start(Func<int> spawn)
    {
        lock (Gate)
        {
            var pid = spawn();
            Endings[pid] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Started.Set();
            return pid;
        }
    }

    /// <summary>The ending of a child, started by us or inherited.</summary>
    internal static bool Wait(int pid, int milliseconds, out Ending ending)
    {
        Task<Ending> task;
        lock (Gate)
        {
            task = Source(pid).Task;
        }

#pragma warning disable VSTHRD002 // Completed by the reaper's own thread.
        var done = task.Wait(milliseconds);
        ending = done ? task.Result : new(0, 0);
#pragma warning restore VSTHRD002
        return done;
    }

    private static void Loop()
    {
        var information = stackalloc byte[128];
        var usage = stackalloc byte[256];
        for (; ; )
        {
            // WNOWAIT: the process stays a zombie until its ending can be noted under the lock.
            if (Libc.waitid(0, 0, information, 0x01000004) != 0)
            {
                Started.WaitOne(20);
                continue;
            }

            lock (Gate)
            {
                var pid = *(int*)(information + 16);
                int status;
                if (Libc.wait4(pid, &status, 0, usage) == pid)
                {
                    var source = Source(pid);
                    if (!source.TrySetResult(new(status, ((long*)usage)[4])))
                    {
                        Endings[pid] = new(TaskCreationOptions.RunContinuationsAsynchronously);
                        Endings[pid].SetResult(new(status, ((long*)usage)[4]));
                    }
                }
            }
        }
    }

    private static TaskCompletionSource<Ending> Source(int pid)
    {
        if (!Endings.TryGetValue(pid, out var source))
        {
            source = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Endings[pid] = source;
        }

        return source;
    }
}
