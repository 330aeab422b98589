using System.Runtime.InteropServices;
using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The container's terminal.</summary>
internal static unsafe class Console
{
    public static nint Open(State* s, OpenConsole* operands)
    {
        nint master = OpenMaster(s);
        if (master < 0)
            return master;
        s->Step = Step.Terminal;
        int unlock = 0;
        nint result = Kernel.Call(Nr.Ioctl, master, C.TIOCSPTLCK, (nint)(&unlock));
        if (result < 0)
            return result;
        // Never by its name: that may lead anywhere (CVE-2025-52565).
        nint terminal = Kernel.Call(Nr.Ioctl, master, C.TIOCGPTPEER, C.O_RDWR | C.O_NOCTTY | C.O_CLOEXEC);
        if (terminal < 0)
            return terminal;
        if (operands->Height != 0 || operands->Width != 0)
        {
            WindowSize size = default;
            size.Rows = operands->Height;
            size.Columns = operands->Width;
            result = Kernel.Call(Nr.Ioctl, terminal, C.TIOCSWINSZ, (nint)(&size));
            if (result < 0)
                return result;
        }
        s->Step = Step.Owner;
        result = Kernel.Call(Nr.FChOwn, terminal, (nint)operands->Uid, -1);
        if (result < 0)
            return result;
        if (operands->BindConsole != 0)
        {
            result = BindConsole(s, terminal);
            if (result < 0)
                return result;
        }

        s->Step = Step.Terminal;
        result = Kernel.Call(Nr.Ioctl, terminal, C.TIOCSCTTY, 0);
        for (int i = 0; i <= 2 && result >= 0; i++)
            result = Kernel.Call(Nr.Dup3, terminal, i, 0);
        if (result < 0)
            return result;
        Kernel.Close(terminal);
        Messages.Say(s, MessageKind.Console, (int)master);
        Kernel.Close(master);
        return 0;
    }

    /// <summary>
    /// Opens ptmx in the root of a devpts: nobody can put other files in there, so what is opened is what was checked.
    /// </summary>
    private static nint OpenMaster(State* s)
    {
        nint directory = Rootfs.Open(s, "/dev/pts"u8.Pointer, C.O_DIRECTORY);
        if (directory < 0)
            return directory;
        s->Step = Step.Verify;
        if (Kernel.FileSystem(directory) != C.DEVPTS_SUPER_MAGIC)
            return -C.ENODEV;
        s->Step = Step.Open;
        Messages.SetText(s, "/dev/pts/ptmx"u8.Pointer);
        nint master = Kernel.OpenAt(directory, "ptmx"u8.Pointer, C.O_RDWR | C.O_NOFOLLOW | C.O_NOCTTY);
        Kernel.Close(directory);
        if (master < 0)
            return master;
        s->Step = Step.Verify;
        FileStatus status;
        nint result = Kernel.Status(master, &status);
        if (result < 0)
            return result;
        bool right = status.IsDevice(C.S_IFCHR, 5, 2) && Kernel.FileSystem(master) == C.DEVPTS_SUPER_MAGIC;
        return right ? master : -C.ENODEV;
    }

    private static nint BindConsole(State* s, nint terminal)
    {
        // Whatever file is there gets covered, but a link is not followed: an image has no business with one here.
        byte* name = stackalloc byte[C.NAME_MAX + 1];
        nint parent = Rootfs.MakeParent(s, "/dev/console"u8.Pointer, name);
        if (parent < 0)
            return parent;
        s->Step = Step.Make;
        nint target = Kernel.OpenAt(parent, name, C.O_PATH | C.O_NOFOLLOW);
        if (target == -C.ENOENT)
        {
            nint made = Kernel.Call(Nr.MkNodAt, parent, (nint)name, (nint)(C.S_IFREG | 0x180 /* 0600 */), 0);
            target = made < 0 && made != -C.EEXIST ? made : Kernel.OpenAt(parent, name, C.O_PATH | C.O_NOFOLLOW);
        }
        Kernel.Close(parent);
        if (target < 0)
            return target;
        s->Step = Step.Verify;
        FileStatus status;
        nint found = Kernel.Status(target, &status);
        if (found < 0)
            return found;
        if (status.Type is C.S_IFLNK or C.S_IFDIR)
            return -C.ELOOP;
        s->Step = Step.OpenTree;
        nint tree = Kernel.Call(Nr.OpenTree, terminal, (nint)"\0"u8.Pointer, C.OPEN_TREE_CLONE | C.O_CLOEXEC | C.AT_EMPTY_PATH);
        if (tree < 0)
            return tree;
        s->Step = Step.MoveMount;
        nint result = Attributes.Attach(tree, target);
        Kernel.Close(tree);
        Kernel.Close(target);
        return result;
    }

    /// <summary>struct winsize of ioctl_tty(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
