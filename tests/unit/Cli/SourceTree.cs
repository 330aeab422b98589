using System;
using System.IO;

namespace Csrun.Tests.Unit.Cli;

/// <summary>The checkout that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The directory with Runtime.sln.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "Runtime.sln")) ? directory : Find(Path.GetDirectoryName(directory.TrimEnd('/'))!);
}
