using System;
using System.Globalization;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Init with its plan as a file to execute: in memory, sealed, one for each launch, written from our own memory. None
/// is ever kept or shared, so that what a container might do to its pages reaches no other.
/// </summary>
internal static class InitFile
{
    /// <summary>Of the file, and of a process (comm) as long as it is Init.</summary>
    public const string Name = "csrun:init";

    // r-xr-xr-x: root of a user namespace is not the file's owner.
    private const uint ReadAndExecute = 0x16D;

    /// <param name="plan">The plan.</param>
    /// <param name="directory">
    /// A directory of ours on the host: where memory files may not be executed, and we may not mount, the file is made
    /// in it, without a name.
    /// </param>
    public static Fd Make(ReadOnlySpan<byte> plan, int directory)
    {
        byte[] head = GC.AllocateUninitializedArray<byte>(InitImage.PlanOffset);
        InitImage.WriteHead(head, plan.Length);
        return Memfd.TryCreateExecutable(Name, head, plan) ?? MakeOutsideMemfd([.. head, .. plan], directory);
    }

    /// <summary>
    /// vm.memfd_noexec is 2. What a seal is to a memory file, a read-only file system is here: a tmpfs with nothing else
    /// in it, that is mounted nowhere and gone with the last process that executes it. A container that gets hold of the
    /// file (/proc/PID/exe) cannot change it, and would reach no other by it.
    /// </summary>
    private static Fd MakeOutsideMemfd(ReadOnlySpan<byte> content, int directory)
    {
        Log.Debug("vm.memfd_noexec is 2: Init is executed from a file system of its own");
        int context = Syscalls.FsOpen("tmpfs");
        if (context is -Errno.EPERM or -Errno.ENOSYS)
            return MakeUnnamed(content, directory);
        using var filesystem = Fd.Own(context, "make file system", "tmpfs");
        Configure(context, FsConfigCommand.SetString, "source", Name);
        Configure(context, FsConfigCommand.SetString, "mode", "555");
        Configure(context, FsConfigCommand.Create);
        const ulong attributes = MountAttr.NoSuid | MountAttr.NoDev;
        int mounted = Syscalls.FsMount(context, attributes);
        if (mounted == -Errno.EPERM)
            return MakeUnnamed(content, directory);
        using var mount = Fd.Own(mounted, "mount", "tmpfs");
        int create = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        using (var file = Files.Open(mount.Number, Name, create, ReadAndExecute))
            Fill(file, content);
        // The file system too: then not even another mount of it could be written to.
        Configure(context, FsConfigCommand.SetFlag, "ro");
        Configure(context, FsConfigCommand.Reconfigure);
        return Files.Open(mount.Number, Name, OpenFlags.ReadOnly | OpenFlags.NoFollow);
    }

    /// <summary>
    /// Who may not mount keeps it in a directory of theirs, where it has no name from the beginning. It is writable by
    /// its owner alone, who could only spoil a container of theirs.
    /// </summary>
    private static Fd MakeUnnamed(ReadOnlySpan<byte> content, int directory)
    {
        using var file = Files.Open(directory, ".", OpenFlags.WriteOnly | OpenFlags.TemporaryFile | OpenFlags.Exclusive, ReadAndExecute);
        Fill(file, content);
        // Not while it is open for writing: such a file is not executed (ETXTBSY).
        string self = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.Number}");
        return Files.Open(At.Cwd, self, OpenFlags.ReadOnly);
    }

    private static void Fill(Fd file, ReadOnlySpan<byte> content)
    {
        Files.WriteAll(file.Number, content, Name);
        LinuxException.Check(Syscalls.Fchmod(file.Number, ReadAndExecute), "set the mode of", Name);
    }

    private static void Configure(int context, uint command, string? key = null, string? value = null) =>
        LinuxException.Check(Syscalls.FsConfig(context, command, key, value), "set up", "tmpfs");
}
