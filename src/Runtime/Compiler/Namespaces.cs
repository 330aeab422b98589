using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The container's namespaces, and when each is made. One clone3 makes all that are new, unless something must come
/// first: a pid namespace is joined by the next child only, a time namespace's offsets are written before anyone is in
/// it, a new user namespace takes away the right to join what is the host's, and one that is joined must own what is
/// made. Then Init does that and clones once more, as its parent's child.
/// </summary>
internal sealed class NamespaceSet
{
    public static readonly NamespaceSet None = new(0, []);

    public NamespaceSet(ulong made, NamespaceToJoin[] joins, bool mayJoinCgroups = false)
    {
        New = made;
        Joins = joins;
        foreach (var join in joins)
            Joined |= join.Kind;

        ulong others = Joined & ~CloneFlags.NewUser;
        bool userBeforeOthers = Has(CloneFlags.NewUser) && others != 0;
        bool ownedByJoined = (Joined & CloneFlags.NewUser) != 0 && (New & ~CloneFlags.NewCgroup) != 0;
        TwoStep = (Joined & CloneFlags.NewPid) != 0 || IsNew(CloneFlags.NewTime)
            || (userBeforeOthers && (New & ~CloneFlags.NewCgroup) != 0) || ownedByJoined;

        // The cgroup namespace's root is the cgroup that its maker is in, so it is always made by Init, later; the time
        // namespace by unshare, as its offsets come between making it and the first process in it.
        ulong cloned = New & ~(CloneFlags.NewCgroup | CloneFlags.NewTime);
        JoinsCgroups = mayJoinCgroups && !TwoStep && ((New | Joined) & CloneFlags.NewUser) == 0 && (Joined & CloneFlags.NewNs) == 0;
        if (JoinsCgroups)
            FirstStep = cloned & CloneFlags.NewPid;
        else if (!TwoStep)
            FirstStep = cloned;
        else if (others == 0)
            FirstStep = cloned & CloneFlags.NewUser;
        SecondStep = cloned & ~FirstStep;
    }

    /// <summary>CLONE_NEW* of those that are made.</summary>
    public ulong New { get; }

    /// <summary>CLONE_NEW* of those that are joined by path.</summary>
    public ulong Joined { get; }

    /// <summary>In the order in which Init joins them.</summary>
    public NamespaceToJoin[] Joins { get; }

    /// <summary>Init clones once more.</summary>
    public bool TwoStep { get; }

    /// <summary>CLONE_NEW* for the clone3 that starts Init.</summary>
    public ulong FirstStep { get; }

    /// <summary>
    /// Init joins the v1 cgroups itself, after it has made the namespaces itself: the slowest part of both sides' work
    /// is done at the same time. It takes the host's rights and the host's mounts.
    /// </summary>
    public bool JoinsCgroups { get; }

    /// <summary>CLONE_NEW* for Init's own clone, or its unshare where it <see cref="JoinsCgroups"/>.</summary>
    public ulong SecondStep { get; }

    /// <summary>The container has a namespace of this kind that is not its caller's.</summary>
    public bool Has(ulong kind) => ((New | Joined) & kind) != 0;

    public bool IsNew(ulong kind) => (New & kind) != 0;

    /// <summary>Reads <c>linux.namespaces</c>.</summary>
    public static NamespaceSet ReadFrom(Config config, HostFacts facts)
    {
        var list = config.Linux?.Namespaces;
        if (list is null || list.Length == 0)
            return facts.CgroupTasks.Count == 0 ? None : new NamespaceSet(0, [], mayJoinCgroups: true);
        ulong made = 0;
        List<NamespaceToJoin>? joins = null;
        NamespaceToJoin? user = null;
        for (int i = 0; i < list.Length; i++)
        {
            ulong kind = Namespaces.Kind(list[i].Type);
            if (string.IsNullOrEmpty(list[i].Path))
            {
                made |= kind;
                continue;
            }
            var join = new NamespaceToJoin(Compilation.Path("linux.namespaces", i, ".path"), kind, list[i].Path!);
            if (kind == CloneFlags.NewUser)
                user = join;
            else
                (joins ??= []).Add(join);
        }
        if (user is not null)
        {
            // With privileges all others are joined while we have them: they may belong to the host's user namespace.
            // Without, the rights to join them come with the user namespace.
            joins ??= [];
            joins.Insert(facts.Euid == 0 ? joins.Count : 0, user);
        }
        return new NamespaceSet(made, joins?.ToArray() ?? [], facts.CgroupTasks.Count > 0);
    }

