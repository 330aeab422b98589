using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Csrun.Linux;
using Csrun.Plan;

namespace Csrun.Runtime.Compiler;

/// <summary>What a mount option that csrun knows is about.</summary>
internal enum MountOptionKind
{
    /// <summary>Attributes of the mount: <see cref="MountOption.Set"/> and <see cref="MountOption.Clear"/>.</summary>
    Attribute,

    /// <summary>The same of all mounts below too.</summary>
    RecursiveAttribute,

    /// <summary><see cref="MountOption.Set"/> is the MS_* of a propagation, recursive with MS_REC.</summary>
    Propagation,

    /// <summary>bind, and rbind with MS_REC.</summary>
    Bind,
    Remount,

    /// <summary>A flag of the superblock, which fsconfig(2) takes by this name.</summary>
    Superblock,

    /// <summary>Clears one.</summary>
    SuperblockClear,

    /// <summary>The kernel has no such thing any more, or it does not concern mounts made by descriptor.</summary>
    NoEffect,

    /// <summary>Known to the specification, not done yet.</summary>
    Unsupported,
}

/// <summary>One option that is not a file system's own.</summary>
internal readonly record struct MountOption(string Name, MountOptionKind Kind, ulong Set = 0, ulong Clear = 0);

/// <summary>What the options of one mount come to.</summary>
internal struct ParsedMountOptions
{
    public ulong Set;
    public ulong Clear;
    public ulong RecursiveSet;
    public ulong RecursiveClear;

    /// <summary>MS_* without MS_REC; 0 if no option says one.</summary>
    public ulong Propagation;
    public bool RecursivePropagation;
    public bool Bind;
    public bool RecursiveBind;
    public bool Remount;

    /// <summary>There is a <c>mode=</c>.</summary>
    public bool HasMode;

    /// <summary>Array of <see cref="PlanPair"/>.</summary>
    public PlanRef Parameters;
}

/// <summary>
/// The table of options (config.md#linux-mount-options), and how a list of them is read: from left to right, the last
/// of contradicting ones wins; what the table lacks is a parameter of the file system.
/// </summary>
internal static class MountOptions
{
    private const ulong Atime = MountAttr.AtimeMask;

