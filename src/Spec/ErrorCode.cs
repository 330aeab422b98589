namespace Csrun.Spec;

/// <summary>
/// A kind of error that a person may want explained: <c>csrun explain NAME</c> prints the three sentences,
/// docs/errors.md lists them all. The name is stable; callers may match on it.
/// </summary>
/// <param name="Name">Lower case words joined by hyphens, as it ends an error's line: <c>mount-on-root</c>.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="Causes">What usually causes it.</param>
/// <param name="Remedy">What to do.</param>
public readonly record struct ErrorCode(string Name, string Meaning, string Causes, string Remedy)
{
    public override string ToString() => Name;
}
