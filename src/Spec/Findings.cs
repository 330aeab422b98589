using System.Collections.Generic;

namespace Csrun.Spec;

/// <summary>What a validation has found so far.</summary>
internal sealed class Findings
{
    public List<Finding> All { get; } = [];

    public void Error(ErrorCode code, Place place, string message) => All.Add(new Finding(code, place.ToString(), message));

    public void Warn(ErrorCode code, Place place, string message) =>
        All.Add(new Finding(code, place.ToString(), message, Severity: Severity.Warning));
}
