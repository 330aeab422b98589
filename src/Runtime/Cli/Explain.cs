using System.Text;
using Csrun.Linux;
using Csrun.Runtime.Cli.Docs;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun explain [code]</c>.</summary>
internal static class ExplainCommand
{
    public static int Run(Invocation invocation)
    {
        // People copy the code with its brackets.
        string? wanted = invocation.Argument(0)?.Trim('[', ']');
        var text = new StringBuilder();
        foreach (var code in ErrorPages.All())
        {
            if (wanted is null)
                text.Append(code.Name.PadRight(32)).Append(code.Meaning).Append('\n');
            else if (code.Name == wanted)
                text.Append(code.Name).Append("\n  ").Append(code.Meaning).Append("\n  Causes: ").Append(code.Causes).Append("\n  What to do: ").Append(code.Remedy).Append('\n');
        }
        if (text.Length == 0)
            throw new CsrunException(ErrorCodes.UnknownCode, $"no error code {wanted}", hint: "see \"csrun explain\" for all of them");
        _ = Output.Stdout(text.ToString());
        return 0;
    }
}
