using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Programs that run at points of the container's life, in its namespaces.</summary>
internal static unsafe class Hooks
{
    /// <summary>Longest wait for a hook that was killed: one that a device holds, or that another's rights protect, stays behind.</summary>
    private const uint KillPatience = 10;

    /// <summary>Room that the state has for the process id.</summary>
    private const int PidWidth = 10;

    /// <summary>Lets the runtime run the hooks that belong into its own namespaces.</summary>
    public static nint Request(State* s)
    {
        Messages.Say(s, MessageKind.HooksDue);
        Messages.Await(s, MessageKind.HooksDone);
        return 0;
    }

    public static nint Run(State* s, RunHook* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        byte* state = PlanView.String(s, operands->State);
        uint stateLength = operands->State.Length;
        uint argumentCount, environmentCount;
        byte** arguments = Execution.Strings(s, operands->Arguments, 0, &argumentCount);
        byte** environment = Execution.Strings(s, operands->Environment, 0, &environmentCount);
        if (argumentCount == 0 || (ulong)operands->PidOffset + PidWidth > stateLength)
            PlanView.Malformed(s, "hook"u8.Pointer);
        Messages.SetText(s, path);
        s->Step = Step.Make;

        // The plan is read-only: the state gets its process id in a copy.
        nint input = Kernel.Map((nint)stateLength);
        if (input < 0)
            return input;
        Text.Copy((byte*)input, state, (int)stateLength);
        byte* digits = stackalloc byte[24];
        int width = Text.Number(digits, (ulong)Kernel.Call(Nr.GetPid), 10);
        Text.Copy((byte*)input + operands->PidOffset, digits, width);

        nint output = MemoryFile();
        if (output < 0)
            return output;
        nint errors = MemoryFile();
        if (errors < 0)
            return errors;
        int* stdin = stackalloc int[2];
        int* report = stackalloc int[2];
        nint result = Kernel.Call(Nr.Pipe2, (nint)stdin, C.O_CLOEXEC);
        if (result >= 0)
            result = Kernel.Call(Nr.Pipe2, (nint)report, C.O_CLOEXEC);
        if (result < 0)
            return result;

        s->Step = Step.Clone;
        int process = -1;
        nint pid = Kernel.Call(Nr.Clone, (nint)(C.CLONE_PIDFD | C.SIGCHLD), 0, (nint)(&process));
        if (pid < 0)
            return pid;
        if (pid == 0)
            Become(path, arguments, environment, stdin[0], (int)output, (int)errors, report[1]);
        // Both sides do it, so that it is done before either goes on.
        Kernel.Call(Nr.SetPgid, pid, pid);
        Kernel.Close(stdin[0]);
        Kernel.Close(report[1]);

        TimeSpecification begin;
        Kernel.Call(Nr.ClockGetTime, C.CLOCK_MONOTONIC, (nint)(&begin));
        int status = 0;
        bool inTime = Feed(process, stdin[1], (byte*)input, (nint)stateLength, operands->Timeout);
        bool ended = inTime;
        if (!inTime)
        {
            Kernel.Call(Nr.Kill, -pid, C.SIGKILL);
            Kernel.Call(Nr.Kill, pid, C.SIGKILL);
            status = C.SIGKILL;
            ended = Feed(process, -1, null, 0, KillPatience);
        }
        while (ended && Kernel.Call(Nr.Wait4, pid, (nint)(&status), 0, 0) == -C.EINTR)
        {
            // A signal came in between.
        }
        int errno = 0;
        // One that is not dead may still be before its execve, where a file system holds it: nothing to read, and no end.
        bool executed = !ended || Kernel.Read(report[0], (byte*)&errno, sizeof(int)) != sizeof(int);
        Kernel.Close(report[0]);
        Kernel.Close(process);
        Kernel.Unmap((void*)input, (nint)stateLength);
        Execution.Free(arguments, argumentCount);
        Execution.Free(environment, environmentCount);

        if (!executed)
        {
            s->Step = Step.Exec;
            return -errno;
        }
        s->Step = !inTime ? Step.HookTimeout : status != 0 ? Step.HookStatus : Step.None;
        Messages.Tell(s, MessageKind.HookOutput, 0, (int)output);
        Messages.Tell(s, MessageKind.HookEnded, (uint)status | Since(&begin) << 32, (int)errors);
        Kernel.Close(output);
        Kernel.Close(errors);
        if (inTime && status == 0)
            return 0;
        s->Value = (ulong)(uint)status;
        s->TextLength = 0;
        Messages.Fail(s, inTime ? 0 : C.ETIMEDOUT);
        return 0;
    }

    private static nint MemoryFile()
    {
        nint file = Kernel.Call(Nr.MemFdCreate, (nint)"hook"u8.Pointer, C.MFD_CLOEXEC | C.MFD_NOEXEC_SEAL);
        // < 6.3
        return file == -C.EINVAL ? Kernel.Call(Nr.MemFdCreate, (nint)"hook"u8.Pointer, C.MFD_CLOEXEC) : file;
    }