    /// <summary>CLONE_NEW* of all that a config gives a container, made or joined.</summary>
    public static ulong KindsOf(Config config)
    {
        ulong kinds = 0;
        foreach (var ns in config.Linux?.Namespaces ?? [])
            kinds |= Namespaces.Kind(ns.Type);
        return kinds;
    }

    /// <summary>Namespaces of a process, joined at once through its pidfd (since Linux 5.8).</summary>
    public static NamespaceSet OfProcess(ulong kinds, int pid) => kinds == 0
        ? None
        : new NamespaceSet(0, [new NamespaceToJoin("linux.namespaces", kinds, FormattableString.Invariant($"process {pid}"), IsProcess: true)]);

    /// <summary>The same by the files of /proc, one after the other.</summary>
    public static NamespaceSet OfFiles(ulong kinds, int pid, HostFacts facts)
    {
        var joins = new List<NamespaceToJoin>();
        NamespaceToJoin? user = null;
        for (var type = NamespaceType.Pid; type <= NamespaceType.Time; type++)
        {
            ulong kind = Namespaces.Kind(type);
            if ((kinds & kind) == 0)
                continue;
            var join = new NamespaceToJoin("linux.namespaces", kind, FormattableString.Invariant($"/proc/{pid}/ns/{FileOf(type)}"));
            if (kind == CloneFlags.NewUser)
                user = join;
            else
                joins.Add(join);
        }
        // See ReadFrom.
        if (user is not null)
            joins.Insert(facts.Euid == 0 ? joins.Count : 0, user);
        return new NamespaceSet(0, joins.ToArray());
    }

    private static string FileOf(NamespaceType type) => type switch
    {
        NamespaceType.Network => "net",
        NamespaceType.Mount => "mnt",
        _ => Names.NamespaceTypes[(int)type],
    };
}

/// <summary>Everything up to the root file system: namespaces, session, keyring, loopback, names.</summary>
internal static class Namespaces
{
    /// <summary>CLONE_NEW* by <see cref="NamespaceType"/>.</summary>
    public static ulong Kind(NamespaceType type) => type switch
    {
        NamespaceType.Pid => CloneFlags.NewPid,
        NamespaceType.Network => CloneFlags.NewNet,
        NamespaceType.Mount => CloneFlags.NewNs,
        NamespaceType.Ipc => CloneFlags.NewIpc,
        NamespaceType.Uts => CloneFlags.NewUts,
        NamespaceType.User => CloneFlags.NewUser,
        NamespaceType.Cgroup => CloneFlags.NewCgroup,
        _ => CloneFlags.NewTime,
    };

    /// <summary>The spec's name of a kind.</summary>
    public static string Name(ulong kind)
    {
        for (var type = NamespaceType.Pid; type <= NamespaceType.Time; type++)
        {
            if (Kind(type) == kind)
                return Names.NamespaceTypes[(int)type];
        }
        return "0x" + kind.ToString("x", CultureInfo.InvariantCulture);
    }

