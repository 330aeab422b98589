using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// Config in, plan out. The config is one in which <see cref="Validator"/> found no error; here is decided what depends
/// on the host too. No system call is made, so that <c>csrun plan</c> needs no rights.
/// </summary>
internal static class PlanCompiler
{
    /// <summary>Compiles the creation of a container.</summary>
    /// <exception cref="ConfigException">The config asks for what cannot be done; it says everything that was found.</exception>
    public static CompiledPlan Compile(Config config, CompileOptions options, HostFacts facts)
    {
        var to = new Compilation(config, options, facts) { Namespaces = NamespaceSet.ReadFrom(config, facts) };
        Namespaces.Compile(to);
        var mounts = new Mounts(to);
        RootFilesystem.Compile(to, mounts);
        ProcessSetup.CompileStreams(to);
        RootFilesystem.CompileReadonly(to, mounts);
        ProcessSetup.Compile(to);
        return to.Finish();
    }

    /// <summary>Compiles a further process of a container that is there.</summary>
    /// <param name="config">Its process, and those parts of the container's config that hold for each of its processes.</param>
    /// <param name="options">As for <see cref="Compile"/>, with <see cref="CompileOptions.JoinsContainer"/>.</param>
    /// <param name="facts">The host; where a user namespace is joined, SetgroupsDenied is about that.</param>
    /// <param name="namespaces">The container's; all are joined.</param>
    /// <exception cref="ConfigException">The process cannot be had; it says everything that was found.</exception>
    public static CompiledPlan CompileExec(Config config, CompileOptions options, HostFacts facts, NamespaceSet namespaces)
    {
        var to = new Compilation(config, options, facts) { Namespaces = namespaces };
        Namespaces.Compile(to);
        if (!namespaces.Has(CloneFlags.NewNs))
            RootFilesystem.CompileJoined(to);
        ProcessSetup.CompileStreams(to);
        ProcessSetup.Compile(to);
        return to.Finish();
    }
}
