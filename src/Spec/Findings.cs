using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>What a validation has found so far.</summary>
internal sealed class Findings
{
    public List<Finding> All { get; } = [];

    public void Error(ErrorCode code, string path, string message) => All.Add(new Finding(code, path, message));

    public void Warn(ErrorCode code, string path, string message) =>
        All.Add(new Finding(code, path, message, Severity: Severity.Warning));
}
