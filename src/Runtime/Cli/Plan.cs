using System.Buffers;
using System.IO;
using Csrun.Linux;
using Csrun.Runtime.Compiler;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun plan [bundle]</c>: reads, validates and compiles as create does, and stops there.</summary>
internal static class PlanCommand
{
    public static int Run(Invocation invocation)
    {
        var document = Document(invocation);
        if (invocation.Flag(Options.Json))
        {
            var buffer = new ArrayBufferWriter<byte>(65536);
            PlanJson.Write(buffer, document);
            buffer.Write("\n"u8);
            _ = Output.Stdout(buffer.WrittenSpan);
        }
        else
        {
            _ = Output.Stdout(PlanText.Write(document));
        }
        return 0;
    }

    private static PlanDocument Document(Invocation invocation)
    {
        var bundle = Bundle.Read(invocation.Argument(0) ?? invocation.Text(Options.Bundle) ?? ".", invocation.Text(Options.Config));
        var options = new CompileOptions
        {
            // There is no container yet; it would be called like this if nobody says otherwise.
            Id = Path.GetFileName(bundle.Path),
            Bundle = bundle.Path,
            RootfsPath = bundle.Rootfs,
            ConfigName = bundle.ConfigName,
            NoPivot = invocation.Flag(Options.NoPivot),
            NoNewKeyring = invocation.Flag(Options.NoNewKeyring),
            PreservedFds = (uint)invocation.Number(Options.PreserveFds),
        };
        var request = new CreateRequest { Id = options.Id, Options = GlobalOptions.Of(invocation) };
        var facts = HostFactsReader.Read(bundle.Config);
        facts = CgroupPlan.Decide(request, bundle, facts, mustBeUnused: false).AddTo(facts);
        return new PlanDocument(bundle.Config, options, facts, PlanCompiler.Compile(bundle.Config, options, facts));
    }
}