    /// <summary>Milliseconds, at most what 32 bits hold.</summary>
    private static ulong Since(TimeSpecification* begin)
    {
        TimeSpecification now;
        Kernel.Call(Nr.ClockGetTime, C.CLOCK_MONOTONIC, (nint)(&now));
        ulong milliseconds = (ulong)((now.Seconds - begin->Seconds) * 1000 + (now.Nanoseconds - begin->Nanoseconds) / 1_000_000);
        return milliseconds > uint.MaxValue ? uint.MaxValue : milliseconds;
    }

    /// <summary>In the new process: becomes the hook, with descriptors 0, 1 and 2 and no other.</summary>
    private static void Become(byte* path, byte** arguments, byte** environment, int stdin, int output, int errors, int report)
    {
        const int reportHere = 3;
        Kernel.Call(Nr.SetPgid, 0, 0);
        // Whoever called us may have closed some of the first three, and ours may have their numbers.
        nint in3 = Kernel.Call(Nr.Fcntl, stdin, C.F_DUPFD_CLOEXEC, reportHere + 1);
        nint out3 = Kernel.Call(Nr.Fcntl, output, C.F_DUPFD_CLOEXEC, reportHere + 1);
        nint errors3 = Kernel.Call(Nr.Fcntl, errors, C.F_DUPFD_CLOEXEC, reportHere + 1);
        nint report3 = Kernel.Call(Nr.Fcntl, report, C.F_DUPFD_CLOEXEC, reportHere + 1);
        nint result = Kernel.Call(Nr.Dup3, report3, reportHere, C.O_CLOEXEC);
        if (result >= 0)
            result = Kernel.Call(Nr.Dup3, in3, 0, 0);
        if (result >= 0)
            result = Kernel.Call(Nr.Dup3, out3, 1, 0);
        if (result >= 0)
            result = Kernel.Call(Nr.Dup3, errors3, 2, 0);
        if (result >= 0)
        {
            Kernel.CloseFrom(reportHere + 1);
            Kernel.Call(Nr.Umask, 0x12 /* 022 */);
            result = Kernel.Call(Nr.ExecVe, (nint)path, (nint)arguments, (nint)environment);
        }
        int errno = (int)-result;
        Kernel.Write(reportHere, (byte*)&errno, sizeof(int));
        Kernel.Exit(127);
    }

    /// <summary>
    /// Writes the state, as far as the hook reads it, and waits for the hook: false when its time is over.
    /// <paramref name="left"/> 0: only waits.
    /// </summary>
    private static bool Feed(int process, int stdin, byte* input, nint left, uint timeout)
    {
        TimeSpecification end = default, wait;
        if (timeout != 0)
        {
            Kernel.Call(Nr.ClockGetTime, C.CLOCK_MONOTONIC, (nint)(&end));
            end.Seconds += timeout;
        }
        PollDescriptor* polled = stackalloc PollDescriptor[2];
        polled[0].Descriptor = process;
        polled[0].Events = C.POLLIN;
        polled[1].Descriptor = stdin;
        polled[1].Events = C.POLLOUT;
        if (left > 0)
            Kernel.Call(Nr.Fcntl, stdin, C.F_SETFL, C.O_NONBLOCK);
        Signals.IgnoreBrokenPipes(true);
        bool inTime = true;
        while (true)
        {
            if (timeout != 0)
            {
                Kernel.Call(Nr.ClockGetTime, C.CLOCK_MONOTONIC, (nint)(&wait));
                wait.Seconds = end.Seconds - wait.Seconds;
                wait.Nanoseconds = end.Nanoseconds - wait.Nanoseconds;
                if (wait.Nanoseconds < 0)
                {
                    wait.Seconds--;
                    wait.Nanoseconds += 1_000_000_000;
                }
                if (wait.Seconds < 0)
                {
                    inTime = false;
                    break;
                }
            }
            polled[0].Returned = polled[1].Returned = 0;
            nint ready = Kernel.Call(Nr.PPoll, (nint)polled, left > 0 ? 2 : 1, timeout != 0 ? (nint)(&wait) : 0, 0, 0);
            if (ready == -C.EINTR)
                continue;
            if (ready < 0 || polled[0].Returned != 0)
                break;
            if (left > 0 && polled[1].Returned != 0)
            {
                nint count = Kernel.Call(Nr.Write, stdin, (nint)input, left);
                // A hook need not read its state.
                left = count < 0 ? count == -C.EAGAIN ? left : 0 : left - count;
                input += count > 0 ? count : 0;
                if (left == 0)
                    Kernel.Close(stdin);
            }
        }
        if (left > 0)
            Kernel.Close(stdin);
        Signals.IgnoreBrokenPipes(false);
        return inTime;
    }
}