    public static void Compile(Compilation to)
    {
        var set = to.Namespaces;
        for (int i = 0; i < set.Joins.Length; i++)
        {
            var join = set.Joins[i];
            to.Add(Opcode.JoinNamespace, new JoinNamespace { Inherited = to.FirstJoin + (uint)i, Kind = (uint)join.Kind },
                join.JsonPath, Operation(join.Kind), join.Path);
        }
        CompileTime(to);
        if (set.TwoStep)
            CompileFork(to);
        else if (set.SecondStep != 0)
            to.Add(Opcode.Unshare, new Unshare { Flags = (uint)set.SecondStep }, "linux.namespaces", "make the container's namespaces");
        // Our own ids have no meaning in it, so that no file could be made.
        if ((set.Joined & CloneFlags.NewUser) != 0)
            BecomeRoot(to, "linux.namespaces", clearGroups: false);

        to.Add(Opcode.NewSession, default(NewSession), "", "start a session");
        if (!to.Options.NoNewKeyring)
        {
            string name = string.Concat("_ses.", to.Options.Id);
            Labels.BeginKeys(to);
            to.Add(Opcode.SessionKeyring, new SessionKeyring { Name = to.Writer.String(name) }, "", "join the session keyring", name);
            Labels.EndKeys(to);
        }
        if (set.IsNew(CloneFlags.NewNet))
            to.Add(Opcode.BringLoopbackUp, default(BringLoopbackUp), "linux.namespaces", "bring up the interface", "lo");
        // Before anything that the runtime is asked for: it says unasked that they are made.
        if (set.JoinsCgroups)
            to.Add(Opcode.JoinCgroups, new JoinCgroups { Tasks = to.Writer.Strings(to.Facts.CgroupTasks) }, "linux.cgroupsPath", "join the cgroup");
        // Before the sysctls, which may be about them.
        if (to.Config.Linux?.NetDevices is { Count: > 0 })
            to.Add(Opcode.RequestNetDevices, default(RequestNetDevices), "linux.netDevices", "wait for the network devices");
        CompileNames(to);
        if (set.IsNew(CloneFlags.NewCgroup))
            to.Add(Opcode.Unshare, new Unshare { Flags = (uint)CloneFlags.NewCgroup }, "linux.namespaces", "make a cgroup namespace");
    }

    private static string Operation(ulong kinds) => BitOperations.IsPow2(kinds)
        ? string.Concat("join the ", Name(kinds), " namespace")
        : string.Concat("join the ", PlanWords.Namespaces(kinds), " namespaces of");

    private static void CompileTime(Compilation to)
    {
        var offsets = to.Config.Linux?.TimeOffsets;
        if (!to.Namespaces.IsNew(CloneFlags.NewTime))
            return;
        to.Add(Opcode.Unshare, new Unshare { Flags = (uint)CloneFlags.NewTime }, "linux.namespaces", "make a time namespace");
        if (offsets?.Monotonic is null && offsets?.Boottime is null)
            return;
        var text = new StringBuilder();
        AppendOffset(text, "monotonic", offsets.Monotonic);
        AppendOffset(text, "boottime", offsets.Boottime);
        to.Add(Opcode.WriteTimeOffsets, new WriteTimeOffsets { Text = to.Writer.String(text.ToString()) },
            "linux.timeOffsets", "set the time namespace's offsets");
    }

    private static void AppendOffset(StringBuilder text, string clock, TimeOffset? offset)
    {
        if (offset is not null)
            text.Append(CultureInfo.InvariantCulture, $"{clock} {offset.Secs} {offset.Nanosecs}\n");
    }

    private static void CompileFork(Compilation to)
    {
        var set = to.Namespaces;
        to.Add(Opcode.Fork, new Fork { Flags = set.SecondStep }, "linux.namespaces",
            BitOperations.PopCount(set.SecondStep) == 0 ? "start the container's process" : "make the container's namespaces");
        if ((set.SecondStep & CloneFlags.NewUser) == 0)
            return;
        // Whoever is in a namespace that was joined could trace a dumpable process.
        uint dumpable = to.Facts.Euid != 0 && set.Joins.Length == 0 ? 1u : 0;
        to.Add(Opcode.AwaitIdMap, new AwaitIdMap { Dumpable = dumpable }, "linux.uidMappings", "map the container's ids");
        BecomeRoot(to, "linux.uidMappings", clearGroups: !Identity.CannotSetGroups(to));
    }

    private static void BecomeRoot(Compilation to, string path, bool clearGroups) => to.Add(
        Opcode.BecomeRoot, new BecomeRoot { ClearGroups = clearGroups ? 1u : 0 }, path, "become the user namespace's root");

    private static void CompileNames(Compilation to)
    {
        string? hostname = to.Config.Hostname;
        if (!string.IsNullOrEmpty(hostname))
            to.Add(Opcode.SetHostname, new SetHostname { Name = to.Writer.String(hostname) }, "hostname", "set the host name", hostname);
        string? domainname = to.Config.Domainname;
        if (!string.IsNullOrEmpty(domainname))
        {
            to.Add(Opcode.SetDomainname, new SetDomainname { Name = to.Writer.String(domainname) },
                "domainname", "set the domain name", domainname);
        }
    }
}
