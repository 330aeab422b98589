using System;
using System.Text.Json.Nodes;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>A test of <c>exec</c>, whose own failures have the exit code 255.</summary>
public abstract class ExecTest : ContainerTest
{
    /// <summary>A running container that does nothing; gives its process.</summary>
    private protected int Sleeping(params string[] options)
    {
        Bundle.Args("sleep");
        return Started(options);
    }

    private protected Result Exec(params string[] program) => Runtime(["exec", Id, .. program]);

    private protected Result ExecWith(string[] options, params string[] program) => Runtime(["exec", .. options, Id, .. program]);

    /// <summary>What the checker reports with these options of exec.</summary>
    private protected JsonNode ExecReport(params string[] options) => ReportOf(Runtime(["exec", .. options, Id, "/checker", "report"]));

    private protected void ExecFails(string text, params string[] program) => Failure255(text, Exec(program));

    /// <summary>It must have failed with one line that holds the text.</summary>
    private protected static void Failure255(string text, Result result)
    {
        Assert.True(result.ExitCode != 0, result.ToString());
        if (Target.IsCsrun)
        {
            Assert.True(result.Error.Contains(text, StringComparison.Ordinal), $"no \"{text}\" in\n{result}");
            Assert.True(result.ExitCode == 255 && result.Error.IndexOf('\n', StringComparison.Ordinal) == result.Error.Length - 1, "one line and exit 255 expected:\n" + result);
        }
    }
}
