using Csrun.Plan;

namespace Csrun.Init;

/// <summary>The working directory.</summary>
internal static unsafe class Directories
{
    public static nint Enter(State* s, ChangeDirectory* operands)
    {
        byte* path = PlanView.String(s, operands->Path);
        nint directory;
        if (operands->Create != 0)
        {
            directory = Rootfs.MakeDirectories(s, path);
            if (directory >= 0 && s->Made)
            {
                s->Step = Step.Owner;
                nint owner = Kernel.ChangeOwner(directory, operands->Uid, operands->Gid);
                if (owner < 0)
                    return owner;
            }
        }
        else
        {
            directory = Rootfs.Open(s, path, C.O_DIRECTORY);
        }

        nint result = directory;
        if (directory >= 0)
        {
            s->Step = Step.Chdir;
            Messages.SetText(s, path);
            result = Kernel.Call(Nr.FChDir, directory);
            Kernel.Close(directory);
        }
        if (result == -C.EACCES)
        {
            // Root may not be the one who can enter it (a file system that squashes root): the user tries later. And
            // what root has entered stays, even where the user could not have gone; so it is in runc and crun.
            if (operands->Again != 0)
                return 0;
            if (!s->EnteredDirectory)
                return result;
        }
        else if (result < 0)
        {
            return result;
        }
        s->EnteredDirectory = true;
        return CheckInside(s);
    }

    /// <summary>
    /// The kernel begins the path of a directory that is not below the root with "(unreachable)": one that was reached
    /// through a descriptor of the host's (CVE-2024-21626).
    /// </summary>
    private static nint CheckInside(State* s)
    {
        s->Step = Step.Verify;
        byte* path = stackalloc byte[C.PATH_MAX];
        nint length = Kernel.Call(Nr.GetCwd, (nint)path, C.PATH_MAX);
        if (length < 0)
            return length;
        return path[0] == '/' ? 0 : -C.EPERM;
    }
}
