namespace Csrun.Cgroups.V1;

/// <summary>Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst.</summary>
internal static class Freezer
{
    private const string StateFile = "freezer.state";

    /// <summary>Asks for it; processes that can't be held at once may still run a moment ("FREEZING").</summary>
    public static void Freeze(int directory) => _ = CgroupDirectory.Write(directory, StateFile, "FROZEN");

    public static void Thaw(int directory) => _ = CgroupDirectory.Write(directory, StateFile, "THAWED");

    public static bool IsFrozen(int directory) => CgroupDirectory.Read(directory, StateFile) is "FROZEN" or "FREEZING";
}
