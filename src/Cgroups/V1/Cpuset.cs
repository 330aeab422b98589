using Csrun.Linux;

namespace Csrun.Cgroups.V1;

/// <summary>Documentation/admin-guide/cgroup-v1/cpusets.rst.</summary>
internal static class Cpuset
{
    /// <summary>
    /// Gives a new cpuset what its parent has: it starts without processors and memory nodes, and nobody can join it
    /// like that (ENOSPC). Done at every level down the path, for one made by others may have been left so.
    /// </summary>
    public static void Inherit(int directory)
    {
        Inherit(directory, "cpuset.cpus");
        Inherit(directory, "cpuset.mems");
    }

    private static void Inherit(int directory, string file)
    {
        // The hierarchy's root has them always; "../" of it is no cgroup, and never asked.
        if (CgroupDirectory.Read(directory, file) is not "")
        {
            return;
        }
        string? value = CgroupDirectory.Read(directory, "../" + file);
        if (!string.IsNullOrEmpty(value))
        {
            LinuxException.Check(CgroupDirectory.Write(directory, file, value), "write", file);
        }
    }
}