    private static readonly MountOption[] s_table =
    [
        new("async", MountOptionKind.SuperblockClear),
        new("atime", MountOptionKind.Attribute, 0, Atime),
        new("bind", MountOptionKind.Bind),
        new("defaults", MountOptionKind.NoEffect),
        new("dev", MountOptionKind.Attribute, 0, MountAttr.NoDev),
        new("diratime", MountOptionKind.Attribute, 0, MountAttr.NoDirAtime),
        new("dirsync", MountOptionKind.Superblock),
        new("exec", MountOptionKind.Attribute, 0, MountAttr.NoExec),
        // A file system that has change counters (statx's change cookie) always keeps them since Linux 6.1.
        new("iversion", MountOptionKind.NoEffect),
        new("lazytime", MountOptionKind.Superblock),
        // loud and silent say what mount(2) may log; fsconfig(2) logs to the descriptor.
        new("loud", MountOptionKind.NoEffect),
        new("mand", MountOptionKind.Superblock),
        new("noatime", MountOptionKind.Attribute, MountAttr.NoAtime, Atime),
        new("nodev", MountOptionKind.Attribute, MountAttr.NoDev),
        new("nodiratime", MountOptionKind.Attribute, MountAttr.NoDirAtime),
        new("noexec", MountOptionKind.Attribute, MountAttr.NoExec),
        new("noiversion", MountOptionKind.NoEffect),
        new("nolazytime", MountOptionKind.SuperblockClear),
        new("nomand", MountOptionKind.SuperblockClear),
        // relatime is what the kernel does if nothing else is said, so there is nothing to clear.
        new("norelatime", MountOptionKind.NoEffect),
        new("nostrictatime", MountOptionKind.Attribute, 0, MountAttr.StrictAtime),
        new("nosuid", MountOptionKind.Attribute, MountAttr.NoSuid),
        new("nosymfollow", MountOptionKind.Attribute, MountAttr.NoSymFollow),
        new("private", MountOptionKind.Propagation, Ms.Private),
        new("ratime", MountOptionKind.RecursiveAttribute, 0, Atime),
        new("rbind", MountOptionKind.Bind, Ms.Rec),
        new("rdev", MountOptionKind.RecursiveAttribute, 0, MountAttr.NoDev),
        new("rdiratime", MountOptionKind.RecursiveAttribute, 0, MountAttr.NoDirAtime),
        new("relatime", MountOptionKind.Attribute, MountAttr.RelAtime, Atime),
        new("remount", MountOptionKind.Remount),
        new("rexec", MountOptionKind.RecursiveAttribute, 0, MountAttr.NoExec),
        new("rnoatime", MountOptionKind.RecursiveAttribute, MountAttr.NoAtime, Atime),
        new("rnodev", MountOptionKind.RecursiveAttribute, MountAttr.NoDev),
        new("rnodiratime", MountOptionKind.RecursiveAttribute, MountAttr.NoDirAtime),
        new("rnoexec", MountOptionKind.RecursiveAttribute, MountAttr.NoExec),
        new("rnorelatime", MountOptionKind.NoEffect),
        new("rnostrictatime", MountOptionKind.RecursiveAttribute, 0, MountAttr.StrictAtime),
        new("rnosuid", MountOptionKind.RecursiveAttribute, MountAttr.NoSuid),
        new("rnosymfollow", MountOptionKind.RecursiveAttribute, MountAttr.NoSymFollow),
        new("ro", MountOptionKind.Attribute, MountAttr.ReadOnly),
        new("rprivate", MountOptionKind.Propagation, Ms.Private | Ms.Rec),
        new("rrelatime", MountOptionKind.RecursiveAttribute, MountAttr.RelAtime, Atime),
        new("rro", MountOptionKind.RecursiveAttribute, MountAttr.ReadOnly),
        new("rrw", MountOptionKind.RecursiveAttribute, 0, MountAttr.ReadOnly),
        new("rshared", MountOptionKind.Propagation, Ms.Shared | Ms.Rec),
        new("rslave", MountOptionKind.Propagation, Ms.Slave | Ms.Rec),
        new("rstrictatime", MountOptionKind.RecursiveAttribute, MountAttr.StrictAtime, Atime),
        new("rsuid", MountOptionKind.RecursiveAttribute, 0, MountAttr.NoSuid),
        new("rsymfollow", MountOptionKind.RecursiveAttribute, 0, MountAttr.NoSymFollow),
        new("runbindable", MountOptionKind.Propagation, Ms.Unbindable | Ms.Rec),
        new("rw", MountOptionKind.Attribute, 0, MountAttr.ReadOnly),
        new("shared", MountOptionKind.Propagation, Ms.Shared),
        new("silent", MountOptionKind.NoEffect),
        new("slave", MountOptionKind.Propagation, Ms.Slave),
        new("strictatime", MountOptionKind.Attribute, MountAttr.StrictAtime, Atime),
        new("suid", MountOptionKind.Attribute, 0, MountAttr.NoSuid),
        new("symfollow", MountOptionKind.Attribute, 0, MountAttr.NoSymFollow),
        new("sync", MountOptionKind.Superblock),
        new("unbindable", MountOptionKind.Propagation, Ms.Unbindable),
        new("idmap", MountOptionKind.Unsupported),
        new("ridmap", MountOptionKind.Unsupported),
        new("tmpcopyup", MountOptionKind.Unsupported),
    ];

    /// <summary>All options in the table that work: what <c>features</c> lists.</summary>
    public static IEnumerable<string> Supported()
    {
        foreach (var option in s_table)
        {
            if (option.Kind != MountOptionKind.Unsupported)
                yield return option.Name;
        }
    }

