using System.Collections.Generic;
using System.IO;
using System.Text.Json.Nodes;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.OciValidation;

/// <summary>
/// A container of a case. Only the operations of the specification are used (create, start, state, kill, delete), as every
/// runtime has them; what a message says is not looked at.
/// </summary>
public abstract class OciCase : ContainerTest
{
    /// <summary>A directory of the host that the container has as /out.</summary>
    private protected string Out => Path.Combine(Home, "out");

    /// <summary>Starts the container, waits for its end and gives what the checker saw inside.</summary>
    private protected JsonNode Inside(params string[] report)
    {
        ShareOut();
        Bundle.Args(["report", "--out", "/out/report", .. report]);
        var pid = Started();
        Ended(pid);
        return Assert.Single(Lines(Path.Combine(Out, "report")));
    }

    /// <summary>Binds <see cref="Out"/> into the container, writable for whoever its process is.</summary>
    private protected void ShareOut()
    {
        if (!Directory.Exists(Out))
        {
            Directory.CreateDirectory(Out);
            Libc.chmod(Out, 0x1ff);
            Bundle.Mount("/out", "bind", Out, "bind");
        }
    }

    /// <summary>Waits for the end of the container's process, whose exit code must be 0.</summary>
    private protected void Ended(int pid)
    {
        Assert.True(Reaper.Wait(pid, 20_000, out var ending), "the container's process goes on");
        Assert.Equal(0, ending.Code);
        AwaitStatus("stopped");
    }

    /// <summary>The operation must fail.</summary>
    private protected static Result Refused(Result result)
    {
        Assert.True(result.ExitCode != 0, result.ToString());
        return result;
    }

    /// <summary>create must fail, and there must be no container then.</summary>
    private protected void CreateRefused()
    {
        Refused(Create());
        Refused(Runtime("state", Id));
    }

    /// <summary>Deletes the container, so that the case can make the next one of the same id.</summary>
    private protected void Again()
    {
        Succeeds("delete", "--force", Id);
        Refused(Runtime("state", Id));
        if (Directory.Exists(Out))
        {
            File.Delete(Path.Combine(Out, "report"));
        }
    }

    private protected static JsonArray Strings(IEnumerable<string> values) => Bundle.Json([.. values]);
}
