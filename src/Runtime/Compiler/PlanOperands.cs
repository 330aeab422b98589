using System.Collections.Generic;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The operands of each instruction as members of a JSON object: the fields of its structure in camelCase, with
/// references resolved, and sets of bits as names where they have some.
/// </summary>
internal static class PlanOperands
{
    /// <summary>An opcode's name as it is in the source.</summary>
    public static string Name(Opcode opcode) => opcode.ToString();

    public static void Write(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case < Opcode.OpenSource:
                WriteNamespaces(json, plan, index);
                break;
            case < Opcode.MakeDirectory:
                WriteMounts(json, plan, index);
                break;
            case < Opcode.RequestHooks:
                WriteFiles(json, plan, index);
                break;
            case >= Opcode.SetScheduler and <= Opcode.SetPersonality:
                PlanScheduling.Write(json, plan, index);
                break;
            default:
                WriteProcess(json, plan, index);
                break;
        }
    }

    private static void WriteNamespaces(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.JoinNamespace:
                var join = plan.Operands<JoinNamespace>(index);
                json.WriteNumber("inherited"u8, join.Inherited);
                WriteNamespaces(json, "kind", join.Kind);
                break;
            case Opcode.Unshare:
                WriteNamespaces(json, "flags", plan.Operands<Unshare>(index).Flags);
                break;
            case Opcode.WriteTimeOffsets:
                json.WriteString("text"u8, plan.Text(plan.Operands<WriteTimeOffsets>(index).Text));
                break;
            case Opcode.Fork:
                WriteNamespaces(json, "flags", plan.Operands<Fork>(index).Flags);
                break;
            case Opcode.AwaitIdMap:
                json.WriteBoolean("dumpable"u8, plan.Operands<AwaitIdMap>(index).Dumpable != 0);
                break;
            case Opcode.JoinCgroups:
                WriteStrings(json, "tasks", plan.Strings(plan.Operands<JoinCgroups>(index).Tasks));
                break;
            case Opcode.BecomeRoot:
                json.WriteBoolean("clearGroups"u8, plan.Operands<BecomeRoot>(index).ClearGroups != 0);
                break;
            case Opcode.SessionKeyring:
                json.WriteString("name"u8, plan.Text(plan.Operands<SessionKeyring>(index).Name));
                break;
            case Opcode.SetHostname:
                json.WriteString("name"u8, plan.Text(plan.Operands<SetHostname>(index).Name));
                break;
            case Opcode.SetDomainname:
                json.WriteString("name"u8, plan.Text(plan.Operands<SetDomainname>(index).Name));
                break;
            default:
                break;
        }
    }

    private static void WriteMounts(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.OpenSource:
                var source = plan.Operands<OpenSource>(index);
                json.WriteNumber("slot"u8, source.Slot);
                json.WriteString("path"u8, plan.Text(source.Path));
                json.WriteBoolean("recursive"u8, source.Flags.HasFlag(OpenSourceFlags.Recursive));
                json.WriteBoolean("fromRuntime"u8, source.Flags.HasFlag(OpenSourceFlags.FromRuntime));
                json.WriteBoolean("noFollow"u8, source.Flags.HasFlag(OpenSourceFlags.NoFollow));
                json.WriteBoolean("idMap"u8, source.Flags.HasFlag(OpenSourceFlags.IdMap));
                json.WriteBoolean("recursiveIdMap"u8, source.Flags.HasFlag(OpenSourceFlags.RecursiveIdMap));
                json.WriteBoolean("reference"u8, source.Flags.HasFlag(OpenSourceFlags.Reference));
                json.WriteBoolean("userNamespace"u8, source.Flags.HasFlag(OpenSourceFlags.UserNamespace));
                break;
            case Opcode.OpenNullDevice:
                json.WriteNumber("slot"u8, plan.Operands<OpenNullDevice>(index).Slot);
                break;
            case Opcode.OpenRootfs:
                var root = plan.Operands<OpenRootfs>(index);
                json.WriteString("path"u8, plan.Text(root.Path));
                WritePropagation(json, root.Propagation, recursive: true);
                json.WriteBoolean("fromRuntime"u8, root.FromRuntime != 0);
                break;
            case Opcode.IsolateHost:
                WritePropagation(json, plan.Operands<IsolateHost>(index).Propagation, recursive: true);
                break;
            case Opcode.MountFilesystem:
                var mount = plan.Operands<MountFilesystem>(index);
                json.WriteString("destination"u8, plan.Text(mount.Destination));
                json.WriteString("type"u8, plan.Text(mount.Type));
                json.WriteString("source"u8, plan.Text(mount.Source));
                WriteParameters(json, plan, mount.Options);
                json.WriteString("data"u8, plan.Text(mount.Data));
                json.WriteNumber("dataFlags"u8, mount.DataFlags);
                json.WriteString("rootLabel"u8, plan.Text(mount.RootLabel));
                WriteAttributes(json, "attributes", mount.Attributes);
                WritePropagation(json, plan, mount.EarlierPropagation, mount.Propagation, mount.Flags);
                json.WriteBoolean("noSymlinks"u8, mount.Flags.HasFlag(MountFlags.NoSymlinks));
                json.WriteBoolean("keepMode"u8, mount.Flags.HasFlag(MountFlags.KeepMode));
                json.WriteBoolean("copyUp"u8, mount.Flags.HasFlag(MountFlags.CopyUp));
                json.WriteBoolean("keepOwner"u8, mount.Flags.HasFlag(MountFlags.KeepOwner));
                json.WriteBoolean("propagationFirst"u8, mount.Flags.HasFlag(MountFlags.PropagationFirst));
                if (mount.Flags.HasFlag(MountFlags.IdMap))
                    json.WriteNumber("idMapSlot"u8, mount.IdMapSlot);
                if (mount.Flags.HasFlag(MountFlags.FallbackToBind))
                    json.WriteNumber("fallbackSlot"u8, mount.FallbackSlot);
                break;
            case Opcode.MountBind:
                var bind = plan.Operands<MountBind>(index);
                json.WriteString("destination"u8, plan.Text(bind.Destination));
                json.WriteNumber("slot"u8, bind.Slot);
                WriteAttributes(json, "set", bind.Set);
                WriteAttributes(json, "clear", bind.Clear);
                WriteAttributes(json, "recursiveSet", bind.RecursiveSet);
                WriteAttributes(json, "recursiveClear", bind.RecursiveClear);
                WritePropagation(json, plan, bind.EarlierPropagation, bind.Propagation, bind.Flags);
                json.WriteBoolean("copySource"u8, bind.Flags.HasFlag(MountFlags.CopySource));
                json.WriteBoolean("copyTree"u8, bind.Flags.HasFlag(MountFlags.CopyTree));
                json.WriteBoolean("copyAgain"u8, bind.Flags.HasFlag(MountFlags.CopyAgain));
                json.WriteBoolean("propagationFirst"u8, bind.Flags.HasFlag(MountFlags.PropagationFirst));
                json.WriteBoolean("copySymlink"u8, bind.Flags.HasFlag(MountFlags.CopySymlink));
                if (bind.DeviceType != 0)
                    json.WriteString("device"u8, PlanWords.DeviceNumber(bind.DeviceType, bind.DeviceMajor, bind.DeviceMinor));
                break;
            case Opcode.Remount:
                var remount = plan.Operands<Remount>(index);
                json.WriteString("destination"u8, plan.Text(remount.Destination));
                WriteParameters(json, plan, remount.Options);
                WriteAttributes(json, "set", remount.Set);
                WriteAttributes(json, "clear", remount.Clear);
                WriteAttributes(json, "recursiveSet", remount.RecursiveSet);
                WriteAttributes(json, "recursiveClear", remount.RecursiveClear);
                WritePropagation(json, plan, remount.EarlierPropagation, remount.Propagation, remount.Flags);
                break;
            default:
                break;
        }
    }

    private static void WriteFiles(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.MakeDirectory:
                var directory = plan.Operands<MakeDirectory>(index);
                json.WriteString("path"u8, plan.Text(directory.Path));
                json.WriteString("mode"u8, PlanWords.Octal(directory.Mode));
                json.WriteNumber("uid"u8, directory.Uid);
                json.WriteNumber("gid"u8, directory.Gid);
                break;
            case Opcode.MakeDevice:
                var device = plan.Operands<MakeDevice>(index);
                json.WriteString("path"u8, plan.Text(device.Path));
                json.WriteString("type"u8, (device.Mode & Mode.TypeMask) switch { Mode.Block => "b", Mode.Fifo => "p", _ => "c" });
                json.WriteString("mode"u8, PlanWords.Octal(device.Mode & ~Mode.TypeMask));
                json.WriteNumber("uid"u8, device.Uid);
                json.WriteNumber("gid"u8, device.Gid);
                json.WriteNumber("major"u8, device.Major);
                json.WriteNumber("minor"u8, device.Minor);
                json.WriteBoolean("bindIfRefused"u8, device.BindIfRefused != 0);
                break;
            case Opcode.MakeSymlink:
                var link = plan.Operands<MakeSymlink>(index);
                json.WriteString("path"u8, plan.Text(link.Path));
                json.WriteString("target"u8, plan.Text(link.Target));
                json.WriteBoolean("ifTargetExists"u8, link.Flags.HasFlag(MakeSymlinkFlags.IfTargetExists));
                json.WriteBoolean("replace"u8, link.Flags.HasFlag(MakeSymlinkFlags.Replace));
                json.WriteBoolean("keepExisting"u8, link.Flags.HasFlag(MakeSymlinkFlags.KeepExisting));
                break;
            case Opcode.MaskPath:
                json.WriteString("path"u8, plan.Text(plan.Operands<MaskPath>(index).Path));
                json.WriteNumber("nullSlot"u8, plan.Operands<MaskPath>(index).NullSlot);
                break;
            case Opcode.ReadonlyPath:
                json.WriteString("path"u8, plan.Text(plan.Operands<ReadonlyPath>(index).Path));
                break;
            case Opcode.SetPathReadonly:
                json.WriteString("path"u8, plan.Text(plan.Operands<SetPathReadonly>(index).Path));
                break;
            case Opcode.WriteSysctl:
                json.WriteString("name"u8, plan.Text(plan.Operands<WriteSysctl>(index).Name));
                json.WriteString("value"u8, plan.Text(plan.Operands<WriteSysctl>(index).Value));
                break;
            case Opcode.PivotRoot:
                json.WriteBoolean("noPivot"u8, plan.Operands<PivotRoot>(index).NoPivot != 0);
                break;
            case Opcode.SetRootPropagation:
                var root = plan.Operands<SetRootPropagation>(index);
                WritePropagation(json, root.Propagation, root.Recursive != 0);
                break;
            default:
                break;
        }
    }

    private static void WriteProcess(Utf8JsonWriter json, PlanReader plan, int index)
    {
        switch (plan.OpcodeAt(index))
        {
            case Opcode.RunHook:
                var hook = plan.Operands<RunHook>(index);
                json.WriteString("path"u8, plan.Text(hook.Path));
                WriteStrings(json, "arguments", plan.Strings(hook.Arguments));
                WriteStrings(json, "environment", plan.Strings(hook.Environment));
                json.WriteString("state"u8, plan.Bytes(hook.State));
                json.WriteNumber("pidOffset"u8, hook.PidOffset);
                json.WriteNumber("timeout"u8, hook.Timeout);
                break;
            case Opcode.OpenConsole:
                var console = plan.Operands<OpenConsole>(index);
                json.WriteNumber("height"u8, console.Height);
                json.WriteNumber("width"u8, console.Width);
                json.WriteBoolean("bindConsole"u8, console.BindConsole != 0);
                json.WriteNumber("uid"u8, console.Uid);
                break;
            case Opcode.PrepareStdio:
                json.WriteNumber("uid"u8, plan.Operands<PrepareStdio>(index).Uid);
                break;
            case Opcode.SetRlimit:
                var limit = plan.Operands<SetRlimit>(index);
                json.WriteString("resource"u8, Names.RlimitTypes[(int)limit.Resource]);
                json.WriteNumber("soft"u8, limit.Soft);
                json.WriteNumber("hard"u8, limit.Hard);
                break;
            case Opcode.SetUmask:
                json.WriteString("mask"u8, PlanWords.Octal(plan.Operands<SetUmask>(index).Mask));
                break;
            case Opcode.SetIdentity:
                WriteIdentity(json, plan, plan.Operands<SetIdentity>(index));
                break;
            case Opcode.ChangeDirectory:
                var directory = plan.Operands<ChangeDirectory>(index);
                json.WriteString("path"u8, plan.Text(directory.Path));
                json.WriteBoolean("create"u8, directory.Create != 0);
                json.WriteBoolean("again"u8, directory.Again != 0);
                json.WriteNumber("uid"u8, directory.Uid);
                json.WriteNumber("gid"u8, directory.Gid);
                break;
            case Opcode.FindExecutable:
                WriteStrings(json, "candidates", plan.Strings(plan.Operands<FindExecutable>(index).Candidates));
                break;
            case Opcode.InstallListener:
                var listener = plan.Operands<InstallListener>(index);
                WriteFilter(json, plan, listener.Filter, listener.Flags, listener.ReadBack);
                break;
            case Opcode.SetFilter:
                var filter = plan.Operands<SetFilter>(index);
                WriteFilter(json, plan, filter.Filter, filter.Flags, filter.ReadBack);
                break;
            case Opcode.SetLabel:
                var label = plan.Operands<SetLabel>(index);
                json.WriteString("attribute"u8, label.Attribute.ToString());
                json.WriteString("value"u8, plan.Text(label.Value));
                break;
            case Opcode.Execute:
                var execute = plan.Operands<Execute>(index);
                WriteStrings(json, "arguments", plan.Strings(execute.Arguments));
                WriteStrings(json, "environment", plan.Strings(execute.Environment));
                json.WriteBoolean("addHome"u8, execute.AddHome != 0);
                json.WriteNumber("uid"u8, execute.Uid);
                break;
            default:
                break;
        }
    }

    private static void WriteIdentity(Utf8JsonWriter json, PlanReader plan, in SetIdentity identity)
    {
        json.WriteNumber("uid"u8, identity.Uid);
        json.WriteNumber("gid"u8, identity.Gid);
        json.WriteStartArray("groups"u8);
        foreach (uint group in plan.Array<uint>(identity.Groups))
            json.WriteNumberValue(group);
        json.WriteEndArray();
        WriteCapabilities(json, "bounding", identity.Bounding);
        WriteCapabilities(json, "effective", identity.Effective);
        WriteCapabilities(json, "permitted", identity.Permitted);
        WriteCapabilities(json, "inheritable", identity.Inheritable);
        WriteCapabilities(json, "ambient", identity.Ambient);
        json.WriteBoolean("noNewPrivileges"u8, identity.Flags.HasFlag(SetIdentityFlags.NoNewPrivileges));
        json.WriteBoolean("keepSysAdmin"u8, identity.Flags.HasFlag(SetIdentityFlags.KeepSysAdmin));
        json.WriteBoolean("keepGroups"u8, identity.Flags.HasFlag(SetIdentityFlags.KeepGroups));
    }

    private static void WriteFilter(Utf8JsonWriter json, PlanReader plan, PlanRef filter, uint flags, uint readBack)
    {
        json.WriteNumber("instructions"u8, plan.Array<ulong>(filter).Length);
        json.WriteBase64String("filter"u8, plan.Bytes(filter));
        WriteStrings(json, "flags", FilterFlags.Names(flags).ToArray());
        json.WriteBoolean("readBack"u8, readBack != 0);
    }

    private static void WriteCapabilities(Utf8JsonWriter json, string name, ulong set) =>
        WriteStrings(json, name, set == 0 ? [] : CapabilitySets.NamesOf(set).Split(' '));

    private static void WriteNamespaces(Utf8JsonWriter json, string name, ulong flags) =>
        WriteStrings(json, name, flags == 0 ? [] : PlanWords.Namespaces(flags).Split(", "));

    private static void WriteAttributes(Utf8JsonWriter json, string name, ulong attributes)
    {
        var names = new List<string>();
        PlanWords.AddAttributes(names, attributes, 0);
        // The mask of the three atime settings, which is cleared with any of them.
        if ((attributes & MountAttr.AtimeMask) == MountAttr.AtimeMask)
            names.Add("atime");
        WriteStrings(json, name, names.ToArray());
    }

    private static void WritePropagation(Utf8JsonWriter json, PlanReader plan, PlanRef earlier, ulong flag, MountFlags flags)
    {
        json.WriteStartArray("earlierPropagation"u8);
        foreach (ulong step in plan.Array<ulong>(earlier))
            json.WriteStringValue(PlanWords.Propagation(step & ~Ms.Rec, (step & Ms.Rec) != 0));
        json.WriteEndArray();
        WritePropagation(json, flag, flags.HasFlag(MountFlags.RecursivePropagation));
    }

    private static void WritePropagation(Utf8JsonWriter json, ulong flag, bool recursive) =>
        json.WriteString("propagation"u8, PlanWords.Propagation(flag, recursive));

    private static void WriteParameters(Utf8JsonWriter json, PlanReader plan, PlanRef parameters)
    {
        json.WriteStartArray("options"u8);
        foreach (var pair in plan.Array<PlanPair>(parameters))
        {
            string? value = plan.Text(pair.Value);
            json.WriteStringValue(value is null ? plan.Text(pair.Key) : string.Concat(plan.Text(pair.Key), "=", value));
        }
        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, string[] values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
