using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// What <c>exec</c> executes: the process of a file, or the container's own with what the options change, and those parts
/// of the container's config that hold for each of its processes.
/// </summary>
/// <param name="Name">What the process stands in, for messages: a file's name.</param>
/// <param name="Config">The process, and what there is of the container for it.</param>
internal sealed record ExecConfig(string Name, Config Config)
{
    public Process Process => Config.Process!;

    public static ExecConfig Read(ExecRequest request, OpenContainer container)
    {
        // As create read it: later edits of the bundle have no effect.
        var config = ConfigReader.Read(container.Directory.ReadConfig(), StateDirectory.ConfigName);
        string name = request.ProcessFile is null ? StateDirectory.ConfigName : System.IO.Path.GetFileName(request.ProcessFile);
        var process = request.ProcessFile is null
            ? FromOptions(request, config.Process)
            : WithDefaults(FromFile(request.ProcessFile, name), config.Process);
        var linux = config.Linux;
        return new ExecConfig(name, new Config
        {
            Process = process,
            Linux = new LinuxSection
            {
                Namespaces = linux?.Namespaces,
                Seccomp = linux?.Seccomp,
                Personality = linux?.Personality,
                MemoryPolicy = linux?.MemoryPolicy,
            },
        });
    }

    /// <summary>As the conversation with Init takes it: the plan's origins say themselves where they are.</summary>
    public Bundle AsBundle(State state) => new(state.Bundle, "", [], Config, state.Rootfs);

    /// <summary>Where a part of the process, or of the container's config, was given: by an option, or in a file.</summary>
    public string PlaceOf(ExecRequest request, string path)
    {
        if (path.Length == 0)
            return "";
        if (request.ProcessFile is not null && path.StartsWith("process.", StringComparison.Ordinal))
            return string.Concat(Name, ": ", path.AsSpan("process.".Length));
        return path switch
        {
            // The program is what the message itself names.
            "process.args[0]" => "",
            "process.cwd" when request.Cwd is not null => "--cwd",
            "process.user" when request.User is not null => "--user",
            "process.terminal" => "--tty",
            "process.apparmorProfile" when request.ApparmorProfile is not null => "--apparmor",
            "process.selinuxLabel" when request.ProcessLabel is not null => "--process-label",
            _ => string.Concat(StateDirectory.ConfigName, ": ", path),
        };
    }

    private static Process FromFile(string path, string name)
    {
        byte[] json;
        try
        {
            json = Files.ReadAll(At.Cwd, path, ConfigReader.MaxBytes);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.OptionInvalid, "--process");
        }
        var process = ConfigReader.ReadProcess(json, name);
        var found = Validator.ValidateProcess(process);
        if (found.Count > 0)
        {
            JsonLocation.Fill(json, found);
            throw new ConfigException(name, found);
        }
        return process;
    }

    /// <summary>
    /// What confines the container's process confines this one too, if its own file says nothing of it; as in runc. An
    /// empty object of capabilities says that there are none.
    /// </summary>
    private static Process WithDefaults(Process process, Process? container)
    {
        if (container is null)
            return process;
        if (string.IsNullOrEmpty(process.ApparmorProfile))
            process.ApparmorProfile = container.ApparmorProfile;
        if (string.IsNullOrEmpty(process.SelinuxLabel))
            process.SelinuxLabel = container.SelinuxLabel;
        if (process.Rlimits is null or [])
            process.Rlimits = container.Rlimits;
        process.Capabilities ??= container.Capabilities;
        process.OomScoreAdj ??= container.OomScoreAdj;
        process.Scheduler ??= container.Scheduler;
        process.IoPriority ??= container.IoPriority;
        process.ExecCPUAffinity ??= container.ExecCPUAffinity;
        return process;
    }

    private static Process FromOptions(ExecRequest request, Process? process)
    {
        if (request.Arguments is [] or [""])
            throw new CsrunException(ErrorCodes.WrongArguments, "process args cannot be empty", hint: "see \"csrun exec --help\"");
        if (process is null)
        {
            throw new CsrunException(
                ErrorCodes.NoProcess, "cannot exec in container", request.Id, hint: "its config has no process; give one with --process");
        }
        process.Args = request.Arguments;
        process.Terminal = request.Terminal;
        if (request.Cwd is { } cwd)
            process.Cwd = ContainerPath.IsAbsolute(cwd) ? cwd : throw Invalid("--cwd", "must be an absolute path, but is", cwd);
        foreach (string entry in request.Env)
        {
            if (entry.IndexOf('=', StringComparison.Ordinal) <= 0)
                throw Invalid("--env", "must be NAME=value, but is", entry);
        }
        SetUser(request, process.User ??= new User());
        if (request.ApparmorProfile is { } profile)
            process.ApparmorProfile = profile;
        if (request.ProcessLabel is { } label)
            process.SelinuxLabel = label;
        process.NoNewPrivileges |= request.NoNewPrivileges;
        AddCapabilities(request.Capabilities, process);
        return process;
    }

    private static void SetUser(ExecRequest request, User user)
    {
        if (request.User is { } given)
        {
            int colon = given.IndexOf(':', StringComparison.Ordinal);
            user.Uid = Id("--user", "bad uid:", colon < 0 ? given : given[..colon]);
            if (colon >= 0)
                user.Gid = Id("--user", "bad gid:", given[(colon + 1)..]);
        }
        if (request.AdditionalGids.Length == 0)
            return;
        var gids = new List<uint>(user.AdditionalGids ?? []);
        foreach (string gid in request.AdditionalGids)
            gids.Add(Id("--additional-gids", "bad gid:", gid));
        user.AdditionalGids = gids.ToArray();
    }

    /// <summary>No names: those of the container's /etc/passwd would be its say.</summary>
    private static uint Id(string option, string what, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue
            ? id
            : throw Invalid(option, what, text);

    /// <summary>Ambient only where it is inheritable, too: the kernel has no other way.</summary>
    private static void AddCapabilities(string[] added, Process process)
    {
        if (added.Length == 0)
            return;
        string[] names = Array.ConvertAll(added, static name => name.ToUpperInvariant());
        foreach (string name in names)
        {
            if (Linux.Capabilities.Number(name) < 0)
                throw Invalid("--cap", "is no capability:", name);
        }
        var sets = process.Capabilities ??= new Spec.Capabilities();
        sets.Bounding = [.. sets.Bounding ?? [], .. names];
        sets.Permitted = [.. sets.Permitted ?? [], .. names];
        sets.Effective = [.. sets.Effective ?? [], .. names];
        string[] inheritable = Array.FindAll(names, name => Array.IndexOf(sets.Inheritable ?? [], name) >= 0);
        sets.Ambient = [.. sets.Ambient ?? [], .. inheritable];
    }

    private static CsrunException Invalid(string option, string what, string value) =>
        new(ErrorCodes.OptionInvalid, what, $"\"{value}\"", where: option);
}
