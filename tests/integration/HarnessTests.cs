using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>The harness itself: what it starts gets nothing by accident.</summary>
public sealed class HarnessTests : ContainerTest
{
    [Fact]
    public void A_started_process_has_three_descriptors_and_clean_signals()
    {
        for (var round = 0; round < 20; round++)
        {
            var result = new Command(Target.Checker, "report") { Environment = ["A=1"] }.Run(Home);
            var report = JsonNode.Parse(result.Out)!;
            Assert.True(report["descriptors"]!.AsObject().Count == 3, report["descriptors"]!.ToJsonString());
            Assert.Equal(["A=1"], report["env"]!.AsArray().Select(static e => e!.GetValue<string>()));
            Assert.Equal("0000000000000000", report["ignoredSignals"]!.GetValue<string>());
        }
    }
}
