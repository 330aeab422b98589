using System;
using System.Collections.Generic;
using Xunit.v3;

namespace Csrun.Tests.Security;

/// <summary>
/// What an attack is known by, and on which vulnerable runtime it was seen to succeed. One without such a runtime is
/// unproven: that it does not succeed may be its own fault.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CaseAttribute(string name) : Attribute, ITraitAttribute
{
    public string Name => name;

    /// <summary>"runc 1.1.5", "crun 1.8.1" (Debian 12's), several apart by commas; null: unproven.</summary>
    public string? Fires { get; init; }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits()
    {
        var traits = new List<KeyValuePair<string, string>> { new("case", name) };
        foreach (var runtime in Fires?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            traits.Add(new("fires", runtime));
        }

        if (Fires is null)
        {
            traits.Add(new("fires", "unproven"));
        }

        return traits;
    }
}
