using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The container that is set up: reported, and waiting for its start.</summary>
internal static unsafe class Starting
{
    /// <summary>Who connects says why at once; one that hangs must not keep others from it.</summary>
    private const long MostSeconds = 10;

    public static nint Report(State* s)
    {
        // Nothing that whoever gets at us could use: no directory, no mount.
        Kernel.Close(&s->Root);
        Kernel.Close(&s->RootDirectory);
        Kernel.Close(&s->MaskDirectory);
        Trusted.CloseAll(s);
        for (uint i = 0; i < s->Header->Slots; i++)
            PlanView.CloseSlot(s, i);
        if (s->Missing != 0)
        {
            s->Step = Step.Fallbacks;
            s->Value = (ulong)s->Missing;
            Messages.Say(s, MessageKind.Warning);
            s->Step = Step.None;
            s->Value = 0;
        }
        Messages.Say(s, MessageKind.Ready);
        Messages.Await(s, MessageKind.Commit);
        return 0;
    }

    public static nint Await(State* s)
    {
        int listener = PlanView.Inherited(s, InheritedFd.Start);
        Kernel.Close(&s->Sync);
        s->Peer = -1;
        s->Step = Step.Socket;
        while (true)
        {
            nint connection = Kernel.Call(Nr.Accept4, listener, 0, 0, C.SOCK_CLOEXEC);
            if (connection is -C.EINTR or -C.ECONNABORTED)
                continue;
            if (connection < 0)
                return connection;
            if (SaysGo((int)connection))
            {
                Kernel.Close(listener);
                s->Peer = (int)connection;
                return 0;
            }
            Kernel.Close(connection);
        }
    }

    private static bool SaysGo(int connection)
    {
        PollDescriptor polled;
        polled.Descriptor = connection;
        polled.Events = C.POLLIN;
        polled.Returned = 0;
        TimeSpecification wait;
        wait.Seconds = MostSeconds;
        wait.Nanoseconds = 0;
        if (Kernel.Call(Nr.PPoll, (nint)(&polled), 1, (nint)(&wait), 0, 0) <= 0)
            return false;
        int descriptor = -1;
        bool go = Messages.Receive(connection, MessageKind.Go, &descriptor) == 1;
        Kernel.Close(descriptor);
        return go;
    }
}
