using System;
using System.IO;
using System.Text;
using Csrun.Linux;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun spec</c>.</summary>
internal static class SpecCommand
{
    private const string FileName = "config.json";

    public static int Run(Invocation invocation)
    {
        string bundle = invocation.Text(Options.Bundle) ?? ".";
        string text = invocation.Flag(Options.RootlessSpec)
            ? DefaultSpec.RootlessText(Syscalls.GetEffectiveUid(), Syscalls.GetEffectiveGid(), HostIsUnified())
            : DefaultSpec.Text(HostIsUnified());

        int result = Syscalls.OpenAt(At.Cwd, bundle, OpenFlags.Path | OpenFlags.Directory);
        if (result < 0)
            throw new CsrunException(ErrorCodes.BundleInvalid, "cannot open bundle", bundle, -result, where: "--bundle");
        using var directory = new Fd(result);
        result = Syscalls.OpenAt(directory.Number, FileName, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x1B6 /* 0666 */);
        if (result == -Errno.EEXIST)
            throw new CsrunException(ErrorCodes.SpecExists, $"File {FileName} exists. Remove it first");
        if (result < 0)
            throw new CsrunException(ErrorCodes.BundleInvalid, "cannot create", Path.Combine(bundle, FileName), -result, where: "--bundle");
        using var file = new Fd(result);
        Files.WriteAll(file.Number, Encoding.UTF8.GetBytes(text), FileName);
        return 0;
    }

    /// <summary>Whether cgroup v2 is all that the host has: runc's default differs there.</summary>
    private static bool HostIsUnified() =>
        Syscalls.OpenAt(At.Cwd, "/sys/fs/cgroup/cgroup.controllers", OpenFlags.Path) is var fd and >= 0 && Syscalls.Close(fd) == 0;
}
