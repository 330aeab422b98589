using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class BadInputTests
{
    public static IEnumerable<TheoryDataRow<string>> Cases() =>
        BadInput.All.Values.Select(static bad => new TheoryDataRow<string>(bad.Name).WithTrait("checklist", bad.Checklist.ToString(provider: null)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Is_refused_naming_what_is_wrong_and_nothing_else(string name)
    {
        BadInput bad = BadInput.All[name];
        Finding finding = Assert.Single(Check(bad.Config), static finding => finding.Severity == Severity.Error);
        Assert.Equal((bad.ExpectedPath, bad.ExpectedCode), (finding.Path, finding.Code.Name));
        Assert.DoesNotContain('\n', finding.ToString());
        Assert.True(finding.Line > 0 && finding.Column > 0, "has no position");
    }

    [Fact]
    public void The_base_that_all_cases_change_is_right() => Assert.Empty(Check(BadInput.Base));

    [Fact]
    public void There_are_at_least_two_hundred_cases() => Assert.True(BadInput.All.Count >= 200);

    [Fact]
    public void Every_code_is_seen_in_a_case_or_is_a_warning_or_about_the_host()
    {
        string[] seen = [.. BadInput.All.Values.Select(static bad => bad.ExpectedCode).Distinct(StringComparer.Ordinal)];
        string[] others = [.. ConfigCodes.All.Select(static code => code.Name).Except(seen, StringComparer.Ordinal)];
        Assert.Equal(
            ["file-too-large", "version-newer", "mount-destination-relative", "device-repeated", "memory-kernel-ignored", "resource-unavailable"],
            others);
    }

    private static List<Finding> Check(byte[] bytes)
    {
        try
        {
            List<Finding> findings = Validator.Validate(ConfigReader.Read(bytes, "config.json"));
            JsonLocation.Fill(bytes, findings);
            return findings;
        }
        catch (ConfigException exception)
        {
            return [.. exception.Findings];
        }
    }
}
