using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>A bundle as create found it (bundle.md): its directory, its config as bytes and as an object, its root.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="ConfigName">The config's name in messages.</param>
/// <param name="ConfigBytes">The config's text.</param>
/// <param name="Config">The config, read and validated.</param>
/// <param name="Rootfs">The root file system's directory, absolute, without symbolic links.</param>
internal sealed record Bundle(string Path, string ConfigName, byte[] ConfigBytes, Config Config, string Rootfs)
{
    /// <summary>Reads and checks all of it; changes nothing.</summary>
    /// <param name="path">The bundle, absolute or relative to the working directory.</param>
    /// <param name="config">Another file than config.json, absolute or relative to the bundle; or null.</param>
    public static Bundle Read(string path, string? config)
    {
        var findings = new List<Finding>();
        var bundle = Parse(path, config, findings);
        if (findings.Count > 0)
            JsonLocation.Fill(bundle.ConfigBytes, findings);
        ThrowOnErrors(bundle.ConfigName, findings);
        Timing.Mark("validate the config");
        return bundle with { Rootfs = FindRootfs(bundle.Path, bundle.ConfigName, bundle.Config) };
    }

    /// <summary>The same without an end at errors of the config's content, and without looking for the root file system.</summary>
    /// <param name="path">The bundle.</param>
    /// <param name="config">Another file than config.json, or null.</param>
    /// <param name="findings">Gets what validation finds.</param>
    public static Bundle Parse(string path, string? config, List<Finding> findings)
    {
        string bundle = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path.Length == 0 ? "." : path));
        int found = Syscalls.Stat(At.Cwd, bundle, 0, out var status);
        if (found < 0 || !status.IsDirectory)
        {
            throw new CsrunException(
                ErrorCodes.BundleInvalid, "cannot use bundle", bundle, found < 0 ? -found : Errno.ENOTDIR, "--bundle");
        }
        string name = config ?? "config.json";
        byte[] bytes = ReadConfig(name.StartsWith('/') ? name : bundle + "/" + name);
        Timing.Mark("read the config");
        var read = ConfigReader.Read(bytes, name);
        Timing.Mark("parse the config");
        findings.AddRange(Validator.Validate(read));
        return new Bundle(bundle, name, bytes, read, "");
    }

    private static byte[] ReadConfig(string path)
    {
        int fd = Syscalls.OpenAt(At.Cwd, path, OpenFlags.ReadOnly);
        if (fd < 0)
        {
            throw new CsrunException(
                ErrorCodes.ConfigMissing, "cannot open", path, -fd,
                hint: fd == -Errno.ENOENT ? "the bundle has no config; `csrun spec` writes one" : null);
        }
        using var file = new Fd(fd);
        return Files.ReadAll(file.Number, ConfigReader.MaxBytes, path);
    }

    private static void ThrowOnErrors(string name, List<Finding> findings)
    {
        foreach (var finding in findings)
        {
            if (finding.Severity == Severity.Warning)
                Log.Warning($"{name}: {finding}");
        }
        findings.RemoveAll(static finding => finding.Severity == Severity.Warning);
        if (findings.Count > 0)
            throw new ConfigException(name, findings);
    }

    /// <summary>
    /// Where root.path leads. What the kernel says the open directory is called has no links left in it, so that none can
    /// be put in later.
    /// </summary>
    public static string FindRootfs(string bundle, string name, Config config)
    {
        string given = config.Root?.Path ?? "";
        string path = given.StartsWith('/') ? given : bundle + "/" + given;
        int result = Syscalls.OpenAt(At.Cwd, path, OpenFlags.Path | OpenFlags.Directory);
        if (result < 0)
            throw new CsrunException(ErrorCodes.RootfsMissing, "cannot open", path, -result, name + ": root.path");
        using var fd = new Fd(result);
        Span<byte> target = stackalloc byte[4096];
        int length = Syscalls.ReadLinkAt(At.Cwd, FormattableString.Invariant($"/proc/self/fd/{fd.Number}"), target);
        LinuxException.Check(length, "ask for the path of", path);
        return Encoding.UTF8.GetString(target[..length]);
    }
}
