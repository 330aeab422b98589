using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Linux;

public sealed class FilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public void A_file_is_read_whole_up_to_the_limit(int size)
    {
        byte[] content = [.. Enumerable.Range(0, size).Select(static i => (byte)i)];
        File.WriteAllBytes(Path.Combine(_directory.Path, "file"), content);
        Assert.Equal(content, Files.ReadAll(_directory.Fd.Number, "file", size));
        if (size > 0)
            Assert.Equal(Errno.EFBIG, Assert.Throws<LinuxException>(() => Files.ReadAll(_directory.Fd.Number, "file", size - 1)).Errno);
    }

    [Fact]
    public void A_file_of_procfs_is_read_whole_though_it_has_no_size()
    {
        string own = Encoding.UTF8.GetString(Files.ReadAll(At.Cwd, "/proc/self/maps", 16 << 20));
        Assert.EndsWith("\n", own, StringComparison.Ordinal);
        Assert.True(own.Length > 8192);
    }

    [Fact]
    public void A_file_is_replaced_as_a_whole_with_exactly_its_mode()
    {
        Files.WriteAtomically(_directory.Fd.Number, "state", "first, longer"u8, 0x1A4);
        Files.WriteAtomically(_directory.Fd.Number, "state", "second"u8, Mode.OwnerReadWrite);
        Assert.Equal("second", Files.TryReadText(_directory.Fd.Number, "state", 100));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory.Path, "state")));
        Assert.Single(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void An_absolute_path_is_replaced_beside_itself()
    {
        string path = Path.Combine(_directory.Path, "pid");
        File.WriteAllText(path, "");
        Files.WriteAtomically(At.Cwd, path, "123"u8, 0x1A4);
        Assert.Equal("123", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void A_file_that_cannot_be_replaced_leaves_nothing_behind()
    {
        Directory.CreateDirectory(Path.Combine(_directory.Path, "taken"));
        Assert.Throws<LinuxException>(() => Files.WriteAtomically(_directory.Fd.Number, "taken", "x"u8, Mode.OwnerReadWrite));
        Assert.Single(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void A_missing_file_is_null()
    {
        Assert.Null(Files.TryReadText(_directory.Fd.Number, "missing", 10));
        Assert.Null(Files.TryReadText(_directory.Fd.Number, "missing/below", 10));
    }

    [Fact]
    public void A_text_with_a_nul_is_refused_not_shortened() =>
        Assert.Equal(-Errno.EFAULT, Syscalls.OpenAt(At.Cwd, "/etc\0/x", OpenFlags.ReadOnly));

    [Fact]
    public void A_chain_of_directories_is_made_and_existing_ones_are_left_alone()
    {
        string path = Path.Combine(_directory.Path, "a/b/c");
        using (Directories.Make(path, Mode.OwnerAll))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (Directories.Make(path, Mode.OwnerAll))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_file_in_the_way_of_a_directory_is_an_error()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "file"), "");
        LinuxException error = Assert.Throws<LinuxException>(() => Directories.Make(Path.Combine(_directory.Path, "file/below"), Mode.OwnerAll));
        Assert.Equal(Errno.ENOTDIR, error.Errno);
    }

    [Fact]
    public void A_directory_is_listed_with_what_is_a_directory()
    {
        for (int i = 0; i < 500; i++)
            File.WriteAllText(Path.Combine(_directory.Path, "file with a rather long name " + i), "");
        Directory.CreateDirectory(Path.Combine(_directory.Path, "sub"));
        using Fd fd = Files.OpenDirectory(_directory.Path);
        List<DirectoryEntry> entries = Directories.List(fd.Number, "x");
        Assert.Equal(501, entries.Count);
        Assert.Equal("sub", Assert.Single(entries, static e => e.IsDirectory).Name);
    }

    [Fact]
    public void A_tree_is_removed_without_following_links()
    {
        using TemporaryDirectory other = new();
        File.WriteAllText(Path.Combine(other.Path, "precious"), "");
        string tree = Directory.CreateDirectory(Path.Combine(_directory.Path, "tree/sub/deep")).FullName;
        File.WriteAllText(Path.Combine(tree, "file"), "");
        File.CreateSymbolicLink(Path.Combine(tree, "link"), other.Path);
        using Fd socket = UnixSocket.Listen(Files.OpenDirectory(tree).Number, "socket", SocketKind.SeqPacket);

        Directories.RemoveTree(_directory.Fd.Number, "tree");
        Directories.RemoveTree(_directory.Fd.Number, "tree");

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
        Assert.True(File.Exists(Path.Combine(other.Path, "precious")));
    }

    [Fact]
    public void A_link_in_the_place_of_the_tree_is_not_followed()
    {
        using TemporaryDirectory other = new();
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "tree"), other.Path);
        Assert.Throws<LinuxException>(() => Directories.RemoveTree(_directory.Fd.Number, "tree"));
        Assert.True(Directory.Exists(other.Path));
    }

    [Fact]
    public void A_lock_keeps_others_out_until_its_descriptor_is_closed()
    {
        using Fd second = Files.OpenDirectory(_directory.Path);
        using (Fd first = Files.OpenDirectory(_directory.Path))
        {
            Assert.True(Directories.Lock(first.Number, exclusive: true, wait: true, "x"));
            Assert.False(Directories.Lock(second.Number, exclusive: false, wait: false, "x"));
        }
        Assert.True(Directories.Lock(second.Number, exclusive: false, wait: false, "x"));
    }
}
