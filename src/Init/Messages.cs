using Csrun.Plan;

namespace Csrun.Init;

/// <summary>Talks with the runtime: one packet a message. An end of file where an answer is due ends Init.</summary>
internal static unsafe class Messages
{
    /// <summary>Keeps a text for the error that the next step may end in; what is too long loses its end.</summary>
    public static void SetText(State* s, byte* text)
    {
        s->TextLength = 0;
        AddText(s, text, Text.Length(text));
    }

    public static void AddText(State* s, byte* text, int length)
    {
        int room = Message.MaxText - s->TextLength;
        if (length > room)
            length = room;
        Text.Copy(s->Text + s->TextLength, text, length);
        s->TextLength += length;
    }

    /// <summary>Reports the step that failed, and ends Init.</summary>
    public static void Fail(State* s, int errno)
    {
        Send(s, s->Peer, MessageKind.Error, errno, s->TextLength, -1);
        Kernel.Exit(1);
    }

    /// <summary>Says something to the runtime that has no text.</summary>
    public static void Say(State* s, MessageKind kind, int descriptor = -1)
    {
        if (Send(s, s->Sync, kind, 0, 0, descriptor) < 0)
            Kernel.Exit(1);
    }

    /// <summary>
    /// Says something to whoever gets the errors: the runtime, or start. One that is gone is none of our business here.
    /// </summary>
    public static void Tell(State* s, MessageKind kind, ulong value, int descriptor)
    {
        s->Value = value;
        Send(s, s->Peer, kind, 0, 0, descriptor);
        s->Value = 0;
    }

    /// <summary>Waits for the runtime's answer. Anything but what is due is a defect of ours; nothing is left to report.</summary>
    public static void Await(State* s, MessageKind kind)
    {
        int descriptor = -1;
        if (Receive(s->Sync, kind, &descriptor) <= 0)
            Kernel.Exit(1);
        Kernel.Close(descriptor);
    }

    /// <summary>Asks the runtime for a descriptor and waits for it.</summary>
    public static nint AskForSource(State* s, uint slot)
    {
        s->Value = slot;
        Say(s, MessageKind.SourceWanted);
        s->Value = 0;
        int descriptor = -1;
        if (Receive(s->Sync, MessageKind.Source, &descriptor) <= 0)
            Kernel.Exit(1);
        if (descriptor < 0)
        {
            s->Step = Step.Socket;
            return -C.EBADF;
        }
        return descriptor;
    }

    /// <summary>
    /// Receives one message of the kind that is due: 1. 0 for an end of file, -errno for an error, EPROTO for a
    /// message of another kind.
    /// </summary>
    public static nint Receive(int socket, MessageKind kind, int* descriptor)
    {
        Message message;
        message.Kind = MessageKind.Invalid;
        IoVector part;
        part.Base = &message;
        part.Length = (nuint)sizeof(Message);
        DescriptorMessage control;
        MessageHeader header = default;
        header.Parts = &part;
        header.PartCount = 1;
        header.Control = &control;
        // Room for one: the kernel drops more, and says so.
        header.ControlLength = DescriptorMessage.Used;
        nint count;
        do
        {
            count = Kernel.Call(Nr.RecvMsg, socket, (nint)(&header), C.MSG_CMSG_CLOEXEC);
        }
        while (count == -C.EINTR);
        if (count < 0)
            return count;
        if (header.ControlLength >= DescriptorMessage.Used && control.Level == C.SOL_SOCKET && control.Type == C.SCM_RIGHTS)
            *descriptor = control.Descriptor;
        if (count == 0)
            return 0;
        if (count != sizeof(Message) || (header.Flags & (C.MSG_TRUNC | C.MSG_CTRUNC)) != 0 || message.Kind != kind || message.TextLength != 0)
            return -C.EPROTO;
        return 1;
    }

    private static nint Send(State* s, int socket, MessageKind kind, int errno, int textLength, int descriptor)
    {
        Message message = default;
        message.Kind = kind;
        message.Instruction = s->Instruction;
        message.Step = s->Step;
        message.Errno = errno;
        message.Value = s->Value;
        message.TextLength = (uint)textLength;
        IoVector* parts = stackalloc IoVector[2];
        parts[0].Base = &message;
        parts[0].Length = (nuint)sizeof(Message);
        parts[1].Base = s->Text;
        parts[1].Length = (nuint)textLength;
        MessageHeader header = default;
        header.Parts = parts;
        header.PartCount = 2;
        DescriptorMessage control = default;
        if (descriptor >= 0)
        {
            control.Length = DescriptorMessage.Used;
            control.Level = C.SOL_SOCKET;
            control.Type = C.SCM_RIGHTS;
            control.Descriptor = descriptor;
            header.Control = &control;
            header.ControlLength = (nuint)sizeof(DescriptorMessage);
        }
        nint count;
        do
        {
            count = Kernel.Call(Nr.SendMsg, socket, (nint)(&header), C.MSG_NOSIGNAL);
        }
        while (count == -C.EINTR);
        return count;
    }
}
