using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using Csrun.Linux;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Processes;

public class SpawnTests
{
    [Fact]
    public void A_program_runs_with_exactly_its_arguments_environment_and_directory()
    {
        string output = Run("/bin/sh", ["any name", "-c", "echo $0 $1; pwd; env | grep -v -e PWD -e _= -e SHLVL; ls /proc/self/fd", "first", "second"], ["A=1"]);
        // ls has one more descriptor: the directory that it lists.
        Assert.Equal("first second\n/usr\nA=1\n0\n1\n2\n3\n", output);
    }

    [Fact]
    public void A_program_has_no_signal_blocked_or_ignored()
    {
        string output = Run("/bin/grep", ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"], []);
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", output);
    }

    [Fact]
    public void A_missing_program_is_an_error_that_names_it()
    {
        LinuxException error = Assert.Throws<LinuxException>(
            static () => Spawn.Program(new() { Path = "/nonexistent/program", Arguments = ["x"] }));
        Assert.Equal("cannot execute /nonexistent/program: no such file or directory (ENOENT)", error.Message);
    }

    [Fact]
    public void A_missing_working_directory_is_an_error_that_names_it()
    {
        LinuxException error = Assert.Throws<LinuxException>(
            static () => Spawn.Program(new() { Path = "/bin/true", Arguments = ["true"], WorkingDirectory = "/nonexistent" }));
        Assert.Equal("change to directory", error.Operation);
        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("kill -TERM $$", 143)]
    public void A_programs_end_is_told_as_a_shell_does(string script, int expected)
    {
        using SpawnedProcess process = Spawn.Program(new() { Path = "/bin/sh", Arguments = ["sh", "-c", script] });
        Assert.Equal(expected, process.Wait()!.Value.ExitCode);
    }

    [Fact]
    public void To_ask_whether_it_is_a_child_reaps_nobody()
    {
        using SpawnedProcess process = Spawn.Program(new() { Path = "/bin/sh", Arguments = ["sh", "-c", "exit 3"] });
        Assert.True(PidFd.WaitForEnd(process.PidFd.Number, 10_000));
        Assert.True(Syscalls.IsChild(process.Pid));
        Assert.Equal(3, process.Wait()!.Value.ExitCode);
        Assert.False(Syscalls.IsChild(process.Pid));
    }

    [Fact]
    public void A_program_that_does_not_end_can_be_waited_for_with_a_limit_and_killed()
    {
        using SpawnedProcess process = Spawn.Program(new() { Path = "/bin/sleep", Arguments = ["sleep", "100"], NewProcessGroup = true });
        Assert.Null(process.Wait(20));
        process.Kill();
        Assert.Null(ProcessStat.Read(process.Pid));
    }

    [Fact]
    public void Init_gets_its_descriptors_in_order_and_no_others()
    {
        using Image image = new("ls -l /proc/self/fd | awk '{print $9,$11}' | grep -v '^3 '");
        List<string> files = [];
        List<Fd> inherited = [];
        for (int i = 0; i < 5; i++)
        {
            files.Add(Path.GetTempFileName());
            inherited.Add(Files.Open(At.Cwd, files[i], OpenFlags.ReadOnly));
        }
        // Sources lie in the range of the targets, in another order.
        inherited.Reverse();
        files.Reverse();
        string output = image.Run(new() { Image = image.Program, Inherited = inherited, PreservedFds = 1 });
        for (int i = 0; i < files.Count; i++)
        {
            Assert.Contains($"\n{4 + i} {files[i]}\n", "\n" + output, StringComparison.Ordinal);
            File.Delete(files[i]);
        }
        Assert.DoesNotContain("\n10 ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Init_is_executed_from_the_memory_file_with_an_empty_environment()
    {
        using Image image = new("tr '\\0' '\\n' < /proc/$$/environ | wc -c");
        Assert.Equal("0\n", image.Run(new() { Image = image.Program }));
    }

    [Fact]
    public void A_new_user_namespace_is_entered_as_its_root_once_the_maps_are_written()
    {
        using Image image = new("id -u; id -g; grep CapEff /proc/self/status | tr -d 0");
        string output = image.Run(new()
        {
            Image = image.Program,
            CloneFlags = CloneFlags.NewUser | CloneFlags.NewUts,
            WriteIdMaps = static pid => IdMaps.Write(
                pid, [new() { ContainerID = 0, HostID = 1000, Size = 10 }], [new() { ContainerID = 0, HostID = 1000, Size = 10 }]),
        });
        Assert.StartsWith("0\n0\nCapEff:\t1ff", output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_fails_while_the_maps_are_written_leaves_no_process()
    {
        using Image image = new("echo never");
        int pid = 0;
        Assert.Throws<InvalidOperationException>(() => image.Run(new()
        {
            Image = image.Program,
            CloneFlags = CloneFlags.NewUser,
            WriteIdMaps = child =>
            {
                pid = child;
                throw new InvalidOperationException();
            },
        }));
        Assert.NotEqual(0, pid);
        Assert.Null(ProcessStat.Read(pid));
    }

    [Fact]
    public void A_missing_map_is_an_error_that_says_what_the_child_could_not_do()
    {
        using Image image = new("echo never");
        LinuxException error = Assert.Throws<LinuxException>(
            () => image.Run(new() { Image = image.Program, CloneFlags = CloneFlags.NewUser, WriteIdMaps = static _ => { } }));
        Assert.Equal("take gid 0 in the new user namespace", error.Operation);
        Assert.Equal(Errno.EINVAL, error.Errno);
    }

    [Fact]
    public void A_cgroup_that_cannot_be_joined_is_named()
    {
        using Fd image = TinyProgram.ThatWaits();
        using Fd tasks = Files.Open(At.Cwd, "/dev/null", OpenFlags.ReadOnly);
        LinuxException error = Assert.Throws<LinuxException>(() => Spawn.Start(new() { Image = image, CgroupTasks = [tasks] }));
        Assert.Equal("cannot join cgroup /dev/null: bad file descriptor (EBADF)", error.Message);
    }

    [Fact]
    public void This_process_stays_dumpable()
    {
        using Image image = new("true");
        image.Run(new()
        {
            Image = image.Program,
            CloneFlags = CloneFlags.NewUser,
            WriteIdMaps = static pid => IdMaps.Write(pid, [new() { Size = 1 }], [new() { Size = 1 }]),
        });
        const int getDumpable = 3;
        Assert.Equal(1, Syscalls.Prctl(getDumpable, 0));
    }

    [Fact]
    public void What_is_not_executable_is_an_error()
    {
        using Fd text = Memfd.Create("text", "not a program"u8, executable: true);
        LinuxException error = Assert.Throws<LinuxException>(() => Spawn.Start(new() { Image = text }));
        Assert.Equal(("execute", Errno.ENOEXEC), (error.Operation, error.Errno));
    }

    private static string Run(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        LinuxException.Check(Syscalls.Pipe(out int reader, out int writer), "pipe", null);
        using Fd readEnd = new(reader);
        using (Fd writeEnd = new(writer))
        {
            using SpawnedProcess process = Spawn.Program(
                new() { Path = path, Arguments = arguments, Environment = environment, Stdout = writer, WorkingDirectory = "/usr" });
            process.Wait();
        }
        return Encoding.UTF8.GetString(Files.ReadAll(reader, 65536, "pipe"));
    }

    /// <summary>
    /// A stand-in for Init: a shell in a memory file. It has no arguments, so its script is what this process has as
    /// standard input at the time; what it writes goes to the last of the inherited descriptors.
    /// </summary>
    private sealed class Image(string script) : IDisposable
    {
        private static readonly Lock s_standardInput = new();

        public Fd Program { get; } = Memfd.Create("shell", File.ReadAllBytes("/bin/dash"), executable: true);

        public string Run(SpawnRequest request)
        {
            LinuxException.Check(Syscalls.Pipe(out int reader, out int writer), "pipe", null);
            using Fd readEnd = new(reader);
            using (Fd writeEnd = new(writer))
            {
                int number = 3 + request.PreservedFds + request.Inherited.Count;
                string path = Script(number);
                using Fd file = Files.Open(At.Cwd, path, OpenFlags.ReadOnly);
                File.Delete(path);
                lock (s_standardInput)
                {
                    using Fd saved = Fd.Own(Syscalls.Duplicate(0), "copy", null);
                    Assert.Equal(0, Tmds.Linux.LibC.dup2(file.Number, 0));
                    try
                    {
                        using SpawnedProcess process = Spawn.Start(request with { Inherited = [.. request.Inherited, writeEnd] });
                        process.Wait();
                    }
                    finally
                    {
                        _ = Tmds.Linux.LibC.dup2(saved.Number, 0);
                    }
                }
            }
            return Encoding.UTF8.GetString(Files.ReadAll(reader, 65536, "pipe"));
        }

        public void Dispose() => Program.Dispose();

        private string Script(int output)
        {
            string path = Path.GetTempFileName();
            File.WriteAllText(path, $"exec >&{output} {output}>&-; {script}\n");
            return path;
        }
    }
}
