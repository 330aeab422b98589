using System;
using System.Collections.Generic;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Processes;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>What <see cref="Check"/> found, in the order of the file where that is known.</summary>
/// <param name="Bundle">The bundle's directory, as given if it cannot be entered.</param>
/// <param name="ConfigName">The config's name.</param>
/// <param name="Findings">Errors and warnings.</param>
internal sealed record CheckReport(string Bundle, string ConfigName, IReadOnlyList<Finding> Findings)
{
    public int Count(Severity severity)
    {
        int count = 0;
        foreach (var finding in Findings)
            count += finding.Severity == severity ? 1 : 0;
        return count;
    }
}

/// <summary>
/// <c>check</c> and <c>create --dry-run</c>: all that create reads, validates, compiles and looks at before it changes
/// anything, by the same functions, but with every finding in place of the first error; then what would show only when
/// it is done, see <see cref="HostChecks"/>.
/// </summary>
internal sealed class Check
{
    private readonly List<Finding> _findings = [];

    private Check()
    {
    }

    /// <param name="request">As for create.</param>
    /// <param name="asCreate">The id and the options are those of a create: they are checked too.</param>
    public static CheckReport Run(CreateRequest request, bool asCreate)
    {
        var check = new Check();
        string name = request.Config ?? "config.json";
        Bundle? bundle = null;
        if (asCreate)
            check.Try(name, () => CheckId(request));
        check.Try(name, () => bundle = Bundle.Parse(request.Bundle, request.Config, check._findings));
        if (bundle is null)
            return new CheckReport(request.Bundle, name, check._findings);
        if (asCreate)
            check.Try(name, () => Create.CheckTerminal(request, bundle, foreground: false));
        check.CheckBundle(request, bundle);
        JsonLocation.Fill(bundle.ConfigBytes, check._findings);
        return new CheckReport(bundle.Path, bundle.ConfigName, check._findings);
    }

    private void CheckBundle(CreateRequest request, Bundle bundle)
    {
        string name = bundle.ConfigName;
        Try(name, () => bundle = bundle with { Rootfs = Bundle.FindRootfs(bundle.Path, name, bundle.Config) });
        if (_findings.Exists(static finding => finding.Severity == Severity.Error))
            return;

        var facts = HostFactsReader.Read(bundle.Config);
        Try(name, () => facts = CgroupPlan.Decide(request, bundle, facts).AddTo(facts));
        Try(name, () => NetDevices.Prepare(bundle.Config, name)?.Dispose());
        Try(name, () => ResctrlGroup.Decide(bundle.Config, request.Id, name));
        CompiledPlan? plan = null;
        Try(name, () => plan = PlanCompiler.Compile(bundle.Config, OptionsOf(request, bundle), facts));
        if (plan is null)
            return;
        foreach (string warning in plan.Warnings)
            AddWarning(warning);
        CheckSeccomp(bundle.Config.Linux?.Seccomp);
        foreach (var join in plan.Joins)
            Try(name, () => NamespaceFiles.Open([join], name).Dispose());
        new HostChecks(bundle, plan, _findings).Run();
    }

    private void CheckSeccomp(SeccompProfile? profile)
    {
        for (int i = 0; i < profile?.Syscalls?.Length; i++)
        {
            var unknown = SyscallTable.UnknownNames(profile.Syscalls[i].Names);
            if (unknown.Count > 0)
            {
                _findings.Add(new Finding(ErrorCodes.NoEffect, Compilation.Path("linux.seccomp.syscalls", i, ".names"),
                    $"no architecture of Linux {SyscallTable.KernelVersion} has: {string.Join(", ", unknown)}", Severity: Severity.Warning));
            }
        }
    }

    private static CompileOptions OptionsOf(CreateRequest request, Bundle bundle) => new()
    {
        Id = request.Id,
        Bundle = bundle.Path,
        RootfsPath = bundle.Rootfs,
        ConfigName = bundle.ConfigName,
        NoPivot = request.NoPivot,
        NoNewKeyring = request.NoNewKeyring,
        PreservedFds = (uint)request.PreserveFds,
    };

    private static void CheckId(CreateRequest request)
    {
        ContainerId.Check(request.Id);
        using var root = StateRoot.TryOpen(request.Options);
        using var directory = root is null ? null : StateDirectory.TryOpen(root, request.Id);
        if (directory?.ReadState() is { IsComplete: true })
            throw Claim.InUse(request.Id);
    }

    /// <summary>What a step of create would end with is a finding here.</summary>
    private void Try(string configName, Action step)
    {
        try
        {
            step();
        }
        catch (ConfigException e)
        {
            _findings.AddRange(e.Findings);
        }
        catch (CsrunException e)
        {
            _findings.Add(ToFinding(e, configName));
        }
        catch (LinuxException e)
        {
            _findings.Add(ToFinding(ErrorText.FromLinux(e), configName));
        }
    }

    private static Finding ToFinding(CsrunException error, string configName)
    {
        string path = error.Where ?? "";
        if (path.StartsWith(configName + ": ", StringComparison.Ordinal))
            path = path[(configName.Length + 2)..];
        else if (path == configName)
            path = "";
        string message = error.Object is null ? error.Operation : string.Concat(error.Operation, " ", error.Object);
        if (error.Errno != 0)
            message += $": {Errno.Text(error.Errno)} ({Errno.Name(error.Errno)})";
        return new Finding(error.Code, path, string.IsNullOrEmpty(error.Hint) ? message : string.Concat(message, ": ", error.Hint));
    }

    /// <summary>A warning of the compiler's begins with its path.</summary>
    private void AddWarning(string warning)
    {
        int colon = warning.IndexOf(": ", StringComparison.Ordinal);
        bool hasPath = colon > 0 && !warning.AsSpan(0, colon).Contains(' ');
        _findings.Add(new Finding(
            ErrorCodes.NoEffect, hasPath ? warning[..colon] : "", hasPath ? warning[(colon + 2)..] : warning, Severity: Severity.Warning));
    }
}
