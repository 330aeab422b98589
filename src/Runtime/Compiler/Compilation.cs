using System.Collections.Generic;
using System.Globalization;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>One run of the compiler: what it reads, the plan that it writes, and what it found on the way.</summary>
internal sealed class Compilation(Config config, CompileOptions options, HostFacts facts)
{
    private readonly List<Origin> _origins = new(96);
    private readonly List<Source?> _sources = new(16);
    private List<Finding>? _findings;
    private List<string>? _warnings;

    public Config Config { get; } = config;

    public CompileOptions Options { get; } = options;

    public HostFacts Facts { get; } = facts;

    public PlanWriter Writer { get; } = new();

    /// <summary>The container's namespaces; set first of all.</summary>
    public NamespaceSet Namespaces { get; set; } = NamespaceSet.None;

    /// <summary>The inherited descriptor that is the first of the namespaces to join.</summary>
    public uint FirstJoin => Options.StartsAtOnce ? InheritedFd.Start : InheritedFd.First;

    /// <summary>
    /// In a user namespace, the container's root may not reach what is on the host, but a privileged runtime may: it
    /// opens the sources of bind mounts.
    /// </summary>
    public bool SourcesFromRuntime => Namespaces.Has(Linux.CloneFlags.NewUser) && Facts.Euid == 0;

    public IReadOnlyList<string> Warnings => _warnings ?? (IReadOnlyList<string>)[];

    /// <summary>Adds an instruction with the words for errors about it; see <see cref="Origin"/>.</summary>
    public void Add<T>(Opcode opcode, in T operands, string jsonPath, string operation, string? obj = null) where T : unmanaged
    {
        Writer.Add(opcode, in operands);
        _origins.Add(new Origin(jsonPath, operation, obj));
    }

    /// <summary>Adds the instruction that opens the source of a bind mount; returns its slot.</summary>
    public uint AddSource(string path, bool recursive, string jsonPath, OpenSourceFlags more = OpenSourceFlags.None, IdMap? idMap = null)
    {
        uint slot = NewSlot();
        bool noFollow = (more & OpenSourceFlags.NoFollow) != OpenSourceFlags.None;
        var flags = recursive ? OpenSourceFlags.Recursive | more : more;
        if (idMap is not null)
            flags |= idMap.Recursive ? OpenSourceFlags.IdMap | OpenSourceFlags.RecursiveIdMap : OpenSourceFlags.IdMap;
        // The rights to map ids are those over the file system, which the container's root does not have.
        if (SourcesFromRuntime || idMap is not null)
        {
            flags |= OpenSourceFlags.FromRuntime;
            _sources[(int)slot] = new Source(jsonPath, path, recursive, noFollow, idMap);
        }
        Add(Opcode.OpenSource, new OpenSource { Slot = slot, Flags = flags, Path = Writer.String(path) }, jsonPath, "bind", path);
        return slot;
    }

    /// <summary>Adds the instruction that gets a user namespace with these maps; returns its slot.</summary>
    public uint AddUserNamespace(IdMap idMap, string jsonPath)
    {
        uint slot = NewSlot();
        string maps = idMap.ToString();
        _sources[(int)slot] = new Source(jsonPath, null, false, false, idMap);
        Add(Opcode.OpenSource,
            new OpenSource { Slot = slot, Flags = OpenSourceFlags.FromRuntime | OpenSourceFlags.UserNamespace, Path = Writer.String(maps) },
            jsonPath, "map ids by", maps);
        return slot;
    }

    /// <summary>A slot that holds nothing of the runtime's.</summary>
    public uint NewSlot()
    {
        _sources.Add(null);
        return Writer.NewSlot();
    }

    /// <summary>Notes why the config cannot be used. Compiling goes on, so that all reasons come at once.</summary>
    public void Refuse(ErrorCode code, string path, string message) => (_findings ??= []).Add(new Finding(code, path, message));

    public void Warn(string message) => (_warnings ??= []).Add(message);

    /// <summary>Ends the compilation.</summary>
    /// <exception cref="ConfigException">Something was refused.</exception>
    public CompiledPlan Finish()
    {
        if (_findings is not null)
            throw new ConfigException(Options.ConfigName, _findings);
        uint preserved = checked(Options.PreservedFds + Options.ListenFds);
        return new CompiledPlan
        {
            Plan = Writer.Finish(preserved, FirstJoin + (uint)Namespaces.Joins.Length),
            CloneFlags = Namespaces.FirstStep,
            TwoStep = Namespaces.TwoStep,
            JoinsCgroups = Namespaces.JoinsCgroups,
            DenySetgroups = Identity.MustDenySetgroups(this),
            Joins = Namespaces.Joins,
            Sources = _sources.ToArray(),
            Origins = _origins.ToArray(),
            Warnings = Warnings,
            PreservedFds = preserved,
        };
    }

    /// <summary>"mounts", 3, ".source": "mounts[3].source".</summary>
    public static string Path(string array, int index, string member = "") =>
        string.Concat(array, "[", index.ToString(CultureInfo.InvariantCulture), string.Concat("]", member));
}
