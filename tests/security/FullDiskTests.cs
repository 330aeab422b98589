using System.IO;
using Csrun.Tests.Integration;
using Xunit;

namespace Csrun.Tests.Security;

/// <summary>The file system of the state directory is full, at every point of a create.</summary>
public sealed class FullDiskTests : SecurityTest
{
    [Theory]
    [InlineData("nr_inodes", 1, 12)]
    [InlineData("size", 4096, 12)]
    public void A_create_fails_with_a_message_and_leaves_nothing(string limit, int unit, int most)
    {
        Known.PeersDeviate("were not made for it");
        Directory.CreateDirectory(Root);
        Bundle.Args("sleep");
        Bundle.Save();
        var succeeded = 0;
        var failed = 0;
        for (var i = 1; i <= most; i++)
        {
            Libc.Check(Libc.mount("tmpfs", Root, "tmpfs", 0, $"mode=700,{limit}={i * unit}"), "mount");
            try
            {
                var result = Runtime("create", "--bundle", Bundle.Path, Id);
                if (result.ExitCode == 0)
                {
                    succeeded++;
                    Success(Runtime("start", Id));
                    Success(Runtime("delete", "--force", Id));
                }
                else
                {
                    failed++;
                    Assert.Equal(1, result.ExitCode);
                    Assert.Matches(@"^csrun: .*\(ENOSPC\).*\n$", result.Error);
                }

                Assert.Empty(Directory.EnumerateFileSystemEntries(Root));
                Assert.Empty(Host.Cgroups(Mark));
            }
            finally
            {
                Libc.umount2(Root, 2);
            }
        }

        Assert.True(succeeded > 0 && failed > 0, $"{succeeded} creates succeeded, {failed} failed");
    }
}
