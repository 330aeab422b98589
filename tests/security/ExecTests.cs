using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>A further process in a container whose processes are hostile.</summary>
public sealed class ExecTests : SecurityTest
{
    [Theory, Case("CVE-2026-30892, CVE-2016-3697")]
    [InlineData("1000", 1000, 0)]
    [InlineData("1", 1, 0)]
    [InlineData("1:2", 1, 2)]
    [InlineData("0", 0, 0)]
    [InlineData("65534", 65534, 0)]
    public void A_user_is_the_number_that_it_says(string user, int uid, int gid)
    {
        File.WriteAllText(Bundle.Inside("/etc/passwd"), "1000:x:0:0::/:/bin/sh\n1:x:0:0::/:/bin/sh\n65534:x:0:0::/:/bin/sh\n");
        Bundle.Args("sleep");
        Started();
        var report = ReportOf(Runtime("exec", "--user", user, Id, "/checker", "report"));
        Assert.Equal(uid, report["uid"]![1]!.GetValue<int>());
        Assert.Equal(gid, report["gid"]![1]!.GetValue<int>());
    }

    [Theory, Case("CVE-2024-40635, CVE-2026-46680, by exec", Fires = "runc 1.1.5, crun 1.8.1")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("-1")]
    [InlineData("0:4294967295")]
    [InlineData("root")]
    public void A_user_that_is_none(string user)
    {
        Bundle.Args("sleep");
        Started();
        Success(Runtime("exec", "--user", "1000", Id, "/checker", "true"));
        var result = Runtime("exec", "--user", user, Id, "/checker", "report");
        Assert.True(result.ExitCode != 0, "it ran as " + result.Out);
    }

    [Fact, Case("CVE-2022-29162, CVE-2022-27650, CVE-2025-27612")]
    public void A_capability_that_is_added_is_not_inheritable()
    {
        Bundle.Args("sleep");
        Started();
        var capabilities = ReportOf(Runtime("exec", "--cap", "CAP_NET_RAW", Id, "/checker", "report"))["capabilities"]!;
        Assert.Equal("0000000000000000", capabilities["inheritable"]!.GetValue<string>());
        Assert.NotEqual(0UL, ulong.Parse(capabilities["effective"]!.GetValue<string>(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1UL << 13);
    }

    [Fact, Case("CVE-2024-21626, by exec")]
    public void A_working_directory_that_is_a_link_to_a_descriptor()
    {
        var secret = Path.Combine(Outside, "secret");
        File.WriteAllText(secret, Secret);
        Bundle.Args("sleep");
        Started();
        string[] report = ["/checker", "report", .. WaysTo(secret).SelectMany(static way => new[] { "--read", way })];
        Success(Runtime(["exec", "--cwd", "/tmp", Id, .. report]));
        for (var fd = 3; fd <= 20; fd++)
        {
            File.CreateSymbolicLink(Bundle.Inside("/lnk"), string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}"));
            var result = Runtime(["exec", "--cwd", "/lnk", Id, .. report]);
            File.Delete(Bundle.Inside("/lnk"));
            Assert.DoesNotContain(Secret, result.Out);
            Assert.DoesNotContain("(unreachable)", result.Out);
        }
    }

    [Theory, Case("runc #3403, crun before 1.29: exec --cgroup", Fires = "crun 1.8.1")]
    [InlineData("..")]
    [InlineData("../..")]
    [InlineData("x/../../..")]
    [InlineData("/../..")]
    public void A_cgroup_below_the_containers(string path)
    {
        Bundle.Args("sleep");
        Started();
        Success(Runtime("exec", Id, "/checker", "true"));
        var result = Runtime("exec", "--cgroup", path, Id, "/checker", "report");
        if (result.ExitCode == 0)
        {
            var lines = JsonNode.Parse(result.Out)!["cgroup"]!.GetValue<string>().Split('\n');
            Assert.All(lines, line => Assert.Contains(Mark, line));
        }
    }

    [Theory, Case("CVE-2019-5736 and CVE-2016-9962, by exec")]
    [InlineData(false)]
    [InlineData(true)]
    public void What_enters_has_nothing_to_steal(bool mayTrace)
    {
        var copy = Path.Combine(Folder("runtime"), Path.GetFileName(Target.Path));
        File.Copy(Target.Path, copy);
        var before = File.ReadAllBytes(copy);
        if (mayTrace)
        {
            foreach (var set in new[] { "bounding", "effective", "permitted" })
            {
                Bundle.Process["capabilities"]![set]!.AsArray().Add((JsonNode)"CAP_SYS_PTRACE");
            }
        }

        Bundle.Mount("/out", "bind", Folder("out"), "bind");
        Bundle.Args("watch", "/out/seen", "/out/stop");
        Started();
        Host.Eventually(() => File.Exists(Path.Combine(Home, "out", "seen")), "the watcher runs");
        for (var i = 0; i < 25; i++)
        {
            Success(new Command(copy, "--root", Root, "exec", Id, "/checker", "true") { WorkingDirectory = Home, Environment = RuntimeEnvironment() }.Run(Home));
        }

        File.WriteAllText(Path.Combine(Home, "out", "stop"), "");
        AwaitStatus("stopped");
        Assert.Equal(before, File.ReadAllBytes(copy));
        var seen = File.ReadAllLines(Path.Combine(Home, "out", "seen"));
        Assert.DoesNotContain(seen, static s => s.StartsWith("directory", StringComparison.Ordinal) || s.StartsWith("written", StringComparison.Ordinal));
        if (!mayTrace)
        {
            Assert.DoesNotContain(seen, static s => s.StartsWith("opened", StringComparison.Ordinal));
        }
    }
}
