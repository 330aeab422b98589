using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit.v3;

namespace Csrun.Tests.Integration;

/// <summary>The lines of the specification's checklist that a test checks.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class ChecklistAttribute(params int[] lines) : Attribute, ITraitAttribute
{
    public IReadOnlyList<int> Lines => lines;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. lines.Select(static line => KeyValuePair.Create("checklist", line.ToString("d3", CultureInfo.InvariantCulture)))];
}

/// <summary>The lines of the contract with the container engines that a test checks (C1 to C34).</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class ContractAttribute(params string[] lines) : Attribute, ITraitAttribute
{
    public IReadOnlyList<string> Lines => lines;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. lines.Select(static line => KeyValuePair.Create("contract", line))];
}
