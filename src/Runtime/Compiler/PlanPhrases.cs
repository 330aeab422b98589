using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>One line in words for each instruction of a plan.</summary>
internal sealed class PlanPhrases(PlanReader plan, CompiledPlan compiled)
{
    /// <summary>The heading that an instruction comes under.</summary>
    public static string Group(Opcode opcode) => opcode switch
    {
        < Opcode.OpenSource or Opcode.RequestNetDevices => "Namespaces and session",
        < Opcode.MountFilesystem => "The host's side of the root file system",
        Opcode.PivotRoot or Opcode.ChangeRoot or Opcode.SetRootPropagation => "Into the root file system",
        < Opcode.MakeDirectory => "Mounts",
        < Opcode.MaskPath => "Devices and links",
        Opcode.SetPathReadonly => "Read-only from here on",
        < Opcode.RequestHooks => "Protection and sysctls",
        Opcode.RequestHooks or Opcode.RunHook => "Hooks",
        Opcode.OpenConsole or Opcode.PrepareStdio => "Standard streams",
        < Opcode.Ready or (>= Opcode.SetScheduler and <= Opcode.SetLabel) or Opcode.InstallListener => "The process",
        _ => "Start",
    };

    /// <summary>What instruction <paramref name="index"/> does.</summary>
    public string Describe(int index) => plan.OpcodeAt(index) switch
    {
        < Opcode.OpenSource => DescribeNamespaces(index),
        Opcode.RequestNetDevices => "wait for the network devices, which the runtime moves here from the host",
        Opcode.SetLabel => DescribeLabel(plan.Operands<SetLabel>(index)),
        Opcode.InstallListener => FormattableString.Invariant(
            $"install the seccomp filter that asks the agent ({plan.Array<ulong>(plan.Operands<InstallListener>(index).Filter).Length} instructions), and hand it its listener"),
        Opcode.SetFilter => FormattableString.Invariant(
            $"install the seccomp filter ({plan.Array<ulong>(plan.Operands<SetFilter>(index).Filter).Length} instructions), the last thing before the program"),
        < Opcode.MakeDirectory => DescribeMounts(index),
        < Opcode.RequestHooks => DescribeFiles(index),
        >= Opcode.SetScheduler and <= Opcode.SetPersonality => PlanScheduling.Describe(plan, index),
        _ => DescribeProcess(index),
    };

