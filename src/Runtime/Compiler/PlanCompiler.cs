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
        if (to.Namespaces.Has(CloneFlags.NewNs))
        {
            var mounts = new Mounts(to);
            RootFilesystem.Compile(to, mounts);
            ProcessSetup.CompileStreams(to);
            RootFilesystem.CompileReadonly(to, mounts);
        }
        else
        {
            RootFilesystem.CompileChroot(to);
            ProcessSetup.CompileStreams(to);
        }
        ProcessSetup.Compile(to);
        return to.Finish();
    }
}
