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

    /// <summary>A flag of the superblock, which fsconfig(2) takes by this name; <see cref="MountOption.Set"/> is its MS_*.</summary>
    Superblock,

    /// <summary>Clears one: <see cref="MountOption.Clear"/>.</summary>
    SuperblockClear,

    /// <summary>The kernel has no such thing any more, or it does not concern mounts made by descriptor.</summary>
    NoEffect,

    /// <summary>idmap, and ridmap with MS_REC.</summary>
    IdMap,

    /// <summary>tmpcopyup.</summary>
    CopyUp,

    /// <summary>copy-symlink.</summary>
    CopySymlink,
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

    /// <summary>MS_*, with MS_REC, that come before it and are not undone by it.</summary>
    public List<ulong>? EarlierPropagation;
    public bool Bind;
    public bool RecursiveBind;
    public bool Remount;
    public bool IdMap;
    public bool RecursiveIdMap;

    /// <summary>What <see cref="IdMapOption"/> reads; null if there is none.</summary>
    public string? IdMapText;

    /// <summary>Which of the options that is.</summary>
    public int IdMapIndex;
    public bool CopyUp;
    public bool CopySymlink;

    /// <summary>There is a <c>mode=</c>.</summary>
    public bool HasMode;

    /// <summary>There is a <c>uid=</c> or a <c>gid=</c>.</summary>
    public bool HasOwner;

    /// <summary>What goes to the file system; null for nothing.</summary>
    public List<MountParameter>? Parameters;

    /// <summary>
    /// One more propagation. They hold one after the other, as mount(8) sets them: what becomes a slave and then shared
    /// is both. Of those before, what the new one undoes is forgotten.
    /// </summary>
    /// <param name="flags">MS_*, with MS_REC.</param>
    public void AddPropagation(ulong flags)
    {
        if (Propagation != 0)
        {
            var earlier = EarlierPropagation ??= [];
            earlier.Add(Propagation | (RecursivePropagation ? Ms.Rec : 0));
            bool anew = (flags & (Ms.Private | Ms.Unbindable)) != 0;
            earlier.RemoveAll(step => (anew || (step & ~Ms.Rec) == (flags & ~Ms.Rec)) && ((flags & Ms.Rec) != 0 || (step & Ms.Rec) == 0));
        }
        Propagation = flags & ~Ms.Rec;
        RecursivePropagation = (flags & Ms.Rec) != 0;
    }

    /// <summary>
    /// A bind, and all below it, is first what all mounts of its namespace are: the host's peers that it was copied from
    /// see what is mounted in the container only if the root file system's propagation says so.
    /// </summary>
    /// <param name="all">MS_* of the namespace's mounts.</param>
    public void SetPropagationOfBind(ulong all)
    {
        var own = EarlierPropagation;
        ulong last = Propagation | (RecursivePropagation ? Ms.Rec : 0);
        EarlierPropagation = null;
        Propagation = all;
        RecursivePropagation = true;
        foreach (ulong step in own ?? [])
            AddPropagation(step);
        if (last != 0)
            AddPropagation(last);
    }

    /// <summary>Whether a bind is to stay a peer, or become a slave, of more than what the namespace's mounts are.</summary>
    /// <param name="all">MS_* of those.</param>
    public readonly bool HasPeers(ulong all)
    {
        bool shared = all == Ms.Shared || Propagation == Ms.Shared;
        bool slave = Propagation == Ms.Slave;
        foreach (ulong step in EarlierPropagation ?? [])
        {
            shared |= (step & ~Ms.Rec) == Ms.Shared;
            slave |= (step & ~Ms.Rec) == Ms.Slave;
        }
        return shared || (slave && all != Ms.Slave);
    }

    /// <summary>What <see cref="MountBind.EarlierPropagation"/> and its like refer to.</summary>
    public readonly PlanRef WriteEarlier(PlanWriter writer) =>
        EarlierPropagation is null ? default : writer.Array<ulong>(CollectionsMarshal.AsSpan(EarlierPropagation));
}

/// <summary>A parameter of a file system.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Null for one that has none.</param>
/// <param name="Set">MS_* that stand for it in mount(2), which has no name for it; 0 for none.</param>
/// <param name="Clear">MS_* that it clears.</param>
internal readonly record struct MountParameter(string Key, string? Value, ulong Set = 0, ulong Clear = 0);

/// <summary>
/// The table of options (config.md#linux-mount-options), and how a list of them is read: from left to right, the last
/// of contradicting ones wins; what the table lacks is a parameter of the file system.
/// </summary>
internal static class MountOptions
{
    private const ulong Atime = MountAttr.AtimeMask;

