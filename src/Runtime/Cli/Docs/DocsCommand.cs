using System.Collections.Generic;
using System.IO;

namespace Csrun.Runtime.Cli.Docs;

/// <summary>
/// The hidden <c>csrun docs DIRECTORY</c>, run by <c>make docs</c>: writes what is generated into the source tree.
/// </summary>
internal static class DocsCommand
{
    public static int Run(Invocation invocation)
    {
        foreach (var (path, content) in Files())
        {
            string target = Path.Combine(invocation.Argument(0)!, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, content);
        }
        return 0;
    }

    /// <summary>All generated files: the path in the source tree, and what must be in it.</summary>
    public static List<(string Path, string Content)> Files()
    {
        List<(string, string)> files =
        [
            ("docs/errors.md", ErrorPages.Markdown()),
            ("contrib/man/csrun.8", ManPages.Overview()),
            ("contrib/completions/csrun.bash", Completions.Bash()),
            ("contrib/completions/_csrun", Completions.Zsh()),
            ("contrib/completions/csrun.fish", Completions.Fish()),
        ];
        foreach (string name in CommandTable.Names)
            files.Add(("contrib/man/csrun-" + name + ".8", ManPages.For(CommandTable.Find(name)!)));
        return files;
    }
}