    /// <summary>Reads the options of <c>mounts[index]</c>; that a bind has none of a file system is checked already.</summary>
    public static ParsedMountOptions Parse(Compilation to, int index, string[]? options)
    {
        var parsed = default(ParsedMountOptions);
        if (options is null)
            return parsed;
        List<PlanPair>? parameters = null;
        for (int i = 0; i < options.Length; i++)
        {
            if (!TryFind(options[i], out var option))
            {
                AddParameters(to, options[i], parameters ??= [], ref parsed);
                continue;
            }
            switch (option.Kind)
            {
                case MountOptionKind.Attribute:
                    Apply(option, ref parsed.Set, ref parsed.Clear);
                    break;
                case MountOptionKind.RecursiveAttribute:
                    Apply(option, ref parsed.RecursiveSet, ref parsed.RecursiveClear);
                    // It holds for the top mount too, and comes later than what was said of that alone.
                    parsed.Set &= ~(option.Set | option.Clear);
                    parsed.Clear &= ~(option.Set | option.Clear);
                    break;
                case MountOptionKind.Propagation:
                    parsed.Propagation = option.Set & ~Ms.Rec;
                    parsed.RecursivePropagation = (option.Set & Ms.Rec) != 0;
                    break;
                case MountOptionKind.Bind:
                    parsed.Bind = true;
                    parsed.RecursiveBind |= option.Set == Ms.Rec;
                    break;
                case MountOptionKind.Remount:
                    parsed.Remount = true;
                    break;
                case MountOptionKind.Superblock:
                case MountOptionKind.SuperblockClear:
                    (parameters ??= []).Add(new PlanPair { Key = to.Writer.String(option.Name) });
                    break;
                case MountOptionKind.Unsupported:
                    to.Refuse(ErrorCodes.NotSupported, OptionPath(index, i), string.Concat(option.Name, " is not supported yet"));
                    break;
                default:
                    break;
            }
        }
        if (parsed.Bind && parameters is not null)
            WarnOfSuperblock(to, index, options);
        else if (parameters is not null)
            parsed.Parameters = to.Writer.Array<PlanPair>(CollectionsMarshal.AsSpan(parameters));
        return parsed;
    }

    /// <summary>"mounts[3].options[1]".</summary>
    public static string OptionPath(int mount, int option) =>
        Compilation.Path(Compilation.Path("mounts", mount, ".options"), option);

    private static bool TryFind(string name, out MountOption option)
    {
        foreach (ref readonly var entry in s_table.AsSpan())
        {
            if (string.Equals(entry.Name, name, StringComparison.Ordinal))
            {
                option = entry;
                return true;
            }
        }
        option = default;
        return false;
    }

    private static void Apply(MountOption option, ref ulong set, ref ulong clear)
    {
        // The three atime settings are one field, of which nostrictatime takes back a single value.
        if (option is { Set: 0, Clear: MountAttr.StrictAtime })
        {
            if ((set & Atime) == MountAttr.StrictAtime)
                set &= ~Atime;
            return;
        }
        set = (set & ~option.Clear) | option.Set;
        clear = (clear & ~option.Set) | option.Clear;
    }

    private static void WarnOfSuperblock(Compilation to, int index, string[] options)
    {
        foreach (string name in options)
        {
            if (TryFind(name, out var option) && option.Kind == MountOptionKind.Superblock)
                to.Warn(string.Concat(Compilation.Path("mounts", index, ".options: "), name, " has no effect on a bind mount"));
        }
    }

    /// <summary>
    /// Splits at commas, which separate parameters for mount(2) too, but not inside the quotes that SELinux contexts
    /// come in, which fsconfig(2) does not want.
    /// </summary>
    private static void AddParameters(Compilation to, string text, List<PlanPair> parameters, ref ParsedMountOptions parsed)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            int end = 0;
            bool quoted = false;
            while (end < rest.Length && (quoted || rest[end] != ','))
                quoted ^= rest[end++] == '"';
            var parameter = rest[..end];
            rest = end < rest.Length ? rest[(end + 1)..] : [];
            if (parameter.IsEmpty)
                continue;
            int equals = parameter.IndexOf('=');
            if (equals < 0)
            {
                parameters.Add(new PlanPair { Key = to.Writer.String(parameter.ToString()) });
                continue;
            }
            var key = parameter[..equals];
            parsed.HasMode |= key is "mode";
            parameters.Add(new PlanPair
            {
                Key = to.Writer.String(key.ToString()),
                Value = to.Writer.String(parameter[(equals + 1)..].Trim('"').ToString()),
            });
        }
    }
}
