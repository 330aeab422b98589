using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Csrun.Tests.Integration;

/// <summary>exec: into containers of all kinds of namespaces, many at once, and what a hostile container gets of it.</summary>
public sealed class ExecNamespaceTests : ExecTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_user_namespace_is_joined(bool withPids)
    {
        UserNamespace();
        if (!withPids)
        {
            Bundle.Namespace("pid", "-");
            Bundle.Mount("/hostproc", "bind", "/proc", "rbind");
            Bundle.Unmount("/proc");
            Directory.CreateDirectory(Bundle.Inside("/hostproc"));
        }

        var init = Sleeping();
        var process = ExecReport("--user", "1000:1001", "--additional-gids", "5", "--cap", "CAP_SYS_ADMIN");
        Assert.Equal(("[1000,1000,1000,1000]", "[1001,1001,1001,1001]"), (process["uid"]!.ToJsonString(), process["gid"]!.ToJsonString()));
        Assert.Equal("[5]", process["groups"]!.ToJsonString());
        var root = ExecReport("--cap", "CAP_SYS_ADMIN");
        Assert.Equal("0000000020200420", root["capabilities"]!["effective"]!.GetValue<string>());
        if (withPids)
        {
            Assert.Equal("0 100000 65536", string.Join(' ', root["uidMap"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.Equal(Host.Link($"/proc/{init}/ns/user"), root["namespaces"]!["user"]!.GetValue<string>());
        }
    }

    [Fact]
    public void An_id_that_the_user_namespace_does_not_have_is_an_error()
    {
        UserNamespace();
        Sleeping();
        Failure255("csrun: --user: cannot become the process's user", ExecWith(["--user", "70000"], "/checker", "true"));
    }

    [Fact]
    public void A_terminal_in_a_user_namespace_is_its_roots()
    {
        UserNamespace();
        Sleeping();
        using var terminal = new Terminal();
        var command = new Command(Target.Path, "--root", Root, "exec", "--tty", Id, "/checker", "print", "through a terminal")
        { Environment = RuntimeEnvironment(), Terminal = terminal.Name };
        Assert.Equal(0, command.Await(command.Start()).Code);
        terminal.ReadUntil("through a terminal");
    }

    [Fact]
    public void Namespaces_that_were_joined_by_path_are_joined_again()
    {
        Bundle.Namespace("network", "/proc/self/ns/net");
        var init = Sleeping();
        Assert.Equal(Host.Link($"/proc/{init}/ns/net"), ExecReport()["namespaces"]!["net"]!.GetValue<string>());
    }

    [Fact]
    public void A_container_without_a_mount_namespace_is_entered_by_its_root()
    {
        Known.PeersDeviate("need a mount namespace");
        Bundle.Namespace("mount", "-");
        Bundle.Mounts.Clear();
        Bundle.Linux.Remove("maskedPaths");
        Bundle.Linux.Remove("readonlyPaths");
        Sleeping();
        Success(Exec("/checker", "write", "/inside", "x"));
        Assert.Equal("x", File.ReadAllText(Bundle.Inside("/inside")));
    }

    [Fact]
    public void A_container_without_a_mount_namespace_has_its_mounts_in_exec_too()
    {
        Known.PeersDeviate("mount on the host, and leave it there");
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 15), "mounts in a detached tree take Linux 6.15");
        Bundle.Namespace("mount", "-");
        Bundle.Linux.Remove("maskedPaths");
        Bundle.Linux.Remove("readonlyPaths");
        Bundle.Mount("/fresh", "tmpfs", "tmpfs");
        Sleeping();
        Success(Exec("/checker", "write", "/fresh/inside", "x"));
        Assert.Equal("x", ReportOf(Exec("/checker", "report", "--read", "/fresh/inside"))["read:/fresh/inside"]!.GetValue<string>());
        Assert.False(File.Exists(Bundle.Inside("/fresh/inside")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_setns_takes_no_pidfd_the_files_of_proc_do(bool user)
    {
        Known.PeersDeviate("join in their own ways");
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        if (user)
        {
            UserNamespace();
        }

        var init = Sleeping();
        var trace = Path.Combine(Home, "trace");
        var report = ReportOf(new Command("/usr/bin/strace", "-f", "-qq", "-o", trace, "-P", "anon_inode:[pidfd]", "-e", "trace=setns", "-e", "inject=setns:error=EINVAL",
            Target.Path, "--root", Root, "exec", Id, "/checker", "report")
        {
            Environment = RuntimeEnvironment(),
            WorkingDirectory = Home,
        }.Run(Home));
        foreach (var kind in new[] { "ipc", "mnt", "net", "pid", "user", "uts" })
        {
            Assert.Equal(Host.Link($"/proc/{init}/ns/{kind}"), report["namespaces"]![kind]!.GetValue<string>());
        }

        Assert.Single(File.ReadLines(trace), static line => line.Contains("(INJECTED)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hundred_at_once_are_as_good_as_one()
    {
        Sleeping();
        var failures = new List<string>();
        Parallel.For(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 100 }, i =>
        {
            var result = Exec("/checker", "print", $"number {i}", ",", "exit", $"{i}");
            lock (failures)
            {
                if (result.ExitCode != i || result.Out != $"number {i}\n" || result.Error.Length > 0)
                    failures.Add(result.ToString());
            }
        });
        Assert.True(failures.Count == 0, $"{failures.Count} failed: {failures.FirstOrDefault()}");
        Assert.Equal("running", Status());
    }

    [Fact]
    public void While_the_container_ends_it_ends_or_says_that_it_is_stopped()
    {
        Known.PeersDeviate("have other texts");
        for (var round = 0; round < 5; round++)
        {
            Sleeping();
            using var all = new CountdownEvent(4);
            var failures = new List<string>();
            var threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                all.Signal();
                for (var tries = 0; tries < 50; tries++)
                {
                    var result = Exec("/checker", "true");
                    if (result.ExitCode is 0 or 137)
                        continue;
                    if (result.ExitCode != 255 || !result.Error.Contains("cannot exec in a stopped container", StringComparison.Ordinal))
                    {
                        lock (failures)
                            failures.Add(result.ToString());
                    }

                    return;
                }
            })).ToList();
            threads.ForEach(static thread => thread.Start());
            all.Wait(TestContext.Current.CancellationToken);
            Thread.Sleep(20);
            Succeeds("kill", Id, "KILL");
            threads.ForEach(static thread => thread.Join());
            Assert.True(failures.Count == 0, string.Join('\n', failures));
            Succeeds("delete", "--force", Id);
        }
    }

    [Fact]
    public void Nothing_of_the_host_can_be_reached_through_it()
    {
        Known.PeersDeviate("are judged by other tests");
        Sleeping();
        // CVE-2024-21626: a working directory, or a program, by a descriptor that the runtime left open.
        for (var fd = 3; fd < 12; fd++)
        {
            Assert.NotEqual(0, ExecWith(["--cwd", $"/proc/self/fd/{fd}"], "/checker", "true").ExitCode);
            Assert.NotEqual(0, Exec($"/proc/self/fd/{fd}/../../../bin/true").ExitCode);
        }
    }

    [Fact]
    public void What_enters_a_container_is_never_the_hosts_program()
    {
        Known.PeersDeviate("are judged by other tests");
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        var init = Sleeping();
        // CVE-2019-5736: to execute its own program would be to execute Init.
        File.CreateSymbolicLink(Bundle.Inside("/self"), "/proc/self/exe");
        Assert.NotEqual(0, Exec("/self", "true").ExitCode);
        var command = new Command("/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=setsid", "-e", "inject=setsid:delay_enter=2000000",
            Target.Path, "--root", Root, "exec", Id, "/checker", "true")
        {
            Environment = RuntimeEnvironment(),
        };
        var pid = command.Start();
        string? program = null;
        var inside = Host.Link($"/proc/{init}/ns/pid");
        Host.Eventually(() => Host.Processes(Mark).Any(p => p != init && Host.Link($"/proc/{p}/ns/pid") == inside && (program = Host.Link($"/proc/{p}/exe")) is not null), "Init inside");
        Assert.StartsWith("memfd:csrun:init", program!.TrimStart('/'));
        Assert.Equal(0, command.Await(pid).Code);
    }

    private void UserNamespace()
    {
        Bundle.Namespace("user");
        foreach (var name in new[] { "uidMappings", "gidMappings" })
        {
            Bundle.Linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }
    }
}
