using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>
/// Documentation/admin-guide/cgroup-v1/cpusets.rst. A new cpuset starts without processors and memory nodes, and nobody
/// can join it like that (ENOSPC): it gets its parent's.
/// </summary>
internal sealed class Cpuset(string mountPoint)
{
    private string? _cpus;
    private string? _mems;

    /// <summary>Makes the cgroups of a path that are missing.</summary>
    public static void Make(CgroupPlace place)
    {
        Cpuset cpuset = new(place.MountPoint);
        if (place.Existing != "/")
        {
            // Made by others, who may have left it so; the hierarchy's root has them always.
            for (int end = 0; end < place.Existing.Length;)
            {
                int slash = place.Existing.IndexOf('/', end + 1);
                end = slash < 0 ? place.Existing.Length : slash;
                _ = cpuset.Inherit(place.MountPoint + place.Existing[..end], isNew: false);
            }
        }
        CgroupDirectory.MakeByPath(place, cpuset.Inherit);
    }

    // Called from above to below: what was read or written last is the parent's. False: the cgroup is gone.
    private bool Inherit(string path, bool isNew) =>
        Inherit(path, isNew, "/cpuset.cpus", ref _cpus) && Inherit(path, isNew, "/cpuset.mems", ref _mems);

    private bool Inherit(string path, bool isNew, string file, ref string? parents)
    {
        if (!isNew && CgroupDirectory.Read(At.Cwd, path + file) is { Length: > 0 } own)
        {
            parents = own;
            return true;
        }
        parents ??= CgroupDirectory.Read(At.Cwd, mountPoint + file) ?? "";
        if (parents.Length == 0)
        {
            return true;
        }
        int written = CgroupDirectory.Write(At.Cwd, path + file, parents);
        if (written is -Errno.ENOENT or -Errno.ENODEV)
        {
            return false;
        }
        LinuxException.Check(written, "write", path + file);
        return true;
    }
}
