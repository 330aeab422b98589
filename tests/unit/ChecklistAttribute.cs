using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit.v3;

namespace Csrun.Tests.Unit;

/// <summary>The lines of the specification's checklist that a test checks.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class ChecklistAttribute(params int[] lines) : Attribute, ITraitAttribute
{
    public IReadOnlyList<int> Lines => lines;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. lines.Select(static line => KeyValuePair.Create("checklist", line.ToString("d3", CultureInfo.InvariantCulture)))];
}
