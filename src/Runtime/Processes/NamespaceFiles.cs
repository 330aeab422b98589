using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Runtime.Compiler;

namespace Csrun.Runtime.Processes;

/// <summary>The namespaces that a container joins by path, open, so that Init joins what was checked here.</summary>
internal sealed class NamespaceFiles : IDisposable
{
    private readonly List<Fd> _files = [];

    /// <summary>In the order of the plan.</summary>
    public IReadOnlyList<Fd> Files => _files;

    /// <summary>Opens all; each must be a namespace of the kind that the config says.</summary>
    public static NamespaceFiles Open(IReadOnlyList<NamespaceToJoin> joins, string configName)
    {
        var files = new NamespaceFiles();
        try
        {
            foreach (var join in joins)
                files._files.Add(Open(join, configName));
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Opens those of a process, by the names that the paths end in, through a procfs that can be believed.</summary>
    public static NamespaceFiles OfProcess(int pid, IReadOnlyList<NamespaceToJoin> joins)
    {
        using var proc = ProcFs.OpenRoot();
        using var directory = ProcFs.Open(proc.Number, pid, "ns", OpenFlags.Path | OpenFlags.Directory);
        var files = new NamespaceFiles();
        try
        {
            foreach (var join in joins)
            {
                var file = Linux.Files.Open(directory.Number, join.Path[(join.Path.LastIndexOf('/') + 1)..], OpenFlags.ReadOnly);
                files._files.Add(file);
                if (Linux.Namespaces.Kind(file.Number) != join.Kind)
                    throw new CsrunException(ErrorCodes.NamespaceFailed, "cannot join", join.Path, hint: "it is no namespace of that kind");
            }
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private static Fd Open(NamespaceToJoin join, string configName)
    {
        string where = configName + ": " + join.JsonPath;
        int result = Syscalls.OpenAt(At.Cwd, join.Path, OpenFlags.ReadOnly);
        if (result < 0)
            throw new CsrunException(ErrorCodes.NamespaceFailed, "cannot open", join.Path, -result, where);
        var file = new Fd(result);
        if (Linux.Namespaces.Kind(file.Number) == join.Kind)
            return file;
        file.Dispose();
        throw new CsrunException(
            ErrorCodes.NamespaceFailed, "cannot join", join.Path, where: where,
            hint: $"it is not a {Compiler.Namespaces.Name(join.Kind)} namespace");
    }
}