    private static readonly MountOption[] s_table =
    [
        new("async", MountOptionKind.SuperblockClear, 0, Ms.Synchronous),
        new("atime", MountOptionKind.Attribute, 0, Atime),
        new("bind", MountOptionKind.Bind),
        new("defaults", MountOptionKind.NoEffect),
        new("dev", MountOptionKind.Attribute, 0, MountAttr.NoDev),
        new("diratime", MountOptionKind.Attribute, 0, MountAttr.NoDirAtime),
        new("dirsync", MountOptionKind.Superblock, Ms.DirSync),
        new("exec", MountOptionKind.Attribute, 0, MountAttr.NoExec),
        // A file system that has change counters (statx's change cookie) always keeps them since Linux 6.1.
        new("iversion", MountOptionKind.NoEffect),
        new("lazytime", MountOptionKind.Superblock, Ms.LazyTime),
        // loud and silent say what mount(2) may log; fsconfig(2) logs to the descriptor.
        new("loud", MountOptionKind.NoEffect),
        new("mand", MountOptionKind.Superblock, Ms.MandLock),
        new("noatime", MountOptionKind.Attribute, MountAttr.NoAtime, Atime),
        new("nodev", MountOptionKind.Attribute, MountAttr.NoDev),
        new("nodiratime", MountOptionKind.Attribute, MountAttr.NoDirAtime),
        new("noexec", MountOptionKind.Attribute, MountAttr.NoExec),
        new("noiversion", MountOptionKind.NoEffect),
        new("nolazytime", MountOptionKind.SuperblockClear, 0, Ms.LazyTime),
        new("nomand", MountOptionKind.SuperblockClear, 0, Ms.MandLock),
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
        new("sync", MountOptionKind.Superblock, Ms.Synchronous),
        new("unbindable", MountOptionKind.Propagation, Ms.Unbindable),
        new("idmap", MountOptionKind.IdMap),
        new("ridmap", MountOptionKind.IdMap, Ms.Rec),
        new("tmpcopyup", MountOptionKind.CopyUp),
        // crun's, which Podman asks for.
        new("copy-symlink", MountOptionKind.CopySymlink),
    ];

    /// <summary>All options in the table: what <c>features</c> lists.</summary>
    public static IEnumerable<string> Supported()
    {
        foreach (var option in s_table)
            yield return option.Name;
    }

    /// <summary>Reads the options of <c>mounts[index]</c>; that a bind has none of a file system is checked already.</summary>
    public static ParsedMountOptions Parse(Compilation to, int index, string[]? options)
    {
        var parsed = default(ParsedMountOptions);
        if (options is null)
            return parsed;
        for (int i = 0; i < options.Length; i++)
        {
            string text = options[i];
            if (!TryFind(text, out var option))
            {
                if (IdMapOption.Is(text, out bool recursive, out string mappings))
                {
                    parsed.IdMap = true;
                    (parsed.RecursiveIdMap, parsed.IdMapText, parsed.IdMapIndex) = (recursive, mappings, i);
                    continue;
                }
                AddParameters(text, parsed.Parameters ??= [], ref parsed);
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
                    parsed.AddPropagation(option.Set);
                    break;
                case MountOptionKind.Bind:
                    parsed.Bind = true;
                    parsed.RecursiveBind |= option.Set == Ms.Rec;
                    break;
                case MountOptionKind.Superblock:
                case MountOptionKind.SuperblockClear:
                    (parsed.Parameters ??= []).Add(new MountParameter(option.Name, null, option.Set, option.Clear));
                    break;
                case MountOptionKind.IdMap:
                    parsed.IdMap = true;
                    parsed.RecursiveIdMap |= option.Set == Ms.Rec;
                    break;
                default:
                    parsed.Remount |= option.Kind == MountOptionKind.Remount;
                    parsed.CopyUp |= option.Kind == MountOptionKind.CopyUp;
                    parsed.CopySymlink |= option.Kind == MountOptionKind.CopySymlink;
                    break;
            }
        }
        if (parsed.Bind && parsed.Parameters is not null)
        {
            WarnOfSuperblock(to, index, options);
            parsed.Parameters = null;
        }
        return parsed;
    }

    /// <summary>An array of <see cref="PlanPair"/>; the absent reference for none.</summary>
    public static PlanRef Write(PlanWriter writer, List<MountParameter>? parameters)
    {
        if (parameters is null)
            return default;
        var pairs = new PlanPair[parameters.Count];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = new PlanPair { Key = writer.String(parameters[i].Key), Value = writer.String(parameters[i].Value) };
        return writer.Array<PlanPair>(pairs);
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
    private static void AddParameters(string text, List<MountParameter> parameters, ref ParsedMountOptions parsed)
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
                parameters.Add(new MountParameter(parameter.ToString(), null));
                continue;
            }
            var key = parameter[..equals];
            parsed.HasMode |= key is "mode";
            parsed.HasOwner |= key is "uid" or "gid";
            parameters.Add(new MountParameter(key.ToString(), parameter[(equals + 1)..].Trim('"').ToString()));
        }
    }
}
