using System;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// <c>linux.sysctl</c>: only what a namespace of the container has for itself (sysctl.d(5), namespaces(7)). All else
/// would change the host.
/// </summary>
internal static class Sysctl
{
    public static void Compile(Compilation to)
    {
        if (to.Config.Linux?.Sysctl is not { Count: > 0 } sysctls)
            return;
        foreach (var (name, value) in sysctls)
        {
            string path = string.Concat("linux.sysctl[\"", name, "\"]");
            string file = ToPath(name);
            if (!IsPlain(file))
            {
                to.Refuse(ConfigCodes.SysctlNotNamespaced, path, "is not the name of a sysctl");
                continue;
            }
            Check(to, path, file);
            to.Add(Opcode.WriteSysctl, new WriteSysctl { Name = to.Writer.String(file), Value = to.Writer.String(value) },
                path, "set the sysctl", name);
        }
    }

    /// <summary>
    /// As sysctl(8): the first separator says which one it is; with dots, a slash stands for a dot in a name
    /// ("net.ipv4.conf.eth0/1.forwarding").
    /// </summary>
    internal static string ToPath(string name)
    {
        int first = name.AsSpan().IndexOfAny('.', '/');
        if (first < 0 || name[first] == '/')
            return name;
        return string.Create(name.Length, name, static (path, source) =>
        {
            for (int i = 0; i < path.Length; i++)
                path[i] = source[i] switch { '.' => '/', '/' => '.', var c => c };
        });
    }

    /// <summary>No way out of /proc/sys: no empty component, and none that means another directory.</summary>
    private static bool IsPlain(string file)
    {
        if (file.Contains('\0', StringComparison.Ordinal))
            return false;
        foreach (var range in file.AsSpan().Split('/'))
        {
            if (file.AsSpan(range) is "" or "." or "..")
                return false;
        }
        return true;
    }

    private static void Check(Compilation to, string path, string file)
    {
        if (file is "kernel/hostname")
        {
            to.Refuse(ConfigCodes.SysctlNotNamespaced, path, "is what hostname is for");
            return;
        }
        ulong kind = NamespaceOf(file);
        if (kind == 0)
            to.Refuse(ConfigCodes.SysctlNotNamespaced, path, "is not in a separate kernel namespace: it is the whole host's");
        else if (!to.Namespaces.Has(kind))
        {
            to.Refuse(ErrorCodes.NamespaceNeeded, path,
                string.Concat("needs a ", Namespaces.Name(kind), " namespace, or it would change the host's"));
        }
    }

    /// <summary>CLONE_NEW* of the kind that has this sysctl; 0 if none does.</summary>
    private static ulong NamespaceOf(string file)
    {
        if (file.StartsWith("net/", StringComparison.Ordinal))
            return CloneFlags.NewNet;
        if (file.StartsWith("fs/mqueue/", StringComparison.Ordinal))
            return CloneFlags.NewIpc;
        if (file.StartsWith("user/", StringComparison.Ordinal))
            return CloneFlags.NewUser;
        return file switch
        {
            "kernel/msgmax" or "kernel/msgmnb" or "kernel/msgmni" or "kernel/sem" or "kernel/shmall" or "kernel/shmmax"
                or "kernel/shmmni" or "kernel/shm_rmid_forced" => CloneFlags.NewIpc,
            "kernel/domainname" => CloneFlags.NewUts,
            _ => 0,
        };
    }
}
