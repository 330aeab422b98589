using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>What numbers in a plan mean, in the words of the spec and of mount(8).</summary>
internal static class PlanWords
{
    private static readonly (ulong Bit, string Set, string Clear)[] s_attributes =
    [
        (MountAttr.ReadOnly, "ro", "rw"), (MountAttr.NoSuid, "nosuid", "suid"), (MountAttr.NoDev, "nodev", "dev"),
        (MountAttr.NoExec, "noexec", "exec"), (MountAttr.NoDirAtime, "nodiratime", "diratime"),
        (MountAttr.NoSymFollow, "nosymfollow", "symfollow"),
    ];

    /// <summary>"pid, network"; "none" if there are none.</summary>
    public static string Namespaces(ulong flags)
    {
        var names = new List<string>();
        for (var type = NamespaceType.Pid; type <= NamespaceType.Time; type++)
        {
            if ((flags & Compiler.Namespaces.Kind(type)) != 0)
                names.Add(Names.NamespaceTypes[(int)type]);
        }
        return names.Count == 0 ? "none" : string.Join(", ", names);
    }

    /// <summary>Adds the options that say what attributes are set and cleared; with "r" before each if they are recursive.</summary>
    public static void AddAttributes(List<string> options, ulong set, ulong clear, bool recursive = false)
    {
        string prefix = recursive ? "r" : "";
        foreach (var (bit, yes, no) in s_attributes)
        {
            if ((set & bit) != 0)
                options.Add(prefix + yes);
            else if ((clear & bit) != 0)
                options.Add(prefix + no);
        }
        if ((set & MountAttr.AtimeMask) == MountAttr.NoAtime)
            options.Add(prefix + "noatime");
        else if ((set & MountAttr.AtimeMask) == MountAttr.StrictAtime)
            options.Add(prefix + "strictatime");
        else if ((clear & MountAttr.AtimeMask) != 0)
            options.Add(prefix + "relatime");
    }

    /// <summary>"rslave"; null for 0.</summary>
    public static string? Propagation(ulong flag, bool recursive)
    {
        string? name = flag switch
        {
            Ms.Shared => "shared",
            Ms.Slave => "slave",
            Ms.Private => "private",
            Ms.Unbindable => "unbindable",
            _ => null,
        };
        return recursive && name is not null ? "r" + name : name;
    }

    /// <summary>"CAP_CHOWN CAP_KILL", "none", "all that there are".</summary>
    public static string Capabilities(ulong set)
    {
        if (set == 0)
            return "none";
        return set == (1UL << (Linux.Capabilities.Last + 1)) - 1 ? "all" : CapabilitySets.NamesOf(set);
    }

    /// <summary>"c 1:3 0666".</summary>
    public static string Device(in MakeDevice device)
    {
        string permissions = Octal(device.Mode & ~Mode.TypeMask);
        return (device.Mode & Mode.TypeMask) switch
        {
            Mode.Fifo => "fifo " + permissions,
            var type => string.Concat(DeviceNumber(type, device.Major, device.Minor), " ", permissions),
        };
    }

    /// <summary>"c 1:3".</summary>
    public static string DeviceNumber(uint type, uint major, uint minor) =>
        FormattableString.Invariant($"{(type == Mode.Block ? 'b' : 'c')} {major}:{minor}");

    public static string Octal(uint mode) => "0" + Convert.ToString(mode, 8).PadLeft(3, '0');

    /// <summary>A limit, with RLIM_INFINITY as a word.</summary>
    public static string Limit(ulong value) => value == Rlimits.Infinity ? "unlimited" : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>argv as one would type it: quoted where it has blanks or is empty.</summary>
    public static string CommandLine(string[] arguments)
    {
        var text = new StringBuilder();
        foreach (string argument in arguments)
        {
            if (text.Length > 0)
                text.Append(' ');
            bool plain = argument.Length > 0 && argument.AsSpan().IndexOfAnyExcept(s_plain) < 0;
            if (plain)
                text.Append(argument);
            else
                text.Append('\'').Append(argument.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'');
        }
        return text.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> s_plain =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,@%+");
}
