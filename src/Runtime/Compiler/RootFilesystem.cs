using Csrun.Linux;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The root file system: from the host's mounts to the container's. Copies of the root and of all that is bound are
/// taken first, then the mount namespace is cut off from the host's, so that nothing mounted from there on can show up
/// outside; what the config wants shared with the host is a copy that keeps its peers.
/// A container that shares its caller's mount namespace has the copy of the root for its root directory, and it stays
/// detached: what is mounted in it shows nowhere else, and goes with the last process that has it.
/// </summary>
internal static class RootFilesystem
{
    public static void Compile(Compilation to, Mounts mounts)
    {
        bool detached = IsDetached(to);
        if (detached && to.Config.Linux?.RootfsPropagation is not null)
            to.Refuse(ConfigCodes.NamespaceMissing, "linux.rootfsPropagation", "needs a mount namespace");
        mounts.CompileSources();
        var devices = new Devices(to, mounts);
        devices.CompileSources();
        var masks = new MaskedPaths(to);
        masks.CompileSource();

        var propagation = to.Config.Linux?.RootfsPropagation;
        Open(to, detached ? Ms.Private : ForRoot(propagation), to.SourcesFromRuntime);
        if (!detached)
            Attach(to, propagation);

        mounts.Compile();
        devices.Compile();
        Sysctl.Compile(to);
        masks.Compile();
        HookInstructions.CompileBeforePivot(to);

        if (detached)
            to.Add(Opcode.ChangeRoot, default(ChangeRoot), "root.path", "enter the root file system", to.Options.RootfsPath);
        else
            Enter(to, mounts, propagation);
    }

    /// <summary>
    /// The container shares its caller's mount namespace, in which nothing may be mounted. In the root file system, which
    /// is detached from it, the kernel lets us mount (since 6.15), but not change what is mounted.
    /// </summary>
    public static bool IsDetached(Compilation to) => !to.Namespaces.Has(CloneFlags.NewNs);

    /// <summary>Nothing of the config concerns the root file system, which may be the host's own.</summary>
    public static bool IsLeftAsItIs(Compilation to) => IsDetached(to) && to.Config.Mounts is not { Length: > 0 };

    /// <summary>Of everything that is mounted in the root file system.</summary>
    public static MountFlags FlagsOfMounts(Compilation to) => IsDetached(to) ? MountFlags.PropagationFirst : MountFlags.None;

    private static void Attach(Compilation to, RootfsPropagation? propagation)
    {
        to.Add(Opcode.IsolateHost, new IsolateHost { Propagation = IsPrivate(propagation) ? Ms.Private : Ms.Slave },
            "linux.rootfsPropagation", "keep mounts from the host");
        to.Add(Opcode.AttachRootfs, default(AttachRootfs), "root.path", "mount the root file system", to.Options.RootfsPath);
    }

    private static void Enter(Compilation to, Mounts mounts, RootfsPropagation? propagation)
    {
        to.Add(Opcode.PivotRoot, new PivotRoot { NoPivot = to.Options.NoPivot ? 1u : 0 }, "root.path", "enter the root file system",
            to.Options.RootfsPath);
        if (propagation is { } wanted)
        {
            // What a mount says of itself holds; else the recursive forms are for all of them.
            bool recursive = wanted >= RootfsPropagation.RecursiveShared && !mounts.HasPropagation;
            to.Add(Opcode.SetRootPropagation, new SetRootPropagation { Propagation = Flag(wanted), Recursive = recursive ? 1u : 0 },
                "linux.rootfsPropagation", "set the root's propagation to", Names.RootfsPropagations[(int)wanted]);
        }
    }

    /// <summary>
    /// For a further process of a container that shares its caller's mount namespace: the root directory of its process, which
    /// is no place on the host.
    /// </summary>
    public static void CompileJoined(Compilation to)
    {
        Open(to, propagation: 0, fromRuntime: true);
        to.Add(Opcode.ChangeRoot, default(ChangeRoot), "root.path", "enter the root file system", to.Options.RootfsPath);
    }

    /// <summary>After the terminal, which is bound on /dev/console: what was writable until all was made in it.</summary>
    public static void CompileReadonly(Compilation to, Mounts mounts)
    {
        mounts.CompileReadonly();
        if (to.Config.Root is { Readonly: true })
        {
            to.Add(Opcode.SetPathReadonly, new SetPathReadonly { Path = to.Writer.String("/") },
                "root.readonly", "make read-only", "/");
        }
    }

    /// <summary>Of a bind that says none: as all mounts of a namespace with that rootfsPropagation would be.</summary>
    public static ulong BindPropagation(Config config) => config.Linux?.RootfsPropagation switch
    {
        RootfsPropagation.Shared or RootfsPropagation.RecursiveShared => Ms.Shared,
        null or RootfsPropagation.Slave or RootfsPropagation.RecursiveSlave => Ms.Slave,
        // An unbindable source could not have been bound.
        _ => Ms.Private,
    };

    private static void Open(Compilation to, ulong propagation, bool fromRuntime)
    {
        to.Add(Opcode.OpenRootfs, new OpenRootfs
        {
            Path = to.Writer.String(to.Options.RootfsPath),
            Propagation = propagation,
            FromRuntime = fromRuntime ? 1u : 0,
        }, "root.path", "open the root file system", to.Options.RootfsPath);
    }

    /// <summary>
    /// Of the copy of the root. Never shared, nor unbindable: pivot_root(2) refuses a shared root, and masks are binds;
    /// <see cref="SetRootPropagation"/> comes after.
    /// </summary>
    private static ulong ForRoot(RootfsPropagation? propagation) => IsPrivate(propagation) ? Ms.Private : Ms.Slave;

    private static bool IsPrivate(RootfsPropagation? propagation) => propagation
        is RootfsPropagation.Private or RootfsPropagation.RecursivePrivate
        or RootfsPropagation.Unbindable or RootfsPropagation.RecursiveUnbindable;

    private static ulong Flag(RootfsPropagation propagation) => propagation switch
    {
        RootfsPropagation.Shared or RootfsPropagation.RecursiveShared => Ms.Shared,
        RootfsPropagation.Slave or RootfsPropagation.RecursiveSlave => Ms.Slave,
        RootfsPropagation.Private or RootfsPropagation.RecursivePrivate => Ms.Private,
        _ => Ms.Unbindable,
    };
}
