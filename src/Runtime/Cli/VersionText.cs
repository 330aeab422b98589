namespace Csrun.Runtime.Cli;

/// <summary>
/// What <c>--version</c> prints. Docker takes every line with the word "version" for the version, so that word is in the
/// first line only.
/// </summary>
internal static class VersionText
{
    /// <summary>Version of the runtime specification that this runtime follows.</summary>
    public const string Spec = Containers.ContainerView.OciVersion;

    public const string Text = "csrun version " + BuildVersion.Version + "\ncommit: " + BuildVersion.Commit + "\nspec: " + Spec + "\n";
}
