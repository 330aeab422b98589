using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class FindingTests
{
    [Fact]
    public void A_finding_reads_as_path_message_and_position()
    {
        var finding = new Finding(new ErrorCode("wrong-type", "", "", ""), "mounts[3].source", "must be a string", 40, 13);
        Assert.Equal("mounts[3].source: must be a string (line 40, column 13)", finding.ToString());
    }

    [Fact]
    public void An_exception_shows_its_first_finding_and_counts_the_others()
    {
        var finding = new Finding(new ErrorCode("wrong-type", "", "", ""), "hostname", "must be a string");
        var exception = new ConfigException("config.json", [finding, finding, finding]);
        Assert.Equal("config.json: hostname: must be a string [wrong-type] and 2 more", exception.Message);
    }
}