    private string DescribeNamespaces(int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.JoinNamespace:
                return string.Concat(compiled.Origins[index].Operation, " ", compiled.Origins[index].Object);
            case Opcode.Unshare:
                return string.Concat("make a ", PlanWords.Namespaces(plan.Operands<Unshare>(index).Flags), " namespace");
            case Opcode.WriteTimeOffsets:
                string offsets = plan.Text(plan.Operands<WriteTimeOffsets>(index).Text) ?? "";
                return "set its clocks off by " + offsets.TrimEnd().Replace("\n", ", ", StringComparison.Ordinal);
            case Opcode.Fork:
                ulong flags = plan.Operands<Fork>(index).Flags;
                return "go on in a new process, with new namespaces: " + PlanWords.Namespaces(flags);
            case Opcode.AwaitIdMap:
                return "wait until the runtime has mapped the ids";
            case Opcode.BecomeRoot:
                return "become root of the user namespace"
                    + (plan.Operands<BecomeRoot>(index).ClearGroups != 0 ? ", without other groups" : "");
            case Opcode.JoinCgroups:
                return "join cgroups once they are made: " + string.Join(", ", plan.Strings(plan.Operands<JoinCgroups>(index).Tasks));
            case Opcode.NewSession:
                return "lead a new session";
            case Opcode.SessionKeyring:
                return "join a new session keyring " + plan.Text(plan.Operands<SessionKeyring>(index).Name);
            case Opcode.BringLoopbackUp:
                return "bring up the interface lo";
            case Opcode.SetHostname:
                return "set the host name to " + plan.Text(plan.Operands<SetHostname>(index).Name);
            default:
                return "set the domain name to " + plan.Text(plan.Operands<SetDomainname>(index).Name);
        }
    }

    private string DescribeMounts(int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.OpenSource:
                var source = plan.Operands<OpenSource>(index);
                return DescribeSource(source.Flags, plan.Text(source.Path));
            case Opcode.OpenNullDevice:
                return "open the host's /dev/null";
            case Opcode.OpenRootfs:
                var root = plan.Operands<OpenRootfs>(index);
                return Concat("take a copy of ", plan.Text(root.Path),
                    Parenthesis(PlanWords.Propagation(root.Propagation, recursive: true)), root.FromRuntime != 0 ? " (by the runtime)" : "");
            case Opcode.IsolateHost:
                return "cut off from the host's mounts (" + PlanWords.Propagation(plan.Operands<IsolateHost>(index).Propagation, true) + ")";
            case Opcode.AttachRootfs:
                return "mount the copy";
            case Opcode.MountFilesystem:
                return DescribeFilesystem(plan.Operands<MountFilesystem>(index));
            case Opcode.MountBind:
                return DescribeBind(plan.Operands<MountBind>(index));
            default:
                var remount = plan.Operands<Remount>(index);
                var options = new List<string>();
                if (remount.Flags.HasFlag(MountFlags.RecursiveAttributes))
                    PlanWords.AddAttributes(options, remount.RecursiveSet, remount.RecursiveClear, recursive: true);
                PlanWords.AddAttributes(options, remount.Set, remount.Clear);
                AddPropagation(options, remount.EarlierPropagation, remount.Propagation, remount.Flags);
                AddParameters(options, remount.Options);
                return Concat("remount ", plan.Text(remount.Destination), Parenthesis(options));
        }
    }

    private static string DescribeSource(OpenSourceFlags flags, string? path)
    {
        if (flags.HasFlag(OpenSourceFlags.UserNamespace))
            return "get a user namespace that maps ids: " + path;
        string with = flags.HasFlag(OpenSourceFlags.Recursive) ? " with all below it" : "";
        if (flags.HasFlag(OpenSourceFlags.IdMap))
            with += flags.HasFlag(OpenSourceFlags.RecursiveIdMap) ? ", all ids mapped" : ", ids mapped";
        return string.Concat("open ", path, with, flags.HasFlag(OpenSourceFlags.FromRuntime) ? " (by the runtime)" : "");
    }

    private string DescribeFilesystem(in MountFilesystem mount)
    {
        var options = new List<string>();
        PlanWords.AddAttributes(options, mount.Attributes, 0);
        AddPropagation(options, mount.EarlierPropagation, mount.Propagation, mount.Flags);
        AddParameters(options, mount.Options);
        if (plan.Text(mount.Data) is { Length: > 0 } data)
            options.Add(data);
        if (mount.Flags.HasFlag(MountFlags.CopyUp))
            options.Add("tmpcopyup");
        if (mount.Flags.HasFlag(MountFlags.IdMap))
            options.Add("idmap");
        string? type = plan.Text(mount.Type);
        string? source = plan.Text(mount.Source);
        string from = source is null || string.Equals(source, type, StringComparison.Ordinal) ? "" : " " + source;
        string fallback = mount.Flags.HasFlag(MountFlags.FallbackToBind) ? ", or bind the host's where that is refused" : "";
        return string.Concat(string.Concat("mount ", type, from, " on "), plan.Text(mount.Destination), Parenthesis(options), fallback);
    }

    private string DescribeBind(in MountBind mount)
    {
        var options = new List<string>();
        if (mount.Flags.HasFlag(MountFlags.RecursiveAttributes))
            PlanWords.AddAttributes(options, mount.RecursiveSet, mount.RecursiveClear, recursive: true);
        PlanWords.AddAttributes(options, mount.Set, mount.Clear);
        AddPropagation(options, mount.EarlierPropagation, mount.Propagation, mount.Flags);
        if (mount.Flags.HasFlag(MountFlags.CopySymlink))
            options.Add("copy-symlink");
        if (mount.DeviceType != 0)
            options.Add("device " + PlanWords.DeviceNumber(mount.DeviceType, mount.DeviceMajor, mount.DeviceMinor));
        return string.Concat("bind ", SourceOf(mount.Slot), " on ", string.Concat(plan.Text(mount.Destination), Parenthesis(options)));
    }

    private string DescribeFiles(int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.MakeDirectory:
                var directory = plan.Operands<MakeDirectory>(index);
                return Concat("make the directory ", plan.Text(directory.Path), Parenthesis(PlanWords.Octal(directory.Mode)));
            case Opcode.MakeDevice:
                var device = plan.Operands<MakeDevice>(index);
                string owner = device.Uid == 0 && device.Gid == 0 ? "" : FormattableString.Invariant($" of {device.Uid}:{device.Gid}");
                return Concat("make the device ", plan.Text(device.Path), Parenthesis(PlanWords.Device(in device)), owner);
            case Opcode.MakeSymlink:
                var link = plan.Operands<MakeSymlink>(index);
                return Concat("link ", plan.Text(link.Path), " to ", plan.Text(link.Target))
                    + (link.Flags.HasFlag(MakeSymlinkFlags.IfTargetExists) ? " if that is there" : "")
                    + (link.Flags.HasFlag(MakeSymlinkFlags.Replace) ? ", in place of any file" : "");
            case Opcode.MaskPath:
                return "hide " + plan.Text(plan.Operands<MaskPath>(index).Path);
            case Opcode.ReadonlyPath:
                return Concat("make ", plan.Text(plan.Operands<ReadonlyPath>(index).Path), " read-only, with all below it");
            case Opcode.SetPathReadonly:
                return Concat("make the mount ", plan.Text(plan.Operands<SetPathReadonly>(index).Path), " read-only");
            case Opcode.WriteSysctl:
                var sysctl = plan.Operands<WriteSysctl>(index);
                return Concat("set the sysctl ", plan.Text(sysctl.Name), " to ", plan.Text(sysctl.Value));
            case Opcode.PivotRoot:
                return plan.Operands<PivotRoot>(index).NoPivot == 0
                    ? "pivot_root into it, and let go of the host's tree"
                    : "move it to / and chroot into it, after the host's /proc and /sys were hidden";
            case Opcode.ChangeRoot:
                return "chroot into it";
            default:
                var root = plan.Operands<SetRootPropagation>(index);
                return "set the propagation of / to " + PlanWords.Propagation(root.Propagation, root.Recursive != 0);
        }
    }

    private string DescribeProcess(int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.RequestHooks:
                return "wait for the prestart and createRuntime hooks, which the runtime runs on the host";
            case Opcode.RunHook:
                var hook = plan.Operands<RunHook>(index);
                string limit = hook.Timeout == 0 ? "" : FormattableString.Invariant($", for at most {hook.Timeout} s");
                return string.Concat("run the hook ", plan.Text(hook.Path), " as: ",
                    PlanWords.CommandLine(plan.Strings(hook.Arguments)) + limit);
            case Opcode.OpenConsole:
                var console = plan.Operands<OpenConsole>(index);
                string size = console.Height == 0 && console.Width == 0
                    ? "" : FormattableString.Invariant($" of {console.Height} rows and {console.Width} columns");
                return Concat("make a terminal", size, console.BindConsole != 0 ? ", also as /dev/console" : "",
                    FormattableString.Invariant($", owned by {console.Uid}"));
            case Opcode.PrepareStdio:
                return FormattableString.Invariant($"hand the standard streams over to user {plan.Operands<PrepareStdio>(index).Uid}");
            case Opcode.SetRlimit:
                var rlimit = plan.Operands<SetRlimit>(index);
                string name = rlimit.Resource < Names.RlimitTypes.Length
                    ? Names.RlimitTypes[(int)rlimit.Resource] : rlimit.Resource.ToString(CultureInfo.InvariantCulture);
                return string.Concat("limit ", name, " to ",
                    string.Concat(PlanWords.Limit(rlimit.Soft), ", at most ", PlanWords.Limit(rlimit.Hard)));
            case Opcode.SetUmask:
                return "set the umask to " + PlanWords.Octal(plan.Operands<SetUmask>(index).Mask);
            case Opcode.SetIdentity:
                return DescribeIdentity(plan.Operands<SetIdentity>(index));
            case Opcode.ChangeDirectory:
                var directory = plan.Operands<ChangeDirectory>(index);
                return Concat("enter ", plan.Text(directory.Path), directory.Create != 0 ? ", which is made if it is missing" : "");
            case Opcode.FindExecutable:
                return "find the program: " + string.Join(", ", plan.Strings(plan.Operands<FindExecutable>(index).Candidates));
            case Opcode.Ready:
                return "report that the container is created";
            case Opcode.AwaitStart:
                return "wait for start";
            default:
                var execute = plan.Operands<Execute>(index);
                int variables = plan.Array<PlanRef>(execute.Environment).Length;
                return string.Concat("execute ", PlanWords.CommandLine(plan.Strings(execute.Arguments)),
                    FormattableString.Invariant($" with {variables} environment variables"),
                    execute.AddHome != 0 ? " and HOME from /etc/passwd" : "");
        }
    }

    private string DescribeLabel(in SetLabel label)
    {
        string? value = plan.Text(label.Value);
        return label.Attribute switch
        {
            LabelAttribute.AppArmorExec => "have AppArmor do at execution: " + value,
            LabelAttribute.Exec => "have SELinux label the program " + value,
            _ when value is "\n" => "have SELinux label keyrings as ever",
            _ => "have SELinux label keyrings " + value,
        };
    }

    private string DescribeIdentity(in SetIdentity identity)
    {
        var groups = plan.Array<uint>(identity.Groups);
        string text = FormattableString.Invariant($"become {identity.Uid}:{identity.Gid}");
        if (!groups.IsEmpty)
        {
            var list = new List<string>();
            foreach (uint group in groups)
                list.Add(group.ToString(CultureInfo.InvariantCulture));
            text += " with groups " + string.Join(' ', list);
        }
        if (identity.Flags.HasFlag(SetIdentityFlags.KeepGroups))
            text += " with the groups that it has";
        if (identity.Flags.HasFlag(SetIdentityFlags.NoNewPrivileges))
            text += ", no_new_privs";
        text += "; capabilities: " + PlanWords.Capabilities(identity.Permitted);
        text += Differs("effective", identity.Effective, identity.Permitted);
        text += Differs("bounding", identity.Bounding, identity.Permitted);
        text += Differs("inheritable", identity.Inheritable, 0);
        text += Differs("ambient", identity.Ambient, 0);
        return text;
    }

    private static string Differs(string name, ulong set, ulong expected) =>
        set == expected ? "" : string.Concat("; ", name, ": ", PlanWords.Capabilities(set));

    /// <summary>What a slot holds: found among the instructions before.</summary>
    private string SourceOf(uint slot)
    {
        for (int i = 0; i < plan.Count; i++)
        {
            if (plan.OpcodeAt(i) == Opcode.OpenSource && plan.Operands<OpenSource>(i) is var source && source.Slot == slot)
                return plan.Text(source.Path) ?? "";
        }
        return "?";
    }

    private void AddPropagation(List<string> options, PlanRef earlier, ulong propagation, MountFlags flags)
    {
        foreach (ulong step in plan.Array<ulong>(earlier))
            options.Add(PlanWords.Propagation(step & ~Ms.Rec, (step & Ms.Rec) != 0) ?? "");
        if (PlanWords.Propagation(propagation, flags.HasFlag(MountFlags.RecursivePropagation)) is { } word)
            options.Add(word);
    }

    private void AddParameters(List<string> options, PlanRef parameters)
    {
        foreach (var pair in plan.Array<PlanPair>(parameters))
        {
            string? value = plan.Text(pair.Value);
            options.Add(value is null ? plan.Text(pair.Key)! : string.Concat(plan.Text(pair.Key), "=", value));
        }
    }

    private static string Parenthesis(List<string> options) => options.Count == 0 ? "" : Parenthesis(string.Join(',', options));

    private static string Parenthesis(string? text) => text is null ? "" : string.Concat(" (", text, ")");

    private static string Concat(string first, string? second, string third, string? fourth = "") =>
        string.Concat(first, second, third, fourth);
}
