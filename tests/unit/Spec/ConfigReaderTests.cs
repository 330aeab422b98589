using System.Linq;
using System.Text;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class ConfigReaderTests
{
    [Theory]
    [InlineData("hostname", "1", "wrong-type", "hostname", "must be a string, but is a number")]
    public void Tells_path_line_and_column(string member, string value, string code, string path, string message)
    {
        Finding finding = Refuse($$"""
            {
              "ociVersion": "1.3.0",
              "{{member}}": {{value}}
            }
            """);
        Assert.Equal((code, path, message), (finding.Code.Name, finding.Path, finding.Message));
        Assert.Equal((3, 6 + member.Length + 1), (finding.Line, finding.Column));
    }

    private static Finding Refuse(string json)
    {
        var exception = Assert.Throws<ConfigException>(() => ConfigReader.Read(Encoding.UTF8.GetBytes(json), "config.json"));
        return exception.Findings.First();
    }
}
